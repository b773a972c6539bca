"""Figures beside one another: communities on a map, two periods, a year, a month on paper."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from grid_report import access, clock
from grid_report.clock import Month
from grid_report.errors import Invalid, NotFound
from grid_report.places.queries import reference
from grid_report.statistics import views as statistics_views
from grid_report.statistics.comparison import map_views, periods, queries
from grid_report.statistics.comparison.forms import Comparison, read_comparison
from grid_report.statistics.comparison.periods import Period
from grid_report.statistics.counts import areas as counts_areas
from grid_report.statistics.counts import rules_queries
from grid_report.statistics.counts.areas import Area
from grid_report.statistics.explorer.slice_queries import Slice
from grid_report.statistics.measures import COMPOSITE
from grid_report.statistics.month import page_views
from grid_report.statistics.month.routes import (
    MONTHS_BACK,
    first_month,
    read_area,
    read_month,
    this_month,
)
from grid_report.statistics.permissions import STATISTICS_OPEN, STATISTICS_READ
from grid_report.statistics.request_forms import own_area
from grid_report.web.context import current_actor, language, settings
from grid_report.web.refused_forms import shown_again

bp = Blueprint("statistics_compare", __name__)
bp.before_request(rules_queries.check)


def readable_area(code: str) -> Area | None:
    """Return the area of a code if the reader may read it."""
    area = counts_areas.find_area(code, reference(), settings().county)
    if area is None or not access.allowed(current_actor(), STATISTICS_READ, area):
        return None
    return area


def around(area: Area, month: Month, began: Month | None) -> dict[str, Any]:
    """Return what every page here needs to lead on: the areas and months to choose from."""
    actor = current_actor()
    this = this_month()
    return {
        "area": area,
        "choices": statistics_views.choices(actor, reference(), settings().county),
        "readable": lambda it: access.allowed(actor, STATISTICS_READ, it),
        "month": month,
        "oldest": periods.earliest(this),
        "began": began,
        "months": page_views.choices_of(this, month, MONTHS_BACK // 2, began),
    }


@bp.get("/statistics/map")
def choose_map() -> AnyResponse:
    """Lead on to the map of the month chosen in a form, the running one without."""
    access.check(current_actor(), STATISTICS_OPEN)
    month = read_month(request.args.get("month", "").strip() or str(this_month()))
    area, measure = (request.args.get(name) or None for name in ("area", "measure"))
    return redirect(
        url_for("statistics_compare.heat", month=str(month), area=area, measure=measure), 303
    )


@bp.get("/statistics/<month>/map")
def heat(month: str) -> str:
    """Show an area's communities on the map, shaded by one figure."""
    area, shown = read_area(current_actor()), read_month(month)
    measure = map_views.SHOWN.get(request.args.get("measure", "").strip() or "received")
    if measure is None:
        raise NotFound
    page = map_views.read_map(
        shown,
        area,
        measure,
        places=reference(),
        county=settings().county,
        now=clock.now(),
    )
    return render_template(
        "statistics/map.html",
        page=page,
        measures=list(map_views.SHOWN),
        at=clock.now(),
        **map_views.shared(page),
        **around(area, shown, first_month()),
    )


@bp.get("/statistics/compare")
def compare() -> str | AnyResponse:
    """Compare two periods or two areas in one scale."""
    actor = current_actor()
    access.check(actor, STATISTICS_OPEN)
    own = readable_area(own_area(actor))
    if own is None:
        raise NotFound
    this, began = this_month(), first_month()
    shared = {
        "form": request.args,
        "preset": COMPOSITE,
        "at": clock.now(),
    }
    try:
        asked = read_comparison(request.args, this=this, home=own, find=readable_area)
    except Invalid as error:
        return shown_again(
            error,
            lambda errors: render_template(
                "statistics/compare.html",
                asked=None,
                errors=errors,
                periods=periods.choices(this, first=began),
                **shared,
                **around(own, this, began),
            ),
        )
    return render_template(
        "statistics/compare.html",
        asked=asked,
        errors={},
        periods=periods.choices(this, *asked.periods, first=began),
        earlier=_earlier(asked, this, began),
        gaps=queries.gaps(asked.periods, first=began, this=this),
        **shared,
        # The ways lead back to where one came from: the first side's area, in its last month.
        **around(asked.areas[0], min(asked.periods[0].last, this), began),
        **_compared(asked, this),
    )


def _earlier(asked: Comparison, this: Month, began: Month | None) -> list[tuple[str, str, bool]]:
    """Return how to hold the first period against an earlier one: (which, address, is it so now)."""
    found = []
    for name, period in periods.earlier(asked.periods[0]).items():
        # Nothing before the first case is offered.
        if (
            began is None
            or period.last < began
            or not periods.is_counted(period.first, period.last, this)
        ):
            continue
        values: dict[str, Any] = {
            "area_a": asked.areas[0].code,
            "area_b": asked.areas[1].code,
            **_named("a", asked.periods[0]),
            **_named("b", period),
            **{f"w_{it}": n for it, n in asked.weights.items() if n != COMPOSITE[it]},
        }
        is_now = (period.first, period.last) == (asked.periods[1].first, asked.periods[1].last)
        found.append((name, url_for("statistics_compare.compare", **values), is_now))
    return found


def _named(name: str, period: Period) -> dict[str, str]:
    """Return a period as the form sends it."""
    if period.code != periods.OWN:
        return {name: period.code}
    return {name: period.code, f"{name}_from": str(period.first), f"{name}_to": str(period.last)}


def _compared(asked: Comparison, this: Month) -> dict[str, Any]:
    places, county, now = reference(), settings().county, clock.now()
    inside = counts_areas.members_of(asked.areas[0], places)
    communities = [it for it in counts_areas.communities(places) if it.code in inside]
    first, second = (
        queries.read_side(period, area, communities, county=county, now=now)
        for period, area in zip(asked.periods, asked.areas, strict=True)
    )
    return {
        "sides": (first, second),
        "counts": queries.count_lines(first.figures, second.figures),
        "rates": queries.rate_lines(first.figures, second.figures),
        "kinds": queries.kind_lines(first.figures, second.figures),
        "kind_name": lambda key: statistics_views.key_name(Slice.CATEGORY, key, language()),
        "unit_name": lambda key: statistics_views.key_name(Slice.UNIT, key, language()),
        "community_name": lambda code: places.communities[code].name,
        "scores": [queries.score(it.figures, asked.weights) for it in (first, second)],
        "units": queries.order_units(first.figures, second.figures, asked.weights),
        "communities": (
            queries.order_communities(first.below, second.below, asked.weights)
            if len(communities) > 1
            else []
        ),
        "runs": [it.last >= this for it in asked.periods],
    }
