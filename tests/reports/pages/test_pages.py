"""What the pages of cases say, and what they must not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, template_rendered
from sqlalchemy import update

from grid_report import clock
from grid_report.db import transaction
from grid_report.places.models import Category
from grid_report.places.steps import renew_stamp
from grid_report.reports.lifecycle import Step
from tests.reports.nearby.test_nearby import at
from tests.support.builders import PROPERTY, Make

pytestmark = pytest.mark.database

CLOCK_STOPPED = "计时暂停"


def test_finished_cases_begin_with_the_newest_and_have_no_clock(make: Make) -> None:
    worker, photo = make.worker(), make.photo()
    made = [
        make.report(photos=(photo,), at=clock.now() - timedelta(days=days)) for days in (3, 2, 1)
    ]
    for report in made:
        make.step(report, Step.REJECT, worker, reason="看不出隐患")
    client = make.signed_in(worker)
    page = client.get("/desk?state=done").text
    newest_first = [page.index(report.number) for report in reversed(made)]
    assert newest_first == sorted(newest_first)
    assert CLOCK_STOPPED not in page
    assert CLOCK_STOPPED not in client.get(f"/desk/{made[0].number}").text


def test_a_found_case_is_the_newest_first_while_open_ones_stay_sorted_by_time_left(
    make: Make,
) -> None:
    worker, photo = make.worker(), make.photo()
    old, new = (
        make.report(
            photos=(photo,), description="井盖松动", at=clock.now() - timedelta(hours=hours)
        )
        for hours in (2, 1)
    )
    client = make.signed_in(worker)
    found, waiting = client.get("/desk?q=井盖").text, client.get("/desk").text
    assert found.index(new.number) < found.index(old.number)
    assert waiting.index(old.number) < waiting.index(new.number)


def test_a_rider_tells_two_of_the_same_kind_and_place_apart_by_their_numbers(make: Make) -> None:
    rider, photo = make.rider(), make.photo()
    mine = [make.report(rider, photos=(photo,)) for _ in range(2)]
    page = make.signed_in(rider).get("/my/reports").text
    assert [f">{report.number}<" in page for report in mine] == [True, True]


def test_a_unit_is_named_to_the_rider_once_it_is_dispatched(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.report(rider)
    make.step(report, Step.ACCEPT, worker, category="RD02", severity=2, unit=PROPERTY)
    client = make.signed_in(rider)
    assert "暖阳物业" not in client.get(f"/my/reports/{report.number}").text
    make.step(make.fresh(report), Step.DISPATCH, worker, unit=PROPERTY)
    assert "暖阳物业" in client.get(f"/my/reports/{report.number}").text


def test_a_planned_unit_is_not_named_in_what_the_community_began_itself(make: Make) -> None:
    worker = make.worker()
    plans, dispatched = make.report(), make.report()
    client = make.signed_in(worker)
    for report in (plans, dispatched):
        make.step(report, Step.ACCEPT, worker, category="RD02", severity=2, unit=PROPERTY)
        assert "拟派单位：暖阳物业" in client.get(f"/desk/{report.number}").text
    make.step(plans, Step.START, worker)
    make.step(dispatched, Step.DISPATCH, worker, unit=PROPERTY)
    make.step(dispatched, Step.START, worker)
    named = "责任单位：暖阳物业"
    assert named not in client.get(f"/desk/{plans.number}").text
    # Handed out, and taken over from the unit.
    assert client.get(f"/desk/{dispatched.number}").text.count(named) == 2


@pytest.mark.parametrize(
    ("state", "says"), [("open", "没有进行中的"), ("done", "还没有办结的"), ("all", "还没有上报")]
)
def test_an_empty_list_does_not_claim_what_never_was(make: Make, state: str, says: str) -> None:
    page = make.signed_in(make.rider()).get(f"/my/reports?state={state}").text
    assert says in page
    assert "都办完了" not in page


def test_a_suspended_case_whose_review_is_overdue_says_so(make: Make) -> None:
    worker, street = make.worker(), make.supervisor()
    now = clock.now()
    report = make.report(at=now - timedelta(days=9))
    ago = now - timedelta(days=8)
    make.step(report, Step.ACCEPT, worker, category="RD02", severity=2, at=ago)
    review_on = (ago + timedelta(days=3)).date()
    make.step(report, Step.SUSPEND, street, reason="等开春", review_on=review_on, at=ago)
    later = make.report(at=now - timedelta(days=1))
    make.step(later, Step.ACCEPT, worker, category="RD02", severity=2)
    next_month = (now + timedelta(days=30)).date()
    make.step(later, Step.SUSPEND, street, reason="等材料", review_on=next_month)
    page = make.signed_in(street).get("/desk?state=suspended").text
    assert page.count("该复查了") == 1
    assert page.index(report.number) < page.index("该复查了") < page.index(later.number)
    assert "就该复查" in make.signed_in(worker).get(f"/desk/{report.number}").text
    assert "就该复查" not in make.signed_in(worker).get(f"/desk/{later.number}").text


def test_the_unit_is_shown_no_clock_of_the_community(make: Make) -> None:
    worker, handler = make.worker(), make.handler()
    report = make.report(photos=(make.photo(),))
    make.step(report, Step.ACCEPT, worker, category="RD02", severity=2)
    make.step(report, Step.DISPATCH, worker, unit=PROPERTY)
    make.step(report, Step.START, handler)
    client = make.signed_in(handler)
    assert '<span class="light' in client.get(f"/unit/{report.number}").text
    make.step(report, Step.HANDLE, handler, photos=(make.photo(),), note="补好了")
    assert '<span class="light' not in client.get(f"/unit/{report.number}").text
    assert '<span class="light' not in client.get("/unit").text


def test_only_who_may_report_is_led_to_the_form(make: Make) -> None:
    assert 'btn-primary" href="/report/new"' in make.signed_in(make.rider()).get("/my/reports").text
    page = make.signed_in(make.handler()).get("/my/reports").text
    assert 'btn-primary" href="/report/new"' not in page


def test_where_no_kind_is_asked_first_the_others_are_not_folded_away(make: Make) -> None:
    client, folded = make.signed_in(make.rider()), 'class="fold more-kinds" data-more'
    assert folded in client.get("/report/new").text
    with transaction() as session:
        session.execute(update(Category).values(asked_first=None, season="all"))
        renew_stamp(session)
    page = client.get("/report/new").text
    assert folded not in page
    assert 'class="fold more-kinds" open data-more' in page


def test_every_page_tells_the_phone_how_large_photos_are_sent(
    another_app: Callable[..., Flask],
) -> None:
    for side in (1600, 1280):
        page = another_app(photos={"phone_side": side}).test_client().get("/sign-in").text
        assert f'data-phone-side="{side}"' in page


def test_only_the_desk_learns_where_the_rider_stood_and_what_may_be_the_same(make: Make) -> None:
    worker = make.worker()
    ago = make.now - timedelta(hours=1)
    photos = (replace(make.photo(), position=(42.60, 124.10), taken_at=ago),)
    # Nobody looks for twins of every kind as far off as for ice.
    first, twin = (
        make.report(category="RD04", photos=photos, at=make.now, **at(metres))
        for metres in (0, 120)
    )
    for report in (first, twin):
        make.step(report, Step.ACCEPT, worker, category="RD04", severity=2, at=make.now)
        make.step(report, Step.DISPATCH, worker, unit=PROPERTY, at=make.now)
    drawn: list[Any] = []

    def note(_: Flask, context: dict[str, Any], **__: Any) -> None:
        drawn.append(context["report"])

    with template_rendered.connected_to(note, make.app):
        make.signed_in(worker).get(f"/desk/{first.number}")
        make.signed_in(make.handler()).get(f"/unit/{first.number}")
    desk, unit = drawn
    assert (desk.before[0].taken_off_m > 1000, desk.before[0].taken_gap_s) == (True, 3600)
    assert [it.number for it in desk.twins] == [twin.number]
    assert (unit.before[0].taken_off_m, unit.before[0].taken_gap_s, unit.twins) == (None, None, [])
