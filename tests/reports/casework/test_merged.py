"""One hazard, several riders: whoever leaves takes the own report along and nothing of the others."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report.access import Actor
from grid_report.accounts.members.usecases import suspend_member
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid, NotFound
from grid_report.notify.models import Message
from grid_report.places.geo.routing import MatchedBy
from grid_report.points.audit import queries as audit_queries
from grid_report.reports import queries
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.commands import RateReport
from grid_report.reports.errors import AlreadyRated, ReopenTooLate
from grid_report.reports.lifecycle import State, Step
from grid_report.reports.models import HistoryEntry, Report
from grid_report.workflow import IllegalStep
from tests.reports.earnings.test_earning import available
from tests.support.builders import BRIGHT, STATION, Make

pytestmark = pytest.mark.database

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ELSEWHERE = "211282002001"


class Three:
    """A, B and C of three riders; B and C merged into A."""

    def __init__(self, make: Make, *, category: str = "RD02", gap: int = 10) -> None:
        self.make = make
        self.riders = [make.rider() for _ in range(3)]
        self.worker, self.second, self.street = make.worker(), make.worker(), make.supervisor()
        self.a, self.b, self.c = (
            make.report(rider, at=AT + timedelta(minutes=gap * nth), category=category)
            for nth, rider in enumerate(self.riders)
        )
        for twin in (self.c, self.b):
            make.step(twin, "merge", self.worker, into=self.a.number, at=AT + timedelta(hours=1))
        self.now = AT + timedelta(hours=1)

    def take(self, report: Report, step: str, who: Actor, **more: Any) -> Report:
        return self.make.step(report, step, who, at=self.now, **more)

    def states(self) -> list[str]:
        return [str(self.make.fresh(it).state) for it in (self.a, self.b, self.c)]

    def accept(self, report: Report, severity: int = 2) -> None:
        self.take(report, "accept", self.worker, category="RD02", severity=severity)

    def close(self, report: Report) -> None:
        self.take(report, "start", self.worker)
        self.take(report, "handle", self.worker, note="修好了", photos=(self.make.photo(),))
        self.take(report, "pass", self.second)


@pytest.fixture
def three(make: Make) -> Three:
    return Three(make)


def told(make: Make, since: int) -> set[tuple[Any, str, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(Message).where(Message.id > since)).all()
    return {(row.member_id or str(row.role), row.kind, row.about) for row in rows}


def last_message() -> int:
    db.session.rollback()
    return max(db.session.scalars(select(Message.id)).all(), default=0)


def test_a_lead_taken_back_goes_on_for_the_others_under_the_oldest_of_them(three: Three) -> None:
    make, (first, second, third) = three.make, three.riders
    due = (three.a.accept_due, three.a.fix_due, three.a.close_due)
    since = last_message()
    three.take(three.a, "withdraw", first)
    a, b, c = (make.fresh(it) for it in (three.a, three.b, three.c))
    assert (a.state, b.state, c.state) == (State.WITHDRAWN, State.SUBMITTED, State.MERGED)
    assert (a.followers, b.followers, c.followers) == (0, 1, 0)
    assert (b.merged_into_id, c.merged_into_id) == (None, b.id)
    assert (b.accept_due, b.fix_due, b.close_due) == due
    assert b.next_due == due[0]
    assert told(make, since) == {
        (second.member_id, "report_leads", b.number),
        (third.member_id, "report_goes_on", c.number),
        ("worker", "report_goes_on", b.number),
    }
    entry = queries.list_history(b.id)[-1]
    assert (entry.step, entry.actor_id, entry.role) == (Step.LEAD, None, "system")
    assert entry.changes == {"lead": [a.number, b.number]}


def test_the_next_ones_go_as_well_until_nobody_is_left(three: Three) -> None:
    first, second, third = three.riders
    three.take(three.a, "withdraw", first)
    three.take(three.b, "withdraw", second)
    assert three.states() == ["withdrawn", "withdrawn", "submitted"]
    since = last_message()
    three.take(three.c, "withdraw", third)
    assert three.states() == ["withdrawn", "withdrawn", "withdrawn"]
    assert told(three.make, since) == {("worker", "report_withdrawn", three.c.number)}


def test_a_case_handed_on_in_another_community_says_that_a_person_put_it_there(
    three: Three,
) -> None:
    first = three.riders[0]
    three.take(three.a, "transfer", three.worker, community=BRIGHT, reason="归那边")
    assert three.make.fresh(three.b).community_code == STATION
    three.take(three.a, "withdraw", first)
    b = three.make.fresh(three.b)
    assert (b.community_code, b.matched_by) == (BRIGHT, MatchedBy.BY_HAND)


@pytest.mark.parametrize(("severity", "points"), [(2, (15, 5)), (4, (40, 12))])
def test_the_new_lead_is_the_first_reporter_and_who_left_earns_nothing(
    three: Three, severity: int, points: tuple[int, int]
) -> None:
    first, second, third = three.riders
    three.take(three.a, "withdraw", first)
    three.accept(three.b, severity)
    assert (available(first), available(second), available(third)) == (0, *points)
    three.close(three.b)
    assert (available(first), available(second), available(third)) == (0, points[0] + 5, points[1])
    db.session.remove()
    assert audit_queries.find_differences(db.engine, three.now) == []


def test_what_a_case_paid_before_it_was_transferred_is_not_paid_again_to_its_heir(
    three: Three,
) -> None:
    first, second, third = three.riders
    there = three.make.worker(ELSEWHERE)
    three.accept(three.a)
    assert [available(it) for it in three.riders] == [15, 5, 5]
    three.take(three.a, "transfer", three.worker, community=ELSEWHERE, reason="归那边")
    three.take(three.a, "withdraw", first)
    b = three.make.fresh(three.b)
    assert (b.state, b.community_code, b.transfers) == (State.SUBMITTED, ELSEWHERE, 1)
    three.take(three.b, "accept", there, category="RD02", severity=2)
    assert [available(it) for it in three.riders] == [15, 5, 5]
    assert available(third) == 5
    assert available(second) == 5


def test_a_question_and_its_stopped_clocks_go_on_with_the_case(three: Three) -> None:
    first, second, _ = three.riders
    three.take(three.a, "ask", three.worker, reason="在几号楼？")
    stopped = three.now
    fix = three.make.fresh(three.a).fix_due
    three.now += timedelta(hours=5)
    three.take(three.a, "withdraw", first)
    b = three.make.fresh(three.b)
    assert (b.state, b.stopped_at, b.next_due) == (State.NEEDS_INFO, stopped, None)
    assert queries.open_question(db.session(), b) == "在几号楼？"
    three.now += timedelta(hours=1)
    b = three.take(three.b, "supplement", second, note="3 号楼")
    assert b.state is State.SUBMITTED
    assert b.fix_due == fix + timedelta(hours=6)


def test_other_reports_of_whoever_leaves_stay_out_of_the_case(make: Make) -> None:
    rider, other, worker = make.rider(), make.rider(), make.worker()
    a, again, b = make.report(rider), make.report(rider), make.report(other)
    for twin in (again, b):
        make.step(twin, "merge", worker, into=a.number)
    since = last_message()
    make.step(a, "withdraw", rider)
    # Whoever leaves with two reports, and whoever leads from now on, reads it once or not at all.
    assert told(make, since) == {
        (other.member_id, "report_leads", b.number), ("worker", "report_goes_on", b.number),
    }  # fmt: skip
    assert [make.fresh(it).merged_into_id for it in (a, again, b)] == [None, a.id, None]
    assert [make.fresh(it).followers for it in (a, again, b)] == [1, 0, 0]
    make.step(b, "accept", worker, category="RD02", severity=2)
    assert (available(rider), available(other)) == (0, 15)


def test_a_rider_alone_with_several_reports_takes_all_of_it_back(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    a, again = make.report(rider), make.report(rider)
    make.step(again, "merge", worker, into=a.number)
    make.step(a, "withdraw", rider)
    assert [make.fresh(it).state for it in (a, again)] == [State.WITHDRAWN, State.MERGED]


def test_a_rider_with_two_reports_of_one_hazard_hears_of_it_once(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    a, again = make.report(rider), make.report(rider)
    make.step(again, "merge", worker, into=a.number)
    since = last_message()
    make.step(a, "reject", worker, reason="不属实")
    assert told(make, since) == {(rider.member_id, "report_rejected", a.number)}


def test_a_rejected_lead_ends_for_all_and_all_are_told_why(three: Three) -> None:
    since = last_message()
    three.take(three.a, "reject", three.worker, reason="不属实")
    assert three.states() == ["rejected", "merged", "merged"]
    assert {kind for _, kind, _ in told(three.make, since)} == {"report_rejected"}
    assert {who for who, _, _ in told(three.make, since)} == {
        rider.member_id for rider in three.riders
    }


def test_a_transferred_lead_takes_the_others_along(three: Three) -> None:
    three.take(three.a, "transfer", three.worker, community=ELSEWHERE, reason="归那边")
    assert three.states() == ["submitted", "merged", "merged"]
    assert three.make.fresh(three.b).merged_into_id == three.a.id


def test_a_lead_merged_into_another_takes_the_others_along_and_may_be_taken_back_there(
    three: Three,
) -> None:
    rider = three.make.rider()
    d = three.make.report(rider, at=AT)
    three.take(three.a, "merge", three.worker, into=d.number)
    three.take(d, "withdraw", rider)
    assert three.states() == ["submitted", "merged", "merged"]
    a = three.make.fresh(three.a)
    assert (a.merged_into_id, a.followers) == (None, 2)


def test_a_suspended_lead_rider_holds_nobody_up_another_answers(three: Three) -> None:
    county = three.make.administrator()
    suspend_member(three.riders[0].member_id, actor=county, now=three.now)
    three.take(three.a, "ask", three.worker, reason="在哪")
    three.take(three.c, "supplement", three.riders[2], note="桥下")
    assert three.states() == ["submitted", "merged", "merged"]


def test_the_case_is_handed_on_once_however_often_it_is_asked(three: Three) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        three.take(three.a, "withdraw", three.riders[0], key=key)
    with pytest.raises(IllegalStep):
        three.take(three.a, "withdraw", three.riders[0])
    assert three.make.fresh(three.b).version == 3


def test_nobody_may_ask_for_the_lead(three: Three) -> None:
    for who in (three.worker, three.street, three.riders[1]):
        with pytest.raises(Forbidden):
            three.take(three.b, "lead", who)


# --- answering, rating, reopening on the own page ---------------------------------------------------


def test_whoever_is_asked_answers_on_the_own_page_and_the_first_answer_moves_the_case(
    three: Three,
) -> None:
    make, (first, second, third) = three.make, three.riders
    three.take(three.a, "ask", three.worker, reason="在哪")
    since = last_message()
    done = three.take(three.b, "supplement", second, note="3 号楼", photos=(make.photo(),))
    assert done.number == three.b.number
    assert three.states() == ["submitted", "merged", "merged"]
    assert told(make, since) == {
        (first.member_id, "report_answered", three.a.number),
        (third.member_id, "report_answered", three.c.number),
        ("worker", "report_supplemented", three.a.number),
    }
    entry = queries.list_history(three.a.id)[-1]
    assert (entry.step, entry.words, entry.actor_id) == (
        Step.SUPPLEMENT, "3 号楼", second.member_id,
    )  # fmt: skip
    assert queries.list_history(three.b.id)[-1].words == "3 号楼"
    with pytest.raises(IllegalStep):
        three.take(three.c, "supplement", third, note="桥下")


def test_an_answer_sent_twice_is_one_answer(three: Three) -> None:
    three.take(three.a, "ask", three.worker, reason="在哪")
    key = str(uuid.uuid4())
    for _ in range(2):
        three.take(three.b, "supplement", three.riders[1], note="桥下", key=key)
    db.session.rollback()
    found = db.session.scalars(
        select(HistoryEntry.report_id).where(HistoryEntry.step == Step.SUPPLEMENT)
    ).all()
    assert sorted(found) == sorted([three.a.id, three.b.id])


def test_an_answer_needs_words_and_its_own_rider(three: Three) -> None:
    three.take(three.a, "ask", three.worker, reason="在哪")
    with pytest.raises(Invalid):
        three.take(three.b, "supplement", three.riders[1])
    with pytest.raises(NotFound):
        three.take(three.b, "supplement", three.riders[2], note="桥下")
    with pytest.raises(IllegalStep):
        three.take(three.b, "supplement", three.worker, note="桥下")


def test_every_rider_of_a_case_says_whether_it_is_solved_once(three: Three) -> None:
    first, second, third = three.riders
    three.accept(three.a)
    with pytest.raises(Forbidden):
        rate(three, three.b, second, solved=True)
    three.close(three.a)
    for report, rider, solved in ((three.a, first, True), (three.b, second, False)):
        rate(three, report, rider, solved=solved)
    with pytest.raises(NotFound):
        rate(three, three.b, third, solved=True)
    rate(three, three.b, second, solved=False)
    with pytest.raises(AlreadyRated):
        rate(three, three.b, second, solved=True)
    assert [three.make.fresh(it).solved for it in (three.a, three.b, three.c)] == [
        True, False, None,
    ]  # fmt: skip


def rate(three: Three, report: Report, rider: Actor, *, solved: bool) -> None:
    casework_usecases.rate_report(
        report.number, RateReport(solved=solved, satisfied=solved), actor=rider, now=three.now
    )


def test_any_of_its_riders_reopens_a_case_within_fifteen_days(three: Three) -> None:
    three.accept(three.a)
    three.close(three.a)
    closed = three.now
    three.now = closed + timedelta(days=15, minutes=1)
    with pytest.raises(ReopenTooLate):
        three.take(three.b, "reopen", three.riders[1], reason="又坏了")
    three.now = closed + timedelta(days=15)
    three.take(three.b, "reopen", three.riders[1], reason="又坏了")
    assert three.states() == ["accepted", "merged", "merged"]


# --- across a boundary --------------------------------------------------------------------------------


def test_the_street_merges_twins_of_two_communities_and_a_community_does_not(make: Make) -> None:
    worker, street = make.worker(STATION), make.supervisor()
    report, twin = make.report(), make.report(community=BRIGHT)
    with pytest.raises(Invalid):
        make.step(twin, "merge", make.worker(BRIGHT), into=report.number)
    far = make.report(community=ELSEWHERE)
    with pytest.raises(Invalid):
        make.step(twin, "merge", street, into=far.number)
    with pytest.raises(NotFound):
        make.step(twin, "merge", make.supervisor("211282002"), into=far.number)
    assert make.step(twin, "merge", street, into=report.number).state is State.MERGED
    make.step(report, "accept", worker, category="RD02", severity=2)
