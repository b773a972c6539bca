"""What desk and unit see of cases: the lists, and one case drawn for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import render_template, request

from grid_report.places.queries import reference
from grid_report.reports import queries
from grid_report.reports.desk import filters
from grid_report.reports.desk import queries as listing
from grid_report.reports.desk.filters import ReportFilter, Sort
from grid_report.reports.pages import case_views, page_views
from grid_report.web.context import current_actor, language, settings

PAGE_ROWS = 50


def list_page(wanted: ReportFilter, *, now: datetime, limit: int = PAGE_ROWS) -> dict[str, Any]:
    """Return one page of a list of cases, as its template draws the rows."""
    actor = current_actor()
    page = listing.list_reports(
        actor, wanted, now=now, cursor=request.args.get("cursor"), limit=limit, whole=False
    )
    return {
        "rows": case_views.rows(page.items, reference(), language(), now, actor),
        "next": page.next,
    }


def desk_filter() -> tuple[ReportFilter, dict[str, str]]:
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


def desk_counts(wanted: ReportFilter, *, now: datetime) -> dict[str, Any]:
    """Count what stands beside the list; the page's head need not ask for the messages again.

    And list the rows that stand for very many, where there are any.
    """
    counts = listing.count_for_desk(current_actor(), now=now)
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


def category_groups() -> list[dict[str, str]]:
    """Return the groups of categories a list can be narrowed to."""
    return [
        {"code": group.code, "name": group.name(language())}
        for group in reference().categories.groups()
    ]


def desk_case(
    number: str,
    *,
    now: datetime,
    errors: dict[str, list[str]] | None = None,
    form: dict[str, Any] | None = None,
    failed_step: str = "",
) -> str:
    """Draw the desk with one case open; after a refusal with what was typed still in it."""
    wanted, shown = desk_filter()
    return render_template(
        "desk/show.html",
        **list_page(wanted, now=now, limit=30),
        **desk_counts(wanted, now=now),
        filters=shown,
        report=page_views.one(number, with_twins=True),
        categories=[
            {"code": c.code, "name": c.name(language()), "severity": c.severity}
            for c in reference().categories.in_use
        ],
        streets=page_views.place_tree(),
        groups=category_groups(),
        errors=errors or {},
        form=form or {},
        failed_step=failed_step,
    )


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
