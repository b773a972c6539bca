"""API v1: the same use cases as the pages, in the shapes of the contract."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, request

from grid_report import __version__, clock
from grid_report.access import Actor, check
from grid_report.accounts.models import SignInKind
from grid_report.accounts.policy import current as policy
from grid_report.accounts.sign_in import sign_out_usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.api import present
from grid_report.api.openapi import document, operation
from grid_report.api.reading import answer, json_body, query
from grid_report.api.schemas import common
from grid_report.errors import Invalid
from grid_report.places.geo.categories import numbers_to_call
from grid_report.places.geo.datum import to_wgs84
from grid_report.places.geo.points import Point
from grid_report.places.permissions import UNITS_LIST
from grid_report.places.queries import reference
from grid_report.points.permissions import POINTS_READ_OWN
from grid_report.points.statement import queries as points
from grid_report.points.statement import trace_queries
from grid_report.reports import queries as reports
from grid_report.reports.permissions import REPORT_READ
from grid_report.web.context import client_address, current_actor, language, settings
from grid_report.web.guard import public
from grid_report.web.paging import pack, read_limit, unpack_id

bp = Blueprint("api", __name__, url_prefix="/api/v1")


@bp.get("/openapi.json")
@public
def openapi() -> Response:
    """Hand out the contract."""
    return answer(document(current_app, __version__))


@bp.post("/tokens")
@public
@operation(
    summary="Sign in with phone and password and get a token",
    json=common.TokenRequest,
    answers={201: common.TokenIssued},
    refuses=(401, 415, 422),
)
def create_token() -> Response:
    """Issue a token; it is kept only as a hash."""
    body = json_body(common.TokenRequest)
    signed_in = sign_in_usecases.sign_in_with_password(
        body["phone"],
        body["password"],
        kind=SignInKind.TOKEN,
        label=body["label"],
        address=client_address(),
        policy=policy(),
        now=clock.now(),
    )
    return answer(
        {
            "token": signed_in.secret,
            "expires_at": present.instant(signed_in.expires_at),
            "member": brief(signed_in.actor),
        },
        201,
    )


@bp.delete("/tokens/current")
@operation(summary="End the token that is used", answers={204: None})
def revoke_token() -> tuple[str, int]:
    """End the token (or browser) that asks."""
    actor = current_actor()
    assert actor.sign_in_id is not None
    sign_out_usecases.sign_out(actor.sign_in_id, now=clock.now())
    return "", 204


def brief(actor: Actor) -> dict[str, Any]:
    """Write a member in a few words."""
    roles = sorted(actor.grants, key=lambda grant: (grant.role, grant.place or ""))
    return {
        "id": actor.member_id,
        "name": actor.name,
        "roles": [{"role": grant.role.value, "place": grant.place} for grant in roles],
    }


@bp.get("/categories")
@public
@operation(summary="Groups with their categories", answers={200: common.CategoryList})
def categories() -> Response:
    """List what can be reported, in season first."""
    now, words_for = clock.now(), language()
    month = now.astimezone(settings().county.tz).month
    numbers = settings().county.call_numbers
    return answer(
        {
            "groups": [
                {
                    "code": group.code,
                    "name": group.name(words_for),
                    "categories": [
                        {
                            "code": category.code,
                            "name": category.name(words_for),
                            "name_zh": category.name_zh,
                            "name_en": category.name_en,
                            "severity": category.severity,
                            "emergency": category.emergency.value,
                            "call_first": list(numbers_to_call(category, numbers)),
                            "safety_tip": category.safety_tip(words_for),
                            "sensitive": category.sensitive,
                        }
                        for category in group.categories
                    ],
                }
                for group in reference().categories.groups(month)
            ]
        }
    )


@bp.get("/places/locate")
@operation(
    summary="Which community answers for a position",
    query=common.LocateQuery,
    answers={200: common.Located},
    refuses=(422,),
)
def locate() -> Response:
    """Find the community of a position."""
    asked = query(common.LocateQuery)
    places = reference()
    match = places.locate(to_wgs84(Point(asked.lat, asked.lng), asked.datum))
    return answer(
        {
            "community": present.community(places.community(match.community_code)),
            "matched_by": match.matched_by.value,
        }
    )


@bp.get("/places/communities")
@operation(summary="All communities", answers={200: common.CommunityList})
def communities() -> Response:
    """List the communities with a point inside each."""
    places = reference()
    version = places.boundary_version
    return answer(
        {
            "items": [
                {
                    "code": it.code,
                    "name": it.name,
                    "street": {"code": it.street_code, "name": it.street_name},
                    "center": {"lat": it.center.lat, "lng": it.center.lng} if it.center else None,
                    "boundary_version": version.id if version else None,
                }
                for it in places.communities.values()
            ]
        }
    )


@bp.get("/places/units")
@operation(
    summary="Units that cover a place, best proposal first",
    query=common.UnitQuery,
    answers={200: common.UnitList},
    refuses=(403, 404, 422),
)
def units() -> Response:
    """List the units for a report or a community."""
    actor = current_actor()
    check(actor, UNITS_LIST)
    asked, places = query(common.UnitQuery), reference()
    category = compound = None
    code = asked.community
    if asked.report:
        report = reports.find_report(asked.report)
        check(actor, REPORT_READ, report)
        code, category = report.community_code, report.category_code
        compound = report.compound_code
    elif not code:
        raise Invalid.field("report", "field-needed")
    elif places.community(code) is None:
        raise Invalid.field("community", "community-unknown")
    found = places.units_covering(code, category, compound=compound) if code else ()
    return answer({"items": [{"code": u.code, "name": u.name, "kind": u.kind} for u in found]})


@bp.get("/me/points")
@operation(summary="The rider's balance", answers={200: common.Balance}, refuses=(403,))
def balance() -> Response:
    """Say what is there, on hold, on the way and expiring."""
    actor = current_actor()
    check(actor, POINTS_READ_OWN)
    found, zone = points.balance(actor.member_id, clock.now()), settings().county.tz
    return answer(
        {
            "available": found.available,
            "held": found.held,
            "pending": found.pending,
            "debt": found.debt,
            "owed": found.owed,
            "expiring": [
                {"points": it.points, "on": it.on(zone).isoformat()} for it in found.expiring
            ],
        }
    )


@bp.get("/me/points/entries")
@operation(
    summary="The rider's point entries, newest first",
    query=common.PageQuery,
    answers={200: common.EntryList},
    refuses=(403, 422),
)
def entries() -> Response:
    """List what came and went, each with its reason."""
    actor = current_actor()
    check(actor, POINTS_READ_OWN)
    found, following = points.list_entries(
        actor.member_id,
        unpack_id(request.args.get("cursor")),
        read_limit(request.args.get("limit")),
    )
    return answer(
        {
            "items": [present.entry(it) for it in found],
            "next": pack(following) if following is not None else None,
        }
    )


@bp.get("/me/points/entries/<int:entry_id>/why")
@operation(
    summary="Why an entry is there: report, decision, tariff, award, where it was spent",
    answers={200: common.WhyShown},
    refuses=(403, 404),
)
def why(entry_id: int) -> Response:
    """Explain one entry to the rider it belongs to."""
    actor = current_actor()
    check(actor, POINTS_READ_OWN)
    found = trace_queries.why(entry_id, actor.member_id)
    return answer(present.why(found, reference(), settings().county.tz))
