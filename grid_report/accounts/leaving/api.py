"""Calls of the API: everything about a member as a ZIP, and the wish to be erased."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, url_for

from grid_report import clock
from grid_report.accounts import policy
from grid_report.accounts.leaving import export_queries, export_usecases, shapes, usecases
from grid_report.accounts.leaving.file_views import ZIP, file_response
from grid_report.accounts.leaving.models import Export
from grid_report.accounts.leaving.outcome import STAYS
from grid_report.accounts.numbers import messenger
from grid_report.errors import NotFound
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, json_body
from grid_report.web.context import current_actor, settings

# A program that asks again within the hour is led to the file it asked for.
FRESH = timedelta(hours=1)


def _state(export: Export) -> shapes.ExportState:
    if export.made_at:
        return shapes.ExportState.READY
    return shapes.ExportState.FAILED if export.failed_at else shapes.ExportState.MAKING


def _serves(export: Export, now: datetime) -> bool:
    if export.failed_at is not None or export.expires_at <= now:
        return False
    return export.made_at is None or export.made_at > now - FRESH


def _shown(export: Export) -> Response:
    url = url_for("api.load_export", export_ref=export.ref)
    shown = shapes.ExportShown(
        url=url,
        state=_state(export),
        asked_at=export.asked_at,
        expires_at=export.expires_at,
        stays=shapes.stated(STAYS),
    )
    response = answer(shown, 202)
    response.headers["Location"] = url
    return response


@bp.get("/me/export")
@operation(
    summary="Ask for everything about the member as a ZIP; its address is in the answer",
    answers={202: shapes.ExportShown},
)
def ask_export() -> Response:
    """Lead to the newest file, or have a job make one."""
    actor, now = current_actor(), clock.now()
    newest = export_queries.newest_export(actor.member_id)
    if newest is not None and _serves(newest, now):
        return _shown(newest)
    ref = export_usecases.request(
        days=settings().leaving.export_days,
        most_per_hour=settings().leaving.exports_per_hour,
        actor=actor,
        now=now,
    )
    return _shown(export_queries.find_export(ref, actor.member_id, now))


@bp.get("/me/export/<export_ref>")
@operation(
    summary="The ZIP, as soon as it is made; only its owner gets it, for some days",
    answers={200: ZIP, 202: shapes.ExportShown},
    refuses=(404,),
)
def load_export(export_ref: str) -> Response:
    """Hand the file out, or say how far it is."""
    export = export_queries.find_export(export_ref, current_actor().member_id, clock.now())
    return file_response(export) if export.made_at else _shown(export)


@bp.delete("/me")
@operation(
    summary="Ask to be erased: by the password, or a code sent to the phone",
    json=shapes.LeaveRequest,
    answers={202: shapes.LeavingShown},
    refuses=(409, 415, 422),
)
def leave() -> Response:
    """Write the wish down; asked again, the first day counts."""
    body, actor = json_body(shapes.LeaveRequest), current_actor()
    usecases.ask(
        password=body["password"],
        code=body["code"],
        days=settings().leaving.erase_days,
        actor=actor,
        policy=policy.current(),
        now=clock.now(),
    )
    found = export_queries.departure_of(actor.member_id)
    if found is None:
        raise NotFound
    return answer(shapes.leaving_shown(found.asked_at, found.due_at), 202)


@bp.post("/me/stay")
@operation(summary="Call the wish to be erased back", answers={204: None})
def stay() -> tuple[str, int]:
    """Stay; calling back what was never asked for changes nothing."""
    usecases.call_back(actor=current_actor(), now=clock.now())
    return "", 204


@bp.post("/me/code")
@operation(
    summary="Send a code to the member's own number, for `DELETE /me`",
    answers={202: None},
    refuses=(404,),
)
def send_leave_code() -> Response:
    """Send the code, where this installation can send one."""
    sender = messenger.current()
    if sender is None:
        raise NotFound
    message = usecases.request_code(actor=current_actor(), policy=policy.current(), now=clock.now())
    response = Response(status=202)
    messenger.hand_over(sender, message, response)
    return response
