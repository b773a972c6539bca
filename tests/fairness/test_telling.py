"""Telling: each street once a day how much is new, and nothing apiece."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.fairness import usecases
from grid_report.fairness.kinds import SignalState
from grid_report.notify.models import Message
from tests.fairness.conftest import Review
from tests.support.builders import STREET, Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database


def morning(make: Make, *, days: int = 1) -> datetime:
    """Return nine o'clock of a later day in the county."""
    local = make.now.astimezone(make.settings.county.tz) + timedelta(days=days)
    return local.replace(hour=9, minute=0, second=0, microsecond=0)


def tell(make: Make, now: datetime) -> int:
    county = make.settings.county
    return usecases.tell_of_signals(zone=county.tz, county=county.code, now=now)


def told() -> list[tuple[Role, str | None, int]]:
    db.session.rollback()
    told_of = select(Message).where(Message.kind == "signals_found").order_by(Message.id)
    found = db.session.scalars(told_of)
    return [(one.role, one.place, one.facts["found"]) for one in found]


@pytest.fixture
def alike(make: Make, review: Review) -> Callable[[], None]:
    """Have one more pair of photos found that look alike."""

    def one_more() -> None:
        make.report(photos=(review.photo(),), at=make.now - timedelta(days=2))
        make.report(photos=(review.photo(),))
        assert review.find() > 0

    return one_more


def test_a_street_is_told_once_a_day_in_the_morning(
    make: Make, review: Review, alike: Callable[[], None]
) -> None:
    alike()
    at = morning(make)
    assert tell(make, at.replace(hour=7)) == 0
    assert tell(make, at) == 1
    assert tell(make, at + timedelta(hours=1)) == 0
    assert told() == [(Role.SUPERVISOR, STREET, 1)]
    # The next day tells what is new, and a day without news nothing.
    assert tell(make, at + timedelta(days=1)) == 0
    make.report(photos=(review.photo(1),))
    new = review.find()
    assert tell(make, at + timedelta(days=2)) == new > 0
    assert told()[1:] == [(Role.SUPERVISOR, STREET, new)]


def test_what_was_judged_meanwhile_is_not_told(
    make: Make, review: Review, alike: Callable[[], None]
) -> None:
    alike()
    (signal,) = review.signals()
    supervisor = make.supervisor()
    usecases.judge_signal(signal.id, SignalState.DISMISSED, "", actor=supervisor, now=make.now)
    assert tell(make, morning(make)) == 0
    assert told() == []


def test_two_who_tell_at_once_tell_once(
    make: Make, alike: Callable[[], None], in_parallel: InParallel
) -> None:
    alike()
    at = morning(make)
    assert sorted(in_parallel(lambda _: tell(make, at), 4)) == [0, 0, 0, 1]
    assert told() == [(Role.SUPERVISOR, STREET, 1)]
