"""Open reports around a spot, as the form and the API show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from grid_report.errors import Invalid, TooMany
from grid_report.places.geo.datum import Datum, to_wgs84
from grid_report.places.geo.points import Point
from grid_report.places.queries import reference
from grid_report.reports.commands import SubmitReport
from grid_report.reports.nearby import queries, usecases
from grid_report.reports.nearby.near import MEASURED
from grid_report.web.context import current_actor, language, settings


@dataclass(frozen=True)
class NearView:
    number: str
    category: str
    category_name: str
    distance_m: int
    age_h: int
    photo: str | None
    joined: bool


def near(lat: float, lng: float, datum: Datum, category: str, *, now: datetime) -> list[NearView]:
    """Return open reports that may be the same. Raises Invalid for an unknown kind, and TooMany.

    Only a look that shows something counts, so that most cost no write.
    """
    places, actor = reference(), current_actor()
    kind = places.categories.get_in_use(category)
    point = to_wgs84(Point(lat, lng), datum)
    found = queries.list_near(point, kind, places.locate(point).community_code, actor, now=now)
    if found:
        usecases.count_look(actor, most=settings().limits.looks_per_hour, now=now)
    return [
        NearView(
            number=it.number,
            category=it.category_code,
            category_name=places.categories.get(it.category_code).name(language()),
            distance_m=it.distance_m,
            age_h=it.age_h,
            photo=_photo(it.number, now) if it.has_photo else None,
            joined=it.joined,
        )
        for it in found
    ]


def near_to(command: SubmitReport, *, now: datetime) -> list[NearView]:
    """Return open reports that may be the same as one about to be taken in; it may say which."""
    if command.join or command.lat is None or command.lng is None:
        return []
    if command.located_by not in MEASURED:
        return []
    try:
        return near(command.lat, command.lng, Datum(command.datum), command.category, now=now)
    except (Invalid, TooMany):
        return []  # nobody is held up: what is wrong is said where it is taken in


def _photo(number: str, now: datetime) -> str:
    signed = queries.photo_pass(number, current_actor(), secret=settings().secret(), now=now)
    return url_for("api.nearby_photo", number=number, signed=signed)
