"""The catalogue page by page: where a page ends is a price and an id, or a distance before them.

And what a rider may still have of an offer.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any, Final

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.offers import quotas
from grid_report.offers.catalogue import queries as catalogue_queries
from grid_report.offers.catalogue.models import Offer, Provider, Station
from grid_report.offers.catalogue.queries import OfferRow
from grid_report.offers.redemptions.lifecycle import COUNTED
from grid_report.offers.redemptions.models import Redemption
from grid_report.places.geo.points import Point, distance_m
from grid_report.web.paging import BIGGEST_ID, Page, pack, unpack

# What is handed out nowhere in particular comes after everything that is somewhere.
NOWHERE_M: Final = 10**9


def page_of_offers(
    *, now: datetime, near: Point | None, cursor: str | None, limit: int
) -> Page[OfferRow]:
    """List one page of what `queries.list_offers` lists, in the same order. Raises Invalid."""
    keys = _nearest(near, cursor, limit) if near is not None else _cheapest(cursor, limit)
    shown = keys[:limit]
    rows = {
        row.offer.id: row
        for row in catalogue_queries.list_offers(
            now=now, near=near, only=[key[-1] for key in shown]
        )
    }
    return Page(
        # What was retired in between the two looks is not there any more.
        [rows[key[-1]] for key in shown if key[-1] in rows],
        pack(*shown[-1]) if len(keys) > limit else None,
    )


def had_in_period(
    session: Session, rider_id: int, offer: Offer, now: datetime, zone: tzinfo
) -> int:
    """Count what a rider had of an offer in the present period, given back ones left out."""
    assert offer.quota_period is not None
    start, end = quotas.period_bounds(offer.quota_period, now, zone)
    return int(
        session.scalar(
            select(func.count())
            .select_from(Redemption)
            .where(
                Redemption.rider_id == rider_id,
                Redemption.offer_id == offer.id,
                Redemption.state.in_(COUNTED),
                Redemption.created_at >= start,
                Redemption.created_at < end,
            )
        )
        or 0
    )


def find_provider(code: str) -> Provider:
    """Return a provider there is."""
    return db.session.get_one(Provider, code)


def _cheapest(cursor: str | None, limit: int) -> list[tuple[int, ...]]:
    query = _shown(Offer.points, Offer.id).order_by(Offer.points, Offer.id).limit(limit + 1)
    after = _read(cursor, 2)
    if after is not None:
        query = query.where(tuple_(Offer.points, Offer.id) > tuple_(*after))
    return [(row.points, row.id) for row in db.session.execute(query)]


def _nearest(near: Point, cursor: str | None, limit: int) -> list[tuple[int, ...]]:
    """Rank by distance here: a county has some hundred offers, and no database knows the earth."""
    after = _read(cursor, 3)
    ranked = sorted(
        (_away(near, row.lat, row.lng), row.points, row.id)
        for row in db.session.execute(_shown(Offer.points, Offer.id, Station.lat, Station.lng))
    )
    left = ranked if after is None else [key for key in ranked if key > after]
    return list(left[: limit + 1])


def _shown(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Offer)
        .outerjoin(Station, Station.code == Offer.station_code)
        .where(*catalogue_queries.shown())
    )


def _away(near: Point, lat: float | None, lng: float | None) -> int:
    if lat is None or lng is None:
        return NOWHERE_M
    return round(distance_m(near, Point(lat, lng)))


def _read(cursor: str | None, length: int) -> tuple[int, ...] | None:
    values = unpack(cursor, length)
    if values is None:
        return None
    if not all(type(it) is int and 0 <= it <= BIGGEST_ID for it in values):
        raise Invalid.field("cursor", "cursor-unreadable")
    return tuple(values)
