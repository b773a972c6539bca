"""Steps on real reports: who may, what is needed, what changes, what is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report import clock
from grid_report.access import Actor
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid, NotFound, Stale
from grid_report.points.history.queries import balance
from grid_report.reports.errors import MergeTargetNotOpen, ReopenTooLate
from grid_report.reports.lifecycle import State, Step
from grid_report.reports.models import HistoryEntry, Report
from grid_report.workflow import IllegalStep
from tests.support.builders import BRIGHT, PROPERTY, STATION, Make

pytestmark = pytest.mark.database

ACCEPT: dict[str, Any] = {"category": "RD02", "severity": 2}


@pytest.fixture
def worker(make: Make) -> Actor:
    return make.worker()


@pytest.fixture
def second(make: Make) -> Actor:
    return make.worker()


@pytest.fixture
def handler(make: Make) -> Actor:
    return make.handler()


@pytest.fixture
def street(make: Make) -> Actor:
    return make.supervisor()


def history(report: Report) -> list[HistoryEntry]:
    return list(
        db.session.scalars(
            select(HistoryEntry)
            .where(HistoryEntry.report_id == report.id)
            .order_by(HistoryEntry.id)
        )
    )


def test_a_report_goes_from_photo_to_closed_and_thanked(
    make: Make, worker: Actor, second: Actor, handler: Actor
) -> None:
    rider = make.rider()
    report = make.handled(worker, handler, rider)
    report = make.step(report, "pass", second)
    assert report.state is State.CLOSED
    assert [entry.step.value for entry in history(report)] == [
        "submit", "accept", "dispatch", "start", "handle", "pass",
    ]  # fmt: skip
    assert balance(rider.member_id).available == 15 + 5


@pytest.mark.parametrize(("severity", "points"), [(1, 10), (2, 15), (3, 25), (4, 40)])
def test_acceptance_pays_by_the_severity_settled_then(
    make: Make, worker: Actor, severity: int, points: int
) -> None:
    rider = make.rider()
    make.step(make.report(rider), "accept", worker, category="RD02", severity=severity)
    assert balance(rider.member_id).available == points


def test_nobody_triages_a_report_of_their_own(make: Make) -> None:
    from grid_report.access import Grant
    from grid_report.access.roles import Role

    both = make.member(Grant(Role.RIDER), Grant(Role.WORKER, STATION))
    report = make.report(both)
    with pytest.raises(Forbidden):
        make.step(report, "accept", both, **ACCEPT)


def test_a_worker_of_another_community_does_not_even_see_it(make: Make) -> None:
    report = make.report()
    with pytest.raises(NotFound):
        make.step(report, "accept", make.worker(BRIGHT), **ACCEPT)


def test_the_handler_does_not_check_the_own_work(make: Make, worker: Actor) -> None:
    report = make.accepted(worker)
    make.step(report, "start", worker)
    make.step(report, "handle", worker, note="扫干净了", photos=(make.photo(),))
    with pytest.raises(Forbidden):
        make.step(report, "pass", worker)


def test_the_street_checks_where_a_community_has_only_one_worker(
    make: Make, worker: Actor, street: Actor
) -> None:
    report = make.accepted(worker)
    make.step(report, "start", worker)
    make.step(report, "handle", worker, note="扫干净了", photos=(make.photo(),))
    assert make.step(report, "pass", street).state is State.CLOSED


def test_the_unit_never_checks(make: Make, worker: Actor, handler: Actor) -> None:
    report = make.handled(worker, handler)
    with pytest.raises(Forbidden):
        make.step(report, "pass", make.handler())


def test_handing_in_needs_an_after_photo_and_a_note(
    make: Make, worker: Actor, handler: Actor
) -> None:
    report = make.accepted(worker)
    make.step(report, "dispatch", worker, unit=PROPERTY)
    make.step(report, "start", handler)
    with pytest.raises(Invalid) as refused:
        make.step(report, "handle", handler)
    assert set(refused.value.problems) == {"photos", "note"}
    assert make.fresh(report).state is State.IN_PROGRESS


def test_a_unit_that_does_not_cover_the_place_is_refused(make: Make, worker: Actor) -> None:
    report = make.report(community=BRIGHT)
    bright = make.worker(BRIGHT)
    make.step(report, "accept", bright, **ACCEPT)
    with pytest.raises(Invalid) as refused:
        make.step(report, "dispatch", bright, unit=PROPERTY)
    assert set(refused.value.problems) == {"unit"}


def test_a_unit_named_at_acceptance_sees_nothing_before_the_dispatch(
    make: Make, worker: Actor, handler: Actor
) -> None:
    report = make.report()
    make.step(report, "accept", worker, **ACCEPT, unit=PROPERTY)
    with pytest.raises(NotFound):
        make.step(report, "start", handler)


def test_accept_and_dispatch_in_one_go_is_two_rows_of_history(make: Make, worker: Actor) -> None:
    report = make.report()
    report = make.step(report, "accept", worker, **ACCEPT, unit=PROPERTY, then_dispatch=True)
    assert report.state is State.DISPATCHED
    assert [e.step for e in history(report)] == [Step.SUBMIT, Step.ACCEPT, Step.DISPATCH]


def test_accept_and_dispatch_to_a_wrong_unit_does_neither(make: Make, worker: Actor) -> None:
    report = make.report()
    with pytest.raises(Invalid):
        make.step(report, "accept", worker, **ACCEPT, unit="no-such-unit", then_dispatch=True)
    assert make.fresh(report).state is State.SUBMITTED


def test_after_two_returns_only_the_street_dispatches(
    make: Make, worker: Actor, handler: Actor, street: Actor
) -> None:
    report = make.accepted(worker)
    for _ in range(2):
        make.step(report, "dispatch", worker, unit=PROPERTY)
        make.step(report, "return", handler, reason="不归我们管")
    with pytest.raises(Forbidden):
        make.step(report, "dispatch", worker, unit=PROPERTY)
    assert make.step(report, "dispatch", street, unit=PROPERTY).state is State.DISPATCHED


def test_a_second_transfer_is_the_streets(make: Make, worker: Actor, street: Actor) -> None:
    report = make.report()
    make.step(report, "transfer", worker, community=BRIGHT, reason="在光明社区")
    bright = make.worker(BRIGHT)
    with pytest.raises(Forbidden):
        make.step(report, "transfer", bright, community=STATION, reason="退回去")
    moved = make.step(report, "transfer", street, community=STATION, reason="街道裁定")
    assert (moved.community_code, moved.state) == (STATION, State.SUBMITTED)


def test_what_the_rider_was_promised_survives_a_transfer(make: Make, worker: Actor) -> None:
    report = make.report()
    due = (report.control_due, report.fix_due, report.close_due)
    allowed = report.accept_due - report.created_at
    at = report.created_at + timedelta(hours=3)
    moved = make.step(report, "transfer", worker, community=BRIGHT, reason="在光明社区", at=at)
    assert (moved.control_due, moved.fix_due, moved.close_due) == due
    # Only the new community's time to accept begins anew.
    assert moved.accept_due == at + allowed


def test_acceptance_is_paid_once_although_a_transfer_makes_it_happen_twice(
    make: Make, worker: Actor
) -> None:
    rider = make.rider()
    report = make.accepted(worker, rider)
    make.step(report, "transfer", worker, community=BRIGHT, reason="在光明社区")
    make.step(report, "accept", make.worker(BRIGHT), **ACCEPT)
    assert balance(rider.member_id).available == 15


def test_extension_is_the_workers_once_and_the_streets_after(
    make: Make, worker: Actor, street: Actor
) -> None:
    report = make.accepted(worker)
    make.step(report, "start", worker)
    later = report.fix_due + timedelta(days=1)
    make.step(report, "extend", worker, deadline=later, reason="等配件")
    with pytest.raises(Forbidden):
        make.step(report, "extend", worker, deadline=later + timedelta(days=1), reason="再等")
    extended = make.step(
        report, "extend", street, deadline=later + timedelta(days=1), reason="再等"
    )
    assert extended.fix_due == later + timedelta(days=1)


def test_an_extension_to_the_past_is_refused(make: Make, worker: Actor) -> None:
    report = make.accepted(worker)
    make.step(report, "start", worker)
    with pytest.raises(Invalid) as refused:
        make.step(report, "extend", worker, deadline=clock.now(), reason="迟了")
    assert set(refused.value.problems) == {"deadline"}


def test_clocks_stand_still_while_the_rider_is_asked(make: Make, worker: Actor) -> None:
    rider = make.rider()
    start = clock.now() - timedelta(hours=5)
    report = make.report(rider, at=start)
    due = report.accept_due
    make.step(report, "ask", worker, reason="在几号楼？", at=start + timedelta(hours=1))
    report = make.fresh(report)
    assert report.next_due is None
    report = make.step(report, "supplement", rider, note="3 号楼", at=start + timedelta(hours=4))
    assert report.accept_due == due + timedelta(hours=3)
    assert report.next_due == report.accept_due


def test_suspension_stops_the_clocks_and_returns_to_the_state_before(
    make: Make, worker: Actor, street: Actor
) -> None:
    report = make.accepted(worker)
    make.step(report, "start", worker)
    begun = clock.now()
    fix = make.fresh(report).fix_due
    make.step(
        report, "suspend", street, reason="等天暖",
        review_on=(begun + timedelta(days=30)).date(), at=begun,
    )  # fmt: skip
    report = make.step(report, "resume", street, at=begun + timedelta(days=20))
    assert report.state is State.IN_PROGRESS
    assert report.fix_due == fix + timedelta(days=20)


def test_a_clock_that_jumps_back_takes_no_time_away(
    make: Make, worker: Actor, street: Actor
) -> None:
    report = make.accepted(worker)
    begun = clock.now()
    fix = report.fix_due
    make.step(
        report, "suspend", street, reason="等天暖",
        review_on=(begun + timedelta(days=30)).date(), at=begun,
    )  # fmt: skip
    report = make.step(report, "resume", street, at=begun - timedelta(hours=2))
    assert report.fix_due == fix


def test_merging_hands_the_rider_over_and_the_case_goes_on(make: Make, worker: Actor) -> None:
    first, second_report = make.report(), make.report()
    merged = make.step(second_report, "merge", worker, into=first.number)
    assert merged.state is State.MERGED
    assert make.fresh(first).followers == 1


def test_merging_a_case_that_others_follow_takes_them_along(make: Make, worker: Actor) -> None:
    a, b, c = make.report(), make.report(), make.report()
    make.step(b, "merge", worker, into=a.number)
    make.step(a, "merge", worker, into=c.number)
    assert make.fresh(b).merged_into_id == c.id
    assert make.fresh(c).followers == 2


def test_a_report_is_not_merged_into_itself_nor_into_a_finished_one(
    make: Make, worker: Actor
) -> None:
    report, done = make.report(), make.report()
    make.step(done, "reject", worker, reason="不属实")
    with pytest.raises(Invalid):
        make.step(report, "merge", worker, into=report.number)
    with pytest.raises(MergeTargetNotOpen):
        make.step(report, "merge", worker, into=done.number)


def test_merging_into_a_case_of_somebody_else_tells_nothing_about_it(
    make: Make, worker: Actor
) -> None:
    report, elsewhere = make.report(), make.report(community=BRIGHT)
    for number in (elsewhere.number, "KY-20200101-9999"):
        with pytest.raises(Invalid) as refused:
            make.step(report, "merge", worker, into=number)
        assert refused.value.problems["into"][0].code == "merge-target-unknown"


def test_the_rider_reopens_within_fifteen_days_and_earns_nothing_more(
    make: Make, worker: Actor, second: Actor, handler: Actor
) -> None:
    rider = make.rider()
    report = make.handled(worker, handler, rider)
    make.step(report, "pass", second)
    report = make.step(report, "reopen", rider, reason="又塌了")
    assert report.state is State.ACCEPTED
    assert report.closed_at is None
    make.step(report, "dispatch", worker, unit=PROPERTY)
    make.step(report, "start", handler)
    make.step(report, "handle", handler, note="重铺", photos=(make.photo(),))
    make.step(report, "pass", second)
    assert balance(rider.member_id).available == 20


def test_after_fifteen_days_the_rider_is_asked_to_report_anew(
    make: Make, worker: Actor, second: Actor, handler: Actor
) -> None:
    rider = make.rider()
    report = make.handled(worker, handler, rider)
    make.step(report, "pass", second)
    with pytest.raises(ReopenTooLate):
        make.step(report, "reopen", rider, reason="又塌了", at=clock.now() + timedelta(days=16))


def test_a_failed_check_sends_it_back_and_keeps_the_deadline(
    make: Make, worker: Actor, second: Actor, handler: Actor
) -> None:
    report = make.handled(worker, handler)
    due = report.fix_due
    report = make.step(report, "fail", second, reason="没填平")
    assert (report.state, report.reworks, report.fix_due) == (State.IN_PROGRESS, 1, due)


def test_a_step_seen_on_an_older_version_is_refused(make: Make, worker: Actor) -> None:
    report = make.report()
    make.step(report, "ask", worker, reason="哪里？", version=1)
    with pytest.raises(Stale) as refused:
        make.step(report, "reject", worker, reason="不属实", version=1)
    assert (refused.value.seen, refused.value.current) == (1, 2)


def test_a_step_sent_twice_with_its_key_is_taken_once(make: Make, worker: Actor) -> None:
    report = make.report()
    key = "5b0c1d4e-7b43-4d65-9a3c-1f1c58a6f001"
    for _ in range(2):
        make.step(report, "accept", worker, **ACCEPT, key=key)
    assert [e.step for e in history(report)] == [Step.SUBMIT, Step.ACCEPT]


def test_an_illegal_step_writes_nothing(make: Make, worker: Actor) -> None:
    report = make.report()
    with pytest.raises(IllegalStep):
        make.step(report, "pass", worker)
    assert make.fresh(report).version == 1
    assert len(history(report)) == 1


def test_an_urge_is_the_streets_and_moves_nothing(make: Make, worker: Actor, street: Actor) -> None:
    report = make.report()
    with pytest.raises(Forbidden):
        make.step(report, "urge", worker, note="快点")
    make.step(report, "urge", street, note="今天请处理")
    make.step(report, "urge", street)  # needs no words
    report = make.fresh(report)
    assert (report.state, report.urges, report.version) == (State.SUBMITTED, 2, 1)


def test_an_unrouted_report_is_given_to_a_community_by_hand(make: Make, worker: Actor) -> None:
    report = make.report(community=None, lat=42.70, lng=124.60)
    assert report.community_code is None
    with pytest.raises(NotFound):
        make.step(report, "assign", worker, community=STATION)
    spot = (report.lat, report.lng)
    make.step(report, "assign", make.administrator(), community=STATION)
    # Where the rider stood stays where it was, whoever looks after it.
    given = make.fresh(report)
    assert (given.lat, given.lng, given.located_by) == (*spot, report.located_by)
    assert make.step(report, "accept", worker, **ACCEPT).state is State.ACCEPTED
