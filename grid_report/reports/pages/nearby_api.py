"""Calls of the API before sending: what is open around a spot, its photo, and joining it."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response

from grid_report import access, clock
from grid_report.reports.nearby import queries
from grid_report.reports.pages import api as reports_api
from grid_report.reports.pages import nearby_shapes, nearby_views, shapes
from grid_report.reports.permissions import REPORT_SUBMIT
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, query
from grid_report.web.context import current_actor, settings, wiring


@bp.get("/reports/nearby")
@operation(
    summary="Open reports around a spot that may be the same hazard",
    query=nearby_shapes.NearbyQuery,
    answers={200: nearby_shapes.NearbyList},
    refuses=(403, 422),
)
def nearby() -> Response:
    """List what is open within the category's radius, newest first; nobody's name is in it."""
    access.check(current_actor(), REPORT_SUBMIT)
    asked = query(nearby_shapes.NearbyQuery)
    found = nearby_views.near(asked.lat, asked.lng, asked.datum, asked.category, now=clock.now())
    return answer(
        nearby_shapes.NearbyList(items=[nearby_shapes.NearbyShown(**asdict(it)) for it in found])
    )


@bp.get("/reports/nearby/<number>/photo")
@operation(
    summary="The photo of an open report nearby, by the pass its list gave",
    query=nearby_shapes.PassQuery,
    answers={200: "image/jpeg"},
    refuses=(403, 404, 422),
)
def nearby_photo(number: str) -> Response:
    """Hand out the first photo of a case a rider was shown."""
    actor = current_actor()
    access.check(actor, REPORT_SUBMIT)
    signed = query(nearby_shapes.PassQuery).signed
    name, byte_count = queries.find_photo(
        number, actor, signed=signed, secret=settings().secret(), now=clock.now()
    )
    return wiring().media.response(name, "main", byte_count)


@bp.post("/reports/nearby/<number>/join")
@operation(
    summary="Send a report that is the same hazard as an open one",
    form=shapes.SubmitForm,
    answers={201: nearby_shapes.JoinShown},
    refuses=(403, 413, 415, 422),
    idempotent_by_key=True,
)
def join(number: str) -> Response:
    """Take in a report and join the case, or let it go its own way where that is over."""
    access.check(current_actor(), REPORT_SUBMIT)
    done = reports_api.take_in_posted(join=number)
    shown = reports_api.shown_sent(done.report, done.photos)
    joined = nearby_shapes.JoinShown(**dict(shown), joined=shown.merged_into is not None)
    return reports_api.sent(done, joined)
