"""What is erased, blurred or without consent goes at once, and survives being killed in the middle."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from grid_report.db import transaction
from grid_report.media.store.marks import Marks
from grid_report.media.upkeep import queries as upkeep_queries
from grid_report.media.upkeep import steps as upkeep_steps
from grid_report.media.upkeep import usecases as upkeep_usecases
from grid_report.reports.models import ReportPhoto
from grid_report.web.context import wiring
from tests.media.test_photo_store import (
    HOURS_3,
    after_all,
    care,
    claimed,
    names,
    reports,
    store,
    sweep,
)
from tests.support.builders import Make

pytestmark = pytest.mark.database


def erase(photos: set[str], now: datetime) -> None:
    """Do what erasing a member, blurring a photo or taking consent back does."""
    with transaction() as session:
        for row in session.scalars(select(ReportPhoto).where(ReportPhoto.name.in_(photos))):
            session.delete(row)
        upkeep_steps.ask_removal(session, photos, now=now)


def removed(now: datetime) -> int:
    return upkeep_usecases.remove_asked(store(), wiring().photo_names_in_use, care(), now=now)


def test_what_is_erased_goes_at_once_without_the_days_of_the_sweep(app: Flask, make: Make) -> None:
    gone = reports(make, 2)
    kept = reports(make, 1)
    claimed()
    now = after_all(timedelta(seconds=1))
    erase(gone, now)
    assert removed(now) == 2
    assert names() == kept
    assert removed(now) == 0
    assert upkeep_queries.list_removals(limit=9) == []


def test_an_erasure_killed_before_its_files_went_is_finished_by_the_next_sweep(
    app: Flask, make: Make
) -> None:
    (gone,) = reports(make, 1)
    claimed()
    now = after_all(timedelta(seconds=1))
    erase({gone}, now)
    erase({gone}, now)  # asked for twice
    assert gone in names()
    sweep(now)
    assert names() == set()
    assert Marks(store()).names() == set()


def test_a_photo_two_reports_show_stays_when_one_of_them_is_erased(app: Flask, make: Make) -> None:
    photo = make.photo(seed=7)
    make.report(photos=(photo,))
    make.report(photos=(make.photo(seed=7),), category="RD01")
    claimed()
    now = after_all(timedelta(seconds=1))
    with transaction() as session:
        first = session.scalars(select(ReportPhoto).order_by(ReportPhoto.id)).first()
        assert first is not None
        session.delete(first)
        upkeep_steps.ask_removal(session, {photo.name}, now=now)
    assert removed(now) == 0
    assert names() == {photo.name}
    assert upkeep_queries.list_removals(limit=9) == []


def test_a_photo_sent_again_after_it_was_erased_is_not_lost_before_its_row(
    app: Flask, make: Make
) -> None:
    gone = reports(make, 1)
    claimed()
    before = after_all() - HOURS_3 - timedelta(hours=1)
    erase(gone, before)  # an hour before the file was stored again
    assert removed(before) == 0
    assert names() == gone
    # Nobody made a row of it: once that is certain, it goes without more days.
    assert removed(after_all()) == 1
    assert names() == set()
