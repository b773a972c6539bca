"""What an auditor reads: acts of staff and the journal of points. People are aliases here."""

from __future__ import annotations

from flask import Response, request

from grid_report import access
from grid_report.accounts.members.audit_queries import Cursor, list_trail
from grid_report.accounts.permissions import AUDIT_READ
from grid_report.oversight import forms, shapes
from grid_report.points.audit.journal_queries import list_journal
from grid_report.points.permissions import JOURNAL_READ
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, query
from grid_report.web.context import current_actor, settings
from grid_report.web.paging import DEFAULT_LIMIT, pack


@bp.get("/audit")
@operation(
    summary="What staff did outside a case's own history",
    query=shapes.TrailQuery,
    answers={200: shapes.Trail},
    refuses=(403, 422),
)
def audit_trail() -> Response:
    """List acts, newest first."""
    actor = current_actor()
    access.check(actor, AUDIT_READ)
    asked = query(shapes.TrailQuery)
    lines, following = list_trail(
        forms.read_trail(request.args, settings().county.tz),
        actor=actor,
        before=forms.read_cursor(asked.cursor),
        limit=asked.limit or DEFAULT_LIMIT,
    )
    items = [shapes.ActShown.of(it) for it in lines]
    return answer(shapes.Trail(items=items, next=_next(following)))


@bp.get("/journal")
@operation(
    summary="Every event of the ledger with its transfers",
    query=shapes.JournalQuery,
    answers={200: shapes.JournalShown},
    refuses=(403, 422),
)
def points_journal() -> Response:
    """List events, newest first."""
    actor = current_actor()
    access.check(actor, JOURNAL_READ)
    asked = query(shapes.JournalQuery)
    events, following = list_journal(
        forms.read_journal(request.args, settings().county.tz),
        actor=actor,
        before=forms.read_cursor(asked.cursor),
        limit=asked.limit or DEFAULT_LIMIT,
    )
    items = [shapes.EventShown.of(it) for it in events]
    return answer(shapes.JournalShown(items=items, next=_next(following)))


def _next(following: Cursor | None) -> str | None:
    return pack(following[0].isoformat(), following[1]) if following else None
