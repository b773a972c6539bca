"""Tries are counted in the database: once each, over threads and processes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grid_report.accounts import limit_steps
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import RateCounter
from grid_report.db import db, transaction
from grid_report.errors import TooMany
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

NOON = datetime(2026, 11, 23, 12, 0, 10, tzinfo=UTC)


def _count(name: str = "door", now: datetime = NOON, limit: int = 3) -> int:
    with transaction() as session:
        return limit_steps.count(session, name, window_s=60, limit=limit, now=now)


def _hits() -> int:
    return sum(db.session.scalars(select(RateCounter.hits)))


def test_the_fourth_try_of_three_is_refused_until_the_window_ends(app: Flask) -> None:
    assert [_count(), _count(), _count()] == [1, 2, 3]
    with pytest.raises(TooMany) as refused:
        _count()
    assert refused.value.retry_after_s == 50
    assert _count(now=NOON + timedelta(seconds=50)) == 1


def test_a_refused_try_does_not_lengthen_the_count(app: Flask) -> None:
    for _ in range(3):
        _count()
    for _ in range(5):
        with pytest.raises(TooMany):
            _count()
    assert _hits() == 3


def test_names_and_window_lengths_are_counted_apart(app: Flask) -> None:
    with transaction() as session:
        midnight = NOON.replace(hour=0, second=0)
        limit_steps.count(session, "door", window_s=3600, limit=1, now=midnight)
        limit_steps.count(session, "door", window_s=86400, limit=1, now=midnight)
        limit_steps.count(session, "gate", window_s=3600, limit=1, now=midnight)


def test_a_try_that_was_good_is_given_back_but_never_below_zero(app: Flask) -> None:
    _count()
    for _ in range(3):
        with transaction() as session:
            limit_steps.give_back(session, "door", window_s=60, now=NOON)
    assert _hits() == 0


def test_old_windows_are_swept(app: Flask) -> None:
    _count()
    assert members_usecases.sweep(now=NOON + timedelta(days=1)) == 0
    assert members_usecases.sweep(now=NOON + timedelta(days=3)) == 1
    assert _hits() == 0


def test_threads_at_once_get_through_as_often_as_the_limit_says(
    app: Flask, in_parallel: InParallel
) -> None:
    results = in_parallel(lambda number: _count(limit=5), 12)
    assert sorted(r for r in results if isinstance(r, int)) == [1, 2, 3, 4, 5]
    assert sum(isinstance(r, TooMany) for r in results) == 7


def knock(app: Flask, number: int, arguments: Any) -> int:
    """Try ten times in a process of its own and tell how often that was allowed."""
    allowed = 0
    for _ in range(10):
        try:
            _count(limit=7)
            allowed += 1
        except TooMany:
            pass
    return allowed


@pytest.mark.slow
def test_processes_share_one_limit(app: Flask, in_many_processes: InParallel) -> None:
    assert sum(in_many_processes(knock, 4)) == 7
