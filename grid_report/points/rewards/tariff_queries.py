"""The installed tariff: read from its rows, kept in the process under a stamp that is checked."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.db import db
from grid_report.places import queries as places_queries
from grid_report.points import rates
from grid_report.points.rates import Tariff, Version
from grid_report.points.rewards.models import TariffVersion

STAMP: Final = "tariff"

# What this process read last, and under which stamp: one tuple, swapped as a whole.
_kept: list[tuple[int, Tariff]] = []


def current(session: Session | None = None) -> Tariff:
    """Return all versions: one small statement when nothing changed.

    Before the reference data is loaded it is the file's: an award never fails for want of a tariff.
    """
    session = session or db.session()
    stamp = places_queries.find_stamp(session, STAMP)
    for kept_under, kept in _kept[:1]:
        if kept_under == stamp:
            return kept
    rows = session.execute(
        select(TariffVersion.code, TariffVersion.starts_at, TariffVersion.rules).order_by(
            TariffVersion.starts_at
        )
    ).all()
    if not rows:
        return _of_the_file()
    read = Tariff(tuple(Version(row.code, row.starts_at, row.rules) for row in rows))
    # PostgreSQL shows a commit between two statements: what was read then is not kept.
    if stamp is not None and places_queries.find_stamp(session, STAMP) == stamp:
        _kept[:] = [(stamp, read)]
    return read


@functools.cache
def _of_the_file() -> Tariff:
    return rates.from_file()


def at(submitted_at: datetime, session: Session | None = None) -> Version:
    """Return the version in force when a case was submitted."""
    return current(session).at(submitted_at.astimezone(UTC))
