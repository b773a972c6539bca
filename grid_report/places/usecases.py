"""Everything that writes reference data: one public function, one transaction."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts import steps as accounts
from grid_report.db import db, transaction, use_case
from grid_report.errors import NotFound
from grid_report.places import steps
from grid_report.places.boundaries import geojson
from grid_report.places.boundaries.changes import Changes, Passing, compare
from grid_report.places.boundaries.imported import ImportReport
from grid_report.places.boundaries.open_cases import Cases
from grid_report.places.geo.routing import Extent
from grid_report.places.models import (
    BoundaryDraft,
    Category,
    Community,
    Compound,
    ReferencePoint,
    Stamp,
    Street,
)
from grid_report.places.permissions import BOUNDARIES_IMPORT
from grid_report.places.tables import sheets
from grid_report.places.tables.sheet_text import read_text
from grid_report.settings import CONFIG

DRAFTS_LIVE: Final = timedelta(days=1)
CATEGORIES_FILE: Final = CONFIG / "categories.csv"
COMMUNITIES: Final = CONFIG / "communities"
DEMO: Final = CONFIG / "demo"


# --- boundaries -----------------------------------------------------------------------------------


@use_case
def import_boundaries(
    content: bytes | str,
    *,
    extent: Extent,
    source: str,
    actor: Actor | None,
    now: datetime,
    dry_run: bool = False,
    repairing: bool = False,
    cases: Cases | None = None,
    moving: bool = False,
) -> ImportReport:
    """Replace all boundaries by those of a GeoJSON file, or say what that would change.

    A file with errors, a dry run and a file that changes nothing write nothing; the report tells
    which (`is_refused`, `version_id`). `actor` is None on the command line. `repairing`: shapes
    that cross themselves are made valid, on purpose only. `moving`: open cases go along with
    their ground, on purpose only; otherwise they stay. Raises Forbidden.
    """
    if actor is not None:
        access.check(actor, BOUNDARIES_IMPORT)
    names = steps.names_of_communities(db.session())
    checked = geojson.check(content, extent=extent, known=names, repairing=repairing)
    if dry_run or checked.errors:
        return _report(db.session(), checked, names, source, cases)
    with transaction() as session:
        steps.lock_stamp(session)
        report = _report(session, checked, names, source, cases)
        return _import(
            session, checked, report, actor=actor, now=now, cases=cases if moving else None
        )


@use_case
def stage_boundaries(
    content: bytes, *, extent: Extent, source: str, actor: Actor, now: datetime
) -> ImportReport:
    """Check an uploaded file and keep it a day for the confirmation.

    With errors it is kept only when repairing its shapes would leave none. Raises Forbidden.
    """
    access.check(actor, BOUNDARIES_IMPORT)
    names = steps.names_of_communities(db.session())
    checked = geojson.check(content, extent=extent, known=names)
    if checked.errors and not checked.is_repairable:
        return _report(db.session(), checked, names, source)
    with transaction() as session:
        session.execute(
            delete(BoundaryDraft).where(
                (BoundaryDraft.made_at < now - DRAFTS_LIVE)
                | (BoundaryDraft.made_by_id == actor.member_id)
            )
        )
        draft = BoundaryDraft(
            # Drawn: SQLite numbers a new row like one that was deleted, and an old preview page
            # must not confirm somebody's newer file.
            id=secrets.randbits(59),
            made_at=now,
            made_by_id=actor.member_id,
            source=source[:200],
            content=content.decode("utf-8-sig"),
        )
        session.add(draft)
        session.flush()
        return replace(_report(session, checked, names, source), draft_id=draft.id)


def preview_draft(
    draft_id: int,
    *,
    extent: Extent,
    actor: Actor,
    repairing: bool = False,
    cases: Cases | None = None,
) -> ImportReport:
    """Say what importing a kept file would change now. Raises Forbidden, NotFound."""
    access.check(actor, BOUNDARIES_IMPORT)
    session = db.session()
    draft = _draft(session, draft_id)
    names = steps.names_of_communities(session)
    checked = geojson.check(draft.content, extent=extent, known=names, repairing=repairing)
    return replace(_report(session, checked, names, draft.source, cases), draft_id=draft_id)


@use_case
def import_draft(
    draft_id: int,
    *,
    seen_version: int | None,
    extent: Extent,
    actor: Actor,
    now: datetime,
    repairing: bool = False,
    cases: Cases | None = None,
    moving: bool = False,
) -> ImportReport:
    """Import a kept file as it was previewed against `seen_version`.

    Raises Forbidden, NotFound, and Stale when other boundaries were imported meanwhile.
    """
    access.check(actor, BOUNDARIES_IMPORT)
    names = steps.names_of_communities(db.session())
    kept = _draft(db.session(), draft_id)
    checked = geojson.check(kept.content, extent=extent, known=names, repairing=repairing)
    if checked.errors:
        return replace(_report(db.session(), checked, names, kept.source), draft_id=draft_id)
    with transaction() as session:
        steps.lock_stamp(session)
        draft = _draft(session, draft_id)
        steps.refuse_stale(session, seen_version)
        report = _report(session, checked, names, draft.source, cases)
        session.delete(draft)
        return _import(
            session, checked, report, actor=actor, now=now, cases=cases if moving else None
        )


@use_case
def drop_draft(draft_id: int, *, actor: Actor) -> None:
    """Throw a kept file away. Raises Forbidden, NotFound."""
    access.check(actor, BOUNDARIES_IMPORT)
    with transaction() as session:
        session.delete(_draft(session, draft_id))


def _draft(session: Session, draft_id: int) -> BoundaryDraft:
    draft = session.get(BoundaryDraft, draft_id)
    if draft is None:
        raise NotFound
    return draft


def _report(
    session: Session,
    checked: geojson.CheckedFile,
    names: Mapping[str, str],
    source: str,
    cases: Cases | None = None,
) -> ImportReport:
    current = steps.current_version(session)
    changes = Changes()
    passing: tuple[Passing, ...] = ()
    if not checked.errors:
        areas = steps.read_areas(session, current)
        changes = compare(areas, checked.areas, names)
        if cases is not None and changes.any:
            passing = cases.passing(session, areas, checked.areas)
    return ImportReport(
        source=source,
        fictional=checked.fictional,
        features=checked.features,
        findings=checked.findings,
        errors=checked.errors,
        warnings=checked.warnings,
        changes=changes,
        without=tuple((code, names[code]) for code in checked.communities_without),
        replaces=current,
        areas=checked.areas,
        repairs=checked.repairs,
        is_repairable=checked.is_repairable,
        passing=passing,
    )


def _import(
    session: Session,
    checked: geojson.CheckedFile,
    report: ImportReport,
    *,
    actor: Actor | None,
    now: datetime,
    cases: Cases | None,
) -> ImportReport:
    if not report.changes.any:
        return report
    before = steps.read_areas(session, report.replaces)
    version_id = steps.write_version(
        session,
        checked,
        source=report.source[:200],
        made_by_id=actor.member_id if actor else None,
        now=now,
    )
    moved = cases.move(session, before, checked.areas, actor=actor, now=now) if cases else 0
    accounts.audit(
        session,
        actor,
        "boundaries.import",
        f"boundaries:{version_id}",
        now,
        added=len(report.added),
        removed=len(report.removed),
        changed=len(report.changed),
        repaired=len(report.repairs),
        moved=moved,
    )
    return replace(report, version_id=version_id, moved=moved)


# --- reference data -------------------------------------------------------------------------------


@use_case
def load_reference(*, county_code: str, now: datetime) -> int:
    """Load streets, communities and categories from `config/`; return how many rows differed.

    Unchanged files write nothing and leave alone what an administrator has changed since.
    Categories that left the file are kept: a code never changes its meaning. Raises SheetError.
    """
    files = [CATEGORIES_FILE, *sorted(COMMUNITIES.glob("*.csv"))]
    contents = {path.name: path.read_text(encoding="utf-8") for path in files}
    digest = _digest(county_code, contents)
    read_before = select(Stamp.version).where(Stamp.name == steps.FILES)
    if db.session.scalar(read_before) == digest:
        return 0
    categories = sheets.read_sheet(
        contents.pop(CATEGORIES_FILE.name), sheets.CATEGORY, file=CATEGORIES_FILE.name
    )
    communities = [
        row
        for name, text in contents.items()
        for row in sheets.read_sheet(text, sheets.COMMUNITY, file=name)
        if row["code"].startswith(county_code)
    ]
    streets = {row["street_code"]: row.pop("street_name") for row in communities}
    with transaction() as session:
        stamp = steps.lock_stamp(session, steps.FILES)
        changed = steps.upsert(
            session, Street, [{"code": c, "name": n} for c, n in streets.items()], "code"
        )
        changed += steps.upsert(session, Community, communities, "code")
        changed += steps.upsert(session, Category, categories, "code")
        stamp.version = digest
        if changed:
            steps.renew_stamp(session)
        return changed


def _digest(county_code: str, contents: Mapping[str, str]) -> int:
    seal = hashlib.sha256(county_code.encode())
    for name, text in sorted(contents.items()):
        seal.update(f"\0{name}\0{text}".encode())
    return int.from_bytes(seal.digest()[:8], "big") >> 1


@use_case
def retire_category(code: str, *, now: datetime) -> None:
    """Stop offering a category to riders; its reports keep it. Raises NotFound."""
    with transaction() as session:
        category = session.get(Category, code)
        if category is None:
            raise NotFound
        category.retired_at = category.retired_at or now
        steps.renew_stamp(session)


@use_case
def load_categories(content: bytes, *, file: str = "categories.csv") -> int:
    """Load categories from CSV by code, all or none; return how many differed. Raises SheetError.

    Those the file leaves out stay as they are, and so do columns it lacks.
    """
    rows = sheets.read_sheet(read_text(content, file=file), sheets.CATEGORY, file=file)
    with transaction() as session:
        return _renewed(session, steps.upsert(session, Category, rows, "code"))


@use_case
def load_units(content: bytes, *, county_code: str, file: str = "units.csv") -> int:
    """Load units and what they cover from CSV; return how many rows differed. Raises SheetError."""
    rows = sheets.read_sheet(read_text(content, file=file), sheets.UNIT, file=file)
    with transaction() as session:
        known = steps.known_areas(session, county_code)
        sheets.refuse_unknown(rows, "covers", known, file=file, code="area-unknown")
        return _renewed(session, steps.write_units(session, rows))


@use_case
def load_compounds(content: bytes, *, file: str = "compounds.csv") -> int:
    """Load compounds from CSV; return how many rows differed. Raises SheetError."""
    rows = sheets.read_sheet(read_text(content, file=file), sheets.COMPOUND, file=file)
    with transaction() as session:
        known = set(steps.names_of_communities(session))
        sheets.refuse_unknown(rows, "community_code", known, file=file, code="community-unknown")
        return _renewed(session, steps.upsert(session, Compound, rows, "code"))


@use_case
def load_reference_points(content: bytes, *, file: str = "reference-points.csv") -> int:
    """Load reference points from CSV by name; return how many differed. Raises SheetError."""
    rows = sheets.read_sheet(read_text(content, file=file), sheets.REFERENCE_POINT, file=file)
    with transaction() as session:
        known = set(steps.names_of_communities(session))
        sheets.refuse_unknown(rows, "community_code", known, file=file, code="community-unknown")
        return _renewed(session, steps.upsert(session, ReferencePoint, rows, "name"))


@use_case
def load_demo_places(*, county_code: str, extent: Extent, now: datetime) -> int:
    """Load the fictional units, compounds, points and boundaries; return how many rows differed.

    Boundaries only when there are none: real ones are never replaced by invented ones.
    """
    names = steps.names_of_communities(db.session())
    drawn = (COMMUNITIES / "kaiyuan-demo.geojson").read_bytes()
    with transaction() as session:
        changed = steps.write_units(session, _demo_sheet("units.csv", sheets.UNIT))
        for file, columns, table, key in (
            ("compounds.csv", sheets.COMPOUND, Compound, "code"),
            ("reference-points.csv", sheets.REFERENCE_POINT, ReferencePoint, "name"),
        ):
            changed += steps.upsert(session, table, _demo_sheet(file, columns), key)
        changed = _renewed(session, changed)
        if steps.current_version(session) is None:
            checked = geojson.check(drawn, extent=extent, known=names)
            assert not checked.errors, checked.findings
            steps.write_version(
                session, checked, source="kaiyuan-demo.geojson", made_by_id=None, now=now
            )
            changed += len(checked.areas)
        return changed


def _demo_sheet(name: str, columns: Any) -> list[sheets.Row]:
    path: Path = DEMO / name
    return sheets.read_sheet(path.read_text(encoding="utf-8"), columns, file=name)


def _renewed(session: Session, changed: int) -> int:
    if changed:
        steps.renew_stamp(session)
    return changed
