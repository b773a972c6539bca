"""The administrator's page of who is told of the month, and on which day."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.access.roles import Role
from grid_report.accounts import policy
from grid_report.accounts import queries as accounts_queries
from grid_report.accounts.queries import MemberFilter
from grid_report.clock import local_day
from grid_report.errors import Invalid
from grid_report.places.queries import reference
from grid_report.plain_characters import plain
from grid_report.statistics import views as statistics_views
from grid_report.statistics.counts.areas import find_area
from grid_report.statistics.permissions import DELIVERIES_READ, STATISTICS_DELIVER
from grid_report.statistics.subscriptions import queries, usecases
from grid_report.statistics.subscriptions.days import FIRST_DAY, LAST_DAY, next_day
from grid_report.statistics.subscriptions.usecases import AddDelivery
from grid_report.web.context import current_actor, settings
from grid_report.web.pages.words import said
from grid_report.web.paging import BIGGEST_ID
from grid_report.web.refused_forms import Errors, shown_again
from grid_report.web.text import clean, read_int

bp = Blueprint("statistics_deliveries", __name__, url_prefix="/statistics/deliveries")

FOUND = 30


def _page(form: dict[str, str], errors: Errors) -> str:
    actor, places, county = current_actor(), reference(), settings().county
    access.check(actor, DELIVERIES_READ)
    may_add = access.allowed(actor, STATISTICS_DELIVER)
    wanted = _wanted() if may_add else MemberFilter()
    found, more = (
        accounts_queries.list_members(
            wanted, actor=actor, vault=policy.current().vault, limit=FOUND
        )
        if wanted.q or wanted.role
        else ([], None)
    )
    readers = set(usecases.READS_AS)
    return render_template(
        "statistics/deliveries.html",
        rows=[
            (
                row,
                name,
                find_area(row.area, places, county),
                next_day(row.day, row.told_month, local_day(clock.now(), county.tz)),
            )
            for row, name in queries.list_deliveries(actor)
        ],
        roles=usecases.READS_AS,
        filters={"q": wanted.q, "role": wanted.role or ""},
        is_search=bool(wanted.q or wanted.role),
        found=[
            (it, sorted({grant.role for grant in it.grants} & readers, key=list(Role).index))
            for it in found
            if any(grant.role in readers for grant in it.grants)
        ],
        more=more is not None,
        may_add=may_add,
        choices=statistics_views.choices(actor, places, county),
        days=range(FIRST_DAY, LAST_DAY + 1),
        form=form,
        errors=errors,
    )


def _wanted() -> MemberFilter:
    """Return who is looked for: sent along with the form as well, so that it is shown again."""
    role = request.values.get("role", "")
    known = {it.value: it for it in usecases.READS_AS}
    return MemberFilter(q=clean(request.values.get("q", ""))[:60], role=known.get(role))


@bp.get("")
def index() -> str:
    """List who is told, and look for somebody to add."""
    return _page({}, {})


@bp.post("")
def add() -> Response:
    """Have a member told of an area's months from now on."""
    access.check(current_actor(), STATISTICS_DELIVER)
    form: dict[str, Any] = {
        name: plain(clean(request.form.get(name, "")))[:20] for name in ("member", "area", "day")
    }
    try:
        usecases.add_delivery(
            _command(form),
            actor=current_actor(),
            places=reference(),
            county=settings().county,
            now=clock.now(),
        )
    except Invalid as error:
        return shown_again(error, lambda errors: _page(form, errors))
    flash(said("delivery-added"))
    return redirect(url_for("statistics_deliveries.index"), 303)


def _command(form: dict[str, str]) -> AddDelivery:
    problems = Invalid()
    day = read_int(form, "day", FIRST_DAY, LAST_DAY, problems)
    text = form["member"]
    member = int(text) if text.isascii() and text.isdecimal() and int(text) <= BIGGEST_ID else None
    if member is None:
        problems.add("member", "delivery-whom")
    if not form["area"]:
        problems.add("area", "field-needed")
    if day is None and "day" not in problems.problems:
        problems.add("day", "field-needed")
    if member is None or day is None or problems.problems:
        raise problems
    return AddDelivery(member, form["area"], day)


@bp.post("/<int:delivery_id>/remove")
def remove(delivery_id: int) -> Response:
    """Tell somebody no more."""
    usecases.remove_delivery(delivery_id, actor=current_actor(), now=clock.now())
    flash(said("delivery-removed"))
    return redirect(url_for("statistics_deliveries.index"), 303)
