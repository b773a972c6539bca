"""Calls of the API: the catalogue, taking and cancelling, the map of stations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Response, request

from grid_report import access, clock
from grid_report.errors import NotFound
from grid_report.offers import forms
from grid_report.offers.catalogue import queries, shapes
from grid_report.offers.catalogue.permissions import OFFERS_READ, OFFERS_REDEEM
from grid_report.offers.permits import queries as permits_queries
from grid_report.offers.permits.models import Application
from grid_report.offers.redemptions import (
    catalogue_queries,
    ending_queries,
    slot_queries,
)
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.queries import RedemptionRow
from grid_report.places.geo.points import Point
from grid_report.places.queries import reference
from grid_report.points.history.ending_queries import purse
from grid_report.points.history.queries import Expiring
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import KEY_FIELD, answer, idempotency_key, json_body, query, reader
from grid_report.web.api.shapes import PageQuery, PhotoQuery
from grid_report.web.context import current_actor, settings, wiring
from grid_report.web.guard import public
from grid_report.web.paging import pack, read_limit, unpack_id


def _purse(now: datetime) -> Sequence[Expiring]:
    actor = current_actor()
    return purse(actor.member_id, now) if access.allowed(actor, OFFERS_REDEEM) else ()


def _redemption(row: RedemptionRow, card: Application | None = None) -> shapes.RedemptionShown:
    ending = ending_queries.of_taken([row]).get(row.redemption.ref, ())
    return shapes.RedemptionShown.of(row, reader(), reference(), ending, card)


def _near(shape: type[shapes.NearQuery] = shapes.NearQuery) -> Point | None:
    return forms.read_near({"near": query(shape).near})


@bp.get("/stations")
@public
@operation(
    summary="The stations with what is free there",
    query=shapes.NearQuery,
    answers={200: shapes.StationList},
    refuses=(422,),
)
def stations() -> Response:
    """List the points of the service map."""
    places = reference()
    found = queries.list_stations(near=_near())
    items = [shapes.StationShown.of(it, places, distance_m) for it, distance_m in found]
    return answer(shapes.StationList(items=items))


@bp.get("/offers")
@operation(
    summary="What points can be used for, and what is free",
    query=shapes.OfferQuery,
    answers={200: shapes.OfferList},
    refuses=(422,),
)
def offers() -> Response:
    """List the catalogue."""
    access.check(current_actor(), OFFERS_READ)
    asked_by = reader()
    now = asked_by.now
    page = catalogue_queries.page_of_offers(
        now=now,
        near=_near(shapes.OfferQuery),
        cursor=request.args.get("cursor"),
        limit=read_limit(request.args.get("limit")),
    )
    slots = slot_queries.slots_by_offer([row.offer.id for row in page.items], now=now)
    lasting, places = _purse(now), reference()
    items = [
        shapes.OfferShown.of(row, slots.get(row.offer.id, ()), lasting, asked_by, places)
        for row in page.items
    ]
    return answer(shapes.OfferList(items=items, next=page.next))


@bp.get("/offers/<int:offer_id>")
@operation(summary="One offer", answers={200: shapes.OfferShown}, refuses=(404,))
def offer(offer_id: int) -> Response:
    """Show one offer with its times."""
    access.check(current_actor(), OFFERS_READ)
    asked_by = reader()
    now = asked_by.now
    row = queries.find_offer(offer_id, now=now)
    slots = slot_queries.slots_by_offer([offer_id], now=now).get(offer_id, ())
    return answer(shapes.OfferShown.of(row, slots, _purse(now), asked_by, reference()))


@bp.get("/offers/<int:offer_id>/photos/<name>")
@operation(
    summary="The photo of an offer",
    query=PhotoQuery,
    answers={200: "image/jpeg"},
    refuses=(404, 422),
)
def offer_photo(offer_id: int, name: str) -> Response:
    """Hand out an offer's photo."""
    access.check(current_actor(), OFFERS_READ)
    size = query(PhotoQuery).size
    if queries.find_offer_photo(offer_id) != name:
        raise NotFound
    return wiring().media.response(name, size)


@bp.post("/redemptions")
@operation(
    summary="Take an offer: points on hold, a place or a unit reserved",
    json=shapes.RedeemRequest,
    answers={201: shapes.RedemptionShown},
    refuses=(403, 404, 409, 415, 422),
    idempotent_by_key=True,
)
def redeem() -> Response:
    """Take an offer; the same key sent again answers what it made."""
    actor = current_actor()
    access.check(actor, OFFERS_REDEEM)
    body = json_body(shapes.RedeemRequest)
    values = {**body, "for": body.get("for_")}
    command = forms.read_redemption(
        values, key=idempotency_key(), key_field=KEY_FIELD, price_field="expected_points"
    )
    now = clock.now()
    done = redemptions_usecases.redeem(command, actor=actor, zone=settings().county.tz, now=now)
    row = redemptions_queries.find_redemption(done.redemption.ref)
    return answer(_redemption(row), 201, replayed=done.replayed)


@bp.post("/redemptions/<ref>/cancel")
@operation(
    summary="Give it back in time",
    answers={200: shapes.RedemptionShown},
    refuses=(403, 404, 409),
)
def cancel_redemption(ref: str) -> Response:
    """Cancel; a second time answers as before."""
    done = redemptions_usecases.cancel(ref, actor=current_actor(), now=clock.now())
    card = permits_queries.find_card_or_none(ref)
    row = redemptions_queries.find_redemption(ref)
    return answer(_redemption(row, card.application if card else None), replayed=done.replayed)


@bp.get("/me/redemptions")
@operation(
    summary="What the rider took, newest first",
    query=PageQuery,
    answers={200: shapes.RedemptionList},
    refuses=(403, 422),
)
def my_redemptions() -> Response:
    """List the rider's redemptions."""
    asked_by = reader()
    actor = asked_by.actor
    access.check(actor, OFFERS_REDEEM)
    rows, following = redemptions_queries.list_redemptions(
        actor.member_id,
        before=unpack_id(request.args.get("cursor")),
        limit=read_limit(request.args.get("limit")),
    )
    cards = permits_queries.cards_by_redemption([row.redemption.id for row in rows])
    ending, places = ending_queries.of_taken(rows), reference()
    items = [
        shapes.RedemptionShown.of(
            row, asked_by, places, ending.get(row.redemption.ref, ()), cards.get(row.redemption.id)
        )
        for row in rows
    ]
    return answer(
        shapes.RedemptionList(items=items, next=pack(following) if following is not None else None)
    )
