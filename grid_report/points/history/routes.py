"""A rider's points: the history, why each line is there or is not, and each month on a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.accounts import queries as accounts_queries
from grid_report.accounts.aliases import rider_alias
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.places import queries as places_queries
from grid_report.points import rates
from grid_report.points.history import month_queries, queries, reversal_queries, trace_queries
from grid_report.points.history.reversal_queries import Taken
from grid_report.points.objections import queries as objections_queries
from grid_report.points.objections.rules import DECIDED, Decision, Subject
from grid_report.points.permissions import POINTS_READ_OWN
from grid_report.points.rewards import queries as rewards_queries
from grid_report.points.rewards import tariff_queries
from grid_report.points.signals import Service, services_of
from grid_report.web.context import current_actor, settings
from grid_report.web.paging import pack, unpack_id

bp = Blueprint("points", __name__)

PAGE = 30


def _rider() -> Actor:
    actor = current_actor()
    access.check(actor, POINTS_READ_OWN)
    return actor


def _services(refs: Sequence[str | None]) -> Mapping[str, Service]:
    return services_of(db.session(), refs)


@bp.get("/my/points")
def history() -> str:
    """Show what a rider has, what is on the way, and every entry with its reason."""
    actor, now = _rider(), clock.now()
    before = unpack_id(request.args.get("cursor"))
    entries, following = queries.list_entries(actor.member_id, before, PAGE)
    first = before is None
    holds = month_queries.list_holds(actor.member_id) if first else ()
    version = tariff_queries.at(now)
    return render_template(
        "points/history.html",
        balance=queries.balance(actor.member_id, now),
        entries=entries,
        holds=holds,
        waiting=queries.list_waiting(actor.member_id) if first else (),
        objections=objections_queries.list_own(actor.member_id, now) if first else (),
        services=_services(
            [*(it.redemption_ref for it in entries), *(it.redemption_ref for it in holds)]
        ),
        this_month=Month.of(now, settings().county.tz),
        nothing=rewards_queries.list_nothing(actor.member_id) if first else (),
        is_first_page=first,
        stopped=accounts_queries.why_points_stopped(actor.member_id) if first else None,
        next=pack(following) if following else None,
        by_severity=[version.for_acceptance(severity).points for severity in rates.SEVERITIES],
        for_closing=version.for_closing().points,
    )


@bp.get("/my/points/<int:entry_id>")
def why(entry_id: int) -> str:
    """Explain one entry: report, decision, tariff, award, and which lots paid for what."""
    actor, now = _rider(), clock.now()
    found = trace_queries.why(entry_id, actor.member_id)
    community = places_queries.reference().community(found.community_code)
    used = (*found.lot.spent, *found.lot.held_for) if found.lot else ()
    about = Decision(Subject.ENTRY, str(entry_id))
    return render_template(
        "points/why.html",
        why=found,
        community_name=community.name if community else "",
        services=_services([found.entry.redemption_ref, *(it.redemption_ref for it in used)]),
        about=about,
        objection=objections_queries.find_about(about, actor.member_id, now),
        may_object=found.entry.kind in DECIDED,
        taken=_taken(found),
        decision=rewards_queries.behind_entry(found.entry.cause, found.cause_id),
    )


def _taken(found: trace_queries.Why) -> Taken | None:
    award_id = found.entry.id if found.reversed_by else found.reverses_id
    return reversal_queries.taken_of([award_id]).get(award_id) if award_id is not None else None


@bp.get("/my/points/unpaid/<int:unpaid_id>")
def unpaid(unpaid_id: int) -> str | Response:
    """Answer "why did I get nothing for this?", and say what can be done."""
    actor, now, zone = _rider(), clock.now(), settings().county.tz
    found = month_queries.unawarded(unpaid_id, actor.member_id)
    if found.entry_id is not None:
        return redirect(url_for("points.why", entry_id=found.entry_id), 303)
    community = places_queries.reference().community(found.community_code)
    about = Decision(Subject.UNPAID, str(unpaid_id))
    return render_template(
        "points/unpaid.html",
        it=found,
        community_name=community.name if community else "",
        about=about,
        objection=objections_queries.find_about(about, actor.member_id, now),
        # Late already: then as soon as the job comes by, this month.
        paid_in=max(Month.of(found.at, zone).plus(1), Month.of(now, zone)),
    )


@bp.get("/my/points/month")
def month() -> str:
    """Show a month on one sheet that adds up and prints on A4; by default the present one."""
    actor, now, zone = _rider(), clock.now(), settings().county.tz
    this, first = Month.of(now, zone), month_queries.first_month(actor.member_id, now, zone)
    asked = request.args.get("month", "").strip()
    wanted = Month.parse(asked) if asked else this
    if not first <= wanted <= this:
        raise Invalid.field("month", "month-outside", first=str(first), last=str(this))
    sheet = month_queries.monthly_sheet(actor.member_id, wanted, zone)
    standing = queries.balance(actor.member_id) if wanted == this else None
    return render_template(
        "points/month.html",
        sheet=sheet,
        services=_services([it.entry.redemption_ref for it in sheet.lines]),
        months=_months(first, this),
        before=wanted.plus(-1) if wanted > first else None,
        after=wanted.plus(1) if wanted < this else None,
        is_running=wanted == this,
        alias=rider_alias(actor.member_id),
        held=standing.held if standing else 0,
        owed=standing.owed if standing else 0,
        debt=standing.debt if standing else 0,
        debt_then=0 if standing else month_queries.debt_at(actor.member_id, wanted.bounds(zone)[1]),
    )


def _months(first: Month, last: Month) -> list[Month]:
    """List the months there is a sheet of, newest first."""
    months = [last]
    while months[-1] > first:
        months.append(months[-1].plus(-1))
    return months
