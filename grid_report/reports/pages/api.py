"""Calls of the API about reports: send, list, read, steps, history, photos, rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from flask import Response, request, url_for

from grid_report import access, clock
from grid_report.accounts import consent_queries
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.errors import Invalid, NotFound
from grid_report.places.queries import reference
from grid_report.points.history.queries import points_by_report
from grid_report.reports import queries
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.desk import filters, kept_queries
from grid_report.reports.desk import queries as desk_queries
from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.lifecycle import Part, kept_steps_from
from grid_report.reports.models import Report, ReportPhoto
from grid_report.reports.pages import case_views, page_views, shapes, upload_forms
from grid_report.reports.pages import forms as pages_forms
from grid_report.reports.permissions import REPORT_PHOTOS, REPORT_READ, REPORT_SUBMIT, parts
from grid_report.reports.sources import Source
from grid_report.reports.submission import usecases as submission_usecases
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import (
    FORMS,
    KEY_FIELD,
    answer,
    form_body,
    idempotency_key,
    json_body,
    reader,
)
from grid_report.web.api.shapes import Answer, PhotoQuery
from grid_report.web.context import came_by_cookie, current_actor, settings, wiring
from grid_report.web.paging import read_limit


@bp.post("/reports")
@operation(
    summary="Send a report with its photos",
    form=shapes.SubmitForm,
    answers={201: shapes.ReportShown},
    refuses=(403, 413, 415, 422),
    idempotent_by_key=True,
)
def submit() -> Response:
    """Take in a report; the same key sent again answers what it made."""
    done = take_in_posted()
    return sent(done, shown_sent(done.report, done.photos))


def sent(done: submission_usecases.Sent, shown: Answer) -> Response:
    """Answer with what was taken in, and where it is."""
    response = answer(shown, 201, replayed=done.replayed)
    response.headers["Location"] = url_for("api.show_report", number=done.report.number)
    return response


def take_in_posted(**more: str) -> submission_usecases.Sent:
    """Take in the report of a posted form, with its photos. Raises what the use case raises.

    `more` are fields that came another way.
    """
    actor = current_actor()
    access.check(actor, REPORT_SUBMIT)
    form_body()
    command, problems = pages_forms.read_submission(
        request.form.to_dict() | more,
        key=idempotency_key(),
        key_field=KEY_FIELD,
        zone=settings().county.tz,
        # What comes from a browser was kept on its phone first.
        source=Source.QUEUE if came_by_cookie() else Source.API,
        needs_place=consent_queries.agrees(actor, ConsentKind.POSITION),
    )
    most = settings().photos.max_files
    refs, files = upload_forms.refs_of(), page_views.files_in(request.files.getlist("photos"))
    # What is wrong with the fields is told before the photos are worked on.
    if set(problems.problems) - {"photos"}:
        if not refs and not files:
            problems.add("photos", "photo-needed")
        raise problems
    page_views.check_consent_to_send(command.key, has_uploads=bool(refs))
    photos, claims = upload_forms.admit(refs, files, problems, most=most, key=command.key)
    command = replace(command, uploads=tuple(claims))
    return submission_usecases.submit_report(
        pages_forms.with_photos(command, photos, most, problems),
        actor=actor,
        places=reference(),
        settings=settings(),
        now=clock.now(),
    )


def shown_sent(
    report: Report | KeptReport, photos: Sequence[ReportPhoto | KeptPhoto] | None = None
) -> shapes.ReportShown:
    waits = kept_queries.as_kept(report)
    return _one_kept(waits) if waits is not None else _one(cast("Report", report), photos)


def _one_kept(report: KeptReport) -> shapes.ReportShown:
    photos = kept_queries.photos_of_kept([report.id])[report.id]
    return shapes.ReportShown.of(
        report, photos, reader(), reference(), steps=kept_steps_from(report.state)
    )


def _one(
    report: Report, photos: Sequence[ReportPhoto | KeptPhoto] | None = None
) -> shapes.ReportShown:
    actor = current_actor()
    lead = page_views.lead_of(report, actor)
    rider = actor.member_id if report.reporter_id == actor.member_id else None
    if photos is None:
        photos = queries.list_photos(report.id, rider_id=rider)
    points = 0
    # Nothing is earned before acceptance.
    if report.accepted_at is not None and report.reporter_id == actor.member_id:
        points = points_by_report(actor.member_id, [report.number]).get(report.number, 0)
    return shapes.ReportShown.of(
        report,
        photos,
        reader(),
        reference(),
        merged_into=queries.number_of(report.merged_into_id),
        points=points,
        case=lead,
        case_photos=queries.list_photos(lead.id, rider_id=rider) if lead else (),
        steps=case_views.allowed_steps(actor, report, lead),
    )


@bp.get("/reports")
@operation(
    summary="The reports the caller may see",
    query=shapes.ReportQuery,
    answers={200: shapes.ReportList},
    refuses=(422,),
)
def list_reports() -> Response:
    """List reports: a rider's own, a worker's community's, a unit's, …"""
    asked_by = reader()
    actor, places = asked_by.actor, reference()
    waiting, page = kept_queries.list_with_kept(
        actor,
        filters.read(
            request.args.to_dict(),
            places=places,
            zone=settings().county.tz,
            with_kept=True,
        ),
        now=asked_by.now,
        cursor=request.args.get("cursor"),
        limit=read_limit(request.args.get("limit")),
    )
    leads = desk_queries.leads_of([row.merged_into_id for row in page.items if row.merged_into_id])
    photos = queries.photos_of([row.id for row in page.items], rider_id=actor.member_id)
    joined = {row.merged_into_id for row in page.items if row.reporter_id == actor.member_id}
    of_cases = queries.photos_of(sorted(joined - {None}), rider_id=actor.member_id, as_cases=True)
    own = [row.number for row in page.items if row.reporter_id == actor.member_id]
    earned = points_by_report(actor.member_id, own) if own else {}
    kept_photos = kept_queries.photos_of_kept([it.id for it in waiting])
    items = [shapes.ReportShown.of(it, kept_photos[it.id], asked_by, places) for it in waiting]
    items += [
        shapes.ReportShown.of(
            row,
            photos[row.id],
            asked_by,
            places,
            merged_into=leads[row.merged_into_id].number if row.merged_into_id else None,
            points=earned.get(row.number, 0),
            case=leads.get(row.merged_into_id),
            case_photos=of_cases.get(row.merged_into_id, ()),
        )
        for row in page.items
    ]
    return answer(shapes.ReportList(items=items, next=page.next))


def _visible(number: str) -> Report:
    report = queries.find_report(number)
    access.check(current_actor(), REPORT_READ, report)
    return report


@bp.get("/reports/<number>")
@operation(summary="One report", answers={200: shapes.ReportShown}, refuses=(404,))
def show_report(number: str) -> Response:
    """Show one report as the caller may see it."""
    try:
        return answer(_one(_visible(number)))
    except NotFound:
        return answer(_one_kept(kept_queries.find_kept(number, current_actor())))


@bp.get("/reports/<number>/history")
@operation(
    summary="Every step of a report, oldest first",
    answers={200: shapes.HistoryList},
    refuses=(404,),
)
def show_history(number: str) -> Response:
    """List what happened to a report."""
    actor = current_actor()
    try:
        report = _visible(number)
    except NotFound:
        waits = kept_queries.find_kept(number, actor)
        photos = kept_queries.photos_of_kept([waits.id])[waits.id]
        return answer(shapes.HistoryList.of_kept(waits, photos))
    mine = parts(actor, report)
    by_entry: dict[int | None, list[ReportPhoto]] = {}
    if access.allowed(actor, REPORT_PHOTOS, report):
        rider = actor.member_id if Part.RIDER in mine else None
        for photo in queries.list_photos(report.id, rider_id=rider):
            by_entry.setdefault(photo.history_id, []).append(photo)
    items = [
        shapes.HistoryItem.of(
            entry,
            by_entry.get(entry.id, ()),
            number,
            is_staff=Part.RIDER not in mine,
            reader_id=actor.member_id,
        )
        for entry in queries.list_history(report.id)
    ]
    return answer(shapes.HistoryList(items=items))


@bp.get("/reports/<number>/photos/<int:photo_id>")
@operation(
    summary="One photo of a report",
    query=PhotoQuery,
    answers={200: "image/jpeg"},
    refuses=(403, 404, 422),
)
def report_photo(number: str, photo_id: int) -> Response:
    """Hand out a photo to those who may see it."""
    report: Report | None = None
    try:
        found = report = _visible(number)
    except NotFound:
        kept_queries.find_kept(number, current_actor())
    else:
        access.check(current_actor(), REPORT_PHOTOS, found)
    size = request.args.get("size") or "main"
    if size not in ("main", "thumb"):
        raise Invalid.field("size", "value-unknown")
    if photo_id >= 2**63:
        raise NotFound
    photo: ReportPhoto | KeptPhoto = (
        queries.find_photo(report, current_actor(), photo_id=photo_id)
        if report is not None
        else kept_queries.find_kept_photo(number, current_actor(), photo_id=photo_id)
    )
    return wiring().media.response(photo.name, size, photo.byte_count)


@bp.post("/reports/<number>/steps")
@operation(
    summary="Take a step of the lifecycle",
    json=shapes.StepRequest,
    form=shapes.StepForm,
    answers={200: shapes.ReportShown},
    refuses=(403, 404, 409, 413, 415, 422),
    idempotent_by_key=True,
)
def take_step(number: str) -> Response:
    """Take one step on one report."""
    try:
        page_views.check_sight(number, idempotency_key())
    except NotFound:
        return _step_on_kept(number)
    problems = Invalid()
    is_form = request.mimetype in FORMS
    values = request.form.to_dict() if is_form else json_body(shapes.StepRequest)
    refs = upload_forms.refs_of(None if is_form else values.get("uploads", []))
    files = page_views.files_in(request.files.getlist("photos")) if is_form else []
    page_views.check_consent(number, idempotency_key(), has_uploads=bool(refs))
    photos, claims = upload_forms.admit(
        refs, files, problems, most=settings().photos.max_files, key=idempotency_key()
    )
    done = casework_usecases.take_step(
        number,
        pages_forms.read_step(
            values,
            key=idempotency_key(),
            key_field=KEY_FIELD,
            zone=settings().county.tz,
            photos=photos,
            uploads=claims,
            problems=problems,
        ),
        actor=current_actor(),
        places=reference(),
        settings=settings(),
        now=clock.now(),
    )
    return answer(_one(done.report), replayed=done.replayed)


def _step_on_kept(number: str) -> Response:
    kept_queries.find_kept(number, current_actor())
    is_form = request.mimetype in FORMS
    values = request.form.to_dict() if is_form else json_body(shapes.StepRequest)
    done = page_views.take_step_on_kept(number, values, key=idempotency_key(), key_field=KEY_FIELD)
    return answer(shown_sent(done.report), replayed=done.replayed)


@bp.post("/reports/<number>/rating")
@operation(
    summary="The rider's answer: solved, satisfied",
    json=shapes.RatingRequest,
    answers={201: shapes.Rated},
    refuses=(403, 404, 409, 415, 422),
    idempotent_by_key=True,
)
def rate(number: str) -> Response:
    """Keep the two answers of the report's rider; giving the same ones again changes nothing."""
    _visible(number)
    done = casework_usecases.rate_report(
        number,
        pages_forms.read_rating(
            json_body(shapes.RatingRequest), key=idempotency_key(), key_field=KEY_FIELD
        ),
        actor=current_actor(),
        now=clock.now(),
    )
    return answer(shapes.Rated.of(done.report), 201, replayed=done.replayed)
