"""Calls of the API: a rider's balance and entries."""

from __future__ import annotations

from flask import Response, request

from grid_report import access, clock
from grid_report.points.history import queries, shapes
from grid_report.points.permissions import POINTS_READ_OWN
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer
from grid_report.web.api.shapes import PageQuery
from grid_report.web.context import current_actor, settings
from grid_report.web.paging import pack, read_limit, unpack_id


@bp.get("/me/points")
@operation(summary="The rider's balance", answers={200: shapes.Balance}, refuses=(403,))
def balance() -> Response:
    """Say what is there, on hold, on the way and expiring."""
    actor = current_actor()
    access.check(actor, POINTS_READ_OWN)
    found, zone = queries.balance(actor.member_id, clock.now()), settings().county.tz
    return answer(shapes.Balance.of(found, zone))


@bp.get("/me/points/entries")
@operation(
    summary="The rider's point entries, newest first",
    query=PageQuery,
    answers={200: shapes.EntryList},
    refuses=(403, 422),
)
def entries() -> Response:
    """List what came and went, each with its reason."""
    actor = current_actor()
    access.check(actor, POINTS_READ_OWN)
    found, following = queries.list_entries(
        actor.member_id,
        unpack_id(request.args.get("cursor")),
        read_limit(request.args.get("limit")),
    )
    shown = shapes.EntryList(
        items=[shapes.Entry.of(it) for it in found],
        next=pack(following) if following is not None else None,
    )
    return answer(shown)
