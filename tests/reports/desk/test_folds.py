"""Very many urgent reports of one rider: each a case, one row at the desk, one word to the street."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from grid_report.access import Actor
from grid_report.db import db
from grid_report.notify.models import Message
from grid_report.places.queries import reference
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.desk import queries as desk_queries
from grid_report.reports.desk import usecases as desk_usecases
from grid_report.reports.desk.filters import ReportFilter, Sort
from grid_report.reports.lifecycle import State
from grid_report.reports.models import Report
from tests.reports.pages.test_merged_pages import statements_of
from tests.support.builders import BRIGHT, Make

pytestmark = pytest.mark.database

URGENT = "RD01"
AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ELSEWHERE = "211282002001"


def flood(
    make: Make, rider: Actor, many: int, *, start: datetime = AT, **more: Any
) -> list[Report]:
    photo = make.photo(7)
    return [
        make.report(
            rider, at=start + timedelta(seconds=nth), category=URGENT, photos=(photo,), **more
        )
        for nth in range(many)
    ]


def desk(make: Make, who: Actor) -> list[str]:
    db.session.rollback()
    found = desk_queries.list_reports(
        who, ReportFilter(folds=True, sort=Sort.DUE), now=AT, limit=200
    )
    return [row.number for row in found.items]


def told(*kinds: str) -> list[tuple[str, str, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(Message).where(Message.kind.in_(kinds)).order_by(Message.id))
    return [(str(row.role), row.kind, row.about) for row in rows]


def test_nine_urgent_ones_of_a_storm_night_are_nine_rows_and_the_tenth_begins_a_fold(
    make: Make,
) -> None:
    rider, worker = make.rider(), make.worker()
    made = flood(make, rider, 13)
    assert {make.fresh(it).state for it in made} == {State.SUBMITTED}
    assert desk(make, worker) == [it.number for it in made[:9]]
    db.session.rollback()
    [fold] = desk_queries.list_folds(worker)
    assert (fold.number, fold.waiting) == (made[9].number, 4)
    assert fold.due == made[9].accept_due


def test_the_street_and_the_community_are_told_once(make: Make) -> None:
    made = flood(make, make.rider(), 14)
    assert told("reports_folded") == [
        ("worker", "reports_folded", made[9].number),
        ("supervisor", "reports_folded", made[9].number),
    ]
    assert [about for *_, about in told("report_submitted")] == [it.number for it in made[:9]]
    casework_usecases.mark_lights(
        places=reference(), settings=make.settings, now=AT + timedelta(hours=2)
    )
    red = {about for role, _, about in told("light_red", "light_yellow") if role == "worker"}
    assert red == {it.number for it in made[:10]}


def test_what_is_late_still_counts_and_a_word_finds_each(make: Make) -> None:
    worker = make.worker()
    made = flood(make, make.rider(), 12)
    db.session.rollback()
    assert desk_queries.count_for_desk(worker, now=AT)["submitted"] == 12
    client = make.signed_in(worker)
    assert made[11].number not in client.get("/desk").text
    assert made[11].number in client.get(f"/desk?q={made[11].number}").text
    opened = client.get(f"/desk?fold={made[9].number}").text
    assert all(it.number in opened for it in made[9:])
    assert made[0].number not in opened
    assert "同一骑手的 3 条紧急上报" in client.get("/desk").text


def test_the_next_hour_another_rider_and_another_street_are_not_in_it(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    made = flood(make, rider, 11)
    far = flood(make, rider, 2, start=AT + timedelta(minutes=1), community=ELSEWHERE)
    near = flood(make, rider, 1, start=AT + timedelta(minutes=2), community=BRIGHT)
    other = flood(make, make.rider(), 1, start=AT + timedelta(minutes=1))
    later = flood(make, rider, 1, start=AT + timedelta(hours=1, minutes=3))
    folds = [make.fresh(it).folded_id for it in (made[10], *far, *near, *other, *later)]
    assert folds == [made[9].id, far[0].id, far[0].id, made[9].id, None, None]
    assert {other[0].number, later[0].number} <= set(desk(make, worker))


def test_one_that_somebody_took_up_is_a_row_of_its_own(make: Make) -> None:
    worker = make.worker()
    made = flood(make, make.rider(), 12)
    make.step(made[11], "accept", worker, category=URGENT, severity=4, at=AT)
    assert made[11].number in desk(make, worker)
    make.step(made[9], "reject", worker, reason="不属实", at=AT)
    db.session.rollback()
    [fold] = desk_queries.list_folds(worker)
    assert (fold.number, fold.waiting) == (made[9].number, 1)


def test_a_person_merges_them_into_one_and_pressing_again_does_no_more(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    made = flood(make, rider, 14)
    client = make.signed_in(worker)
    form = client.get(f"/desk?fold={made[9].number}").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token is not None
    sent = {"csrf_token": token.group(1)}
    address = f"/desk/folds/{made[9].number}/merge"
    assert client.post(address, data=sent).status_code == 303
    assert [make.fresh(it).state for it in made[9:]] == [State.SUBMITTED] + [State.MERGED] * 4
    assert make.fresh(made[9]).followers == 4
    assert client.post(address, data=sent).status_code == 303
    assert make.fresh(made[9]).followers == 4
    db.session.rollback()
    merged = select(func.count()).select_from(Report).where(Report.state == State.MERGED)
    assert db.session.scalar(merged) == 4


def test_so_many_are_merged_at_a_time_and_the_rest_is_said(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_usecases, "MOST_AT_ONCE", 2)
    worker = make.worker()
    made = flood(make, make.rider(), 15)
    more: dict[str, Any] = {
        "actor": worker,
        "places": reference(),
        "settings": make.settings,
        "now": AT,
    }
    found = [desk_usecases.merge_fold(made[9].number, **more) for _ in range(3)]
    assert [(it.merged, it.left) for it in found] == [(2, 3), (2, 1), (1, 0)]


def test_the_desk_asks_as_often_for_three_folds_as_for_one(make: Make) -> None:
    client = make.signed_in(make.worker())
    flood(make, make.rider(), 11)
    client.get("/desk")
    first = len(statements_of(lambda: client.get("/desk")))
    for _ in range(2):
        flood(make, make.rider(), 14)
    assert len(statements_of(lambda: client.get("/desk"))) == first
