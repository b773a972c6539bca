"""API v1: the same use cases as the pages, in the shapes of the contract."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request

from grid_report import __version__, clock
from grid_report.access import check
from grid_report.accounts.models import SignInKind
from grid_report.accounts.policy import current as policy
from grid_report.accounts.profile import shapes as account
from grid_report.accounts.sign_in import sign_out_usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.errors import Invalid
from grid_report.places import shapes as place
from grid_report.places.geo.datum import to_wgs84
from grid_report.places.geo.points import Point
from grid_report.places.permissions import UNITS_LIST
from grid_report.places.queries import reference
from grid_report.points.permissions import POINTS_READ_OWN
from grid_report.points.statement import queries as points
from grid_report.points.statement import shapes as statement
from grid_report.points.statement import trace_queries
from grid_report.reports import queries as reports
from grid_report.reports.permissions import REPORT_READ
from grid_report.web.api.openapi import document, operation
from grid_report.web.api.reading import answer, json_body, query, unless_known
from grid_report.web.api.shapes import CommunityBrief, PageQuery
from grid_report.web.context import client_address, current_actor, language, settings
from grid_report.web.guard import public
from grid_report.web.paging import pack, read_limit, unpack_id

bp = Blueprint("api", __name__, url_prefix="/api/v1")


@bp.get("/openapi.json")
@public
def openapi() -> Response:
    """Hand out the contract."""
    return unless_known(jsonify(document(current_app, __version__)))


@bp.post("/tokens")
@public
@operation(
    summary="Sign in with phone and password and get a token",
    json=account.TokenRequest,
    answers={201: account.TokenIssued},
    refuses=(401, 415, 422),
)
def create_token() -> Response:
    """Issue a token; it is kept only as a hash."""
    body = json_body(account.TokenRequest)
    signed_in = sign_in_usecases.sign_in_with_password(
        body["phone"],
        body["password"],
        kind=SignInKind.TOKEN,
        label=body["label"],
        address=client_address(),
        policy=policy(),
        now=clock.now(),
    )
    shown = account.TokenIssued(
        token=signed_in.secret,
        expires_at=signed_in.expires_at,
        member=account.MemberBrief.of(signed_in.actor),
    )
    return answer(shown, 201)


@bp.delete("/tokens/current")
@operation(summary="End the token that is used", answers={204: None})
def revoke_token() -> tuple[str, int]:
    """End the token (or browser) that asks."""
    actor = current_actor()
    assert actor.sign_in_id is not None
    sign_out_usecases.sign_out(actor.sign_in_id, now=clock.now())
    return "", 204


@bp.get("/categories")
@public
@operation(summary="Groups with their categories", answers={200: place.CategoryList})
def categories() -> Response:
    """List what can be reported, in season first."""
    now, words_for = clock.now(), language()
    month = now.astimezone(settings().county.tz).month
    numbers = settings().county.call_numbers
    groups = reference().categories.groups(month)
    return answer(
        place.CategoryList(groups=[place.GroupShown.of(it, words_for, numbers) for it in groups])
    )


@bp.get("/places/locate")
@operation(
    summary="Which community answers for a position",
    query=place.LocateQuery,
    answers={200: place.Located},
    refuses=(422,),
)
def locate() -> Response:
    """Find the community of a position."""
    asked = query(place.LocateQuery)
    places = reference()
    match = places.locate(to_wgs84(Point(asked.lat, asked.lng), asked.datum))
    community = places.community(match.community_code)
    return answer(
        place.Located(community=CommunityBrief.of(community), matched_by=match.matched_by)
    )


@bp.get("/places/communities")
@operation(summary="All communities", answers={200: place.CommunityList})
def communities() -> Response:
    """List the communities with a point inside each."""
    return answer(place.CommunityList.of(reference()))


@bp.get("/places/units")
@operation(
    summary="Units that cover a place, best proposal first",
    query=place.UnitQuery,
    answers={200: place.UnitList},
    refuses=(403, 404, 422),
)
def units() -> Response:
    """List the units for a report or a community."""
    actor = current_actor()
    check(actor, UNITS_LIST)
    asked, places = query(place.UnitQuery), reference()
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
    return answer(place.UnitList.of(found))


@bp.get("/me/points")
@operation(summary="The rider's balance", answers={200: statement.Balance}, refuses=(403,))
def balance() -> Response:
    """Say what is there, on hold, on the way and expiring."""
    actor = current_actor()
    check(actor, POINTS_READ_OWN)
    found, zone = points.balance(actor.member_id, clock.now()), settings().county.tz
    return answer(statement.Balance.of(found, zone))


@bp.get("/me/points/entries")
@operation(
    summary="The rider's point entries, newest first",
    query=PageQuery,
    answers={200: statement.EntryList},
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
    shown = statement.EntryList(
        items=[statement.Entry.of(it) for it in found],
        next=pack(following) if following is not None else None,
    )
    return answer(shown)


@bp.get("/me/points/entries/<int:entry_id>/why")
@operation(
    summary="Why an entry is there: report, decision, tariff, award, where it was spent",
    answers={200: statement.WhyShown},
    refuses=(403, 404),
)
def why(entry_id: int) -> Response:
    """Explain one entry to the rider it belongs to."""
    actor = current_actor()
    check(actor, POINTS_READ_OWN)
    found = trace_queries.why(entry_id, actor.member_id)
    return answer(statement.WhyShown.of(found, reference(), settings().county.tz))
