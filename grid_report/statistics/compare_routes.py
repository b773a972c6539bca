"""Figures beside one another: communities on a map, two periods, a year, a month on paper."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from grid_report import access, clock
from grid_report.access import Action
from grid_report.clock import Month
from grid_report.errors import NotFound
from grid_report.places.queries import reference
from grid_report.statistics import mapping, showing
from grid_report.statistics.areas import Area
from grid_report.statistics.routes import MONTHS_BACK, read_area, read_month
from grid_report.web.context import current_actor, settings

bp = Blueprint("statistics_compare", __name__)


def _around(area: Area) -> dict[str, Any]:
    """Return what every page here needs to lead on: the areas and months to choose from."""
    actor = current_actor()
    this = Month.of(clock.now(), settings().county.tz)
    return {
        "area": area,
        "choices": showing.choices(actor, reference(), settings().county),
        "readable": lambda it: access.allowed(actor, Action.STATISTICS_READ, it),
        "months": [this.plus(-back) for back in range(MONTHS_BACK // 2)],
    }


@bp.get("/statistics/map")
def choose_map() -> AnyResponse:
    """Lead on to the map of the month chosen in a form, the running one without."""
    access.check(current_actor(), Action.STATISTICS_OPEN)
    this = Month.of(clock.now(), settings().county.tz)
    month = read_month(request.args.get("month", "").strip() or str(this))
    area, measure = (request.args.get(name) or None for name in ("area", "measure"))
    return redirect(
        url_for("statistics_compare.heat", month=str(month), area=area, measure=measure), 303
    )


@bp.get("/statistics/<month>/map")
def heat(month: str) -> str:
    """Show an area's communities on the map, shaded by one figure."""
    area, shown = read_area(current_actor()), read_month(month)
    measure = mapping.SHOWN.get(request.args.get("measure", "").strip() or "received")
    if measure is None:
        raise NotFound
    page = mapping.read_map(
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
        month=shown,
        measures=list(mapping.SHOWN),
        at=clock.now(),
        **mapping.shared(page),
        **_around(area),
    )
