"""Out of dead ends: a case taken back from a silent unit, a question answered by oneself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid, NotFound
from grid_report.reports import clocks
from grid_report.reports.lifecycle import State, Step
from grid_report.reports.models import Report
from grid_report.reports.round_models import Recall
from grid_report.statistics.models import StatisticsCell
from grid_report.statistics.month import name_queries
from grid_report.workflow import IllegalStep
from tests.statistics.months import freeze
from tests.support.builders import BRIGHT, PROPERTY, STATION, STREET, Make

AT = datetime(2026, 3, 5, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def put_together(make: Make, *, category: str = "RD04", at: datetime = AT) -> tuple[Report, Actor]:
    worker = make.worker()
    report = make.report(category=category, at=at)
    return make.step(report, "accept", worker, category=category, severity=2, at=at), worker


def at_the_unit(make: Make, handler: Actor) -> tuple[Report, Actor]:
    report, worker = put_together(make)
    make.step(report, "dispatch", worker, unit=PROPERTY, at=AT)
    make.step(report, "start", handler, at=AT)
    return make.step(report, "control", handler, note="围好了", at=AT + HOUR), worker


@pytest.mark.database
def test_a_case_is_taken_back_from_a_silent_unit_and_keeps_what_was_promised(make: Make) -> None:
    handler = make.handler()
    report, worker = at_the_unit(make, handler)
    due = report.fix_due
    report = make.step(report, "recall", worker, reason="没动静", at=AT + 5 * HOUR)
    assert report.state is State.ACCEPTED
    assert (report.fix_due, report.controlled_at) == (due, AT + HOUR)
    assert (report.unit_code, report.dispatched_at, report.started_at) == (None, None, None)
    assert (report.returns, report.next_due) == (0, due)
    with pytest.raises(NotFound):
        make.step(report, "handle", handler, note="修好了", photos=(make.photo(),))


@pytest.mark.database
def test_two_recalls_leave_the_worker_the_say_that_two_returns_take(make: Make) -> None:
    report, worker = put_together(make)
    for _ in range(3):
        make.step(report, "dispatch", worker, unit=PROPERTY, at=AT)
        report = make.step(report, "recall", worker, reason="没动静", at=AT)
    assert make.step(report, "dispatch", worker, unit=PROPERTY, at=AT).state is State.DISPATCHED


@pytest.mark.database
def test_the_street_takes_back_what_the_community_handles_itself(make: Make) -> None:
    report, worker = put_together(make)
    make.step(report, "start", worker, at=AT)
    report = make.step(report, "recall", make.supervisor(), reason="交给单位", at=AT)
    assert (report.state, report.self_handled) == (State.ACCEPTED, False)
    assert make.step(report, "dispatch", worker, unit=PROPERTY, at=AT).state is State.DISPATCHED


@pytest.mark.database
def test_a_recall_needs_a_reason_and_is_not_the_units(make: Make) -> None:
    handler = make.handler()
    report, worker = at_the_unit(make, handler)
    with pytest.raises(Invalid) as refused:
        make.step(report, "recall", worker)
    assert set(refused.value.problems) == {"reason"}
    with pytest.raises(Forbidden):
        make.step(report, "recall", handler, reason="不想干")
    with pytest.raises(NotFound):
        make.step(report, "recall", make.worker(BRIGHT), reason="没动静")
    make.step(report, "recall", worker, reason="没动静", at=AT + 2 * HOUR)
    with pytest.raises(IllegalStep):
        make.step(report, "recall", worker, reason="没动静", at=AT + 2 * HOUR)


@pytest.mark.database
@pytest.mark.parametrize(("waited", "counted"), [(3, 3), (24, 24), (100, 24)])
def test_a_stop_ended_by_the_own_finding_counts_a_day_at_most(
    make: Make, waited: int, counted: int
) -> None:
    worker = make.worker()
    report = make.report(at=AT)
    due = report.accept_due, report.fix_due, report.close_due
    make.step(report, "ask", worker, reason="在哪", at=AT)
    report = make.step(report, "clarify", worker, note="3 号楼", at=AT + waited * HOUR)
    assert report.state is State.SUBMITTED
    moved = report.accept_due, report.fix_due, report.close_due
    assert moved == tuple(it + counted * HOUR for it in due)
    assert report.stopped_s == counted * 3600


@pytest.mark.database
def test_asking_again_and_again_stops_the_own_clock_no_longer_than_a_day(make: Make) -> None:
    worker = make.worker()
    report = make.report(at=AT)
    due, now = report.fix_due, AT
    for _ in range(4):
        make.step(report, "ask", worker, reason="在哪", at=now)
        now += 10 * HOUR
        report = make.step(report, "clarify", worker, note="3 号楼", at=now)
    assert report.fix_due == due + 24 * HOUR


@pytest.mark.database
def test_an_answer_of_the_rider_counts_the_whole_wait(make: Make) -> None:
    worker, rider = make.worker(), make.rider()
    report = make.report(rider, at=AT)
    due = report.fix_due
    make.step(report, "ask", worker, reason="在哪", at=AT)
    report = make.step(report, "supplement", rider, note="3 号楼", at=AT + 100 * HOUR)
    assert report.fix_due == due + 100 * HOUR


@pytest.mark.database
def test_clarifying_needs_words_and_is_the_workers(make: Make) -> None:
    worker, rider = make.worker(), make.rider()
    report = make.report(rider, at=AT)
    make.step(report, "ask", worker, reason="在哪", at=AT)
    with pytest.raises(Invalid) as refused:
        make.step(report, "clarify", worker)
    assert set(refused.value.problems) == {"note"}
    for other in (rider, make.supervisor()):
        with pytest.raises(Forbidden):
            make.step(report, "clarify", other, note="3 号楼")


def test_a_counted_stop_is_never_negative() -> None:
    day = clocks.CLARIFIED_MOST
    assert clocks.counted_stop(HOUR, by_own_finding=True, counted_s=90_000) == timedelta(0)
    assert clocks.counted_stop(9 * day, by_own_finding=False, counted_s=0) == 9 * day


def recalled(month: str) -> dict[tuple[str, str, str], int]:
    db.session.rollback()
    rows = db.session.scalars(
        select(StatisticsCell).where(
            StatisticsCell.month == month,
            StatisticsCell.version == 0,
            StatisticsCell.measure == "recalled",
        )
    )
    return {(it.area, it.facet, it.key): it.n for it in rows if it.n}


@pytest.mark.database
def test_every_recall_is_counted_where_it_happened_under_whoever_had_the_case(make: Make) -> None:
    handler = make.handler()
    report, worker = at_the_unit(make, handler)
    make.step(report, "recall", worker, reason="没动静", at=AT + 2 * HOUR)
    make.step(report, "start", worker, at=AT + 2 * HOUR)
    make.step(report, "recall", worker, reason="交给单位", at=AT + 3 * HOUR)
    make.step(report, "transfer", worker, community=BRIGHT, reason="归那边", at=AT + 4 * HOUR)
    found = recalled("2026-03")
    for area in ("211282", STREET, STATION):
        assert found[area, "", ""] == 2
        assert found[area, "category", "RD04"] == 2
        assert found[area, "unit", PROPERTY] == 1
        assert found[area, "unit", "self"] == 1
    assert not [it for it in found if it[0] == BRIGHT]
    assert len(db.session.scalars(select(Recall)).all()) == 2


@pytest.mark.database
def test_a_month_frozen_before_recalls_were_counted_does_not_show_them(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, worker = at_the_unit(make, make.handler())
    make.step(report, "recall", worker, reason="没动静", at=AT + 2 * HOUR)
    administrator = make.administrator()
    whole = name_queries.document

    def older(*given: Any) -> dict[str, Any]:
        return {name: it for name, it in whole(*given).items() if name != "measures"}

    monkeypatch.setattr(name_queries, "document", older)
    freeze(make, administrator)
    monkeypatch.undo()
    freeze(make, administrator, seen=1)
    client = make.signed_in(administrator)
    old = client.get("/statistics/2026-03.csv?version=1").text
    new = client.get("/statistics/2026-03.csv?version=2").text
    assert ",recalled," not in old
    assert ",recalled,1," in new
    token = make.token(administrator)
    months = "/api/v1/statistics/months/2026-03?version="
    shown = [client.get(f"{months}{it}", headers=token).json for it in (1, 2)]
    assert ["recalled" in str(it) for it in shown] == [False, True]
    assert str(Month(2026, 3)) == "2026-03"


@pytest.mark.database
def test_recalls_are_only_ever_added(make: Make) -> None:
    report, worker = at_the_unit(make, make.handler())
    make.step(report, Step.RECALL, worker, reason="没动静", at=AT + 2 * HOUR)
    recall = db.session.scalars(select(Recall)).one()
    recall.unit_code = None
    with pytest.raises(Exception, match="history_is_append_only"):
        db.session.flush()
    db.session.rollback()
