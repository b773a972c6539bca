"""Boundaries that move: open cases on the ground are counted, and go along only on purpose."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.db import db
from grid_report.notify.models import Message
from grid_report.places import queries, usecases
from grid_report.places.boundaries import open_cases
from grid_report.places.boundaries.changes import Passing
from grid_report.places.boundaries.imported import ImportReport
from grid_report.places.cli import places_cli
from grid_report.reports.casework import boundary_steps
from grid_report.reports.desk.filters import ReportFilter
from grid_report.reports.desk.queries import list_reports
from grid_report.reports.lifecycle import State, Step
from grid_report.reports.models import Report
from grid_report.reports.queries import list_history
from tests.places.test_imports import demo, swapped
from tests.support.builders import BRIGHT, STATION, STREET, Make, Spot

pytestmark = pytest.mark.database

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
HERE: Spot = {"lat": 42.545, "lng": 124.04, "accuracy_m": 10.0, "community": None}


def run(make: Make, file: bytes | None = None, **more: Any) -> ImportReport:
    return usecases.import_boundaries(
        file or swapped(),
        extent=queries.cache().extent,
        source="test.geojson",
        actor=make.administrator(),
        now=AT + timedelta(hours=1),
        cases=open_cases.cases(queries.reference()),
        **more,
    )


def on_the_ground(make: Make) -> list[Report]:
    """Two that can move, one at work, one that was chosen from the list, one that is over."""
    worker, photo = make.worker(), make.photo()
    made = [make.report(at=AT, photos=(photo,), **HERE) for _ in range(4)]
    made.insert(3, make.report(at=AT, photos=(photo,)))
    make.step(made[1], "accept", worker, category="RD02", severity=2, at=AT)
    make.step(made[2], "accept", worker, category="RD02", severity=2, at=AT)
    make.step(made[2], "start", worker, at=AT)
    make.step(made[4], "reject", worker, reason="不属实", at=AT)
    return made


def communities(make: Make, made: list[Report]) -> list[str | None]:
    return [make.fresh(it).community_code for it in made]


def test_a_dry_run_counts_them_by_old_and_new_community_and_moves_none(make: Make) -> None:
    made = on_the_ground(make)
    report = run(make, dry_run=True, moving=True)
    assert report.passing == (Passing(STATION, BRIGHT, 3, 2),)
    assert (report.moved, report.version_id) == (0, None)
    assert communities(make, made) == [STATION] * 5


def test_they_stay_unless_somebody_says_that_they_move(make: Make) -> None:
    made = on_the_ground(make)
    report = run(make)
    assert (report.moved, report.passing[0].cases) == (0, 3)
    assert communities(make, made) == [STATION] * 5


def test_they_move_by_a_transfer_and_both_communities_are_told(make: Make) -> None:
    made = on_the_ground(make)
    fix = make.fresh(made[0]).fix_due
    report = run(make, moving=True)
    assert report.moved == 2
    assert communities(make, made) == [BRIGHT, BRIGHT, STATION, STATION, STATION]
    moved = make.fresh(made[1])
    assert (moved.state, moved.transfers, moved.unit_code) == (State.SUBMITTED, 0, None)
    assert make.fresh(made[0]).fix_due == fix
    entry = list_history(made[0].id)[-1]
    assert (entry.step, entry.role) == (Step.TRANSFER, "administrator")
    assert entry.changes["community"] == [STATION, BRIGHT]
    db.session.rollback()
    told = db.session.scalars(select(Message).where(Message.about == made[0].number)).all()
    assert {(it.kind, it.place) for it in told if it.role == "worker"} == {
        ("report_submitted", STATION),
        ("report_transferred", BRIGHT),
        ("report_went", STATION),
    }
    assert run(make, moving=True).moved == 0


# Nobody has this ground; `reaching` gives it to the community of the lights.
OUT_THERE: dict[str, Any] = {"lat": 42.70, "lng": 124.60, "community": None}


def reaching(north: float = OUT_THERE["lat"], east: float = OUT_THERE["lng"]) -> bytes:
    """Return the demo with a community moved to the ground that was nobody's."""
    collection = demo()
    [feature] = [f for f in collection["features"] if f["properties"]["code"] == BRIGHT]
    ring = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    shape = [[[round(east + x * 0.01, 6), round(north + y * 0.01, 6)] for x, y in ring]]
    feature["geometry"] = {"type": "Polygon", "coordinates": shape}
    return json.dumps(collection).encode()


def unrouted(make: Make) -> list[Report]:
    """One with a measured place, one with a pin, one without any place."""
    nowhere = make.rider(consents=(ConsentKind.ACCOUNT, ConsentKind.PHOTOS))
    return [
        make.report(at=AT, **OUT_THERE, accuracy_m=10.0),
        make.report(at=AT, **OUT_THERE),
        make.report(nowhere, at=AT, **OUT_THERE),
    ]


def test_what_was_nobodys_is_counted_where_it_lies_on_the_new_ground(make: Make) -> None:
    made = unrouted(make)
    report = run(make, reaching(), dry_run=True, moving=True)
    assert report.passing == (Passing(None, BRIGHT, 2, 2),)
    assert communities(make, made) == [None] * 3
    # The point of a report without any place means nothing.
    middle = queries.reference().extent.center
    there = run(make, reaching(middle.lat, middle.lng), dry_run=True, moving=True)
    assert not there.is_refused
    assert there.passing == ()
    assert run(make, reaching()).moved == 0
    assert communities(make, made) == [None] * 3


def test_what_was_nobodys_is_assigned_and_its_community_told(make: Make) -> None:
    made = unrouted(make)
    assert run(make, reaching(), moving=True).moved == 2
    assert communities(make, made) == [BRIGHT, BRIGHT, None]
    now = AT + timedelta(hours=1)
    report = make.fresh(made[1])
    assert (report.matched_by, report.state, report.transfers) == ("boundary", "submitted", 0)
    assert report.street_code is not None
    assert report.accept_from == now
    assert report.accept_due == report.next_due == now + timedelta(hours=8)
    assert report.fix_due == AT + timedelta(hours=120)
    entry = list_history(report.id)[-1]
    assert (entry.step, entry.role) == (Step.ASSIGN, "administrator")
    assert entry.changes == {"community": [None, BRIGHT], "boundaries": [None, True]}
    db.session.rollback()
    told = db.session.scalars(select(Message).where(Message.about == report.number)).all()
    assert {(it.kind, it.role, it.place) for it in told} == {
        ("report_unrouted", "administrator", "211282"),
        ("report_submitted", "worker", BRIGHT),
        ("report_transferred", "rider", None),
    }
    assert list_reports(make.worker(BRIGHT), ReportFilter(), now=now).items


def test_a_case_left_behind_by_an_import_goes_with_the_next_one(make: Make) -> None:
    made = unrouted(make)
    run(make, reaching())
    # The same ground, written down otherwise: the community has it before and after.
    again = json.loads(reaching())
    for feature in again["features"]:
        if feature["properties"]["code"] == STATION:
            feature["geometry"]["coordinates"][0][1][0] += 0.0005
            feature["geometry"]["coordinates"][0][-1] = feature["geometry"]["coordinates"][0][0]
    report = run(make, json.dumps(again).encode(), moving=True)
    assert report.passing == (Passing(None, BRIGHT, 2, 2),)
    assert communities(make, made) == [BRIGHT, BRIGHT, None]


def test_the_preview_and_the_command_show_what_was_nobodys(make: Make, tmp_path: Path) -> None:
    unrouted(make)
    actor = make.administrator()
    draft = usecases.stage_boundaries(
        reaching(), extent=queries.cache().extent, source="a.geojson", actor=actor, now=AT
    )
    page = make.signed_in(actor).get(f"/admin/boundaries/drafts/{draft.draft_id}").text
    assert "<td>无社区</td>" in page
    assert "导入并转移 2 个案件" in page
    file = tmp_path / "new.geojson"
    file.write_bytes(reaching())
    said = make.app.test_cli_runner().invoke(places_cli, ["import", str(file), "--dry-run"]).output
    assert f"> - > {BRIGHT}" in said
    assert "open cases: 2, of which 2 can move" in said


def test_the_preview_asks_and_the_answer_decides(make: Make) -> None:
    made = on_the_ground(make)
    actor = make.administrator()
    draft = usecases.stage_boundaries(
        swapped(), extent=queries.cache().extent, source="a.geojson", actor=actor, now=AT
    )
    page = make.signed_in(actor).get(f"/admin/boundaries/drafts/{draft.draft_id}").text
    assert "地界变更涉及的未结案件" in page
    assert "导入并转移 2 个案件" in page
    assert "导入，未结案件不动" in page
    assert communities(make, made) == [STATION] * 5


def test_the_command_counts_them_too(make: Make, tmp_path: Path) -> None:
    on_the_ground(make)
    file = tmp_path / "moved.geojson"
    file.write_bytes(swapped())
    runner = make.app.test_cli_runner()
    said = runner.invoke(places_cli, ["import", str(file), "--dry-run"]).output
    assert f"> {STATION}" in said
    assert "open cases: 3, of which 2 can move" in said
    done = runner.invoke(places_cli, ["import", str(file), "--move-cases"]).output
    assert "Cases moved with their ground: 2" in done


def test_what_was_assigned_by_hand_meanwhile_stays_there(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rider = make.rider()
    first, second = (make.report(rider, at=AT, **OUT_THERE) for _ in range(2))
    look, looks = boundary_steps._found, 0

    def assigned_meanwhile(session: Any, *args: Any) -> Any:
        nonlocal looks
        rows, looks = look(session, *args), looks + 1
        if looks == 2:
            by_hand = {"community_code": STATION, "street_code": STREET}
            session.execute(update(Report).where(Report.id == first.id).values(**by_hand))
        return rows

    monkeypatch.setattr(boundary_steps, "_found", assigned_meanwhile)
    report = run(make, reaching(), moving=True)
    assert looks == 2
    assert report.moved == 1
    assert make.fresh(first).community_code == STATION
    assert make.fresh(second).community_code == BRIGHT
    assert [it.step for it in list_history(first.id)] == [Step.SUBMIT]
