"""Random histories agree with a small model in Python, and every one of them audits clean.

The same histories run on SQLite and on PostgreSQL. `--operations` tries more of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from grid_report.points import ledger
from grid_report.points.causes import Cause
from grid_report.points.history import queries as history_queries
from grid_report.points.kinds import Verdict
from grid_report.points.policy import Terms
from tests.points.book import BRIGHT, STATION, TERMS
from tests.points.proof.answers import answer_of, did
from tests.points.proof.model import Model
from tests.points.shelf import ON_ONE_DATABASE, Shelf, instants_of, months_of
from tests.support import lengths
from tests.support.databases import Databases

pytestmark = [pytest.mark.database, pytest.mark.slow]

POOL, RESERVE_PERCENT = 100, 50
SMALL = Terms(TERMS.zone, POOL, RESERVE_PERCENT)
POINTS = (10, 15, 25, 40)
SHARED = [f"{end}:{code}:" for end in ("expired", "clawback", "penalty") for code in (STATION, BRIGHT)]  # fmt: skip

# How often each: what can be refunded or settled has been held and taken first.
DEEDS = [
    *["hold"] * 3, *["use"] * 3, "capture", "release", "noshow", *["refund"] * 2, *["settle"] * 2,
    "clear", *["reverse while held"] * 2, *["again"] * 2,
]  # fmt: skip
rider = st.integers(0, 2)
community = st.sampled_from([STATION, BRIGHT])
cause = st.integers(0, 11)
ref = st.integers(0, 9)
few = st.sampled_from([None, 1, 3, 7, 12, 30])


class History(RuleBasedStateMachine):
    """One random history: every request goes to the ledger and to the model."""

    shelf: ClassVar[Shelf]

    def __init__(self) -> None:
        super().__init__()
        self.book, number = self.shelf.take()
        self.name = f"{self.shelf.histories}"
        self.months = months_of(number)
        self.instants = instants_of(self.months)
        self.now = self.instants[0]
        self.riders = self.book.riders(3)
        self.model = Model(SMALL)
        self.entries: dict[int, int] = {}
        self.past: list[tuple[Callable[[], Any], Any]] = []
        self.before = self.book.balances([*SHARED, "mint:county:"])

    def ask(self, request: Callable[[], Any], expected: Any) -> Any:
        """Make a request, compare, and keep it to be made again."""
        answer = answer_of(request)
        assert did(answer) == expected
        if getattr(answer, "entry_id", None) is not None:
            self.past.append((request, answer))
        return answer

    def named(self, number: int) -> str:
        return f"R-{self.name}-{number}"

    def aim(self, number: int) -> str:
        """Choose a redemption, nearly always one there is."""
        known = list(self.model.bookings)
        return known[number % len(known)] if known and number < 9 else self.named(number)

    def provider_of(self, number: int) -> str:
        return f"P-{self.name}-{number % 2}"

    @initialize(
        awards=st.lists(st.tuples(rider, st.integers(2, 4), community), min_size=2, max_size=5)
    )
    def earn(self, awards: list[tuple[int, int, str]]) -> None:
        """Most histories begin with something to spend."""
        for number, (who, severity, place) in enumerate(awards):
            self.award(who, number, severity, place)

    # Few rules with many deeds each: Hypothesis leaves rules out at random, and a history in
    # which nothing can be held has nothing to take, to refund or to settle either.

    @rule(
        deed=st.sampled_from(
            ["award", "award", "award", "due", "expire", "reverse", "reverse", "grant", "close"]
        ),
        instant=st.sampled_from([None, None, None, *range(8), 0, 1, 3]),
        rider=rider,
        number=st.integers(0, 11),
        severity=st.integers(1, 4),
        community=st.sampled_from([STATION, STATION, BRIGHT]),
        verdict=st.sampled_from([*Verdict, Verdict.FRAUD]),
        month=st.sampled_from([0, 0, 1, 3]),
    )
    def earn_or_lose(
        self, deed: str, instant: int | None, rider: int, number: int, severity: int,
        community: str, verdict: Verdict, month: int,
    ) -> None:  # fmt: skip
        """The clock may jump first, forwards and backwards."""
        if instant is not None:
            self.now = self.instants[instant]
        pool = None if number % 3 == 0 else community
        match deed:
            case "award":
                self.award(rider, number, severity, community)
            case "due":
                self.pay_what_is_due()
            case "expire":
                self.expire(rider, community)
            case "reverse":
                self.reverse(number, verdict)
            case "grant":
                self.grant(pool, severity * 9, number)
            case _:
                self.close(pool, month)

    @rule(
        deed=st.sampled_from(DEEDS),
        rider=rider,
        ref=ref,
        points=st.integers(1, 20),
        part=st.sampled_from([None, None, 1, 3, 7, 12]),
        key=st.sampled_from(["", "1", "2"]),
        community=community,
    )
    def redeem(
        self, deed: str, rider: int, ref: int, points: int, part: int | None, key: str,
        community: str,
    ) -> None:  # fmt: skip
        match deed:
            case "hold":
                self.hold(rider, ref, points)
            case "use":
                self.use(rider, ref, points, part)
            case "capture":
                self.capture(ref, part)
            case "release":
                self.release(ref)
            case "noshow":
                self.noshow(ref, points // 4, community)
            case "refund":
                self.refund(ref, part, key)
            case "settle":
                self.settle(ref)
            case "clear":
                self.clear(ref, part or 2, ref)
            case "reverse while held":
                self.reverse_while_held(ref, points, part, key)
            case _:
                self.again(ref * points)

    def award(self, rider: int, cause: int, severity: int, community: str) -> None:
        points, at = POINTS[severity - 1], self.now
        expected = self.model.award(rider, cause, points, severity, community, at)
        answer = self.ask(
            lambda: self.book.award(
                self.riders[rider], points, cause=f"KY-{self.name}-{cause}", severity=severity,
                community=community, terms=SMALL, at=at,
            ),
            expected,
        )  # fmt: skip
        if answer.entry_id is not None:
            self.entries[cause] = answer.entry_id

    def pay_what_is_due(self) -> None:
        for due in [due for one in self.riders for due in history_queries.list_waiting(one)]:
            number = int(str(due.report_number).rpartition("-")[2])
            who, points, severity, place = self.model.owed[number]
            repaid = self.model.pay(who, number, points, severity, place, self.now)
            got = self.book.do(ledger.pay_due, due.id, terms=SMALL, at=self.now)
            if repaid is None:
                assert got.outcome is ledger.Outcome.OWED
                continue
            del self.model.owed[number]
            assert (got.outcome, got.points, got.repaid) == ("paid", points, repaid)
            assert got.entry_id is not None
            self.entries[number] = got.entry_id

    def grant(self, community: str | None, points: int, key: int) -> None:
        at = self.now

        def request() -> bool:
            return self.book.do(self._grant, community, points, key, at) is not None

        assert answer_of(request) == self.model.grant(community, points, key, at)

    def _grant(
        self, session: Any, community: str | None, points: int, key: int, at: datetime
    ) -> int | None:
        month = SMALL.month(at)
        if community:
            reserve = SMALL.reserve(POOL)
            ledger.open_budget(
                session, community, month, points=POOL, reserve_points=reserve, at=at
            )
        return ledger.grant(
            session, community, month, points=points, at=at,
            cause=Cause("budget-granted", f"{self.name}-{key}"),
            actor_id=self.book.admin.member_id, approved_by_id=self.book.other_admin.member_id,
        )  # fmt: skip

    def close(self, community: str | None, month: int) -> None:
        closing, at = self.months[month], self.now
        self.ask(
            lambda: self.book.do(ledger.close_budget, community, closing, terms=SMALL, at=at),
            self.model.close(community, closing, at),
        )

    def reverse(self, cause: int, verdict: Verdict) -> None:
        if self.entries:
            cause = list(self.entries)[cause % len(self.entries)]
            entry_id, at = self.entries[cause], self.now
            self.ask(
                lambda: self.book.reverse(entry_id, verdict, at=at),
                self.model.reverse(cause, verdict),
            )

    def reverse_while_held(self, ref: int, points: int, part: int | None, key: str) -> None:
        """Take back an award whose points wait in a booking, and let the booking end somehow."""
        held = [n for n, paid in self.model.paid.items() if self.model.lots[paid.lot].held]
        if not held:
            who = max(range(3), key=self.free)
            self.hold(who, ref, points)
            return
        cause = held[ref % len(held)]
        self.reverse(list(self.entries).index(cause), list(Verdict)[points % len(Verdict)])
        rider = self.model.paid[cause].rider
        number = next(
            number
            for number, it in enumerate(self.model.bookings.values())
            if it.taken is None and not it.is_released and it.rider == rider
        )
        match points % 5:
            case 0 | 1:
                self.release(number)
            case 2:
                self.noshow(number, points // 2, STATION)
            case 3:
                self.capture(number, None)
                self.refund(number, part, key)
            case _:
                self.capture(number, 1)

    def hold(self, rider: int, ref: int, points: int) -> None:
        # A few ask for more than there is.
        if points % 5:
            points = max(1, min(points, self.free(rider)))
        name, provider, at = self.named(ref), self.provider_of(ref), self.now
        self.ask(
            lambda: self.book.hold(self.riders[rider], name, points, provider_code=provider, at=at),
            self.model.hold(rider, name, points, provider, at),
        )

    def use(self, rider: int, ref: int, points: int, part: int | None) -> None:
        """Hold and take at once, mostly for the rider who can: so go most redemptions."""
        name, at = self.named(ref), self.now
        if name not in self.model.bookings:
            rider = max(range(3), key=self.free)
        self.hold(rider, ref, points)
        self.ask(
            lambda: self.book.capture(name, points=part, at=at), self.model.capture(name, part)
        )

    def free(self, rider: int) -> int:
        """Count what a rider could hold now."""
        lots = (lot for lot in self.model.lots if lot.rider == rider and lot.over_at > self.now)
        return sum(lot.free for lot in lots)

    def capture(self, ref: int, points: int | None) -> None:
        name, at = self.aim(ref), self.now
        self.ask(
            lambda: self.book.capture(name, points=points, at=at), self.model.capture(name, points)
        )

    def release(self, ref: int) -> None:
        name, at = self.aim(ref), self.now
        self.ask(lambda: self.book.release(name, at=at), self.model.release(name))

    def noshow(self, ref: int, penalty: int, community: str) -> None:
        name, at = self.aim(ref), self.now
        self.ask(
            lambda: self.book.noshow(name, penalty, community_code=community, at=at),
            self.model.noshow(name, penalty, community),
        )

    def refund(self, ref: int, points: int | None, key: str) -> None:
        name, at = self.aim(ref), self.now
        self.ask(
            lambda: self.book.refund(name, points=points, key=key, at=at),
            self.model.refund(name, points, key),
        )

    def settle(self, ref: int) -> None:
        name, at = self.aim(ref), self.now
        self.ask(lambda: self.book.settle(name, at=at), self.model.settle(name))

    def clear(self, number: int, points: int, key: int) -> None:
        provider, at = self.provider_of(number), self.now
        statement = f"{provider}:{key}"
        self.ask(
            lambda: self.book.do(
                ledger.clear_statement, provider, statement_key=statement, points=points, at=at,
                actor_id=self.book.admin.member_id,
            ),
            self.model.clear(provider, points, statement),
        )  # fmt: skip

    def expire(self, rider: int, community: str) -> None:
        got = self.book.expire(self.riders[rider], self.now, community)
        assert did(got) == self.model.expire(rider, community, self.now)

    def again(self, number: int) -> None:
        """Any past request may arrive once more: its answer is there, and nothing moves."""
        if self.past:
            request, answer = self.past[number % len(self.past)]
            got = request()
            assert got.already
            assert (got.entry_id, got.points) == (answer.entry_id, answer.points)

    def teardown(self) -> None:
        """Compare every balance, every lot and every statement with the model."""
        model, book = self.model, self.book
        for number, member in enumerate(self.riders):
            mine = [lot for lot in model.lots if lot.rider == number]
            assert book.lots(member) == [(lot.free, lot.held) for lot in mine]
            balance = history_queries.balance(member)
            assert balance.available == sum(lot.free for lot in mine)
            assert balance.held == sum(lot.held for lot in mine)
            assert balance.owed == model.owed_by(number)
            assert -book.left(f"rider_debt:{member}:") == model.debts[number]
            assert balance.pending == sum(o[1] for o in model.owed.values() if o[0] == number)
            entries = history_queries.list_entries(member, limit=500)[0]
            assert sum(entry.points for entry in entries) == balance.available + balance.held
        expected = {f"budget:{c or 'county'}:{m}": left for (c, m), left in model.pools.items()}
        for number in (0, 1):
            provider = self.provider_of(number)
            expected[f"escrow:{provider}:"] = model.in_escrow(provider)
            expected[f"provider:{provider}:"] = model.earned(provider)
        for holder in SHARED:
            expected[holder] = self.before[holder] + model.ends[holder]
        expected["mint:county:"] = self.before["mint:county:"] - model.supply
        assert book.balances(list(expected)) == expected


def test_random_histories_agree_with_the_model(
    server: Databases, pytestconfig: pytest.Config
) -> None:
    shelf, wanted = Shelf(server), lengths.histories(pytestconfig)
    history = type("ThisHistory", (History,), {"shelf": shelf})
    try:
        run_state_machine_as_test(
            history,
            settings=settings(
                max_examples=wanted, stateful_step_count=20,
                deadline=None, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    finally:
        shelf.close()
    assert shelf.histories >= wanted


def test_no_two_histories_share_a_month() -> None:
    months = list(itertools.chain.from_iterable(months_of(n) for n in range(ON_ONE_DATABASE)))
    assert len(months) == len(set(months))
    for number in range(ON_ONE_DATABASE):
        mine = months_of(number)
        assert {SMALL.month(at) for at in instants_of(mine)} <= set(mine)
