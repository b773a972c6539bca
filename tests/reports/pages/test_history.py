"""Who did what to a case, as each reader may know it: names of colleagues, aliases of riders."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.db import transaction
from grid_report.places.queries import reference
from grid_report.reports.models import Report, ReportPhoto
from tests.reports.casework.test_merged import Three
from tests.support.builders import PROPERTY, Make

pytestmark = pytest.mark.database


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_desk_reads_its_colleagues_names_and_riders_aliases(make: Make) -> None:
    rider, worker, other = make.rider(name="骑手甲"), make.worker(name="王一"), make.worker()
    report = make.report(rider)
    make.step(report, "ask", worker, reason="在哪")
    make.step(report, "supplement", rider, note="3 号楼")
    said = text_of(make.signed_in(other).get(f"/desk/{report.number}").text)
    assert "王一 · " in said
    assert said.count(f"骑手 #{rider_alias(rider.member_id)}") >= 2
    assert "骑手甲" not in said
    # And the rider knows of the community, of nobody in it.
    assert "王一" not in make.signed_in(rider).get(f"/my/reports/{report.number}").text


def test_what_another_rider_answered_is_a_line_without_words(make: Make) -> None:
    three = Three(make)
    three.take(three.a, "ask", three.worker, reason="在哪")
    three.take(three.b, "supplement", three.riders[1], note="三号楼")
    answer = make.app.test_client().get(
        f"/api/v1/reports/{three.a.number}/history", headers=make.token(three.riders[0])
    )
    lines = answer.get_json()["items"]
    assert [(it["step"], it["from"], it["to"]) for it in lines[-2:]] == [
        ("ask", "submitted", "needs_info"), ("supplement", "needs_info", "submitted"),
    ]  # fmt: skip
    assert lines[0]["from"] is None


def test_how_far_off_a_photo_was_taken_is_for_those_who_decide(make: Make) -> None:
    worker, handler, street = make.worker(), make.handler(), make.supervisor()
    report = make.accepted(worker)
    make.step(report, "dispatch", worker, unit=PROPERTY)
    with transaction() as session:
        session.execute(update(ReportPhoto).values(taken_off_m=7716))
    for who in (worker, street):
        assert "7716" in make.signed_in(who).get(f"/desk/{report.number}").text
    assert "7716" not in make.signed_in(handler).get(f"/unit/{report.number}").text


def test_a_refused_step_comes_back_on_the_page_of_whoever_took_it(make: Make) -> None:
    rider, worker, handler = make.rider(), make.worker(), make.handler()
    report = make.accepted(worker, rider)
    make.step(report, "dispatch", worker, unit=PROPERTY)
    for who, step, own in (
        (worker, "recall", f"/desk/{report.number}"),
        (handler, "return", f"/unit/{report.number}"),
    ):
        client = make.signed_in(who)
        page = client.get(own).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        answer = client.post(
            f"/reports/{report.number}/steps/{step}", data={"csrf_token": token[1]}
        )
        assert answer.status_code == 422
        forms = set(re.findall(r'<form[^>]* action="([^"]+)"', page))
        assert len(forms) > 1
        assert forms <= set(re.findall(r'<form[^>]* action="([^"]+)"', answer.text))


def test_a_list_says_who_has_the_case(make: Make) -> None:
    worker = make.worker()
    report = make.accepted(worker)
    unit = reference().unit(PROPERTY)
    assert unit is not None
    client = make.signed_in(worker)
    row = f"{report.number}.*?{unit.name}"
    assert not re.search(row, client.get("/desk").text, re.DOTALL)
    make.step(report, "dispatch", worker, unit=PROPERTY)
    assert re.search(row, client.get("/desk").text, re.DOTALL)


def test_a_list_shows_a_picture_and_of_a_sensitive_case_only_to_those_it_is_for(
    make: Make,
) -> None:
    worker, rider = make.worker(), make.rider()
    photo = make.photo()
    report = make.report(rider, photos=(photo,))

    def shown(actor: Actor, path: str) -> bool:
        return photo.name in make.signed_in(actor).get(path).text

    assert shown(worker, "/desk")
    assert shown(rider, "/my/reports")
    auditor = make.auditor()
    before = shown(auditor, "/desk")
    with transaction() as session:
        session.execute(update(Report).values(sensitive=True))
    assert shown(rider, "/my/reports")
    assert shown(worker, "/desk")
    assert before
    assert not shown(auditor, "/desk")
    assert report.number in make.signed_in(auditor).get("/desk").text
