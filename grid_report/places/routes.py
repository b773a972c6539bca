"""The administrator's page of boundaries, and the boundaries for the built-in map."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.errors import Invalid, Stale
from grid_report.places import queries, usecases
from grid_report.places.boundaries import drawing, finding_views, geojson, open_cases
from grid_report.places.boundaries.findings import left_out
from grid_report.places.boundaries.imported import ImportReport
from grid_report.places.permissions import BOUNDARIES_IMPORT, BOUNDARIES_READ
from grid_report.web.context import current_actor
from grid_report.web.pages.words import said
from grid_report.web.refused_forms import Errors, shown_again

bp = Blueprint("places", __name__)

BIGGEST_ID = 2**63 - 1


@bp.get("/admin/boundaries")
def boundaries() -> str:
    """Show the boundaries that count, what was found in them, and the imports before."""
    return _page()


@bp.post("/admin/boundaries")
def upload_boundaries() -> tuple[str, int] | Response:
    """Check an uploaded file; a good one goes on to its preview, a bad one changes nothing."""
    actor = current_actor()
    access.check(actor, BOUNDARIES_IMPORT)
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        refused = Invalid.field("file", "boundary-file-missing")
        return shown_again(refused, lambda errors: _page(errors=errors))
    # One byte more than allowed is enough to know.
    content = sent.stream.read(geojson.MOST_BYTES + 1)
    report = usecases.stage_boundaries(
        content,
        extent=queries.cache().extent,
        source=_plain_name(sent.filename),
        actor=actor,
        now=clock.now(),
    )
    if report.draft_id is None:
        return _page(refused=report), 422
    return redirect(url_for("places.preview_boundaries", draft_id=report.draft_id), 303)


def _repairing(values: Mapping[str, str]) -> bool:
    """Tell whether shapes are to be repaired: chosen on the preview, never by itself."""
    return values.get("repair") == "1"


@bp.get("/admin/boundaries/drafts/<int:draft_id>")
def preview_boundaries(draft_id: int) -> str:
    """Say what a checked file would change, its shapes repaired when that was chosen."""
    return _preview(min(draft_id, BIGGEST_ID), repairing=_repairing(request.args))


@bp.post("/admin/boundaries/drafts/<int:draft_id>/import")
def import_boundaries(draft_id: int) -> tuple[str, int] | Response:
    """Import a previewed file, unless other boundaries were imported meanwhile."""
    seen = request.form.get("seen_version", "")
    if not seen.isascii() or not (seen.isdigit() or seen == "") or len(seen) > 18:
        raise Invalid.field("seen_version", "version-unreadable")
    try:
        report = usecases.import_draft(
            min(draft_id, BIGGEST_ID),
            seen_version=int(seen) if seen else None,
            extent=queries.cache().extent,
            actor=current_actor(),
            now=clock.now(),
            repairing=_repairing(request.form),
            cases=open_cases.cases(queries.reference()),
            moving=request.form.get("move") == "1",
        )
    except Stale:
        return _preview(draft_id, is_stale=True, repairing=_repairing(request.form)), 409
    if report.is_refused:
        return _page(refused=report), 422
    flash(said("boundaries-imported", count=len(report.areas)))
    if report.moved:
        flash(said("cases-moved", count=report.moved))
    return redirect(url_for("places.boundaries"), 303)


@bp.post("/admin/boundaries/drafts/<int:draft_id>/drop")
def drop_boundaries(draft_id: int) -> Response:
    """Throw a previewed file away."""
    usecases.drop_draft(min(draft_id, BIGGEST_ID), actor=current_actor())
    flash(said("boundaries-dropped"))
    return redirect(url_for("places.boundaries"), 303)


@bp.get("/map/boundaries.json")
def boundaries_json() -> Response:
    """Give members the boundaries for the built-in map, light and cacheable."""
    reference = queries.reference()
    version = reference.boundary_version
    tag = f"boundaries-{version.id if version else 0}-{reference.names_digest}"
    response = current_app.response_class(mimetype="application/geo+json")
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    if tag not in request.if_none_match:
        response.set_data(drawing.light_geojson(reference))
    return response.make_conditional(request)


@bp.get("/map/spots.json")
def spots_json() -> Response:
    """Give members where compounds and known spots are, light and cacheable."""
    found = queries.reference().light_spots
    response = current_app.response_class(mimetype="application/json")
    tag = hashlib.sha256(found.encode()).hexdigest()[:16]
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    if tag not in request.if_none_match:
        response.set_data(found)
    return response.make_conditional(request)


def _plain_name(file_name: str) -> str:
    """Return the last part of a file's name, without what only a terminal understands."""
    last = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable())[:200] or "boundaries"


def _page(*, refused: ImportReport | None = None, errors: Errors | None = None) -> str:
    access.check(current_actor(), BOUNDARIES_READ)
    reference = queries.reference()
    version = reference.boundary_version
    versions = queries.list_versions()
    warnings = versions[0].warnings if versions else 0
    findings = queries.list_findings(version.id) if version else []
    names = {code: info.name for code, info in reference.communities.items()}
    return render_template(
        "admin/boundaries/boundaries.html",
        reference=reference,
        version=version,
        versions=versions,
        drawing=drawing.draw(reference.areas, reference.communities),
        findings=finding_views.lines(findings, names),
        warnings=warnings,
        more=left_out(warnings, findings),
        refused=refused,
        refused_lines=finding_views.lines(refused.findings if refused else [], names),
        errors=errors or {},
        limit_mb=geojson.MOST_BYTES // 1024 // 1024,
    )


def _preview(draft_id: int, *, is_stale: bool = False, repairing: bool = False) -> str:
    report = usecases.preview_draft(
        draft_id,
        extent=queries.cache().extent,
        actor=current_actor(),
        repairing=repairing,
        cases=open_cases.cases(queries.reference()),
    )
    reference = queries.reference()
    names = {code: info.name for code, info in reference.communities.items()}
    moved = {change.code for change in (*report.added, *report.changed)}
    return render_template(
        "admin/boundaries/boundaries_preview.html",
        report=report,
        lines=finding_views.lines(report.findings, names),
        drawing=drawing.draw(report.areas, reference.communities, marked=moved),
        repairs=[
            (reference.communities[r.community_code], r, drawing.draw_repair(r.before, r.after))
            for r in report.repairs
        ],
        is_stale=is_stale,
        repairing=repairing,
        names=names,
    )
