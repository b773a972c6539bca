"""Statements: every settled service on exactly one, confirmed by two people, cleared once, kept."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.db import db, transaction
from grid_report.errors import Forbidden, Invalid, NotFound, Stale
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.settlements import usecases as settlements_usecases
from grid_report.offers.settlements.lifecycle import (
    IllegalStatementStep,
    LineVerdict,
    Side,
    StatementState,
)
from grid_report.offers.settlements.models import StatementLine
from grid_report.points import ledger
from grid_report.points.ledger import freezes
from tests.offers.books import (
    DAY,
    DECEMBER,
    END,
    HOUR,
    MINE,
    NOVEMBER,
    confirm,
    countersign,
    draw,
    lines,
    question,
    served,
    statement,
)
from tests.offers.shop import COUNTY, HERE, NOW, Shop
from tests.support.parallel import race, start

pytestmark = pytest.mark.database

STANDS = LineVerdict.STANDS


def test_a_meal_is_on_the_statement_of_the_month_it_became_final_in(drawn: Shop) -> None:
    it = statement()
    assert (it.state, it.services, it.free_services, it.points) == (StatementState.DRAWN, 3, 1, 100)
    assert sorted(line.points for line in lines()) == [0, 20, 80]
    assert drawn.sound(END + HOUR)


def test_the_month_is_the_countys_and_is_not_drawn_before_it_is_over(shop: Shop) -> None:
    first = served(shop, at=END - 72 * HOUR - timedelta(seconds=1))
    second = served(shop, at=END - 72 * HOUR)
    assert redemptions_scheduled.settle_due(now=END - timedelta(seconds=1)) == 1
    assert redemptions_scheduled.settle_due(now=END) == 1
    assert draw(END - timedelta(seconds=1)) == 0
    assert draw(END) == 1
    assert [line.ref for line in lines()] == [first.ref]
    assert draw(END + 32 * DAY) == 1
    assert [line.ref for line in lines(DECEMBER)] == [second.ref]


def test_what_is_refunded_or_still_open_to_objection_is_on_none(shop: Shop) -> None:
    refunded, waiting = served(shop), served(shop, at=END - DAY)
    counter_usecases.refund(refunded.ref, "凉了", actor=shop.staff, now=NOW + HOUR)
    assert redemptions_scheduled.settle_due(now=END - HOUR) == 0
    assert draw(END + HOUR) == 0
    assert redemptions_scheduled.settle_due(now=END + 2 * DAY) == 1
    assert draw(END + 40 * DAY) == 1
    assert [line.ref for line in lines(DECEMBER)] == [waiting.ref]


def test_a_settlement_that_came_late_goes_on_the_next_statement(drawn: Shop) -> None:
    late = served(drawn, 50)
    # The job was held up: it writes November's instant after November was drawn.
    assert redemptions_scheduled.settle_due(now=END - timedelta(seconds=1)) == 1
    assert draw(END + 2 * HOUR) == 0
    assert late.ref not in [line.ref for line in lines()]
    assert draw(END + 32 * DAY) == 1
    assert [line.ref for line in lines(DECEMBER)] == [late.ref]
    assert statement().points == 100


def test_months_nobody_drew_are_drawn_one_after_the_other(shop: Shop) -> None:
    served(shop)
    redemptions_scheduled.settle_due(now=NOW + 4 * DAY)
    served(shop, at=NOW + 30 * DAY)
    redemptions_scheduled.settle_due(now=NOW + 34 * DAY)
    assert draw(END + 70 * DAY) == 2
    assert (len(lines()), len(lines(DECEMBER))) == (1, 1)


def test_every_provider_has_a_statement_of_its_own(shop: Shop) -> None:
    served(shop, 80)
    served(shop, 20, station="station-02")
    redemptions_scheduled.settle_due(now=NOW + 4 * DAY)
    assert draw(END) == 2
    assert statement().points == 80
    assert statement(provider="provider-02").points == 20


def test_drawing_twice_draws_once(drawn: Shop) -> None:
    before = statement().version
    assert draw(END + 2 * HOUR) == 0
    assert statement().version == before
    assert len(lines()) == 3


def test_drawing_in_many_processes_at_once_draws_once(shop: Shop, app: Flask) -> None:
    for points in (80, 20, 0, 10):
        served(shop, points)
    redemptions_scheduled.settle_due(now=NOW + 4 * DAY)
    assert sorted(race(app, [lambda: draw(END)] * 6)) == [0, 0, 0, 0, 0, 1]
    assert len(lines()) == 4
    assert shop.sound(END)


def test_settling_while_the_month_is_drawn_loses_nothing(shop: Shop, app: Flask) -> None:
    refs = {served(shop, 10 + number).ref for number in range(6)}

    def settle() -> int:
        return redemptions_scheduled.settle_due(now=END - timedelta(seconds=1))

    race(app, [settle, lambda: draw(END), settle, lambda: draw(END)])
    draw(END + 32 * DAY)
    db.session.rollback()
    assert set(db.session.scalars(select(StatementLine.ref))) == refs
    assert shop.sound(END + 32 * DAY)


def test_a_drawing_that_is_killed_leaves_nothing_or_all_of_it(shop: Shop, app: Flask) -> None:
    for number in range(5):
        served(shop, 10 + number)
    redemptions_scheduled.settle_due(now=NOW + 4 * DAY)
    for _ in range(3):
        for fork in start(app, [lambda: draw(END)]):
            fork.kill()
    draw(END)
    assert len(lines()) == 5
    assert statement().state is StatementState.DRAWN
    assert shop.sound(END)


def test_both_sides_confirm_and_the_points_are_burnt(drawn: Shop) -> None:
    assert confirm(drawn).state is StatementState.PROVIDER_CONFIRMED
    assert countersign(drawn).state is StatementState.CLOSED
    value = drawn.book.value
    assert value("SELECT credits - debits FROM point_accounts WHERE kind = 'provider'") == 0
    assert value("SELECT points FROM point_journal WHERE kind = 'statement'") == 100
    assert drawn.sound(END + 3 * HOUR)


def test_confirming_twice_changes_nothing(drawn: Shop) -> None:
    first = confirm(drawn).version
    assert confirm(drawn).version == first
    closed = countersign(drawn).version
    assert countersign(drawn).version == closed
    assert drawn.book.value("SELECT count(*) FROM point_journal WHERE kind = 'statement'") == 1


def test_two_administrators_at_once_close_it_once(drawn: Shop, app: Flask) -> None:
    confirm(drawn)
    other = drawn.make.administrator()

    def close(who: Actor) -> str:
        return countersign(drawn, who).state.value

    states = race(app, [partial(close, who) for who in (drawn.admin, other)])
    assert "closed" in states
    assert drawn.book.value("SELECT count(*) FROM point_journal WHERE kind = 'statement'") == 1


def test_a_statement_of_free_services_closes_without_the_ledger(shop: Shop) -> None:
    served(shop, 0)
    redemptions_scheduled.settle_due(now=NOW + 4 * DAY)
    draw(END)
    confirm(shop)
    assert countersign(shop).state is StatementState.CLOSED
    assert shop.book.value("SELECT count(*) FROM point_journal WHERE kind = 'statement'") == 0


def test_one_person_with_both_roles_does_not_confirm_for_both(drawn: Shop) -> None:
    both = drawn.make.member(
        Grant(Role.STATION_STAFF, HERE), Grant(Role.ADMINISTRATOR, COUNTY), name="两头"
    )
    confirm(drawn, both)
    with pytest.raises(Forbidden):
        countersign(drawn, both)
    assert countersign(drawn).state is StatementState.CLOSED


def test_another_providers_staff_sees_and_confirms_nothing(drawn: Shop) -> None:
    with pytest.raises(NotFound):
        confirm(drawn, drawn.other_staff)
    with pytest.raises(Forbidden):
        confirm(drawn, drawn.admin)
    confirm(drawn)
    with pytest.raises(Forbidden):
        countersign(drawn, drawn.make.auditor())


def test_a_questioned_line_sends_it_back_and_the_other_side_answers(drawn: Shop) -> None:
    ref = lines()[0].ref
    confirm(drawn)
    assert question(drawn, ref, Side.COUNTY, drawn.admin).state is StatementState.DISPUTED
    # A second time is the same question.
    assert question(drawn, ref, Side.COUNTY, drawn.admin).state is StatementState.DISPUTED
    with pytest.raises(IllegalStatementStep):
        countersign(drawn)
    now = END + 4 * HOUR
    answer: dict[str, Any] = {"seen": None, "now": now}
    with pytest.raises(Forbidden):
        settlements_usecases.answer(
            MINE, NOVEMBER, "好", STANDS, side=Side.COUNTY, actor=drawn.admin, **answer
        )
    with pytest.raises(Invalid):
        settlements_usecases.answer(
            MINE, NOVEMBER, " ", STANDS, side=Side.PROVIDER, actor=drawn.staff, **answer
        )
    settlements_usecases.answer(
        MINE, NOVEMBER, "有签字", STANDS, side=Side.PROVIDER, actor=drawn.staff, **answer
    )
    again = statement()
    assert again.state is StatementState.DRAWN
    assert again.provider_confirmed_by_id is None
    with pytest.raises(IllegalStatementStep):
        countersign(drawn)
    confirm(drawn)
    assert countersign(drawn).state is StatementState.CLOSED


@pytest.mark.parametrize(
    ("ref", "words", "field"),
    [("R-NONE", "没有", "ref"), ("", "没有", "ref"), (None, " ", "words")],
)
def test_a_question_names_a_line_and_a_reason(
    drawn: Shop, ref: str | None, words: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        question(drawn, lines()[0].ref if ref is None else ref, Side.PROVIDER, drawn.staff, words)
    assert list(refused.value.problems) == [field]


def test_a_page_from_before_a_question_confirms_nothing(drawn: Shop) -> None:
    seen = statement().version
    question(drawn, lines()[0].ref, Side.COUNTY, drawn.admin)
    settlements_usecases.answer(
        MINE,
        NOVEMBER,
        "有",
        STANDS,
        side=Side.PROVIDER,
        seen=None,
        actor=drawn.staff,
        now=END + HOUR,
    )
    with pytest.raises(Stale):
        settlements_usecases.confirm(MINE, NOVEMBER, seen=seen, actor=drawn.staff, now=END + HOUR)


def test_a_frozen_ledger_keeps_the_confirmation_and_a_job_closes_later(drawn: Shop) -> None:
    confirm(drawn)
    with transaction() as session:
        freezes.freeze(session, END, "test")
    assert countersign(drawn).state is StatementState.COUNTY_CONFIRMED
    assert settlements_usecases.close_confirmed(now=END + 4 * HOUR) == 0
    with transaction() as session:
        freezes.unfreeze(session)
    assert settlements_usecases.close_confirmed(now=END + 4 * HOUR) == 1
    assert settlements_usecases.close_confirmed(now=END + 4 * HOUR) == 0
    assert statement().state is StatementState.CLOSED
    assert drawn.sound(END + 4 * HOUR)


def test_the_audit_misses_points_that_a_statement_lost(drawn: Shop) -> None:
    confirm(drawn)
    book = drawn.book
    with transaction() as session:
        ledger.clear_statement(
            session, MINE, statement_key="by-hand", points=30, at=END, actor_id=None
        )
    found = {difference.check for difference in book.differences(END + HOUR)}
    assert found == {"provider-differs-from-statements"}
