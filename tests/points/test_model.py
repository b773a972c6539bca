"""Random histories agree with a small model in Python, and every one of them audits clean."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grid_report import create_app
from grid_report.db import db, transaction
from grid_report.points import ledger, queries
from grid_report.points.causes import Cause
from grid_report.points.kinds import Verdict
from grid_report.points.outcomes import Outcome
from grid_report.points.terms import Terms
from tests.conftest import test_settings
from tests.points.book import BRIGHT, NOW, STATION, TERMS, Book
from tests.support.databases import Databases

pytestmark = [pytest.mark.database, pytest.mark.slow]

POOL, RESERVE_PERCENT = 60, 50
SMALL = Terms(TERMS.zone, POOL, RESERVE_PERCENT)

award = st.tuples(
    st.just("award"),
    st.integers(0, 2),  # rider
    st.integers(0, 7),  # cause: often one that was used before
    st.sampled_from([1, 2, 3, 4]),  # severity
    st.sampled_from([STATION, BRIGHT]),
    st.integers(0, 1),  # month, also backwards
)
reverse = st.tuples(st.just("reverse"), st.integers(0, 7))
grant = st.tuples(
    st.just("grant"),
    st.sampled_from([STATION, BRIGHT, None]),
    st.integers(1, 40),
    st.integers(0, 3),  # key
)
release = st.tuples(st.just("release"), st.integers(0, 1))
histories = st.lists(st.one_of(award, award, reverse, grant, release), min_size=1, max_size=25)


class Model:
    """What should be true, in the plainest way."""

    def __init__(self) -> None:
        self.pools: dict[tuple[str | None, int], int] = defaultdict(int)
        self.opened: set[tuple[str, int]] = set()
        self.paid: dict[int, tuple[int, int]] = {}  # cause -> rider, points
        self.owed: dict[int, tuple[int, int, int, str]] = {}
        self.reversed: set[int] = set()
        self.keys: set[int] = set()

    def open(self, community: str, month: int) -> None:
        if (community, month) not in self.opened:
            self.opened.add((community, month))
            self.pools[community, month] += POOL
            self.pools[None, month] += POOL * RESERVE_PERCENT // 100

    def pay(
        self, rider: int, cause: int, points: int, severity: int, community: str, month: int
    ) -> bool:
        self.open(community, month)
        for pool in [community, None] if severity >= 3 else [community]:
            if self.pools[pool, month] >= points:
                self.pools[pool, month] -= points
                self.paid[cause] = (rider, points)
                return True
        return False

    def available(self, rider: int) -> int:
        return sum(
            points
            for cause, (who, points) in self.paid.items()
            if who == rider and cause not in self.reversed
        )


@contextmanager
def fresh_book(server: Databases) -> Iterator[Book]:
    with tempfile.TemporaryDirectory() as folder:
        url = server.fresh(Path(folder))
        app = create_app(test_settings(url, Path(folder)))
        with app.app_context():
            yield Book()
            db.session.remove()
            db.engine.dispose()
        app.extensions["grid_report"].media.close()
        server.drop(url)


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(history=histories)
def test_random_histories_agree_with_the_model(server: Databases, history: list[Any]) -> None:
    with fresh_book(server) as book:
        riders = [book.rider() for _ in range(3)]
        model = Model()
        entries: dict[int, int] = {}
        times = [NOW, NOW + timedelta(days=20)]
        deeds: dict[str, Callable[..., None]] = {
            "award": lambda *a: _award(book, model, riders, entries, times, *a),
            "reverse": lambda *a: _reverse(book, model, entries, *a),
            "grant": lambda *a: _grant(book, model, *a),
            "release": lambda *a: _release(model, entries, times, riders, *a),
        }
        for name, *rest in history:
            deeds[name](*rest)
        for number, rider in enumerate(riders):
            balance = queries.balance(rider)
            assert balance.available == model.available(number)
            assert balance.pending == sum(o[1] for o in model.owed.values() if o[0] == number)
            assert sum(e.points for e in queries.list_entries(rider)[0]) == balance.available
        for (community, month), left in model.pools.items():
            found = queries.monthly_budget(community, TERMS.month(times[month]))
            assert found.left == left, (community, month)
        assert book.differences(times[1]) == []


def _award(
    book: Book, model: Model, riders: list[int], entries: dict[int, int], times: list[Any],
    rider: int, cause: int, severity: int, community: str, month: int,
) -> None:  # fmt: skip
    points = (10, 15, 25, 40)[severity - 1]
    got = book.award(
        riders[rider], points, cause=f"KY-{cause}", severity=severity, community=community,
        terms=SMALL, at=times[month],
    )  # fmt: skip
    if cause in model.paid or cause in model.owed:
        assert got.already
        return
    assert not got.already
    if model.pay(rider, cause, points, severity, community, month):
        assert got.outcome is Outcome.PAID
        assert got.entry_id is not None
        entries[cause] = got.entry_id
    else:
        assert got.outcome is Outcome.OWED
        model.owed[cause] = (rider, points, severity, community)


def _reverse(book: Book, model: Model, entries: dict[int, int], cause: int) -> None:
    if cause not in entries:
        return
    with transaction() as session:
        got = ledger.reverse(
            session, entries[cause], verdict=Verdict.HONEST, actor_id=book.admin.member_id,
            approved_by_id=book.other_admin.member_id, at=NOW,
        )  # fmt: skip
    assert got.points == model.paid[cause][1]
    assert got.already is (cause in model.reversed)
    model.reversed.add(cause)


def _grant(book: Book, model: Model, community: str | None, points: int, key: int) -> None:
    with transaction() as session:
        if community:
            ledger.open_budget(
                session, community, TERMS.month(NOW), points=POOL,
                reserve_points=SMALL.reserve(POOL), at=NOW,
            )  # fmt: skip
        got = ledger.grant(
            session, community, TERMS.month(NOW), points=points,
            cause=Cause("budget-granted", str(key)), actor_id=book.admin.member_id,
            approved_by_id=book.other_admin.member_id, at=NOW,
        )  # fmt: skip
    if community:
        model.open(community, 0)
    assert (got is None) is (key in model.keys)
    if key not in model.keys:
        model.keys.add(key)
        model.pools[community, 0] += points


def _release(
    model: Model, entries: dict[int, int], times: list[Any], riders: list[int], month: int
) -> None:
    for rider in riders:
        for due in queries.list_waiting(rider):
            with transaction() as session:
                got = ledger.pay_due(session, due.id, terms=SMALL, at=times[month])
            cause = int(str(due.report_number).removeprefix("KY-"))
            who, points, severity, community = model.owed[cause]
            paid = model.pay(who, cause, points, severity, community, month)
            assert paid is (got.outcome is Outcome.PAID)
            if paid:
                assert got.entry_id is not None
                entries[cause] = got.entry_id
                del model.owed[cause]
