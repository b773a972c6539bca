"""A rider's points: the statement, and why each line is there."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from grid_report import access, clock
from grid_report.access import Action
from grid_report.errors import Invalid, NotFound
from grid_report.places import queries as places_queries
from grid_report.points import decisions, queries, tariff, tariff_book
from grid_report.web.context import current_actor
from grid_report.web.paging import pack, unpack

bp = Blueprint("points", __name__)

PAGE = 30
BIGGEST_ID = 2**63 - 1


@bp.get("/my/points")
def statement() -> str:
    """Show what a rider has, what is on the way, and every entry with its reason."""
    actor = current_actor()
    access.check(actor, Action.POINTS_READ_OWN)
    before = _before()
    entries, following = queries.list_entries(actor.member_id, before, PAGE)
    first = before is None
    version = tariff_book.at(clock.now())
    return render_template(
        "points/statement.html",
        balance=queries.balance(actor.member_id),
        entries=entries,
        waiting=queries.list_waiting(actor.member_id) if first else (),
        nothing=decisions.list_nothing(actor.member_id) if first else (),
        is_first_page=first,
        next=pack(following) if following else None,
        by_severity=[version.for_acceptance(severity).points for severity in tariff.SEVERITIES],
        for_closing=version.for_closing().points,
    )


@bp.get("/my/points/<int:entry_id>")
def why(entry_id: int) -> str:
    """Explain one entry: report, decision, tariff, award, and where it was spent."""
    actor = current_actor()
    access.check(actor, Action.POINTS_READ_OWN)
    if entry_id > BIGGEST_ID:
        raise NotFound
    found = queries.why(entry_id, actor.member_id)
    community = places_queries.reference().community(found.community_code)
    return render_template(
        "points/why.html",
        why=found,
        community_name=community.name if community else "",
        decision=decisions.behind_entry(found.entry.cause, found.cause_id),
    )


def _before() -> int | None:
    cursor = unpack(request.args.get("cursor"), 1)
    before = cursor[0] if cursor else None
    if before is not None and (type(before) is not int or not 0 <= before <= BIGGEST_ID):
        raise Invalid.field("cursor", "cursor-unreadable")
    return before
