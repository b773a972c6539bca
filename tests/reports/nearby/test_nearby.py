"""Twins before sending: who is shown what, and what joining does, in one transaction."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from grid_report.access import Actor
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.leaving import usecases as leaving
from grid_report.accounts.models import ConsentAct
from grid_report.application import LEAVING
from grid_report.clock import Month
from grid_report.db import db, transaction
from grid_report.notify.models import Message
from grid_report.places.geo.points import Point
from grid_report.places.queries import reference
from grid_report.reports.models import HistoryEntry, Report
from grid_report.reports.nearby import queries
from grid_report.reports.pages import nearby_views
from grid_report.reports.submission.usecases import submit_report
from grid_report.statistics.counts.usecases import recount_month
from tests.api.conftest import Program
from tests.conftest import KIND
from tests.reports.earnings.test_earning import available, reasons, sound
from tests.statistics.counts.test_costs import sent
from tests.support.builders import PASSWORD, Make, picture

pytestmark = pytest.mark.database

HERE = Point(42.5460025, 124.0408182)  # in the community of the station
NORTH_M = 1 / 111_195  # degrees of latitude a metre


def at(metres: float = 0) -> dict[str, Any]:
    return {"lat": HERE.lat + metres * NORTH_M, "lng": HERE.lng, "community": None}


def asking(make: Make, actor: Actor) -> Program:
    return Program(make.app.test_client(), make.token(actor))


def shown(make: Make, actor: Actor, category: str = "RD02", metres: float = 0) -> list[Any]:
    spot = at(metres)
    query = f"lat={spot['lat']}&lng={spot['lng']}&category={category}"
    found = asking(make, actor).get(f"reports/nearby?{query}")
    assert found.status_code == 200, found.text
    items: list[Any] = found.json["items"]
    return items


def join(make: Make, actor: Actor, number: str, **fields: Any) -> Any:
    key = fields.pop("key", None) or str(uuid.uuid4())
    data = {"category": "RD02", "lat": HERE.lat, "lng": HERE.lng, **fields}
    data.setdefault("photos", [(io.BytesIO(picture()), "a.jpg")])
    return asking(make, actor).post(
        f"reports/nearby/{number}/join", data=data, headers={"Idempotency-Key": key}
    )


def row(number: str) -> Report:
    db.session.rollback()
    return db.session.scalars(select(Report).where(Report.number == number)).one()


def test_what_is_open_and_alike_is_shown_newest_first_without_a_person(make: Make) -> None:
    rider, other, worker = make.rider(), make.rider(name="王婧"), make.worker()
    first = make.report(other, at=make.now - timedelta(hours=3), description="王婧", **at(20))
    second = make.report(other, at=make.now - timedelta(hours=1), category="RD06", **at(-10))
    make.report(other, at=make.now, **at(40))  # too far
    make.report(other, at=make.now, category="UT01", **at())  # of another group
    make.report(other, at=make.now)  # from the list: nobody knows where
    over = make.report(other, at=make.now, **at())
    make.step(over, "reject", worker, reason="没有", at=make.now)
    items = shown(make, rider)
    assert [(it["number"], it["distance_m"], it["age_h"], it["joined"]) for it in items] == [
        (second.number, 10, 1, False),
        (first.number, 20, 3, False),
    ]
    assert set(items[0]) == {
        "number", "category", "category_name", "distance_m", "age_h", "photo", "joined",
    }  # fmt: skip
    # One's own is shown as such: nobody reports the same twice for not having seen it.
    assert [it["joined"] for it in shown(make, other)] == [True, True]


def test_sensitive_kinds_and_other_communities_are_never_shown(make: Make) -> None:
    other, rider = make.rider(), make.rider()
    make.report(other, at=make.now, category="PS05", **at())
    make.report(other, at=make.now, category="PS03", **at())
    assert [it["category"] for it in shown(make, rider, "PS05")] == ["PS05"]
    assert shown(make, rider, "PS03") == []
    with transaction() as session:
        for report in session.scalars(select(Report).where(Report.category_code == "PS05")):
            report.community_code = "211282001003"
    assert shown(make, rider, "PS05") == []


def test_who_may_not_report_or_is_not_proved_is_shown_nothing(make: Make) -> None:
    make.report(make.rider(), at=make.now, **at())
    assert shown(make, make.unproved()) == []
    query = f"reports/nearby?lat={HERE.lat}&lng={HERE.lng}&category=RD02"
    assert asking(make, make.worker()).get(query).status_code == 403
    assert make.app.test_client().get(f"/api/v1/{query}").status_code == 401
    rider = asking(make, make.rider())
    for wrong in ("lat=91&lng=1&category=RD02", "lat=x&lng=1&category=RD02", "lat=1&lng=1",
                  "lat=42&lng=124&category=%00", "lat=nan&lng=1&category=RD02"):  # fmt: skip
        assert rider.get(f"reports/nearby?{wrong}").status_code == 422, wrong


def test_nobody_harvests_what_others_reported(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = make.settings.limits.model_copy(update={"looks_per_hour": 2})
    monkeypatch.setattr(
        nearby_views, "settings", lambda: make.settings.model_copy(update={"limits": limits})
    )
    rider = make.rider()
    # A look that shows nothing is free.
    assert [shown(make, rider) for _ in range(3)] == [[]] * 3
    make.report(make.rider(), at=make.now, **at())
    assert [len(shown(make, rider)) for _ in range(2)] == [1, 1]
    query = f"reports/nearby?lat={HERE.lat}&lng={HERE.lng}&category=RD02"
    refused = asking(make, rider).get(query)
    assert (refused.status_code, int(refused.headers["Retry-After"]) <= 3600) == (429, True)
    assert len(shown(make, make.rider())) == 1


def test_a_photo_opens_to_whom_it_was_shown_while_the_case_is_open(make: Make) -> None:
    other, rider, third = make.rider(), make.rider(), make.rider()
    report = make.report(other, at=make.now, **at())
    [it] = shown(make, rider)
    answer = asking(make, rider).get(it["photo"])
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"].startswith("private")
    assert asking(make, third).get(it["photo"]).status_code == 404
    assert asking(make, rider).get(it["photo"][:-2] + "xx").status_code == 404
    elsewhere = it["photo"].replace(report.number, "KY-20261116-9999")
    assert asking(make, rider).get(elsewhere).status_code == 404
    assert asking(make, rider).get(f"reports/{report.number}").status_code == 404
    beside = make.report(other, at=make.now, category="UT01", **at())
    [of_beside] = shown(make, rider, "UT01")
    swapped = of_beside["photo"].replace(beside.number, report.number)
    assert asking(make, rider).get(swapped).status_code == 404
    late = queries.photo_pass(
        report.number, rider, secret=make.settings.secret(), now=make.now - timedelta(hours=1)
    )
    assert asking(make, rider).get(it["photo"].split("=")[0] + "=" + late).status_code == 404
    make.step(report, "withdraw", other, at=make.now)
    assert asking(make, rider).get(it["photo"]).status_code == 404


def test_a_photo_is_shown_only_if_its_rider_agreed_to_the_notice_that_says_so(make: Make) -> None:
    other, rider = make.rider(), make.rider()
    make.report(other, at=make.now, **at())
    [before] = shown(make, rider)
    with transaction() as session:
        session.add(
            ConsentAct(
                member_id=other.member_id, kind=ConsentKind.PHOTOS, agreed=True,
                notice_version="2026-12", at=make.now,
            )
        )  # fmt: skip
    assert shown(make, rider)[0]["photo"] is None
    assert asking(make, rider).get(before["photo"]).status_code == 404


def test_no_photo_is_promised_of_a_rider_who_left(make: Make) -> None:
    """The case goes on, with the photo of its community; that one is nobody's to see here."""
    other, rider, worker = make.rider(), make.rider(), make.worker()
    report = make.report(other, at=make.now, **at())
    make.step(report, "accept", worker, category="RD02", severity=2, at=make.now)
    assert shown(make, rider)[0]["photo"] is not None
    leaving.ask(password=PASSWORD, code="", days=0, actor=other, policy=make.policy, now=make.now)
    assert leaving.erase_due(LEAVING, now=make.now) == 1
    with transaction() as session:
        session.get_one(Report, report.id).thumb_name = "of-the-community.jpg"
    assert [it["photo"] for it in shown(make, rider)] == [None]


def test_joining_before_acceptance_shares_the_award_and_asks_for_a_photo(make: Make) -> None:
    other, rider, worker = make.rider(), make.rider(), make.worker()
    lead = make.report(other, at=make.now, **at(15))
    assert join(make, rider, lead.number, photos=[]).status_code == 422
    key = str(uuid.uuid4())
    data = picture()
    photos = [(io.BytesIO(data), "a.jpg")]
    answer = join(make, rider, lead.number, key=key, description="还在", photos=photos)
    assert answer.status_code == 201, answer.text
    body = answer.json
    assert (body["state"], body["merged_into"], body["joined"]) == ("merged", lead.number, True)
    assert row(lead.number).followers == 1
    again = join(make, rider, lead.number, key=key, description="还在",
                 photos=[(io.BytesIO(data), "a.jpg")])  # fmt: skip
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.json["number"], again.json["joined"]) == (body["number"], True)
    # The same key on the plain way is the same report.
    plain = asking(make, rider).post(
        "reports",
        data={"category": "RD02", "lat": HERE.lat, "lng": HERE.lng, "description": "还在",
              "photos": [(io.BytesIO(data), "a.jpg")]},
        headers={"Idempotency-Key": key},
    )  # fmt: skip
    assert plain.json["number"] == body["number"]
    assert [it["joined"] for it in shown(make, rider)] == [True]
    make.step(
        lead.number, "accept", worker, category="RD02", severity=2,
        at=make.now + timedelta(hours=1),
    )  # fmt: skip
    county = make.settings.county
    month = Month.of(make.now, county.tz)
    counted = recount_month(month, places=reference(), county=county, now=make.now, repair=False)
    assert (bool(counted.cells), counted.lacking) == (True, {})
    assert available(other) == 15
    assert available(rider) == 5
    assert sound()


def test_joining_leaves_no_trace_of_the_second_rider_on_the_case(make: Make) -> None:
    other, rider = make.rider(), make.rider()
    lead = make.report(other, at=make.now, **at())
    messages = len(db.session.scalars(select(Message)).all())
    number = join(make, rider, lead.number).json["number"]
    db.session.rollback()
    entries = db.session.scalars(
        select(HistoryEntry)
        .join(Report, Report.id == HistoryEntry.report_id)
        .where(Report.number == lead.number)
        .order_by(HistoryEntry.id)
    ).all()
    assert [(it.actor_id, it.role, it.changes) for it in entries[1:]] == [
        (None, "system", {"joined": [None, number]})
    ]
    page = make.signed_in(other).get(f"/my/reports/{lead.number}").text
    assert "又有人报了同一处" in page
    assert number not in page
    # The community has the case already; it is told of no second one.
    assert len(db.session.scalars(select(Message)).all()) == messages
    assert asking(make, rider).get(f"reports/{lead.number}").status_code == 404
    assert asking(make, other).get(f"reports/{number}").status_code == 404


def test_who_comes_after_acceptance_joins_for_the_news_alone(make: Make) -> None:
    other, rider, worker = make.rider(), make.rider(), make.worker()
    lead = make.report(other, at=make.now - timedelta(hours=2), **at())
    make.step(lead, "accept", worker, category="RD02", severity=2, at=make.now - timedelta(hours=1))
    answer = join(make, rider, lead.number)
    assert answer.json["case"]["state"] == "accepted"
    assert (available(rider), reasons(rider)) == (0, ["later_reporter"])
    assert sound()


@pytest.mark.parametrize("why", ["over", "elsewhere", "far", "unknown", "sensitive"])
def test_a_case_that_cannot_be_joined_loses_nothing(make: Make, why: str) -> None:
    other, rider, worker = make.rider(), make.rider(), make.worker()
    category = "PS03" if why == "sensitive" else "RD02"
    lead = make.report(other, at=make.now, category=category, **at(90 if why == "far" else 0))
    number = "KY-20261116-9999" if why == "unknown" else lead.number
    if why == "over":
        make.step(lead, "reject", worker, reason="没有", at=make.now)
    if why == "elsewhere":
        make.step(lead, "transfer", worker, community="211282001003", reason="那边", at=make.now)
    answer = join(make, rider, number, category=category)
    assert answer.status_code == 201, answer.text
    assert (answer.json["state"], answer.json["joined"]) == ("submitted", False)
    assert row(lead.number).followers == 0


def test_a_danger_to_life_is_never_swallowed_by_a_slower_case(make: Make) -> None:
    other, rider = make.rider(), make.rider()
    slow = make.report(other, at=make.now, **at())
    assert shown(make, rider, "RD01") == []
    before = len(db.session.scalars(select(Message)).all())
    db.session.rollback()
    answer = join(make, rider, slow.number, category="RD01")
    assert (answer.json["state"], answer.json["joined"]) == ("submitted", False)
    # Its community is told of it.
    assert len(db.session.scalars(select(Message)).all()) > before
    urgent = answer.json["number"]
    third = make.rider()
    assert [it["number"] for it in shown(make, third, "RD01")] == [urgent]
    assert join(make, third, urgent, category="RD02").json["merged_into"] == urgent


def test_whoever_names_a_report_that_was_merged_joins_its_case(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    lead, twin = (make.report(make.rider(), at=make.now, **at(n)) for n in (0, 5))
    make.step(twin, "merge", worker, into=lead.number, at=make.now)
    assert join(make, rider, twin.number).json["merged_into"] == lead.number
    assert row(lead.number).followers == 2


def test_a_report_kept_for_the_proof_is_kept_whole(make: Make) -> None:
    lead = make.report(make.rider(), at=make.now, **at())
    answer = join(make, make.unproved(), lead.number)
    assert (answer.json["state"], answer.json["joined"]) == ("kept", False)


def test_the_case_closes_while_riders_join_it(make: Make, in_parallel: Any) -> None:
    worker, riders = make.worker(), [make.rider() for _ in range(5)]
    lead = make.report(make.rider(), at=make.now, **at())
    commands = [make.submission(join=lead.number, **at(n)) for n in range(5)]

    def one(i: int) -> str:
        if i == 5:
            make.step(lead.number, "reject", worker, reason="没有", at=make.now)
            return ""
        return str(make_report(make, riders[i], commands[i]))

    done = in_parallel(one, 6)
    assert all(isinstance(it, str) for it in done), done
    rows = [row(number) for number in done if number]
    joined = [it for it in rows if it.merged_into_id is not None]
    assert row(lead.number).followers == len(joined)
    assert {str(it.state) for it in rows} <= {"merged", "submitted", "rejected"}
    assert sound()


def make_report(make: Make, rider: Actor, command: Any) -> str:

    return submit_report(
        command, actor=rider, places=reference(), settings=make.settings, now=make.now
    ).report.number


def test_looking_around_costs_few_statements_and_reads_by_the_index(make: Make) -> None:
    rider = make.rider()
    for metres in range(3):
        make.report(make.rider(), at=make.now, **at(metres))
    client = asking(make, rider)
    query = f"reports/nearby?lat={HERE.lat}&lng={HERE.lng}&category=RD02"
    client.get(query)
    with sent() as found:
        assert len(client.get(query).json["items"]) == 3
    assert len(found) == 3, found
    [(statement, values)] = [it for it in found if "group_code" in it[0] and "LIMIT" in it[0]]
    explain = "EXPLAIN " if KIND == "postgresql" else "EXPLAIN QUERY PLAN "
    with db.engine.connect() as connection:
        if KIND == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))
        plan = " ".join(str(it) for it in connection.exec_driver_sql(explain + statement, values))
    # Where few are open PostgreSQL may as well look through the community's.
    by = ["ix_reports_group_code_lat", "ix_reports_community_open_state"]
    assert any(name in plan for name in by[: 2 if KIND == "postgresql" else 1]), plan
    assert "ix_reports_merged_into_id" in plan, plan
    assert "ix_consent_acts_member_id_kind_id" in plan, plan
    assert queries.MOST_LOOKED_AT == 50
