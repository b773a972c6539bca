"""The desk of communities and streets, the unit's view, and the administrator's lists of cases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from grid_report import access, clock
from grid_report.errors import NotFound
from grid_report.places.permissions import CATEGORIES_READ
from grid_report.places.queries import reference
from grid_report.reports import queries
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.desk import filters
from grid_report.reports.desk import queries as listing
from grid_report.reports.desk import usecases as folding
from grid_report.reports.desk.filters import ReportFilter, Sort
from grid_report.reports.errors import KeyReused
from grid_report.reports.lifecycle import OPEN
from grid_report.reports.pages import case_views, page_views
from grid_report.reports.pages import forms as pages_forms
from grid_report.reports.pages.routes import place_tree
from grid_report.reports.permissions import DESK_OPEN, UNIT_OPEN, UNROUTED_LIST
from grid_report.web.context import current_actor, language, settings
from grid_report.web.pages import words
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

desk = Blueprint("desk", __name__)
unit = Blueprint("unit", __name__)
admin = Blueprint("admin", __name__)

PAGE_ROWS = 50


def _list(wanted: ReportFilter, limit: int = PAGE_ROWS) -> dict[str, Any]:
    actor, now = current_actor(), clock.now()
    page = listing.list_reports(
        actor, wanted, now=now, cursor=request.args.get("cursor"), limit=limit, whole=False
    )
    return {
        "rows": case_views.rows(page.items, reference(), language(), now, actor),
        "next": page.next,
    }


def _desk_filter() -> tuple[ReportFilter, dict[str, str]]:
    """Read the desk's filters; by default what is open, by time left.

    What is finished has no time left: a list that can hold finished cases begins with the newest.
    """
    shown = {
        name: request.args.get(name, "") for name in ("state", "light", "category", "q", "sort")
    }
    args = {**request.args.to_dict()}
    if not args.get("state") and not args.get("q"):
        args["state"] = "open"
    wanted = filters.read(
        args, places=reference(), zone=settings().county.tz, default_sort=Sort.DUE
    )
    if not args.get("sort") and not wanted.open_only:
        wanted = replace(wanted, sort=Sort.NEW)
    # A number or a word finds each of them; everything else sees the row that stands for them.
    if fold := args.get("fold"):
        shown["fold"] = fold
        wanted = replace(wanted, fold=queries.find_report(fold).id)
    elif not wanted.words:
        wanted = replace(wanted, folds=True)
    return wanted, shown


@desk.get("/desk")
def index() -> str:
    """List the cases of this person's places, what burns first at the top."""
    access.check(current_actor(), DESK_OPEN)
    wanted, shown = _desk_filter()
    return render_template(
        "desk/index.html",
        **_list(wanted),
        **_counts(wanted),
        filters=shown,
        groups=_groups(),
        report=None,
    )


def _counts(wanted: ReportFilter) -> dict[str, Any]:
    """Count what stands beside the list; the page's head need not ask for the messages again.

    And list the rows that stand for very many, where there are any.
    """
    counts = listing.count_for_desk(current_actor(), now=clock.now())
    shows = wanted.folds and counts["folded"] and not request.args.get("cursor")
    folds = [
        {
            "number": row.number,
            "waiting": row.waiting,
            "due": row.due,
            "category_name": _category_name(row.category_code),
        }
        for row in (listing.list_folds(current_actor()) if shows else ())
    ]
    return {"counts": counts, "folds": folds, "unread": lambda: counts["unread"]}


def _category_name(code: str) -> str:
    category = reference().category(code)
    return category.name(language()) if category else code


@desk.post("/desk/folds/<number>/merge")
def merge_fold(number: str) -> AnyResponse:
    """Merge what one row stands for into the first of them."""
    access.check(current_actor(), DESK_OPEN)
    done = folding.merge_fold(
        number,
        actor=current_actor(),
        places=reference(),
        settings=settings(),
        now=clock.now(),
    )
    flash(words.said("fold-merged", into=done.into, merged=done.merged, left=done.left))
    return redirect(url_for("desk.index"), 303)


def _groups() -> list[dict[str, str]]:
    return [
        {"code": group.code, "name": group.name(language())}
        for group in reference().categories.groups()
    ]


@desk.get("/desk/<number>")
def show(number: str) -> str | AnyResponse:
    """Show one case with its photos large and every step this person may take."""
    access.check(current_actor(), DESK_OPEN)
    try:
        return desk_case(number)
    except NotFound:
        return page_views.left_page(number)


def desk_case(
    number: str,
    *,
    errors: dict[str, list[str]] | None = None,
    form: dict[str, Any] | None = None,
    failed_step: str = "",
) -> str:
    """Draw the desk with one case open; after a refusal with what was typed still in it."""
    wanted, shown = _desk_filter()
    return render_template(
        "desk/show.html",
        **_list(wanted, limit=30),
        **_counts(wanted),
        filters=shown,
        report=page_views.one(number, with_twins=True),
        categories=[
            {"code": c.code, "name": c.name(language()), "severity": c.severity}
            for c in reference().categories.in_use
        ],
        streets=place_tree(),
        groups=_groups(),
        errors=errors or {},
        form=form or {},
        failed_step=failed_step,
    )


@unit.get("/unit", endpoint="index")
def unit_index() -> str:
    """List what was dispatched to this person's unit."""
    access.check(current_actor(), UNIT_OPEN)
    done = request.args.get("state") == "done"
    wanted = ReportFilter(
        states=frozenset() if done else frozenset(OPEN), sort=Sort.NEW if done else Sort.DUE
    )
    return render_template("unit/index.html", **_list(wanted), chosen="done" if done else "open")


@unit.get("/unit/<number>", endpoint="show")
def unit_show(number: str) -> str | AnyResponse:
    """Show one case to the unit: what is wrong, where, by when; never who reported."""
    access.check(current_actor(), UNIT_OPEN)
    try:
        return unit_case(number)
    except NotFound:
        return page_views.left_page(number)


def unit_case(
    number: str,
    *,
    errors: dict[str, list[str]] | None = None,
    form: dict[str, Any] | None = None,
    failed_step: str = "",
) -> str:
    """Draw the unit's page of one case."""
    return render_template(
        "unit/show.html",
        report=page_views.one(number),
        errors=errors or {},
        form=form or {},
        failed_step=failed_step,
    )


@admin.get("/admin/unrouted")
def unrouted() -> str:
    """List reports that no community answers for yet."""
    access.check(current_actor(), UNROUTED_LIST)
    return _unrouted_page({}, {})


def _unrouted_page(errors: Errors, form: dict[str, Any]) -> str:
    wanted = ReportFilter(states=frozenset(OPEN), unrouted=True, sort=Sort.DUE)
    return render_template(
        "admin/unrouted.html", **_list(wanted), streets=place_tree(), errors=errors, form=form
    )


@admin.post("/admin/unrouted/<number>")
def assign(number: str) -> AnyResponse:
    """Give an unrouted report to a community by hand."""
    values = {**request.form.to_dict(), "step": "assign"}
    try:
        casework_usecases.take_step(
            number,
            pages_forms.read_step(
                values, key=values.get("key"), key_field="key", zone=settings().county.tz
            ),
            actor=current_actor(),
            places=reference(),
            settings=settings(),
            now=clock.now(),
        )
    except (*REFUSED, KeyReused) as error:
        typed = {**values, "number": number}
        return shown_again(error, lambda errors: _unrouted_page(errors, typed))
    flash(words.said("step-assign", number=number))
    return redirect(url_for("admin.unrouted"), 303)


@admin.get("/admin/categories")
def categories() -> str:
    """Show every category with its deadlines; read-only."""
    access.check(current_actor(), CATEGORIES_READ)
    return render_template("admin/categories.html", groups=reference().categories.groups())
