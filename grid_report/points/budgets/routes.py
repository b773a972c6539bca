"""Budgets by community and month: for those who answer for them, and those who check."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.errors import Invalid, NotFound
from grid_report.places.queries import reference
from grid_report.points.budgets import queries
from grid_report.points.budgets.queries import MonthlyBudget, Scope
from grid_report.points.permissions import BUDGETS_READ
from grid_report.web.context import current_actor, settings

bp = Blueprint("budgets", __name__)

# How far back an address may ask.
MONTHS_BACK = 36


def _reader() -> Actor:
    actor = current_actor()
    access.check(actor, BUDGETS_READ)
    return actor


def _month() -> tuple[Month, list[Month]]:
    """Return the month asked for and those to choose from, newest first. Raises Invalid."""
    this = Month.of(clock.now(), settings().county.tz)
    choices = [this.plus(-back) for back in range(MONTHS_BACK)]
    asked = request.args.get("month", "").strip()
    wanted = Month.parse(asked) if asked else this
    if wanted not in choices:
        raise Invalid.field("month", "month-outside", first=str(choices[-1]), last=str(this))
    # An address of before is still answered; what has nothing in it is not offered.
    first = queries.first_month() or this
    return wanted, [it for it in choices if it >= first or it in (this, wanted)]


def _scope(actor: Actor) -> Scope:
    """Return the communities an actor may read, None for all of them."""
    if actor.holds_any(Role.ADMINISTRATOR, Role.AUDITOR):
        return None
    streets, own = actor.places(Role.SUPERVISOR), actor.places(Role.WORKER)
    return {
        it.code
        for it in reference().communities.values()
        if it.street_code in streets or it.code in own
    }


@bp.get("/budgets")
def index() -> str:
    """List the pools of a month with the reserve, their trend, and what riders still hold."""
    actor = _reader()
    month, choices = _month()
    scope, zone = _scope(actor), settings().county.tz
    pools = queries.list_pools(month, scope)
    rows = [
        (community, pools.get(community.code, MonthlyBudget(str(month), 0, 0, 0, 0)))
        for community in reference().communities.values()
        if scope is None or community.code in scope
    ]
    return render_template(
        "points/budgets.html",
        month=month,
        months=choices,
        rows=rows,
        total=queries.added_up(month, [pool for _, pool in rows]),
        reserve=queries.reserve(month),
        trend=queries.trend(month, scope),
        liability=queries.liability(scope, now=clock.now(), zone=zone),
        is_running=month == choices[0],
        community=None,
    )


@bp.get("/budgets/<community_code>")
def community(community_code: str) -> str:
    """Show the pool of one community: the month, thirteen months, and what riders still hold."""
    actor = _reader()
    found = reference().community(community_code)
    if found is None or not access.allowed(actor, BUDGETS_READ, found):
        raise NotFound
    month, choices = _month()
    scope, zone = {found.code}, settings().county.tz
    pool = queries.list_pools(month, scope).get(found.code)
    pool = pool or MonthlyBudget(str(month), 0, 0, 0, 0)
    return render_template(
        "points/budgets.html",
        month=month,
        months=choices,
        rows=[(found, pool)],
        total=pool,
        reserve=queries.reserve(month),
        trend=queries.trend(month, scope),
        liability=queries.liability(scope, now=clock.now(), zone=zone),
        is_running=month == choices[0],
        community=found,
    )
