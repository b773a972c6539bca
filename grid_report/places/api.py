"""Calls of the API: what can be reported, and which community answers for a spot."""

from __future__ import annotations

from flask import Response

from grid_report import clock
from grid_report.places import shapes
from grid_report.places.geo.datum import to_wgs84
from grid_report.places.geo.points import Point
from grid_report.places.queries import reference
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, query
from grid_report.web.context import language, settings
from grid_report.web.guard import public


@bp.get("/categories")
@public
@operation(summary="Groups with their categories", answers={200: shapes.CategoryList})
def categories() -> Response:
    """List what can be reported, in season first."""
    now, words_for = clock.now(), language()
    month = now.astimezone(settings().county.tz).month
    numbers = settings().county.call_numbers
    groups = reference().categories.groups(month)
    return answer(
        shapes.CategoryList(groups=[shapes.GroupShown.of(it, words_for, numbers) for it in groups])
    )


@bp.get("/places/locate")
@operation(
    summary="Which community answers for a position",
    query=shapes.LocateQuery,
    answers={200: shapes.Located},
    refuses=(422,),
)
def locate() -> Response:
    """Find the community of a position."""
    asked = query(shapes.LocateQuery)
    places = reference()
    match = places.locate(to_wgs84(Point(asked.lat, asked.lng), asked.datum))
    community = places.community(match.community_code)
    return answer(
        shapes.Located(community=shapes.CommunityBrief.of(community), matched_by=match.matched_by)
    )


@bp.get("/places/communities")
@operation(summary="All communities", answers={200: shapes.CommunityList})
def communities() -> Response:
    """List the communities with a point inside each."""
    return answer(shapes.CommunityList.of(reference()))
