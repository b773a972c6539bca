"""API v1, offers: the catalogue, taking and cancelling, scan and confirm, the map of stations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, request, url_for

from grid_report import access, clock
from grid_report.accounts import queries as accounts_queries
from grid_report.accounts.aliases import rider_alias
from grid_report.api import present
from grid_report.api.openapi import operation
from grid_report.api.reading import KEY_FIELD, answer, idempotency_key, json_body, query
from grid_report.api.routes import bp
from grid_report.api.schemas import offer as schemas
from grid_report.api.schemas.common import PageQuery, PhotoQuery
from grid_report.errors import Invalid, NotFound
from grid_report.offers import forms
from grid_report.offers.catalogue import queries
from grid_report.offers.catalogue.models import Offer, Slot, Station
from grid_report.offers.catalogue.permissions import OFFERS_READ, OFFERS_REDEEM
from grid_report.offers.catalogue.queries import OfferRow
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.counter.commands import Scan
from grid_report.offers.permits import queries as permits_queries
from grid_report.offers.permits.models import Application
from grid_report.offers.redemptions import (
    catalogue_queries,
    ending_queries,
    slot_queries,
    voucher_views,
)
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.permissions import STATION_OPEN
from grid_report.offers.redemptions.queries import RedemptionRow
from grid_report.places.geo.points import Point
from grid_report.places.queries import reference
from grid_report.points.statement.ending_queries import purse
from grid_report.points.statement.queries import Expiring
from grid_report.web.context import current_actor, language, settings, wiring
from grid_report.web.guard import public
from grid_report.web.paging import pack, read_limit, unpack_id
from grid_report.web.text import clean


def _station(it: Station | None, distance_m: int | None = None) -> dict[str, Any] | None:
    if it is None:
        return None
    return {
        "code": it.code,
        "name": it.name,
        "address": it.address,
        "location": {"lat": it.lat, "lng": it.lng, "datum": "wgs84"},
        "hours": it.hours,
        "free_services": it.free_services,
        "community": present.community(reference().community(it.community_code)),
        "distance_m": distance_m,
    }


def _slot(it: Slot | None) -> dict[str, Any] | None:
    if it is None:
        return None
    return {
        "id": it.id,
        "starts_at": present.instant(it.starts_at),
        "ends_at": present.instant(it.ends_at),
        "left": it.capacity - it.reserved,
    }


def _photo(it: Offer) -> dict[str, str] | None:
    if it.photo is None:
        return None
    # The name in the address: another photo is another address, and none grows old in a cache.
    address = url_for("api.offer_photo", offer_id=it.id, name=it.photo)
    return {size: f"{address}?size={size}" for size in ("main", "thumb")}


def _purse(now: datetime) -> Sequence[Expiring]:
    actor = current_actor()
    return purse(actor.member_id, now) if access.allowed(actor, OFFERS_REDEEM) else ()


def _ending(some: Sequence[Expiring]) -> list[dict[str, Any]]:
    zone = settings().county.tz
    return [{"points": it.points, "on": it.on(zone).isoformat()} for it in some]


def _offer(
    row: OfferRow, slots: Sequence[Slot], lasting: Sequence[Expiring], now: datetime
) -> dict[str, Any]:
    it, words = row.offer, language()
    free = [slot for slot in slots if slot.reserved < slot.capacity]
    zone = settings().county.tz
    return {
        "id": it.id,
        "title": row.title(words),
        "description": row.description(words),
        "picture": it.picture.value,
        "photo": _photo(it),
        "kind": it.kind.value,
        "points": it.points,
        "left": row.left,
        "for": [who.value for who in row.for_whom],
        "opens_to": it.opens_to.value,
        "hours": it.hours,
        "needs": it.needs,
        "rating": row.rating,
        "station": _station(row.station, row.distance_m),
        "slots": [_slot(slot) for slot in slots],
        "ending": _ending(ending_queries.before_taking(it, free, lasting, zone=zone, now=now)),
    }


def _redemption(
    row: RedemptionRow,
    now: datetime,
    card: Application | None = None,
    *,
    ending: Mapping[str, Sequence[Expiring]] | None = None,
) -> dict[str, Any]:
    it = row.redemption
    voucher = None
    ending = ending_queries.of_taken([row]) if ending is None else ending
    # A card is shown, not scanned at a station.
    if (
        it.station_code is not None
        and it.state is RedemptionState.RESERVED
        and now < it.holds_until
    ):
        code = voucher_views.code_now(it, now)
        voucher = {
            "qr": code.qr,
            "code": code.digits,
            "code_until": present.instant(code.digits_until),
            "valid_until": present.instant(it.holds_until),
        }
    return {
        "ref": it.ref,
        "state": it.state.value,
        "offer": {"id": row.offer.id, "title": row.title(language())},
        "points": it.points,
        "for": it.for_whom.value,
        "slot": _slot(row.slot),
        "station": _station(row.station),
        "created_at": present.instant(it.created_at),
        "delivered_at": present.instant(it.delivered_at),
        "penalty_points": it.penalty_points,
        "ending": _ending(ending.get(it.ref, ())),
        "voucher": voucher,
        "application": {
            "paper": card.paper.value,
            "compound": card.compound_name,
            "state": card.state.value,
            "valid_until": present.instant(card.valid_until),
        }
        if card is not None
        else None,
    }


def _near(shape: type[schemas.NearQuery] = schemas.NearQuery) -> Point | None:
    return forms.read_near({"near": query(shape).near})


@bp.get("/stations")
@public
@operation(
    summary="The stations with what is free there",
    query=schemas.NearQuery,
    answers={200: schemas.StationList},
    refuses=(422,),
)
def stations() -> Response:
    """List the points of the service map."""
    return answer({"items": [_station(*row) for row in queries.list_stations(near=_near())]})


@bp.get("/offers")
@operation(
    summary="What points can be used for, and what is free",
    query=schemas.OfferQuery,
    answers={200: schemas.OfferList},
    refuses=(422,),
)
def offers() -> Response:
    """List the catalogue."""
    access.check(current_actor(), OFFERS_READ)
    now = clock.now()
    page = catalogue_queries.page_of_offers(
        now=now,
        near=_near(schemas.OfferQuery),
        cursor=request.args.get("cursor"),
        limit=read_limit(request.args.get("limit")),
    )
    slots = slot_queries.slots_by_offer([row.offer.id for row in page.items], now=now)
    lasting = _purse(now)
    return answer(
        {
            "items": [_offer(row, slots.get(row.offer.id, ()), lasting, now) for row in page.items],
            "next": page.next,
        }
    )


@bp.get("/offers/<int:offer_id>")
@operation(summary="One offer", answers={200: schemas.OfferShown}, refuses=(404,))
def offer(offer_id: int) -> Response:
    """Show one offer with its times."""
    access.check(current_actor(), OFFERS_READ)
    now = clock.now()
    row = queries.find_offer(offer_id, now=now)
    slots = slot_queries.slots_by_offer([offer_id], now=now).get(offer_id, ())
    return answer(_offer(row, slots, _purse(now), now))


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
    response: Response = wiring().media.response(name, size)
    return response


@bp.post("/redemptions")
@operation(
    summary="Take an offer: points on hold, a place or a unit reserved",
    json=schemas.RedeemRequest,
    answers={201: schemas.RedemptionShown},
    refuses=(403, 404, 409, 415, 422),
    idempotent_by_key=True,
)
def redeem() -> Response:
    """Take an offer; the same key sent again answers what it made."""
    actor = current_actor()
    access.check(actor, OFFERS_REDEEM)
    body = json_body(schemas.RedeemRequest)
    values = {**body, "for": body.get("for_")}
    command = forms.read_redemption(
        values, key=idempotency_key(), key_field=KEY_FIELD, price_field="expected_points"
    )
    now = clock.now()
    done = redemptions_usecases.redeem(command, actor=actor, zone=settings().county.tz, now=now)
    row = redemptions_queries.find_redemption(done.redemption.ref)
    return answer(_redemption(row, now), 201, replayed=done.replayed)


@bp.post("/redemptions/<ref>/cancel")
@operation(
    summary="Give it back in time",
    answers={200: schemas.RedemptionShown},
    refuses=(403, 404, 409),
)
def cancel_redemption(ref: str) -> Response:
    """Cancel; a second time answers as before."""
    now = clock.now()
    done = redemptions_usecases.cancel(ref, actor=current_actor(), now=now)
    card = permits_queries.find_card_or_none(ref)
    shown = _redemption(
        redemptions_queries.find_redemption(ref), now, card.application if card else None
    )
    return answer(shown, replayed=done.replayed)


@bp.get("/me/redemptions")
@operation(
    summary="What the rider took, newest first",
    query=PageQuery,
    answers={200: schemas.RedemptionList},
    refuses=(403, 422),
)
def my_redemptions() -> Response:
    """List the rider's redemptions."""
    actor, now = current_actor(), clock.now()
    access.check(actor, OFFERS_REDEEM)
    rows, following = redemptions_queries.list_redemptions(
        actor.member_id,
        before=unpack_id(request.args.get("cursor")),
        limit=read_limit(request.args.get("limit")),
    )
    cards = permits_queries.cards_by_redemption([row.redemption.id for row in rows])
    ending = ending_queries.of_taken(rows)
    return answer(
        {
            "items": [
                _redemption(row, now, cards.get(row.redemption.id), ending=ending) for row in rows
            ],
            "next": pack(following) if following is not None else None,
        }
    )


@bp.post("/vouchers/scan")
@operation(
    summary="Look at a voucher; nothing about it changes",
    json=schemas.ScanRequest,
    answers={200: schemas.VoucherPreview},
    refuses=(403, 409, 415, 422),
)
def scan_voucher() -> Response:
    """Say what a voucher is for, and for whom."""
    actor = current_actor()
    access.check(actor, STATION_OPEN)
    body = json_body(schemas.ScanRequest)
    found = counter_usecases.scan(_scan(body), actor=actor, now=clock.now())
    row = redemptions_queries.find_redemption(found.ref)
    names = accounts_queries.names_of([found.rider_id])
    return answer(
        {
            "ref": found.ref,
            "state": found.state.value,
            "offer": {"id": row.offer.id, "title": row.title(language())},
            "points": found.points,
            "for": found.for_whom.value,
            "rider": {
                "name": names.get(found.rider_id, ""),
                "alias": rider_alias(found.rider_id),
            },
            "slot": _slot(row.slot),
            "needs": row.offer.needs,
            "station": found.station_code,
            "valid_until": present.instant(found.holds_until),
        }
    )


def _scan(body: dict[str, Any]) -> Scan:
    """Take a program at its word: any text is a code, if only a wrong one."""
    qr, code = clean(body.get("qr")), clean(body.get("code"))
    if not qr and not code:
        raise Invalid.field("qr", "code-needed")
    return Scan(qr=qr, digits="" if qr else code.replace(" ", ""))


@bp.post("/vouchers/confirm")
@operation(
    summary="Hand it out, exactly once",
    json=schemas.ConfirmRequest,
    answers={200: schemas.VoucherConfirmed},
    refuses=(403, 409, 415, 422),
)
def confirm_voucher() -> Response:
    """Confirm a voucher that was scanned; the same nonce answers as before."""
    actor = current_actor()
    access.check(actor, STATION_OPEN)
    body = json_body(schemas.ConfirmRequest)
    done = counter_usecases.confirm(
        clean(body["ref"]), clean(body["nonce"]), actor=actor, now=clock.now()
    )
    it = done.redemption
    return answer(
        {
            "ref": it.ref,
            "state": it.state.value,
            "points": it.points,
            "delivered_at": present.instant(it.delivered_at),
            "station": it.station_code,
        },
        replayed=done.replayed,
    )
