"""A rider's month on one sheet, points on hold, and which lots paid for what: both ways."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from grid_report import clock
from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.points import signals
from grid_report.points.errors import NotEnoughPoints
from grid_report.points.history import month_queries, trace_queries
from grid_report.points.history import queries as history_queries
from grid_report.points.kinds import EventKind, Verdict
from grid_report.points.policy import Terms
from grid_report.points.signals import Service
from tests.points.book import NOW, STATION, TERMS, Book, counted
from tests.support import present
from tests.support.builders import Make

pytestmark = pytest.mark.database

ZONE = TERMS.zone


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider()


@pytest.fixture
def named() -> Iterator[None]:
    """Let redemptions be called something, as offers does."""

    def names(_sender: object, *, session: object, refs: list[str]) -> dict[str, Service]:
        return {ref: Service(f"热饮 {ref}") for ref in refs}

    with signals.service_names.connected_to(names):
        yield


def wander(book: Book, rider_id: int, seed: int) -> datetime:
    """Do whatever a rider's points can go through, over half a year; return the end of it."""
    chance = random.Random(seed)
    at, refs, awards = NOW, [], []
    for step in range(70):
        at += timedelta(hours=chance.randrange(1, 120))
        choice = chance.choice("aaahhccrnfRex")
        if choice == "a":
            given = book.award(rider_id, chance.choice([10, 15, 25]), at=at, severity=3)
            awards.append(given.entry_id)
        elif choice == "h":
            ref = f"R-{step}"
            try:
                book.hold(rider_id, ref, chance.randrange(1, 20), at=at)
                refs.append(ref)
            except NotEnoughPoints:
                pass
        elif choice in "crn" and refs:
            ref = refs.pop(chance.randrange(len(refs)))
            if choice == "c":
                book.capture(ref, at=at)
                if chance.random() < 0.4:
                    book.refund(ref, at=at + timedelta(hours=2))
            elif choice == "r":
                book.release(ref, at=at)
            else:
                book.noshow(ref, penalty=1, at=at) if chance.random() < 0.2 else book.release(
                    ref, at=at
                )
        elif choice == "R" and awards:
            verdict = chance.choice([Verdict.HONEST, Verdict.NEGLIGENT, Verdict.FRAUD])
            book.reverse(awards.pop(), verdict, at=at)
        elif choice == "e":
            book.expire(rider_id, at + timedelta(days=chance.choice([0, 500])))
    return at


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_every_months_sheet_adds_up_and_leads_to_the_next(
    book: Book, rider: Actor, seed: int
) -> None:
    end = wander(book, rider.member_id, seed)
    this, month = Month.of(end + timedelta(days=600), ZONE), Month.of(NOW, ZONE)
    before, lines = 0, 0
    while month <= this:
        sheet = month_queries.monthly_sheet(rider.member_id, month, ZONE)
        assert sheet.opening == before
        assert sheet.opening + sum(sheet.sums.values()) == sheet.closing
        assert sheet.closing == (sheet.lines[-1].balance if sheet.lines else sheet.opening)
        before, lines = sheet.closing, lines + len(sheet.lines)
        month = month.plus(1)
    has = history_queries.balance(rider.member_id)
    assert before == has.available + has.held
    assert lines == len(history_queries.list_entries(rider.member_id, limit=500)[0])
    assert lines > 10
    assert {it.check for it in book.differences(end)} <= {"hold-past-its-deadline"}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_lots_and_services_tell_the_same_story(book: Book, rider: Actor, seed: int) -> None:
    wander(book, rider.member_id, seed)
    from_awards, from_services = {}, {}
    for entry in history_queries.list_entries(rider.member_id, limit=500)[0]:
        found = trace_queries.why(entry.id, rider.member_id)
        if found.lot is not None:
            for part in found.lot.spent:
                from_awards[entry.id, part.entry_id] = part.points
        for payer in found.paid_by:
            from_services[payer.entry_id, entry.id] = payer.points
        if entry.kind is not EventKind.AWARD:
            # What a debt took was in no lot; everything else is paid to the last point.
            assert -sum(it.points for it in found.paid_by) == entry.points
    assert from_awards == from_services
    assert from_awards


def test_a_meal_names_the_reports_that_paid_for_it(
    make: Make, book: Book, rider: Actor, named: None
) -> None:
    first = book.award(rider.member_id, 6, cause="KY-20261123-0006")
    second = book.award(rider.member_id, 10, cause="KY-20261123-0007")
    book.hold(rider.member_id, "R-MEAL", 10)
    taken = book.capture("R-MEAL")
    assert taken.entry_id is not None
    client = make.signed_in(rider)
    meal = client.get(f"/my/points/{taken.entry_id}").get_data(as_text=True)
    assert "由哪些上报支付" in meal
    assert "热饮 R-MEAL" in meal
    for number in ("KY-20261123-0006", "KY-20261123-0007"):
        assert number in meal
    parts = trace_queries.why(taken.entry_id, rider.member_id).paid_by
    assert [(it.entry_id, it.points) for it in parts] == [
        (first.entry_id, 6),
        (second.entry_id, 4),
    ]
    for award in (first, second):
        page = client.get(f"/my/points/{award.entry_id}").get_data(as_text=True)
        assert f"/my/points/{taken.entry_id}" in page
        assert "热饮 R-MEAL" in page
    assert "热饮 R-MEAL" in client.get("/my/points").get_data(as_text=True)
    shown = client.get(f"/api/v1/me/points/entries/{taken.entry_id}/why").get_json()
    assert [(it["report"], it["points"]) for it in shown["paid_by"]] == [
        ("KY-20261123-0006", 6),
        ("KY-20261123-0007", 4),
    ]
    assert shown["entry"]["redemption"] == "R-MEAL"


@pytest.mark.at(present.USUAL)
def test_what_is_on_hold_says_for_what_and_until_when(
    make: Make, book: Book, rider: Actor, named: None
) -> None:
    award = book.award(rider.member_id, 25, severity=3)
    held = book.hold(rider.member_id, "R-7K", 20, at=clock.now())
    client = make.signed_in(rider)
    page = client.get("/my/points").get_data(as_text=True)
    assert "热饮 R-7K" in page
    assert "占用到" in page
    why = client.get(f"/my/points/{held.entry_id}").get_data(as_text=True)
    assert "先占用到" in why
    assert f"/my/points/{award.entry_id}" in why
    assert f"/my/points/{held.entry_id}" in client.get(f"/my/points/{award.entry_id}").text
    assert client.get("/api/v1/me/points").get_json()["held"] == 20
    told = client.get(f"/api/v1/me/points/entries/{held.entry_id}/why").get_json()
    assert told["paid_by"][0]["points"] == 20
    assert told["held_until"]
    book.release("R-7K", at=clock.now())
    assert "热饮 R-7K" not in client.get("/my/points").text
    assert "已经结束" in client.get(f"/my/points/{held.entry_id}").text
    assert (
        client.get(f"/api/v1/me/points/entries/{held.entry_id}/why").get_json()["held_until"]
        is None
    )


def test_a_service_that_nobody_knows_is_shown_by_its_reference(
    make: Make, book: Book, rider: Actor
) -> None:
    book.award(rider.member_id, 25, severity=3)
    book.hold(rider.member_id, "R-LOST", 20)
    book.capture("R-LOST")
    assert "R-LOST" in make.signed_in(rider).get("/my/points").text


def test_a_month_ends_at_midnight_in_the_county(book: Book, rider: Actor) -> None:
    last = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
    book.award(rider.member_id, 10, at=last)
    book.award(rider.member_id, 15, at=last + timedelta(seconds=1))
    november = month_queries.monthly_sheet(rider.member_id, Month(2026, 11), ZONE)
    december = month_queries.monthly_sheet(rider.member_id, Month(2026, 12), ZONE)
    assert (november.opening, november.closing) == (0, 10)
    assert (december.opening, december.sums["earned"], december.closing) == (10, 15, 25)


def test_the_months_page_prints_what_the_history_says(make: Make, book: Book, rider: Actor) -> None:
    now = clock.now()
    book.award(rider.member_id, 15, severity=2, at=now, cause="KY-20261123-0001")
    client = make.signed_in(rider)
    page = client.get("/my/points/month").text
    assert "KY-20261123-0001" in page
    assert "+15" in page
    assert "data-print" in page
    this = Month.of(now, ZONE)
    assert client.get(f"/my/points/month?month={this}").status_code == 200


@pytest.mark.parametrize("month", ["2026-13", "x", "9999-12", "1970-01", "2026-1"])
def test_a_month_that_is_none_is_refused(make: Make, rider: Actor, month: str) -> None:
    assert (
        make.signed_in(rider).get("/my/points/month", query_string={"month": month}).status_code
        == 422
    )


def test_a_rider_without_entries_has_an_empty_sheet(make: Make, rider: Actor) -> None:
    page = make.signed_in(rider).get("/my/points/month").text
    assert "没有进也没有出" in page


def test_why_nothing_came_is_answered_with_what_to_do(make: Make, book: Book, rider: Actor) -> None:
    client = make.signed_in(rider)
    book.award(rider.member_id, 10, terms=Terms(ZONE, 5, 0), cause="KY-20261123-0009")
    line = month_queries.unawarded_about(rider.member_id, "KY-20261123-0009")[0]
    page = client.get(f"/my/points/unpaid/{line.id}").text
    assert "下个月一开始就发" in page
    assert "我有异议" not in page
    assert f"/my/points/unpaid/{line.id}" in client.get("/my/points").text
    assert make.signed_in(make.rider()).get(f"/my/points/unpaid/{line.id}").status_code == 404


def test_what_was_paid_late_leads_to_its_entry(make: Make, book: Book, rider: Actor) -> None:
    book.award(rider.member_id, 10, terms=Terms(ZONE, 5, 0), cause="KY-20261123-0009")
    line = month_queries.unawarded_about(rider.member_id, "KY-20261123-0009")[0]
    from grid_report.points import ledger

    paid = book.do(ledger.pay_due, line.id, terms=TERMS, at=NOW + timedelta(days=31))
    answer = make.signed_in(rider).get(f"/my/points/unpaid/{line.id}")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/my/points/{paid.entry_id}")


def test_the_pages_cost_the_same_for_a_few_lines_and_for_many(
    make: Make, book: Book, rider: Actor, named: None
) -> None:
    client, now = make.signed_in(rider), clock.now()
    paths = ["/my/points", "/my/points/month"]

    def grow(some: range) -> None:
        for n in some:
            book.award(rider.member_id, 10, at=now)
            book.hold(rider.member_id, f"R-{n}", 5, at=now)
            book.capture(f"R-{n}", at=now)
        book.hold(rider.member_id, f"R-held-{some.start}", 3, at=now)

    def cost() -> list[int]:
        costs = []
        for path in paths:
            client.get(path)
            with counted() as sent:
                assert client.get(path).status_code == 200
            costs.append(len(sent))
        return costs

    grow(range(2))
    few = cost()
    grow(range(10, 24))
    assert cost() == few


def test_an_entry_of_somebody_else_is_not_explained(book: Book, rider: Actor) -> None:
    award = book.award(book.rider())
    with pytest.raises(NotFound):
        trace_queries.why(award.entry_id or 0, rider.member_id)
    db.session.rollback()
    assert book.left(f"budget:{STATION}:2026-11") < 3000


def test_a_month_that_is_over_shows_the_debt_it_ended_with(
    make: Make, book: Book, rider: Actor
) -> None:
    """25 of untrue work were eaten in September; 10 are repaid in October, the rest waits."""
    zone = make.settings.county.tz
    this = Month.of(clock.now(), zone)
    first, second = this.plus(-2), this.plus(-1)
    (start, later), (begin, _) = first.bounds(zone), second.bounds(zone)
    wrong = book.award(rider.member_id, 25, severity=3, at=start + timedelta(days=1))
    book.hold(rider.member_id, "R-EATEN", 25, at=start + timedelta(days=2))
    book.capture("R-EATEN", at=start + timedelta(days=2))
    book.reverse(wrong.entry_id, Verdict.FRAUD, at=later - timedelta(seconds=1))
    assert book.award(rider.member_id, 20, severity=3, at=begin).repaid == 10
    assert month_queries.debt_at(rider.member_id, later - timedelta(seconds=1)) == 0
    assert [
        month_queries.debt_at(rider.member_id, it.bounds(zone)[1]) for it in (first, second)
    ] == [
        25,
        15,
    ]
    client = make.signed_in(rider)
    pages = [client.get(f"/my/points/month?month={it}").text for it in (first, second, this)]
    assert "本月底欠 25 分" in pages[0]
    assert "本月底欠 15 分" in pages[1]
    # Of the running month nothing ended yet: what is said there is said of now.
    assert "还欠 15 分" in pages[2]
    for page in pages[:2]:
        assert "还欠" not in page
        assert "待收回" not in page
    assert "本月底欠" not in pages[2]
