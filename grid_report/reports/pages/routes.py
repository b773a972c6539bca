"""The rider's pages: send a report, look at one's own, answer questions, rate."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from grid_report import access, clock
from grid_report.access.roles import Role
from grid_report.accounts import consent_queries
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.numbers import queries as numbers_queries
from grid_report.errors import GridReportError, Invalid, NotFound
from grid_report.media.uploads import staging
from grid_report.media.uploads.photos import AdmittedPhoto, reads_heic
from grid_report.places.queries import reference
from grid_report.points.history.queries import points_by_report
from grid_report.reports import queries
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.commands import without_position
from grid_report.reports.desk import kept_queries
from grid_report.reports.desk import queries as desk_queries
from grid_report.reports.desk.filters import ReportFilter
from grid_report.reports.errors import ConsentNeeded
from grid_report.reports.lifecycle import OPEN, State
from grid_report.reports.pages import case_views, forms, kind_views, nearby_views, page_views
from grid_report.reports.pages.nearby_views import NearView
from grid_report.reports.pages.page_views import CASE_REFUSED
from grid_report.reports.pages.reader_views import case_page, own_page, side_of
from grid_report.reports.permissions import REPORT_PHOTOS, REPORT_READ, REPORT_SUBMIT
from grid_report.reports.sources import LocatedBy
from grid_report.reports.submission import usecases as submission_usecases
from grid_report.web.context import actor_or_none, current_actor, language, settings, wiring
from grid_report.web.guard import public
from grid_report.web.http import headers
from grid_report.web.http.problems import status_of
from grid_report.web.pages import offline_pages, words
from grid_report.web.pages.preferences import own_path
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("reports", __name__)

PAGE_ROWS = 20


@bp.get("/")
@public
def home() -> AnyResponse:
    """Lead everybody to where their work is."""
    actor = actor_or_none()
    if actor is None:
        return redirect(url_for("accounts.sign_in"), 303)
    if actor.holds_any(Role.WORKER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR):
        return redirect(url_for("desk.index"), 303)
    if actor.holds_any(Role.HANDLER):
        return redirect(url_for("unit.index"), 303)
    if actor.holds_any(Role.STATION_STAFF):
        return redirect(url_for("station.index"), 303)
    if actor.holds_any(Role.RIDER):
        return redirect(url_for("reports.new"), 303)
    return redirect(url_for("accounts.me"), 303)


@bp.get("/report/new")
def new() -> str:
    """Show the empty form; its key makes sure that sending twice reports once."""
    access.check(current_actor(), REPORT_SUBMIT)
    key = str(uuid.uuid4())
    return _form_page({"key": key, **page_views.scanned(request.args.get("compound"))}, {}, [])


@bp.get("/report/shell")
def shell() -> AnyResponse:
    """Show the empty form as phones keep it for where there is no network: of no person."""
    access.check(current_actor(), REPORT_SUBMIT)
    return offline_pages.keep_shell(_form_page({"key": ""}, {}, [], **offline_pages.NOBODY))


def _form_page(
    form: dict[str, Any],
    errors: Errors,
    kept_photos: list[dict[str, Any]],
    twins: Sequence[NearView] = (),
    **drawn_with: Any,
) -> str:
    places, now = reference(), clock.now()
    month = now.astimezone(settings().county.tz).month
    headers.open_images_to(settings().map.hosts)  # the built-in map is on this page
    shown = kind_views.kinds(
        places, month, language(), settings().county,
        None if drawn_with else current_actor(), community=form.get("community"),
    )  # fmt: skip
    return render_template(
        "reports/new.html",
        form=form,
        errors=errors,
        kept=kept_photos,
        key=form["key"],
        groups=shown.groups,
        quick=shown.first,
        calls=shown.calls,
        twins=twins,
        streets=page_views.place_tree(),
        max_files=settings().photos.max_files,
        max_file_mb=settings().photos.max_file_mb,
        reads_heic=reads_heic(),
        waits_for_proof=not drawn_with and not numbers_queries.is_proved(current_actor().member_id),
        **drawn_with,
    )


@bp.post("/report/new")
def send() -> AnyResponse:
    """Take in the form. When something is wrong it comes back with everything still in it."""
    actor = current_actor()
    access.check(actor, REPORT_SUBMIT)
    values = request.form.to_dict()
    agreed = page_views.agree_if_asked()
    secret, most = settings().secret(), settings().photos.max_files
    command, problems = forms.read_submission(
        values,
        key=values.get("key"),
        key_field="key",
        zone=settings().county.tz,
        needs_place=consent_queries.agrees(actor, ConsentKind.POSITION),
    )
    dropped = set(request.form.getlist("drop_kept"))
    tokens = [token for token in request.form.getlist("kept_photos") if token not in dropped]
    photos = staging.take(tokens, secret=secret, member_id=actor.member_id)
    status = 422
    try:
        page_views.check_consent_to_send(command.key)
    except ConsentNeeded as error:
        return shown_again(error, lambda errors: _form_again(values, errors, []))
    for file in _sent_files(problems, most - len(photos)):
        # One by one: a broken picture must not cost the good ones beside it.
        try:
            photos += wiring().media.admit([file])
        except GridReportError as error:
            status = status_of(error)
            _note_photo_problem(error, problems)
    if not consent_queries.agrees(actor, ConsentKind.POSITION):
        photos = list(without_position(photos))
    if agreed:
        return Response(_form_again(values, {}, photos))
    # A browser without script is asked here what the form asks by itself elsewhere.
    if values.get("ask_twins") and photos and not problems.problems:
        twins = nearby_views.near_to(command, now=clock.now())
        if twins:
            return Response(_form_again(values, {}, photos, twins))
    try:
        done = submission_usecases.submit_report(
            forms.with_photos(command, photos, most, problems),
            actor=actor,
            places=reference(),
            settings=settings(),
            now=clock.now(),
        )
    except NotFound:
        raise
    except GridReportError as error:
        # Whatever it is: a report is not written twice.
        answer = shown_again(error, lambda errors: _form_again(values, errors, photos))
        if isinstance(error, Invalid) and set(error.problems) == {"photos"}:
            answer.status_code = status
        return answer
    # In the address: a flash would be read by the script that sends, and by nobody else.
    alone = 1 if command.join and done.report.state is not State.MERGED else None
    return redirect(url_for("reports.sent", number=done.report.number, alone=alone), 303)


def _sent_files(problems: Invalid, room: int) -> list[FileStorage]:
    files = page_views.files_in(request.files.getlist("photos"))
    if len(files) > room:
        problems.add("photos", "too-many-photos", limit=settings().photos.max_files)
        return []
    return files


def _note_photo_problem(error: GridReportError, problems: Invalid) -> None:
    if isinstance(error, Invalid):
        for found in error.problems.values():
            problems.problems.setdefault("photos", []).extend(found)
    else:
        problems.add("photos", error.code, **error.facts)


def _form_again(
    values: dict[str, Any],
    errors: Errors,
    photos: list[AdmittedPhoto],
    twins: Sequence[NearView] = (),
) -> str:
    actor = current_actor()
    kept_photos = [
        {
            "token": staging.keep(photo, secret=settings().secret(), member_id=actor.member_id),
            "width": photo.width,
            "height": photo.height,
        }
        for photo in photos
    ]
    form = {**values, "key": values.get("key") or str(uuid.uuid4())}
    if values.get("source") != LocatedBy.PIN and not consent_queries.agrees(
        actor, ConsentKind.POSITION
    ):
        form |= {"lat": "", "lng": "", "accuracy_m": ""}
    return _form_page(form, errors, kept_photos, twins)


@bp.get("/report/staged/<token>")
def staged_photo(token: str) -> Response:
    """Show the small version of a photo that waits in a form; only to who took it."""
    found = staging.take([token], secret=settings().secret(), member_id=current_actor().member_id)
    if not found:
        raise NotFound
    return wiring().media.response(found[0].name, "thumb")


@bp.get("/report/sent/<number>")
def sent(number: str) -> str:
    """Say that the report is in: its number, who has it, by when, what next."""
    return own_page(number, "reports/sent.html", alone=request.args.get("alone") == "1")


CHOICES: dict[str, ReportFilter] = {
    "all": ReportFilter(mine=True),
    "open": ReportFilter(mine=True, states=frozenset(OPEN), kept=True),
    "done": ReportFilter(mine=True, states=frozenset(State) - OPEN),
}


@bp.get("/my/reports")
def mine() -> str:
    """List the rider's own reports, newest first."""
    actor, now = current_actor(), clock.now()
    chosen = request.args.get("state", "all")
    if chosen not in CHOICES:
        chosen = "all"
    waiting, page = kept_queries.list_with_kept(
        actor,
        CHOICES[chosen],
        now=now,
        cursor=request.args.get("cursor"),
        limit=PAGE_ROWS,
        whole=False,
    )
    earned = points_by_report(actor.member_id, [row.number for row in page.items])
    places = reference()
    leads = desk_queries.leads_of([row.merged_into_id for row in page.items if row.merged_into_id])
    rows = [case_views.row(row, places, language(), now) for row in waiting]
    rows += [
        case_views.row(
            row,
            places,
            language(),
            now,
            points=earned.get(row.number, 0),
            case_state=str(leads[row.merged_into_id].state) if row.merged_into_id else None,
        )
        for row in page.items
    ]
    return render_template("reports/mine.html", rows=rows, next=page.next, chosen=chosen)


@bp.get("/my/reports/<number>")
def show(number: str) -> str:
    """Show one report to its rider: every step, photos, due times, points with their reasons."""
    return own_page(number, "reports/show.html", errors={}, form={}, failed_step="")


@bp.get("/reports/<number>")
def case(number: str) -> AnyResponse:
    """Lead to the page on which this person sees a case: what its forms are sent from."""
    try:
        report = queries.find_report(number)
    except NotFound:
        kept_queries.find_kept(number, current_actor())
    else:
        if not access.allowed(current_actor(), REPORT_READ, report):
            return page_views.left_page(number)
    return redirect(url_for(f"{side_of(number)}.show", number=number), 303)


@bp.post("/reports/<number>/steps/<step>")
def step(number: str, step: str) -> AnyResponse:
    """Take a step from a form; refused, the page comes back with the words still in it."""
    if page_views.agree_if_asked():
        return Response(case_page(number, {}, step, now=clock.now()))
    try:
        page_views.take_posted_step(number, step)
    except NotFound:
        return page_views.left_page(number)
    except CASE_REFUSED as error:
        return shown_again(error, lambda errors: case_page(number, errors, step, now=clock.now()))
    flash(words.said(f"step-{step.replace('_', '-')}", number=number))
    return redirect(_after_step(number), 303)


def _after_step(number: str) -> str:
    fallback = url_for(f"{side_of(number)}.show", number=number)
    return own_path(request.form.get("next"), fallback)


@bp.post("/reports/<number>/rating")
def rate(number: str) -> AnyResponse:
    """Keep the rider's two answers."""
    try:
        casework_usecases.rate_report(
            number,
            forms.read_rating(request.form),
            actor=current_actor(),
            now=clock.now(),
        )
    except REFUSED as error:
        return shown_again(error, lambda errors: case_page(number, errors, "rate", now=clock.now()))
    flash(words.said("rated"))
    return redirect(url_for("reports.show", number=number), 303)


@bp.get("/reports/<number>/photos/<name>/<size>")
def photo(number: str, name: str, size: str) -> Response:
    """Hand out one photo of a report to those who may see it."""
    if size not in ("main", "thumb"):
        raise NotFound
    try:
        report = queries.find_report(number)
    except NotFound:
        waits = kept_queries.find_kept_photo(number, current_actor(), name=name)
        return wiring().media.response(name, size, waits.byte_count)
    access.check(current_actor(), REPORT_READ, report)
    access.check(current_actor(), REPORT_PHOTOS, report)
    found = queries.find_photo(report, current_actor(), name=name)
    return wiring().media.response(name, size, found.byte_count)
