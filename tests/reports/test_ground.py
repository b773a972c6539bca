"""Boundaries that move: open cases on the ground are counted, and go along only on purpose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report.db import db
from grid_report.notify.models import Message
from grid_report.places import case_book, queries, usecases
from grid_report.places.changes import Passing
from grid_report.places.cli import places_cli
from grid_report.places.imported import ImportReport
from grid_report.reports.lifecycle import State, Step
from grid_report.reports.models import Report
from grid_report.reports.queries import list_history
from tests.places.test_imports import swapped
from tests.support.builders import BRIGHT, STATION, Make

pytestmark = pytest.mark.database

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
HERE = {"lat": 42.545, "lng": 124.04, "accuracy_m": 10.0, "community": None}


def run(make: Make, **more: Any) -> ImportReport:
    return usecases.import_boundaries(
        swapped(),
        extent=queries.cache().extent,
        source="test.geojson",
        actor=make.administrator(),
        now=AT + timedelta(hours=1),
        cases=case_book.cases(queries.reference()),
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


def test_the_command_counts_them_too(make: Make, tmp_path: Any) -> None:
    on_the_ground(make)
    file = tmp_path / "moved.geojson"
    file.write_bytes(swapped())
    runner = make.app.test_cli_runner()
    said = runner.invoke(places_cli, ["import", str(file), "--dry-run"]).output
    assert f"> {STATION}" in said
    assert "open cases: 3, of which 2 can move" in said
    done = runner.invoke(places_cli, ["import", str(file), "--move-cases"]).output
    assert "Cases moved with their ground: 2" in done
