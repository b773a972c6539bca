"""What an auditor reads: acts of staff and the journal of points. People are aliases here."""

from __future__ import annotations

from flask import Response, request

from grid_report import access
from grid_report.accounts.members.audit_queries import Cursor, list_trail
from grid_report.accounts.permissions import AUDIT_READ
from grid_report.oversight import forms
from grid_report.oversight import shapes as schemas
from grid_report.places.api import bp
from grid_report.points.audit.journal_queries import list_journal
from grid_report.points.permissions import JOURNAL_READ
from grid_report.web.api.openapi import operation
from grid_report.web.api.reading import answer, query
from grid_report.web.context import current_actor, settings
from grid_report.web.paging import DEFAULT_LIMIT, pack


@bp.get("/audit")
@operation(
    summary="What staff did outside a case's own history",
    query=schemas.TrailQuery,
    answers={200: schemas.Trail},
    refuses=(403, 422),
)
def audit_trail() -> Response:
    """List acts, newest first."""
    actor = current_actor()
    access.check(actor, AUDIT_READ)
    asked = query(schemas.TrailQuery)
    lines, following = list_trail(
        forms.read_trail(request.args, settings().county.tz),
        actor=actor,
        before=forms.read_cursor(asked.cursor),
        limit=asked.limit or DEFAULT_LIMIT,
    )
    items = [schemas.ActShown.of(it) for it in lines]
    return answer(schemas.Trail(items=items, next=_next(following)))


@bp.get("/journal")
@operation(
    summary="Every event of the ledger with its transfers",
    query=schemas.JournalQuery,
    answers={200: schemas.JournalShown},
    refuses=(403, 422),
)
def points_journal() -> Response:
    """List events, newest first."""
    actor = current_actor()
    access.check(actor, JOURNAL_READ)
    asked = query(schemas.JournalQuery)
    events, following = list_journal(
        forms.read_journal(request.args, settings().county.tz),
        actor=actor,
        before=forms.read_cursor(asked.cursor),
        limit=asked.limit or DEFAULT_LIMIT,
    )
    items = [schemas.EventShown.of(it) for it in events]
    return answer(schemas.JournalShown(items=items, next=_next(following)))


def _next(following: Cursor | None) -> str | None:
    return pack(following[0].isoformat(), following[1]) if following else None
