"""Who sees what: lists and single reports agree, and identities stay where they belong."""

from __future__ import annotations

import json

import pytest

from grid_report import clock
from grid_report.access import Actor, Grant, allowed
from grid_report.access.roles import Role
from grid_report.reports.desk.filters import ReportFilter
from grid_report.reports.desk.queries import list_reports
from grid_report.reports.models import Report
from grid_report.reports.permissions import REPORT_READ
from tests.support.builders import BRIGHT, PROPERTY, STATION, STREET, Make

pytestmark = pytest.mark.database


@pytest.fixture
def world(make: Make) -> tuple[list[Actor], list[Report]]:
    rider, worker, handler = make.rider(), make.worker(), make.handler()
    both = make.member(Grant(Role.RIDER), Grant(Role.WORKER, BRIGHT))
    actors = [
        rider,
        both,
        worker,
        handler,
        make.worker(BRIGHT),
        make.supervisor(),
        make.supervisor("211282002"),
        make.administrator(),
        make.auditor(),
        make.member(Grant(Role.STATION_STAFF, "station-1")),
        make.member(Grant(Role.WORKER, STATION), Grant(Role.HANDLER, PROPERTY)),
    ]
    reports = [
        make.report(rider),
        make.report(both, community=BRIGHT),
        make.report(rider, community=None, lat=42.70, lng=124.60),
        make.accepted(worker, rider),
        make.handled(worker, handler),
        make.report(category="PS01"),
    ]
    named = make.report(rider)
    make.step(named, "accept", worker, category="RD02", severity=2, unit=PROPERTY)
    return actors, [make.fresh(report) for report in [*reports, named]]


def test_a_list_holds_exactly_what_may_be_read_one_by_one(
    world: tuple[list[Actor], list[Report]],
) -> None:
    actors, reports = world
    for actor in actors:
        listed = {
            row.number
            for row in list_reports(actor, ReportFilter(), now=clock.now(), limit=200).items
        }
        readable = {r.number for r in reports if allowed(actor, REPORT_READ, r)}
        assert listed == readable, actor.grants


def test_the_unit_never_learns_who_reported(make: Make) -> None:
    rider, worker, handler = make.rider(name="小明的真名"), make.worker(), make.handler()
    report = make.handled(worker, handler, rider)
    client = make.app.test_client()
    token = make.token(handler)
    for path in ("", "/history"):
        answer = client.get(f"/api/v1/reports/{report.number}{path}", headers=token)
        assert answer.status_code == 200
        text = json.dumps(answer.json, ensure_ascii=False)
        assert "reporter" not in text
        assert "小明的真名" not in text
    page = make.signed_in(handler).get(f"/unit/{report.number}")
    assert page.status_code == 200
    assert "小明的真名" not in page.text
    assert "骑手 #" not in page.text


def test_staff_see_an_alias_and_not_the_name(make: Make) -> None:
    rider, worker = make.rider(name="小明的真名"), make.worker()
    report = make.report(rider)
    answer = make.app.test_client().get(
        f"/api/v1/reports/{report.number}", headers=make.token(worker)
    )
    assert set(answer.get_json()["reporter"]) == {"alias"}
    page = make.signed_in(worker).get(f"/desk/{report.number}")
    assert "小明的真名" not in page.text
    assert answer.get_json()["reporter"]["alias"] in page.text


def test_photos_of_a_sensitive_report_are_for_those_assigned_only(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.report(rider, category="PS01")
    client = make.app.test_client()
    shown = client.get(f"/api/v1/reports/{report.number}", headers=make.token(worker)).get_json()
    address = shown["photos"][0]["main"]
    expected = {worker: 200, rider: 200, make.administrator(): 403, make.auditor(): 403,
                make.worker(BRIGHT): 404, make.handler(): 404, make.rider(): 404}  # fmt: skip
    for actor, status in expected.items():
        with client.get(address, headers=make.token(actor)) as answer:
            assert answer.status_code == status
    listed = client.get("/api/v1/reports", headers=make.token(make.administrator())).get_json()
    assert listed["items"][0]["photos"] == []


def test_internal_notes_stay_inside(make: Make) -> None:
    rider, worker, handler = make.rider(), make.worker(), make.handler()
    report = make.accepted(worker, rider)
    make.step(report, "dispatch", worker, unit=PROPERTY, internal_note="找老王")
    make.step(report, "return", handler, reason="这不归物业")
    client = make.app.test_client()
    history = f"/api/v1/reports/{report.number}/history"
    for secret in ("找老王", "这不归物业"):
        assert secret in client.get(history, headers=make.token(worker)).text
        assert secret not in client.get(history, headers=make.token(rider)).text
        assert secret not in make.signed_in(rider).get(f"/my/reports/{report.number}").text


def test_a_report_of_somebody_else_looks_like_one_that_does_not_exist(make: Make) -> None:
    report = make.report()
    client, token = make.app.test_client(), make.token(make.rider())
    other = client.get(f"/api/v1/reports/{report.number}", headers=token)
    absent = client.get("/api/v1/reports/KY-20200101-0001", headers=token)
    assert (other.status_code, absent.status_code) == (404, 404)
    assert {k: v for k, v in other.get_json().items() if k != "request_id"} == {
        k: v for k, v in absent.get_json().items() if k != "request_id"
    }


def test_a_street_sees_its_own_communities_only(make: Make) -> None:
    make.report()
    mine = list_reports(make.supervisor(STREET), ReportFilter(), now=clock.now()).items
    theirs = list_reports(make.supervisor("211282002"), ReportFilter(), now=clock.now()).items
    assert (len(mine), len(theirs)) == (1, 0)
