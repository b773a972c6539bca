"""The database keeps versions of the tariff by what its rows say, not by its own clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from grid_report import clock
from grid_report.db import db
from grid_report.points.rewards.models import TariffVersion
from tests.points.book import Book, refusal_of
from tests.points.proposals.test_four_eyes import draft, publish

pytestmark = pytest.mark.database


def test_a_version_to_come_goes_by_hand_only_with_the_word_of_who_took_it_back(book: Book) -> None:
    draft(book.admin)
    publish(book.other_admin)
    drop = "DELETE FROM tariff_versions WHERE code = '2030-1'"
    note = (
        "INSERT INTO audit_entries (at, action, about, details)"
        " VALUES ('{}', 'tariff-withdrawn', '2030-1', '{{}}')"
    )
    with db.engine.connect() as connection:
        starts_at = connection.scalar(
            select(TariffVersion.starts_at).where(TariffVersion.code == "2030-1")
        )
    assert starts_at is not None
    assert refusal_of([drop]) == "started_versions_stay"
    # Neither a word from before it was published nor one after it started is about this version.
    for at in (clock.now() - timedelta(days=1), starts_at):
        assert refusal_of([note.format(f"{at:%Y-%m-%d %H:%M:%S.%f}"), drop]) == (
            "started_versions_stay"
        )
    last = starts_at - timedelta(seconds=1)
    assert refusal_of([note.format(f"{last:%Y-%m-%d %H:%M:%S.%f}"), drop]) is None
