"""Importing boundaries: told before, done whole, seen by everybody, nothing half."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from grid_report import clock
from grid_report.access import Actor
from grid_report.accounts.models import AuditEntry
from grid_report.db import db
from grid_report.errors import Forbidden, NotFound, Stale
from grid_report.places import queries, steps, usecases
from grid_report.places.boundaries.imported import ImportReport
from grid_report.places.geo.points import Point
from grid_report.places.geo.routing import MatchedBy
from grid_report.places.models import Boundary, BoundaryDraft, BoundaryVersion
from tests.support.builders import Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

STATION = "211282001001"
BRIGHT = "211282001003"
MIDDLE = Point(42.545, 124.04)
DEMO_FILE = usecases.COMMUNITIES / "kaiyuan-demo.geojson"


def demo() -> dict[str, Any]:
    collection: dict[str, Any] = json.loads(DEMO_FILE.read_text(encoding="utf-8"))
    return collection


def swapped() -> bytes:
    """Return the demo with the ground of two communities exchanged."""
    collection = demo()
    by_code = {f["properties"]["code"]: f for f in collection["features"]}
    a, b = by_code[STATION], by_code[BRIGHT]
    a["geometry"], b["geometry"] = b["geometry"], a["geometry"]
    return json.dumps(collection).encode()


def without(code: str) -> bytes:
    collection = demo()
    collection["features"] = [f for f in collection["features"] if f["properties"]["code"] != code]
    return json.dumps(collection).encode()


def broken() -> bytes:
    collection = demo()
    collection["features"][5]["geometry"]["coordinates"][0].pop()
    return json.dumps(collection).encode()


def spiked() -> bytes:
    """Return the demo with a spike of 10 m in the boundary of the station's community."""
    collection = demo()
    [feature] = [f for f in collection["features"] if f["properties"]["code"] == STATION]
    ring = feature["geometry"]["coordinates"][0]
    tip = [ring[1][0], round(ring[1][1] + 0.0001, 6)]
    ring[2:2] = [tip, ring[1]]
    return json.dumps(collection).encode()


def run(content: bytes, actor: Actor | None = None, **more: Any) -> ImportReport:
    return usecases.import_boundaries(
        content,
        extent=queries.cache().extent,
        source="test.geojson",
        actor=actor,
        now=clock.now(),
        **more,
    )


def stage(content: bytes, actor: Actor, now: Any = None) -> ImportReport:
    return usecases.stage_boundaries(
        content,
        extent=queries.cache().extent,
        source="test.geojson",
        actor=actor,
        now=now or clock.now(),
    )


def confirm(draft_id: int, actor: Actor, seen: int | None) -> ImportReport:
    return usecases.import_draft(
        draft_id,
        seen_version=seen,
        extent=queries.cache().extent,
        actor=actor,
        now=clock.now(),
    )


def counts() -> tuple[int, ...]:
    db.session.rollback()
    return tuple(
        db.session.scalars(select(func.count()).select_from(table)).one()
        for table in (BoundaryVersion, Boundary, BoundaryDraft, AuditEntry)
    )


def owner() -> str | None:
    db.session.rollback()
    return queries.router().locate(MIDDLE).community_code


def test_an_import_replaces_everything_and_counts_at_once(app: Flask) -> None:
    assert owner() == STATION
    report = run(swapped())
    assert report.version_id is not None
    assert report.replaces is not None
    assert [c.code for c in report.changed] == [STATION, BRIGHT]
    assert (report.added, report.removed, report.changes.unchanged) == ((), (), 37)
    assert owner() == BRIGHT


def test_the_same_file_twice_makes_no_second_version(app: Flask) -> None:
    run(swapped())
    before = counts()
    report = run(swapped())
    assert report.version_id is None
    assert not report.changes.any
    assert counts() == before


def test_a_dry_run_tells_the_same_and_writes_nothing(app: Flask) -> None:
    before = counts()
    dry = run(swapped(), dry_run=True)
    assert counts() == before
    assert owner() == STATION
    real = run(swapped())
    assert dry.changes == real.changes
    assert dry.version_id is None


def test_one_error_keeps_the_whole_file_out(app: Flask) -> None:
    before = counts()
    report = run(broken())
    assert report.is_refused
    assert report.version_id is None
    assert counts() == before
    assert owner() == STATION


def test_a_community_left_out_goes_and_is_named(app: Flask) -> None:
    report = run(without(STATION))
    assert [c.name for c in report.removed] == ["站前社区"]
    assert report.without == ((STATION, "站前社区"),)
    db.session.rollback()
    # The community's office is still a reference point nearby.
    assert queries.router().locate(MIDDLE).matched_by is MatchedBy.NEAREST
    found = queries.reference().community(STATION)
    assert found is not None
    assert found.center is None


def test_what_was_found_is_kept_with_the_version(app: Flask) -> None:
    collection = demo()
    station = next(f for f in collection["features"] if f["properties"]["code"] == STATION)
    ring = station["geometry"]["coordinates"][0]
    ring[5] = [ring[5][0] + 0.002, ring[5][1] + 0.002]
    report = run(json.dumps(collection).encode())
    assert report.version_id is not None
    kept = queries.list_findings(report.version_id)
    assert {finding.code for finding in kept} >= {"boundaries-overlap"}
    assert queries.list_versions()[0].warnings == report.warnings == len(kept)


def test_older_versions_stay_to_look_at(app: Flask) -> None:
    first = counts()
    run(swapped())
    run(DEMO_FILE.read_bytes())
    assert counts()[0] == first[0] + 2
    assert owner() == STATION
    assert [v.source for v in queries.list_versions()][:2] == ["test.geojson", "test.geojson"]


def test_only_administrators_import_and_it_is_audited(app: Flask, make: Make) -> None:
    administrator = make.administrator()
    for actor in (make.rider(), make.worker(), make.supervisor(), make.auditor()):
        with pytest.raises(Forbidden):
            run(swapped(), actor)
        with pytest.raises(Forbidden):
            stage(swapped(), actor)
    report = run(swapped(), administrator)
    db.session.rollback()
    [entry] = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "boundaries.import"))
    assert entry.actor_id == administrator.member_id
    assert entry.about == f"boundaries:{report.version_id}"
    assert entry.details == {"added": 0, "removed": 0, "changed": 2, "moved": 0, "repaired": 0}


def test_an_import_that_fails_in_the_middle_leaves_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counts()

    def fail(session: Any) -> None:
        session.flush()
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(steps, "renew_stamp", fail)
        with pytest.raises(ZeroDivisionError):
            run(swapped())
    assert counts() == before
    assert owner() == STATION


def test_imports_at_the_same_moment_come_one_after_the_other(
    app: Flask, in_parallel: InParallel
) -> None:
    before = counts()
    reports = in_parallel(lambda number: run(swapped()), 4)
    made = [r for r in reports if r.version_id is not None]
    assert len(made) == 1, reports
    assert counts()[0] == before[0] + 1


# upload, preview, confirm


def test_a_checked_file_waits_for_its_confirmation(app: Flask, make: Make) -> None:
    administrator = make.administrator()
    staged = stage(swapped(), administrator)
    assert staged.draft_id is not None
    assert owner() == STATION
    preview = usecases.preview_draft(
        staged.draft_id, extent=queries.cache().extent, actor=administrator
    )
    assert preview.changes == staged.changes
    done = confirm(staged.draft_id, administrator, preview.replaces)
    assert done.version_id is not None
    assert owner() == BRIGHT
    with pytest.raises(NotFound):
        confirm(staged.draft_id, administrator, preview.replaces)


def test_a_file_with_errors_is_not_kept(app: Flask, make: Make) -> None:
    assert stage(broken(), make.administrator()).draft_id is None
    assert counts()[2] == 0


def test_what_was_previewed_against_other_boundaries_is_not_imported(
    app: Flask, make: Make
) -> None:
    administrator = make.administrator()
    staged = stage(swapped(), administrator)
    assert staged.draft_id is not None
    run(without(STATION))
    with pytest.raises(Stale):
        confirm(staged.draft_id, administrator, staged.replaces)
    assert counts()[2] == 1


def test_two_confirmations_at_once_import_once(
    app: Flask, make: Make, in_parallel: InParallel
) -> None:
    administrator = make.administrator()
    staged = stage(swapped(), administrator)
    before = counts()
    results = in_parallel(
        lambda n: confirm(staged.draft_id or 0, administrator, staged.replaces), 4
    )
    assert sum(isinstance(r, ImportReport) for r in results) == 1
    assert all(isinstance(r, ImportReport | NotFound | Stale) for r in results), results
    assert counts()[0] == before[0] + 1


def test_a_draft_is_thrown_away_by_hand_by_the_next_one_and_after_a_day(
    app: Flask, make: Make
) -> None:
    one, other = make.administrator(), make.administrator()
    first = stage(swapped(), one)
    second = stage(swapped(), one)
    assert counts()[2] == 1
    stage(swapped(), other, clock.now() + timedelta(hours=25))
    assert counts()[2] == 1
    third = stage(swapped(), one)
    assert third.draft_id is not None
    usecases.drop_draft(third.draft_id, actor=one)
    for gone in (first, second, third):
        with pytest.raises(NotFound):
            usecases.drop_draft(gone.draft_id or 0, actor=one)


def test_a_file_with_a_byte_order_mark_can_be_confirmed(app: Flask, make: Make) -> None:
    administrator = make.administrator()
    staged = stage(b"\xef\xbb\xbf" + swapped(), administrator)
    assert staged.draft_id is not None
    assert confirm(staged.draft_id, administrator, staged.replaces).version_id is not None
