"""Statistics: a month at a glance, the cases behind each figure, and the freeze."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid, NotFound
from grid_report.places.queries import reference
from grid_report.reports.permissions import REPORT_READ
from grid_report.statistics import measures, request_forms
from grid_report.statistics import views as statistics_views
from grid_report.statistics.comparison.periods import earliest
from grid_report.statistics.counts import rules_queries
from grid_report.statistics.counts.areas import Area, find_area
from grid_report.statistics.counts.queries import newest_month
from grid_report.statistics.explorer import case_queries
from grid_report.statistics.measures import LIVE, RATES
from grid_report.statistics.month import (
    compared_queries,
    correction_queries,
    page_views,
    summary_views,
    usecases,
)
from grid_report.statistics.month.queries import (
    MonthReport,
    find_neighbours,
    is_known,
    list_versions,
    read_report,
    version_of,
)
from grid_report.statistics.permissions import STATISTICS_FREEZE, STATISTICS_OPEN, STATISTICS_READ
from grid_report.web.context import current_actor, language, settings
from grid_report.web.pages import words
from grid_report.web.paging import read_limit
from grid_report.web.refused_forms import REFUSED, Errors, shown_again
from grid_report.web.text import clean, month_in_address

bp = Blueprint("statistics", __name__)
bp.before_request(rules_queries.check)

MONTHS_BACK = 60
MOST_REASON = 400


def this_month() -> Month:
    """Return the running month."""
    return Month.of(clock.now(), settings().county.tz)


def first_month() -> Month | None:
    """Return the first month with a case; None where there is none at all."""
    return compared_queries.first_month(db.session())


def read_area(actor: Actor) -> Area:
    """Return the area asked for, or one's own. Raises NotFound, Forbidden."""
    code = request.args.get("area", "").strip()
    return request_forms.asked_area(code, actor=actor, places=reference(), county=settings().county)


def read_month(text: str) -> Month:
    """Return a month there can be figures of, or are. Raises NotFound for the others."""
    this, month = this_month(), month_in_address(text)
    # What was counted or frozen is there for good, however long ago.
    if month > this or (month < earliest(this) and not is_known(month)):
        raise NotFound
    return month


def read_version() -> int | None:
    """Return the version asked for: None the newest frozen, 0 live. Raises NotFound."""
    try:
        return request_forms.asked_version(request.args.get("version", "").strip())
    except Invalid:
        raise NotFound from None


def load(month: Month, area: Area, version: int | None) -> MonthReport:
    """Return the month of an area as asked for. Raises NotFound."""
    return read_report(
        month,
        area,
        version=version,
        places=reference(),
        county=settings().county,
        now=clock.now(),
    )


@bp.get("/statistics")
def index() -> AnyResponse:
    """Lead on to the newest month with figures, the running one where there are none."""
    area = read_area(current_actor())
    this = this_month()
    newest = newest_month(area.code, [this.plus(-n) for n in range(MONTHS_BACK)]) or this
    asked = area.code if request.args.get("area", "").strip() else None
    return redirect(url_for("statistics.month", month=str(newest), area=asked), 303)


@bp.get("/statistics/choose")
def choose() -> AnyResponse:
    """Lead on to the month, area and version of the form."""
    access.check(current_actor(), STATISTICS_OPEN)
    wanted = read_month(request.args.get("month") or str(this_month()))
    area, version = read_area(current_actor()), read_version()
    # A version is one of its month: another month starts with its own newest.
    if request.args.get("shown", str(wanted)) != str(wanted):
        version = None
    return redirect(
        url_for("statistics.month", month=str(wanted), area=area.code, version=version), 303
    )


@bp.get("/statistics/<month>")
def month(month: str) -> str:
    """Show a month of an area: cards, trend, tables, lists."""
    actor = current_actor()
    area = read_area(actor)
    report = load(read_month(month), area, read_version())
    return render_template(
        "statistics/month/month.html",
        **_shared(report, actor),
        **page_views.of_month(
            report,
            places=reference(),
            county=settings().county,
            language=language(),
            sorting=request.args,
        ),
        frozen_by=statistics_views.frozen_by(report.versions, actor),
        summary=summary_views.sentences(report, language()),
    )


def _shared(report: MonthReport, actor: Actor) -> dict[str, Any]:
    this = this_month()
    oldest = max(earliest(this), report.began or this)
    before, after = find_neighbours(report.month, oldest=oldest, this=this)
    return {
        "report": report,
        "month_before": before,
        "month_after": after,
        "month": report.month,
        "this": this,
        "oldest": earliest(this),
        "area": report.area,
        "months": page_views.choices_of(this, report.month, MONTHS_BACK // 2, report.began),
        "crumbs": statistics_views.crumbs(report.area, reference(), settings().county),
        "readable": lambda area: access.allowed(actor, STATISTICS_READ, area),
        "choices": statistics_views.choices(actor, reference(), settings().county),
        "may_open": _may_open(actor),
    }


def _may_open(actor: Actor) -> Callable[[Any], bool]:
    """Return how a list knows whether its reader may open a case."""
    return lambda row: access.allowed(actor, REPORT_READ, statistics_views.case_now(row))


@bp.get("/statistics/help")
def definitions() -> str:
    """List every figure with exactly what it counts."""
    access.check(current_actor(), STATISTICS_OPEN)
    return render_template(
        "statistics/help.html",
        groups=measures.HELP,
        units=measures.UNITS,
        rates=RATES,
        rules=measures.RULES,
    )


@bp.get("/statistics/<month>/cases")
def behind(month: str) -> str:
    """List the cases behind a figure."""
    actor = current_actor()
    area, shown, version = read_area(actor), read_month(month), read_version()
    wanted = case_queries.read_wanted(shown, area, request.args)
    frozen = version_of(list_versions(shown), version)
    if wanted is None:
        raise NotFound
    now, county = clock.now(), settings().county
    page = case_queries.list_cases(
        wanted,
        places=reference(),
        county=county,
        now=now,
        cursor=request.args.get("cursor"),
        limit=read_limit(request.args.get("limit")),
    )
    return render_template(
        "statistics/cases.html",
        wanted=wanted,
        figure=case_queries.figure(wanted, LIVE, places=reference(), county=county, now=now),
        frozen=frozen,
        frozen_figure=case_queries.figure(
            wanted, frozen.version, places=reference(), county=county, now=now
        )
        if frozen
        else None,
        rows=statistics_views.case_rows(page.items, language(), now),
        next=page.next,
        month=shown,
        area=area,
        version=version,
        ways=case_queries.ways(wanted),
        key_name=statistics_views.key_name(wanted.slice, wanted.key, language()),
        limit=request.args.get("limit"),
        may_open=_may_open(actor),
    )


@bp.get("/statistics/<month>/changes")
def changes(month: str) -> str:
    """List what changed of a month since it was frozen, all of it."""
    actor = current_actor()
    report = load(read_month(month), read_area(actor), read_version())
    if report.frozen is None:
        raise NotFound
    page = correction_queries.list_corrections(
        report,
        cursor=request.args.get("cursor"),
        limit=read_limit(request.args.get("limit")),
    )
    return render_template(
        "statistics/month/changes.html",
        **_shared(report, actor),
        changes=page,
        version=read_version(),
    )


@bp.get("/statistics/<month>/freeze")
def ask_freeze(month: str) -> str:
    """Show what freezing a month means, and what would be frozen."""
    access.check(current_actor(), STATISTICS_FREEZE)
    return _freeze_page(read_month(month), {}, {})


def _freeze_page(month: Month, form: dict[str, str], errors: Errors) -> str:
    actor = current_actor()
    county = find_area("", reference(), settings().county)
    assert county is not None
    report = load(month, county, LIVE)
    return render_template(
        "statistics/month/freeze.html",
        **_shared(report, actor),
        **statistics_views.freeze(report, current_actor()),
        form=form,
        errors=errors,
    )


@bp.post("/statistics/<month>/freeze")
def freeze(month: str) -> AnyResponse:
    """Freeze a month as its next version."""
    actor = current_actor()
    access.check(actor, STATISTICS_FREEZE)
    wanted = read_month(month)
    reason = clean(request.form.get("reason", ""))
    seen = request.form.get("seen", "0")
    try:
        if len(reason) > MOST_REASON:
            # Nobody can mend the words of a version: they are not cut.
            raise Invalid.field("reason", "text-too-long", most=MOST_REASON)
        version = usecases.freeze_month(
            wanted,
            actor=actor,
            seen_version=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 7 else 0,
            reason=reason,
            places=reference(),
            county=settings().county,
            now=clock.now(),
        )
    except REFUSED as error:
        return shown_again(error, lambda errors: _freeze_page(wanted, {"reason": reason}, errors))
    flash(words.said("month-frozen", version=version), "ok")
    return redirect(url_for("statistics.month", month=str(wanted)), 303)
