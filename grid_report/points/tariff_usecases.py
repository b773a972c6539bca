"""Writes of the tariff: loaded from the file once, then drafted by one person, published by another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select

from grid_report.db import db, transaction, use_case
from grid_report.places import steps as places_steps
from grid_report.points import tariff
from grid_report.points.earning_models import TariffVersion
from grid_report.points.tariff_book import STAMP


@use_case
def load_tariff(*, now: datetime) -> int:
    """Write the file's versions into a database that has none; return how many were written.

    Later versions are published on the page, by two people.
    """
    if db.session.scalar(select(TariffVersion.code).limit(1)) is not None:
        return 0
    versions = tariff.from_file().versions
    with transaction() as session:
        places_steps.renew_stamp(session, STAMP)
        if session.scalar(select(TariffVersion.code).limit(1)) is not None:
            return 0
        session.execute(
            insert(TariffVersion),
            [
                {
                    "code": version.code,
                    "starts_at": version.starts_at,
                    "rules": {rule: dict(values) for rule, values in version.rules.items()},
                    "published_at": now,
                }
                for version in versions
            ],
        )
    return len(versions)
