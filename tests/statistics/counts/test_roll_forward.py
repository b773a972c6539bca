"""What riders held at a month's end, and how it came about: equal to a recount from the transfers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from grid_report import schema
from grid_report.clock import Month
from grid_report.db import db, transaction
from grid_report.errors import Busy, GridReportError
from grid_report.places import steps as places_steps
from grid_report.places.models import Community
from grid_report.places.queries import reference
from grid_report.points.budgets import scheduled as budgets_scheduled
from grid_report.points.kinds import AccountKind, EventKind, Phase, Verdict
from grid_report.points.ledger.models import Journal, Lot, LotMovement, Transfer
from grid_report.statistics.counts import live_queries, recount_queries, rules_queries
from grid_report.statistics.counts import usecases as counts_usecases
from grid_report.statistics.counts.queries import EMPTY, read_months
from grid_report.statistics.counts.rules_queries import BeingCounted
from grid_report.statistics.measures import BESIDE_ROLLED, ROLLED, Facet, Measure
from grid_report.statistics.month import compared_queries, freeze_steps
from grid_report.statistics.month import queries as month_queries
from tests.points.book import TERMS, Book
from tests.statistics.counts.test_costs import sent
from tests.statistics.months import freeze, get
from tests.support.builders import BRIGHT, STATION, STREET, Make

pytestmark = pytest.mark.database

COUNTY = "211282"
OTHER_STREET = "211282002"
AREAS = (COUNTY, STREET, STATION, BRIGHT)
FIRST = Month(2025, 9)
MONTHS = [FIRST.plus(n) for n in range(14)]


def play(book: Book, seed: int) -> None:
    """Live fourteen months: awards, bookings with every end, verdicts, expiry by the nightly job."""
    chance = random.Random(seed)
    now = datetime(2025, 9, 1, 3, tzinfo=UTC)
    riders = [book.rider() for _ in range(3)]
    # One who keeps everything until it is over, and one who spent what was never earned.
    book.award(book.rider(), 25, severity=3, at=now)
    debtor = book.rider()
    false = book.award(debtor, 40, severity=3, at=now).entry_id
    book.hold(debtor, "R-F", 40, at=now)
    book.capture("R-F", at=now + timedelta(days=1))
    book.reverse(false, Verdict.FRAUD, at=now + timedelta(days=40))
    book.award(debtor, 20, severity=3, at=now + timedelta(days=80))
    awards: list[int] = []
    held: list[str] = []
    taken: list[str] = []
    until, job = datetime(2026, 10, 30, tzinfo=UTC), 0
    while now < until:
        now += timedelta(hours=chance.randint(20, 200))
        if now.month != job:
            budgets_scheduled.expire_points(now=now)
            job = now.month
        step = chance.random()
        try:
            if step < 0.35 or not awards:
                found = book.award(
                    chance.choice(riders),
                    chance.choice([10, 15, 25, 40]),
                    severity=3,
                    community=chance.choice([STATION, BRIGHT]),
                    terms=replace(TERMS),
                    at=now,
                )
                if found.entry_id is not None:
                    awards.append(found.entry_id)
            elif step < 0.6:
                ref = f"R-{now:%m%d%H%M%S}"
                book.hold(chance.choice(riders), ref, chance.choice([10, 20, 30]), at=now)
                held.append(ref)
            elif step < 0.75 and held:
                ref = held.pop(chance.randrange(len(held)))
                book.capture(ref, at=now)
                taken.append(ref)
            elif step < 0.82 and held:
                book.release(held.pop(chance.randrange(len(held))), at=now)
            elif step < 0.87 and held:
                book.noshow(held.pop(chance.randrange(len(held))), at=now)
            elif step < 0.93 and taken:
                book.refund(taken.pop(), at=now)
            elif step > 0.93:
                verdict = chance.choice([Verdict.HONEST, Verdict.FRAUD])
                book.reverse(awards.pop(chance.randrange(len(awards))), verdict, at=now)
        except GridReportError:
            db.session.rollback()


def recount(end: datetime) -> Mapping[str, int]:
    """Add up every posted transfer from and to riders until an instant; holds and debts beside it."""
    found: Counter[str] = Counter()
    ended = {
        row.transfer_id: row.expires_at
        for row in db.session.execute(
            select(LotMovement.transfer_id, Lot.expires_at).join(Lot, Lot.id == LotMovement.lot_id)
        )
    }
    rows = db.session.execute(
        select(Transfer, Journal)
        .join(Journal, Journal.id == Transfer.journal_id)
        .order_by(Transfer.id)
    ).all()
    pending = {}
    for transfer, entry in rows:
        if entry.kind is EventKind.EXPIRY:
            if ended[transfer.id] > end:
                continue
        elif entry.at >= end:
            continue
        if transfer.phase is Phase.PENDING:
            pending[transfer.id] = transfer.amount
            continue
        if transfer.pending_id is not None:
            pending.pop(transfer.pending_id)
        if transfer.phase is Phase.VOID:
            continue
        if transfer.debit_kind is AccountKind.RIDER:
            found["liability"] -= transfer.amount
            found[f"out-{entry.kind}"] += transfer.amount
        if transfer.credit_kind is AccountKind.RIDER:
            found["liability"] += transfer.amount
            found[f"in-{entry.kind}"] += transfer.amount
        found["debts"] += transfer.amount * (transfer.debit_kind is AccountKind.RIDER_DEBT)
        found["debts"] -= transfer.amount * (transfer.credit_kind is AccountKind.RIDER_DEBT)
    found["on_hold"] = sum(pending.values())
    return found


def by_community(end: datetime, community: str) -> int:
    """Add up the movements of the lots a community awarded, until an instant."""
    awarded = {
        row.id
        for row in db.session.execute(
            select(Lot.id)
            .join(Transfer, Transfer.id == Lot.transfer_id)
            .join(Journal, Journal.id == Transfer.journal_id)
            .where(Journal.community_code == community)
        )
    }
    rows = db.session.execute(
        select(LotMovement, Lot.expires_at, Journal.at, Journal.kind)
        .join(Lot, Lot.id == LotMovement.lot_id)
        .join(Transfer, Transfer.id == LotMovement.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
    ).all()
    return sum(
        moved.free_delta + moved.held_delta
        for moved, expires_at, at, kind in rows
        if moved.lot_id in awarded and (expires_at <= end if kind is EventKind.EXPIRY else at < end)
    )


def rolled(make: Make, month: Month, areas: Sequence[str] = AREAS) -> dict[str, dict[Measure, int]]:
    """Return by area the roll-forward of a month, as pages and freezes read it."""
    counts = read_months([month], areas, facets={Facet.POINTS})
    shown = live_queries.merged(
        {it: counts.get((str(month), it), EMPTY) for it in areas},
        live_queries.points(month, areas, places=reference(), county=make.settings.county),
    )
    db.session.rollback()
    return {
        area: {it: figures.count(it, Facet.POINTS) for it in (*ROLLED, *BESIDE_ROLLED)}
        for area, figures in shown.items()
    }


def tied(it: Mapping[Measure, int]) -> int:
    m = Measure
    return (
        it[m.OPENING] + it[m.EARNED] - it[m.REDEEMED] + it[m.GIVEN_BACK] - it[m.EXPIRED]
        - it[m.TAKEN_BACK]
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_every_month_of_a_random_history_ties_out_with_a_recount_from_the_transfers(
    make: Make, seed: int
) -> None:
    book = Book()
    play(book, seed)
    seen: Counter[Measure] = Counter()
    before: dict[str, int] = dict.fromkeys((COUNTY, STREET, STATION, BRIGHT), 0)
    zone = make.settings.county.tz
    for month in MONTHS:
        start, end = month.bounds(zone)
        wanted, until = recount(end), recount(start)
        found = rolled(make, month)
        here = found[COUNTY]
        for area, figures in found.items():
            assert tied(figures) == figures[Measure.LIABILITY], (month, area)
            assert figures[Measure.OPENING] == before[area], (month, area)
            before[area] = figures[Measure.LIABILITY]
        assert here[Measure.LIABILITY] == wanted["liability"], month
        assert here[Measure.ON_HOLD] == wanted["on_hold"], month
        assert here[Measure.DEBTS] == wanted["debts"], month

        def moved(*names: str, now: Mapping[str, int] = wanted, then: Any = until) -> int:
            return sum(now[it] - then[it] for it in names)

        assert here[Measure.EARNED] == moved("in-award"), month
        assert here[Measure.REDEEMED] == moved("out-capture", "out-noshow"), month
        assert here[Measure.GIVEN_BACK] == moved("in-refund"), month
        assert here[Measure.EXPIRED] == moved("out-expiry"), month
        assert here[Measure.TAKEN_BACK] == moved("out-reversal", "out-repayment"), month
        for community in (STATION, BRIGHT):
            assert found[community][Measure.LIABILITY] == by_community(end, community)
        assert found[STREET][Measure.LIABILITY] == here[Measure.LIABILITY]
        seen.update({it: n for it, n in here.items() if n})
    # Chance met every way there is.
    assert all(seen[it] for it in (*ROLLED, *BESIDE_ROLLED)), seen


def test_a_past_month_says_what_was_held_at_its_end_and_a_frozen_one_keeps_it(make: Make) -> None:
    book = Book()
    rider = book.rider()
    march = datetime(2026, 3, 10, 3, tzinfo=UTC)
    book.award(rider, 40, severity=3, at=march)
    book.hold(rider, "R-1", 30, at=march + timedelta(days=10))
    make.report(at=march)
    book.capture("R-1", at=march + timedelta(days=30))
    administrator = make.administrator()
    client = make.signed_in(administrator)
    shown: Any = client.get("/api/v1/statistics/months/2026-03").get_json()["points"]
    wanted = {
        "opening": 0, "earned": 40, "redeemed": 0, "given_back": 0, "expired": 0, "taken_back": 0,
        "liability": 40, "on_hold": 30, "debts": 0,
    }  # fmt: skip
    assert {it: shown[it] for it in wanted} == wanted
    after: Any = client.get("/api/v1/statistics/months/2026-04").get_json()["points"]
    assert (after["opening"], after["redeemed"], after["liability"]) == (40, 30, 10)
    of_one: Any = client.get(f"/api/v1/statistics/months/2026-03?area={STATION}").get_json()[
        "points"
    ]
    assert (of_one["liability"], of_one["on_hold"], "debts" in of_one) == (40, 30, False)
    freeze(make, administrator)
    book.reverse(book.award(rider, 5, at=march).entry_id)
    frozen: Any = client.get("/api/v1/statistics/months/2026-03").get_json()["points"]
    assert {it: frozen[it] for it in wanted} == wanted
    page = get(client, "/statistics/2026-03").text
    ladder = page[page.index('id="rolled"') :].split("</dl>")[0]
    assert ladder.count("<dd") == 9
    assert "= 骑手持有积分" in ladder


def test_a_database_from_before_has_its_months_counted_anew_and_tells_the_same(
    make: Make,
) -> None:
    book = Book()
    play(book, 3)
    shown = {month: rolled(make, month) for month in MONTHS}
    places, county = reference(), make.settings.county
    for counted in (*MONTHS, None):
        counts_usecases.recount_month(counted, places=places, county=county, now=make.now)
    db.session.remove()
    schema.downgrade(db.engine, "0031")
    schema.upgrade(db.engine)
    with pytest.raises(BeingCounted):
        rules_queries.check()
    assert counts_usecases.follow_rules(places=reference(), county=county, now=make.now) == 0
    assert {month: rolled(make, month) for month in MONTHS} == shown


def test_the_roll_forward_of_any_month_reads_counts_and_no_movement(make: Make) -> None:
    book = Book()
    play(book, 1)
    rolled(make, MONTHS[0])
    with sent() as asked:
        rolled(make, MONTHS[0])
    read = " ".join(statement for statement, _ in asked)
    assert "statistics_cells" in read
    assert "point_lot" not in read


def test_a_month_in_which_nothing_moved_but_points_is_counted_anew_like_the_others(
    make: Make,
) -> None:
    book = Book()
    march = datetime(2026, 3, 10, 3, tzinfo=UTC)
    make.report(at=march)
    book.award(book.rider(), 40, severity=3, at=march + timedelta(days=100))
    counts_usecases.recount_due(
        places=reference(),
        county=make.settings.county,
        every=timedelta(hours=20),
        now=march + timedelta(days=250),
    )
    assert "2026-06" in recount_queries.list_recounts()


def test_a_community_that_changes_its_street_takes_every_month_along_at_once(make: Make) -> None:
    book = Book()
    rider, march = book.rider(), datetime(2026, 3, 10, 3, tzinfo=UTC)
    make.report(at=march)
    for number in range(3):
        book.award(rider, 40, severity=3, at=march + timedelta(days=31 * number))
    with transaction() as session:
        session.execute(
            update(Community).where(Community.code == STATION).values(street_code=OTHER_STREET)
        )
        places_steps.renew_stamp(session)
    for number in range(3):
        month = Month(2026, 3 + number)
        of_both = rolled(make, month, [STREET, OTHER_STREET, COUNTY])
        held = (of_both[OTHER_STREET][Measure.OPENING], of_both[OTHER_STREET][Measure.LIABILITY])
        assert held == (40 * number, 40 * number + 40)
        assert of_both[OTHER_STREET] == {**of_both[COUNTY], Measure.DEBTS: 0}
        assert set(of_both[STREET].values()) == {0}


def test_points_from_before_the_first_report_are_counted_anew_and_are_no_month_to_compare_with(
    make: Make,
) -> None:
    book = Book()
    march = datetime(2026, 3, 10, 3, tzinfo=UTC)
    book.award(book.rider(), 40, severity=3, at=march)
    make.report(at=march + timedelta(days=95))
    places, county = reference(), make.settings.county
    counts_usecases.recount_due(
        places=places, county=county, every=timedelta(hours=20), now=march + timedelta(days=250)
    )
    assert "2026-03" in recount_queries.list_recounts()
    assert compared_queries.first_month(db.session()) == Month(2026, 6)
    assert not month_queries.is_known(Month(2026, 3))
    assert not freeze_steps.has_counts(db.session(), Month(2026, 3))
    assert freeze_steps.has_counts(db.session(), Month(2026, 6))


def test_a_month_that_was_never_put_right_is_not_taken_for_counted(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book()
    book.award(book.rider(), 40, severity=3, at=datetime(2026, 3, 10, 3, tzinfo=UTC))
    db.session.remove()
    schema.downgrade(db.engine, "0031")
    schema.upgrade(db.engine)
    monkeypatch.setattr(counts_usecases, "_repair", lambda *_, **__: False)
    with pytest.raises(Busy):
        counts_usecases.follow_rules(places=reference(), county=make.settings.county, now=make.now)
    with pytest.raises(BeingCounted):
        rules_queries.check()


def test_what_ended_is_in_a_frozen_month_once_as_in_the_live_one(make: Make) -> None:
    book = Book()
    rider, march = book.rider(), datetime(2025, 3, 10, 3, tzinfo=UTC)
    book.award(rider, 40, severity=3, at=march)
    make.report(at=datetime(2026, 3, 10, 3, tzinfo=UTC))
    assert book.expire(rider, datetime(2026, 4, 2, tzinfo=UTC)) is not None
    administrator = make.administrator()
    client = make.signed_in(administrator)
    live: Any = client.get("/api/v1/statistics/months/2026-03").get_json()["points"]
    assert (live["opening"], live["expired"], live["liability"]) == (40, 40, 0)
    freeze(make, administrator)
    frozen: Any = client.get("/api/v1/statistics/months/2026-03").get_json()["points"]
    assert {name: frozen[name] for name in live} == live
