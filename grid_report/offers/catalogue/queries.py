"""Reads on offers, stations and redemptions; as many statements with many rows as with one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, select

from grid_report.db import db, worded_columns
from grid_report.errors import NotFound
from grid_report.languages import written, written_in_all
from grid_report.offers.catalogue.models import Offer, Provider, Slot, Station
from grid_report.offers.catalogue.ratings import shown_rating
from grid_report.offers.kinds import ForWhom
from grid_report.places.geo.points import Point, distance_m

SLOTS_AHEAD: Final = timedelta(days=14)


@dataclass(frozen=True)
class OfferRow:
    """One offer of the catalogue, with where it is and what is left."""

    offer: Offer
    station: Station | None
    left: int | None
    next_slot: datetime | None
    distance_m: int | None

    @property
    def rating(self) -> float | None:
        """The mean to show, or None."""
        return shown_rating(self.offer.ratings, self.offer.stars)

    @property
    def for_whom(self) -> list[ForWhom]:
        """For whom it may be taken."""
        return for_whom(self.offer)

    def title(self, language: str) -> str:
        """Return its name in a language."""
        return written(self.offer, "title", language)

    def description(self, language: str) -> str:
        """Return what it is, in a language."""
        return written(self.offer, "description", language)


def for_whom(offer: Offer) -> list[ForWhom]:
    """List for whom an offer may be taken."""
    flags = {
        ForWhom.RIDER: offer.for_rider,
        ForWhom.FAMILY: offer.for_family,
        ForWhom.CHILD: offer.for_child,
    }
    return [who for who, welcome in flags.items() if welcome]


def list_offers(
    *,
    now: datetime,
    near: Point | None = None,
    with_retired: bool = False,
    only: Collection[int] | None = None,
) -> list[OfferRow]:
    """List the catalogue, or some of it: nearest first when a place is given, else by price."""
    where = [] if with_retired else shown()
    if only is not None:
        where.append(Offer.id.in_(only))
    rows = db.session.execute(
        select(Offer, Station)
        .outerjoin(Station, Station.code == Offer.station_code)
        .where(*where)
        .order_by(Offer.points, Offer.id)
    ).all()
    free = _free_slots([offer.id for offer, _ in rows if offer.kind.way.has_slots], now)
    found = [_offer_row(offer, station, free, near) for offer, station in rows]
    if near is not None:
        found.sort(key=lambda row: (row.distance_m is None, row.distance_m or 0, row.offer.points))
    return found


def shown() -> list[ColumnElement[bool]]:
    """Say what stands in the catalogue: what is still handed out, and where that is still open."""
    return [Offer.retired_at.is_(None), Station.retired_at.is_(None)]


def _free_slots(ids: Sequence[int], now: datetime) -> Mapping[int, tuple[int, datetime]]:
    """Return places left and the first free time ahead, by offer."""
    if not ids:
        return {}
    rows = db.session.execute(
        select(
            Slot.offer_id,
            func.sum(Slot.capacity - Slot.reserved),
            func.min(Slot.starts_at),
        )
        .where(
            Slot.offer_id.in_(ids),
            Slot.called_off_at.is_(None),
            Slot.starts_at > now,
            Slot.starts_at < now + SLOTS_AHEAD,
            Slot.reserved < Slot.capacity,
        )
        .group_by(Slot.offer_id)
    )
    return {offer_id: (int(left), first) for offer_id, left, first in rows}


def _offer_row(
    offer: Offer,
    station: Station | None,
    free: Mapping[int, tuple[int, datetime]],
    near: Point | None,
) -> OfferRow:
    left, next_slot = None, None
    if offer.kind.way.has_slots:
        left, next_slot = free.get(offer.id, (0, None))
    elif offer.stock is not None:
        left = offer.stock - offer.reserved
    away = None
    if near is not None and station is not None:
        away = round(distance_m(near, Point(station.lat, station.lng)))
    return OfferRow(offer, station, left, next_slot, away)


def find_offer(offer_id: int, *, now: datetime) -> OfferRow:
    """Return one offer, retired or not. Raises NotFound."""
    found = db.session.execute(
        select(Offer, Station)
        .outerjoin(Station, Station.code == Offer.station_code)
        .where(Offer.id == offer_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    offer, station = found
    return _offer_row(offer, station, _free_slots([offer.id], now), None)


def find_offer_photo(offer_id: int) -> str | None:
    """Return the name of an offer's photo; none where there is no such offer, or no photo."""
    return db.session.scalar(select(Offer.photo).where(Offer.id == offer_id))


def photo_names_in_use(names: Sequence[str]) -> set[str]:
    """Return which of these photo files an offer shows, a retired one too; the sweep asks."""
    rows = db.session.scalars(select(Offer.photo).where(Offer.photo.in_(names)).distinct())
    return {name for name in rows if name is not None}


def list_photo_files(after: str, limit: int) -> list[tuple[str, int | None]]:
    """Return the next photo files offers show, by name; their bytes are not kept."""
    rows = db.session.scalars(
        select(Offer.photo).where(Offer.photo > after).distinct().order_by(Offer.photo).limit(limit)
    )
    return [(name, None) for name in rows if name is not None]


def list_stations(*, near: Point | None = None) -> list[tuple[Station, int | None]]:
    """List the stations that are open for business, nearest first when a place is given."""
    stations = db.session.scalars(
        select(Station).where(Station.retired_at.is_(None)).order_by(Station.code)
    ).all()
    rows = [
        (one, round(distance_m(near, Point(one.lat, one.lng))) if near else None)
        for one in stations
    ]
    return sorted(rows, key=lambda row: row[1] or 0) if near else rows


def find_station(code: str) -> Station:
    """Return a station, retired or not. Raises NotFound."""
    station = db.session.get(Station, code)
    if station is None:
        raise NotFound
    return station


def station_names() -> dict[str, str]:
    """Return the names of all stations by code, for the places roles are held at."""
    rows = db.session.execute(select(Station.code, Station.name).order_by(Station.code))
    return {row.code: row.name for row in rows}


def offer_titles() -> dict[str, dict[str, str]]:
    """Return the titles of all offers by id, as text, and by language."""
    rows = db.session.execute(select(Offer.id, *worded_columns(Offer, "title")).order_by(Offer.id))
    return {str(row.id): written_in_all(row, "title") for row in rows}


def all_stations() -> Sequence[tuple[Station, Provider]]:
    """List every station with its provider, for the administrator."""
    both = select(Station, Provider).join(Provider, Provider.code == Station.provider_code)
    return [(row[0], row[1]) for row in db.session.execute(both.order_by(Station.code))]
