"""What an auditor reads: acts of staff and the journal of points. People are aliases here."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from grid_report import access
from grid_report.accounts.members.audit_queries import Cursor, TrailLine, list_trail
from grid_report.accounts.permissions import AUDIT_READ
from grid_report.api import present
from grid_report.api.openapi import operation
from grid_report.api.reading import answer, query
from grid_report.api.routes import bp
from grid_report.api.schemas import oversight as schemas
from grid_report.oversight import forms
from grid_report.oversight.holders import shown_alias, shown_holder
from grid_report.points.audit.journal_queries import Event, list_journal
from grid_report.points.permissions import JOURNAL_READ
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
    return answer({"items": [_act(it) for it in lines], "next": _next(following)})


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
    return answer({"items": [_event(it) for it in events], "next": _next(following)})


def _next(following: Cursor | None) -> str | None:
    return pack(following[0].isoformat(), following[1]) if following else None


def _act(it: TrailLine) -> dict[str, Any]:
    return {
        "id": it.id,
        "at": present.instant(it.at),
        "actor": shown_alias(it.actor_id),
        "action": it.action,
        "about": f"member:{shown_alias(it.about_member)}" if it.about_member else it.about,
        "details": dict(it.details),
    }


def _event(it: Event) -> dict[str, Any]:
    return {
        "id": it.id,
        "at": present.instant(it.at),
        "kind": it.kind,
        "cause": it.cause,
        "cause_id": it.cause_id,
        "points": it.points,
        "rider": shown_alias(it.rider_id),
        "actor": shown_alias(it.actor_id),
        "approved_by": shown_alias(it.approved_by_id),
        "community": it.community_code,
        "month": it.month,
        "rule": it.rule,
        "tariff_version": it.tariff_version,
        "report": it.report_number,
        "redemption": it.redemption_ref,
        "reverses": it.reverses_id,
        "verdict": it.verdict,
        "note": it.note,
        "legs": [
            {
                "phase": leg.phase,
                "amount": leg.amount,
                "debit": shown_holder(leg.debit),
                "credit": shown_holder(leg.credit),
            }
            for leg in it.legs
        ],
    }
