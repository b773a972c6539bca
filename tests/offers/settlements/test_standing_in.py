"""Nobody's silence hangs a statement, and a questioned line ends with a verdict that is seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.models import AuditEntry
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Forbidden, GridReportError, Invalid, NotFound
from grid_report.notify.models import Message
from grid_report.offers.settlements import queries
from grid_report.offers.settlements import usecases as settlements_usecases
from grid_report.offers.settlements.lifecycle import (
    IllegalStatementStep,
    LineVerdict,
    ProviderHasTime,
    Side,
    StatementState,
    last_verdicts,
)
from grid_report.offers.settlements.models import Statement, StatementEntry
from tests.offers.books import (
    DAY,
    END,
    MINE,
    NOVEMBER,
    confirm,
    lines,
    question,
    statement,
)
from tests.offers.shop import COUNTY, HERE, ZONE, Shop
from tests.points.book import refusal_of
from tests.support.parallel import InParallel, race, start

pytestmark = pytest.mark.database

# Drawn an hour after the month's end; a week is over then.
LATE = END + 8 * DAY
STANDS, SET_OFF = LineVerdict.STANDS, LineVerdict.SET_OFF


def stand_in(who: Actor, words: str = "店主住院，电话无人接", **more: Any) -> Statement:
    values: dict[str, Any] = {"seen": None, "now": LATE, **more}
    return settlements_usecases.stand_in(MINE, NOVEMBER, words, actor=who, **values)


def countersign(who: Actor) -> Statement:
    return settlements_usecases.countersign(MINE, NOVEMBER, seen=None, actor=who, now=LATE + DAY)


def answer(who: Actor, verdict: LineVerdict | None, side: Side, **more: Any) -> Statement:
    values: dict[str, Any] = {"seen": None, "now": LATE, **more}
    return settlements_usecases.answer(
        MINE, NOVEMBER, "核对过签字", verdict, side=side, actor=who, **values
    )  # fmt: skip


def history() -> list[StatementEntry]:
    db.session.rollback()
    return list(db.session.scalars(select(StatementEntry).order_by(StatementEntry.id)))


def sheet(month: Month = NOVEMBER) -> queries.Sheet:
    found = queries.find_sheet(MINE, month, zone=ZONE, fen_per_point=10, now=LATE)
    db.session.rollback()
    return found


def test_any_of_the_providers_staff_confirms_not_only_who_is_away(drawn: Shop) -> None:
    stand_by = drawn.make.member(Grant(Role.STATION_STAFF, HERE), name="替班")
    assert confirm(drawn, stand_by).provider_confirmed_by_id == stand_by.member_id


def test_an_administrator_stands_in_with_a_reason_and_another_one_closes(drawn: Shop) -> None:
    first, second = drawn.admin, drawn.make.administrator()
    it = stand_in(first)
    assert (it.state, it.provider_confirmed_by_id) == (
        StatementState.PROVIDER_CONFIRMED,
        first.member_id,
    )
    said = history()[-1]
    assert (said.step.value, said.side, said.actor_id) == ("confirm", Side.COUNTY, first.member_id)
    assert said.words == "店主住院，电话无人接"
    told = db.session.scalars(select(Message).where(Message.kind == "statement_confirmed_for"))
    assert {(it.place, it.facts["words"]) for it in told} == {(HERE, said.words)}
    audited = select(AuditEntry.actor_id).where(AuditEntry.action == "statement-confirmed-for")
    assert list(db.session.scalars(audited)) == [first.member_id]
    db.session.rollback()
    with pytest.raises(Forbidden):
        countersign(first)
    assert countersign(second).state is StatementState.CLOSED
    assert drawn.sound(LATE + DAY)


def test_the_database_as_well_wants_two(drawn: Shop) -> None:
    stand_in(drawn.admin)
    by = drawn.admin.member_id
    assert refusal_of([
        "UPDATE statements SET state = 'county_confirmed', county_confirmed_at = drawn_at,"
        f" county_confirmed_by_id = {by}"
    ]) == "ck_statements_two_people_confirm"  # fmt: skip


def test_standing_in_twice_is_once(drawn: Shop) -> None:
    version = stand_in(drawn.admin).version
    assert stand_in(drawn.admin, "别的话").version == version
    assert len(history()) == 2
    with pytest.raises(IllegalStatementStep):
        stand_in(drawn.make.administrator())


@pytest.mark.parametrize("early", [timedelta(seconds=1), 7 * DAY])
def test_a_provider_has_a_week_first(drawn: Shop, early: timedelta) -> None:
    drawn_at = history()[-1].at
    with pytest.raises(ProviderHasTime) as refused:
        stand_in(drawn.admin, now=drawn_at + 7 * DAY - early)
    assert refused.value.until == (drawn_at + 7 * DAY).isoformat()
    assert statement().state is StatementState.DRAWN
    assert stand_in(drawn.admin, now=drawn_at + 7 * DAY).provider_confirmed_by_id


def test_the_week_begins_anew_with_every_answer(drawn: Shop) -> None:
    question(drawn, lines()[0].ref, Side.COUNTY, drawn.admin)
    answer(drawn.staff, STANDS, Side.PROVIDER, now=LATE)
    with pytest.raises(ProviderHasTime):
        stand_in(drawn.admin, now=LATE + 6 * DAY)
    assert stand_in(drawn.admin, now=LATE + 7 * DAY)


@pytest.mark.parametrize("words", ["", "  ", "\n"])
def test_no_reason_no_standing_in(drawn: Shop, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        stand_in(drawn.admin, words)
    assert list(refused.value.problems) == ["words"]
    assert statement().state is StatementState.DRAWN


def test_standing_in_is_for_administrators_of_no_station(drawn: Shop) -> None:
    both = drawn.make.member(Grant(Role.STATION_STAFF, HERE), Grant(Role.ADMINISTRATOR, COUNTY))
    for who in (both, drawn.staff, drawn.make.auditor()):
        with pytest.raises(Forbidden):
            stand_in(who)
    with pytest.raises(NotFound):
        stand_in(drawn.other_staff)


def test_the_provider_may_still_question_a_line_afterwards(drawn: Shop) -> None:
    stand_in(drawn.admin)
    it = question(drawn, lines()[0].ref, Side.PROVIDER, drawn.staff)
    assert (it.state, it.provider_confirmed_by_id) == (StatementState.DISPUTED, None)


def test_a_silent_provider_is_answered_for_by_somebody_who_did_not_ask(drawn: Shop) -> None:
    asked, other = drawn.admin, drawn.make.administrator()
    question(drawn, lines()[0].ref, Side.COUNTY, asked)
    at = history()[-1].at
    with pytest.raises(Forbidden):
        answer(asked, STANDS, Side.COUNTY)
    with pytest.raises(ProviderHasTime):
        answer(other, STANDS, Side.COUNTY, now=at + 6 * DAY)
    assert answer(other, STANDS, Side.COUNTY).state is StatementState.DRAWN
    said = history()[-1]
    assert (said.side, said.actor_id, said.verdict) == (Side.COUNTY, other.member_id, STANDS)
    told = db.session.scalars(select(Message).where(Message.kind == "statement_answered_for"))
    assert [it.place for it in told] == [HERE]


def test_a_wrong_line_stays_in_the_books_and_is_not_paid(drawn: Shop) -> None:
    wrong = max(lines(), key=lambda it: it.points)
    question(drawn, wrong.ref, Side.COUNTY, drawn.admin)
    answer(drawn.staff, SET_OFF, Side.PROVIDER)
    it = sheet()
    assert it.verdicts == {wrong.ref: SET_OFF}
    assert (it.points, it.set_off_points) == (100, 80)
    assert (it.fen, it.fen_to_pay) == (1000, 200)
    confirm(drawn)
    assert countersign(drawn.admin).state is StatementState.CLOSED
    # Each settled transfer on one statement: all of them are burnt, this one too.
    value = drawn.book.value
    assert value("SELECT credits - debits FROM point_accounts WHERE kind = 'provider'") == 0
    assert value("SELECT points FROM point_journal WHERE kind = 'statement'") == 100
    assert sheet().fen_to_pay == 200
    assert drawn.sound(LATE + DAY)


def test_what_was_said_last_about_a_line_counts(drawn: Shop) -> None:
    ref = max(lines(), key=lambda it: it.points).ref
    for verdict in (SET_OFF, STANDS, SET_OFF):
        question(drawn, ref, Side.PROVIDER, drawn.staff)
        assert sheet().questioned is not None
        answer(drawn.admin, verdict, Side.COUNTY)
        assert sheet().set_off_points == (80 if verdict is SET_OFF else 0)
    assert last_verdicts([("a", STANDS), ("b", None), ("a", SET_OFF), ("a", None)]) == {
        "a": SET_OFF
    }


def test_an_answer_without_a_verdict_is_none(drawn: Shop) -> None:
    question(drawn, lines()[0].ref, Side.PROVIDER, drawn.staff)
    with pytest.raises(Invalid) as refused:
        settlements_usecases.answer(
            MINE, NOVEMBER, " ", None, side=Side.COUNTY, seen=None, actor=drawn.admin, now=LATE
        )
    assert set(refused.value.problems) == {"verdict", "words"}
    assert statement().state is StatementState.DISPUTED


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ("'answer', 'disputed', 'drawn', 'maybe'", "verdict_known"),
        ("'confirm', 'drawn', 'provider_confirmed', 'stands'", "verdicts_with_answers"),
    ],
)
def test_the_database_knows_two_verdicts_and_only_with_answers(
    drawn: Shop, values: str, refusal: str
) -> None:
    found = refusal_of([
        "INSERT INTO statement_history (statement_id, step, from_state, to_state, verdict, at,"
        " side, ref, words) SELECT statement_id, "
        f"{values}, at, side, 'R', 'x' FROM statement_history LIMIT 1"
    ])  # fmt: skip
    assert found == f"ck_statement_history_{refusal}"


def test_two_administrators_at_once_stand_in_once(drawn: Shop, in_parallel: InParallel) -> None:
    admins = [drawn.make.administrator() for _ in range(4)]

    def one(number: int) -> str:
        try:
            return stand_in(admins[number]).state.value
        except GridReportError as error:
            return error.code

    found = in_parallel(one, 4)
    assert sorted(found) == ["provider_confirmed", *["statement-step"] * 3]
    assert len(history()) == 2


def test_confirming_and_standing_in_at_once_are_one_confirmation(drawn: Shop, app: Flask) -> None:
    admin, staff = drawn.admin, drawn.staff

    def provider() -> str:
        return came_of(
            lambda: settlements_usecases.confirm(MINE, NOVEMBER, seen=1, actor=staff, now=LATE)
        )

    def county() -> str:
        return came_of(lambda: stand_in(admin, seen=1))

    found = race(app, [provider, county] * 4)
    # Whoever was second saw a version that is over, or finds the own confirmation.
    assert found.count("provider_confirmed") in (1, 2, 3, 4)
    assert set(found) <= {"provider_confirmed", "statement-step", "stale"}
    confirmed = [it for it in history() if it.step.value == "confirm"]
    assert len(confirmed) == 1
    assert statement().provider_confirmed_by_id == confirmed[0].actor_id


def test_a_question_and_the_last_confirmation_at_once_are_one_of_them(
    drawn: Shop, app: Flask
) -> None:
    ref = lines()[0].ref
    confirm(drawn)
    admins = [drawn.make.administrator() for _ in range(3)]
    acts = [
        *(lambda who=who: came_of(lambda: countersign(who)) for who in admins),
        *[lambda: came_of(lambda: question(drawn, ref, Side.PROVIDER, drawn.staff))] * 3,
    ]
    found = race(app, acts)
    state = statement().state
    assert state in (StatementState.CLOSED, StatementState.DISPUTED)
    assert state.value in found
    steps = [it.step.value for it in history()]
    assert ("dispute" in steps) != ("close" in steps)
    burnt = drawn.book.value("SELECT COUNT(*) FROM point_journal WHERE kind = 'statement'")
    assert burnt == (state is StatementState.CLOSED)
    assert drawn.sound(LATE + DAY)


def test_whoever_is_killed_while_closing_closes_nothing_or_all(drawn: Shop, app: Flask) -> None:
    confirm(drawn)
    admin = drawn.admin
    for number in range(8):
        for fork in start(app, [lambda: came_of(lambda: countersign(admin))] * 2):
            time.sleep(number * 0.002)
            fork.kill()
        it = statement()
        # Never in between: both sides confirmed and the points still there only while frozen.
        assert it.state in (StatementState.PROVIDER_CONFIRMED, StatementState.CLOSED)
        burnt = drawn.book.value("SELECT COUNT(*) FROM point_journal WHERE kind = 'statement'")
        assert burnt == (it.state is StatementState.CLOSED)
    assert countersign(admin).state is StatementState.CLOSED
    assert drawn.sound(LATE + DAY)


def came_of(act: Callable[[], Statement]) -> str:
    """Say where a step led, or what refused it."""
    try:
        return act().state.value
    except GridReportError as error:
        return error.code
