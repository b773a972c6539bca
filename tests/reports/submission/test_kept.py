"""What a rider without a proved number sends: the urgent goes at once, all else waits for the proof."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.models import Member
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import NotFound, Stale
from grid_report.notify.models import Message
from grid_report.places.queries import reference
from grid_report.points.history.queries import balance
from grid_report.reports import queries
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.commands import TakeStep
from grid_report.reports.desk import queries as desk_queries
from grid_report.reports.desk.filters import ReportFilter
from grid_report.reports.errors import KeyReused, TooManyReports
from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.lifecycle import KeptState, State, Step
from grid_report.reports.models import Report, ReportPhoto
from grid_report.reports.submission import kept_usecases
from grid_report.statistics.models import StatisticsCell
from grid_report.workflow import IllegalStep
from tests.reports.submission.unproved import HERE, LATER, count, gone, submit
from tests.support.builders import STATION, STREET, Make

pytestmark = pytest.mark.database


# before the proof


def test_an_ordinary_report_of_an_unproved_rider_is_kept_whole_and_is_no_case(make: Make) -> None:
    rider, photos = make.unproved(), (make.photo(), make.photo())
    taken = make.now - timedelta(minutes=5)
    kept = make.report(
        rider, at=make.now, photos=photos, description="路面有坑", place_note="北门",
        taken_at=taken, **HERE,
    )  # fmt: skip
    assert (count(Report), count(KeptReport), count(ReportPhoto), count(KeptPhoto)) == (0, 1, 0, 2)
    row = db.session.scalars(select(KeptReport)).one()
    assert (row.number, row.state) == (kept.number, KeptState.KEPT)
    assert (row.description, row.place_note, row.taken_at) == ("路面有坑", "北门", taken)
    assert (row.sent_lat, row.sent_lng, row.accuracy_m) == (42.545, 124.04, 10.0)
    assert row.created_at == make.now
    assert count(Message) == 0


@pytest.mark.parametrize(
    ("category", "urgent"),
    [
        ("RD01", True),
        ("UT01", True),
        ("BD02", True),
        ("PS05", True),
        ("FS01", False),
        ("RD02", False),
    ],
)
def test_what_is_urgent_goes_at_once_and_is_shown_as_unproved(
    make: Make, category: str, urgent: bool
) -> None:
    report = make.report(make.unproved(), category=category)
    assert isinstance(report, Report) is urgent
    if urgent:
        assert report.sent_unproved
        assert count(Message) == 1


def test_every_urgent_category_of_the_county_is_urgent(make: Make) -> None:
    every = reference().categories.by_code.values()
    urgent = {one.code for one in every if one.is_urgent}
    severe = {one.code for one in every if one.severity == 4}
    made_safe = {one.code for one in every if one.control_hours and one.control_hours <= 2}
    called = {one.code for one in every if one.emergency.value != "no"}
    assert urgent == severe | made_safe | called
    assert made_safe - severe - called
    assert called - severe - made_safe
    assert {one.code for one in every} - urgent


def test_no_desk_no_list_and_no_figure_knows_of_it(make: Make) -> None:
    rider = make.unproved()
    kept = make.report(rider, **HERE)
    readers = [
        make.worker(), make.supervisor(), make.administrator(), make.auditor(), make.handler(),
        make.rider(),
    ]  # fmt: skip
    db.session.rollback()
    before = count(StatisticsCell)
    for who in readers:
        page = desk_queries.list_reports(who, ReportFilter(), now=make.now)
        assert not page.items
        assert set(desk_queries.count_for_desk(who, now=make.now).values()) <= {0}
        browser = make.signed_in(who)
        assert browser.get(f"/desk/{kept.number}").status_code in (403, 404)
        assert browser.get(f"/reports/{kept.number}").status_code == 404
        assert browser.get(f"/my/reports/{kept.number}").status_code == 404
        name = db.session.scalars(select(KeptPhoto.name)).one()
        photo = f"/reports/{kept.number}/photos/{name}/main"
        assert browser.get(photo).status_code == 404
        asked = {"headers": make.token(who)}
        for path in ("", "/history", "/photos/1"):
            found = make.app.test_client().get(f"/api/v1/reports/{kept.number}{path}", **asked)
            assert found.status_code == 404
    assert count(StatisticsCell) == before == 0
    withdraw(make, rider, kept.number)
    assert count(StatisticsCell) == 0
    assert casework_usecases.mark_lights(
        places=reference(), settings=make.settings, now=make.now + timedelta(days=60)
    ) == 0  # fmt: skip


def test_sent_again_with_its_key_it_is_the_same_one_also_when_it_has_gone(make: Make) -> None:
    rider, command = make.unproved(), make.submission()
    first = submit(make, rider, command)
    again = submit(make, rider, command)
    assert (again.replayed, again.report.number) == (True, first.report.number)
    with pytest.raises(KeyReused):
        submit(make, rider, make.submission(key=command.key, description="另一处"))
    make.prove(rider)
    later = submit(make, rider, command)
    assert (later.replayed, later.report.number) == (True, first.report.number)
    assert isinstance(later.report, Report)
    assert (count(KeptReport), count(Report)) == (0, 1)


def test_kept_ones_count_in_the_limits_where_they_were_sent_and_not_where_they_go(
    make: Make,
) -> None:
    rider = make.unproved(at=make.now)
    most = make.settings.limits.reports_per_hour
    for _ in range(most):
        make.report(rider, at=make.now)
    with pytest.raises(TooManyReports) as refused:
        make.report(rider, at=make.now)
    assert 3500 < refused.value.retry_after_s <= 3600
    then = make.now + timedelta(hours=2)
    make.prove(rider, at=then)
    assert isinstance(make.report(rider, at=then), Report)


def withdraw(make: Make, rider: Actor, number: str, **more: Any) -> Any:
    command = TakeStep(step=more.pop("step", Step.WITHDRAW), **more)
    return kept_usecases.take_step(number, command, actor=rider, now=make.now)


def test_its_rider_takes_it_back_and_then_it_never_goes(make: Make) -> None:
    rider = make.unproved()
    kept, key = make.report(rider), "4a8d64c7-24d6-4bd5-a6a1-4a6b59e17e28"
    with pytest.raises(Stale):
        withdraw(make, rider, kept.number, version=7)
    with pytest.raises(IllegalStep):
        withdraw(make, rider, kept.number, step=Step.SUPPLEMENT, note="还在")
    with pytest.raises(NotFound):
        withdraw(make, make.unproved(), kept.number)
    assert withdraw(make, rider, kept.number, key=key, version=1).report.state == "withdrawn"
    assert withdraw(make, rider, kept.number, key=key, version=1).replayed
    with pytest.raises(KeyReused):
        withdraw(make, rider, kept.number, key=key, step=Step.NOTE, note="x")
    with pytest.raises(IllegalStep):
        withdraw(make, rider, kept.number)
    make.prove(rider)
    assert (count(Report), count(KeptReport)) == (0, 1)


def test_its_photos_are_nobodys_orphans(make: Make) -> None:
    photo = make.photo()
    rider = make.unproved()
    make.report(rider, photos=(photo,))
    db.session.rollback()
    assert queries.photo_names_in_use([photo.name, "0" * 64]) == {photo.name}
    assert queries.list_photo_files("", 10) == [(photo.name, photo.byte_count)]
    make.prove(rider)
    db.session.rollback()
    assert queries.photo_names_in_use([photo.name]) == {photo.name}
    assert queries.list_photo_files("", 10) == [(photo.name, photo.byte_count)]
    assert count(KeptPhoto) == 0


# the proof


def test_at_the_proof_it_goes_with_everything_and_its_clocks_begin_then(make: Make) -> None:
    rider, photos = make.unproved(at=make.now), (make.photo(), make.photo())
    taken = make.now - timedelta(minutes=5)
    kept = make.report(
        rider, at=make.now, photos=photos, description="路面有坑", place_note="北门",
        taken_at=taken, **HERE,
    )  # fmt: skip
    then = make.now + LATER
    make.prove(rider, at=then)
    report = gone(kept.number)
    assert (report.state, report.community_code, report.street_code) == (
        State.SUBMITTED, STATION, STREET,
    )  # fmt: skip
    assert (report.created_at, report.sent_at, report.taken_at) == (then, make.now, taken)
    assert report.accept_due == then + timedelta(hours=8)
    assert report.fix_due == then + timedelta(hours=120)
    assert report.next_due == report.accept_due
    assert (report.description, report.place_note) == ("路面有坑", "北门")
    assert (report.lat, report.lng, report.accuracy_m) == (42.545, 124.04, 10.0)
    assert not report.sent_unproved
    names = [it.name for it in queries.list_photos(report.id)]
    assert names == [it.name for it in photos]
    assert report.thumb_name == photos[0].name
    (entry,) = queries.list_history(report.id)
    assert (entry.step, entry.at, entry.actor_id) == (Step.SUBMIT, make.now, rider.member_id)
    assert (count(KeptReport), count(KeptPhoto)) == (0, 0)
    told = db.session.execute(select(Message.kind, Message.role, Message.member_id)).all()
    assert {tuple(one) for one in told} == {
        ("report_submitted", "worker", None), ("report_sent_on", "rider", rider.member_id),
    }  # fmt: skip
    assert count(StatisticsCell) > 0
    months = set(db.session.scalars(select(StatisticsCell.month)))
    assert str(Month.of(then, make.settings.county.tz)) in months


def test_what_goes_is_thanked_for_like_any_report(make: Make) -> None:
    rider, worker = make.unproved(), make.worker()
    kept = make.report(rider)
    make.prove(rider)
    make.step(kept.number, "accept", worker, category="RD02", severity=2)
    assert balance(rider.member_id).available == 15


def test_proof_and_going_are_one_transaction(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rider = make.unproved()
    kept = make.report(rider)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("grid_report.reports.submission.usecases.signals.submitted.send", broken)
    with pytest.raises(RuntimeError):
        make.prove(rider)
    db.session.rollback()
    member = db.session.get_one(Member, rider.member_id, populate_existing=True)
    assert member.phone_proved_at is None
    assert (count(KeptReport), count(Report)) == (1, 0)
    monkeypatch.undo()
    make.prove(rider)
    assert gone(kept.number).state is State.SUBMITTED


@pytest.mark.parametrize("who", ["station", "worker", "administrator"])
def test_confirmed_at_a_counter_or_by_an_administrator_it_goes_as_well(
    make: Make, who: str
) -> None:
    phone = "13944440001"
    rider = make.unproved(phone=phone)
    kept = make.report(rider)
    if who == "administrator":
        numbers_usecases.give_number(
            rider.member_id, phone, take=False, actor=make.administrator(), policy=make.policy,
            now=make.now,
        )  # fmt: skip
    else:
        staff = (
            make.worker()
            if who == "worker"
            else make.member(Grant(Role.STATION_STAFF, "station-1"))
        )
        numbers_usecases.confirm_number(
            rider.member_id, phone, actor=staff, policy=make.policy, now=make.now
        )
    assert gone(kept.number).reporter_id == rider.member_id


def test_what_strangers_sent_with_the_same_number_stays_where_it_is(make: Make) -> None:
    phone = "13944440002"
    mine, stranger = make.unproved(phone=phone), make.unproved(phone=phone)
    kept, theirs = make.report(mine), make.report(stranger)
    make.prove(mine)
    assert gone(kept.number).reporter_id == mine.member_id
    with pytest.raises(NotFound):
        gone(theirs.number)
    row = db.session.scalars(select(KeptReport)).one()
    assert (row.number, row.reporter_id) == (theirs.number, stranger.member_id)
