"""What an administrator does: offers, stations and their providers, slots, calling off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.steps import audit
from grid_report.db import lock_one, transaction, use_case
from grid_report.errors import Invalid, NotFound, Stale
from grid_report.languages import as_columns
from grid_report.offers.catalogue.commands import EditOffer, EditStation
from grid_report.offers.catalogue.models import Offer, Provider, Slot, Station
from grid_report.offers.catalogue.permissions import OFFERS_MANAGE
from grid_report.offers.kinds import ALWAYS_FREE, ForWhom
from grid_report.offers.quotas import opens_by_price
from grid_report.places.steps import names_of_communities

MOST_SLOTS = 200


@use_case
def save_station(command: EditStation, *, actor: Actor, now: datetime) -> str:
    """Open a station or change it, with its provider; return its code.

    Raises Forbidden, Invalid.
    """
    access.check(actor, OFFERS_MANAGE)
    with transaction() as session:
        if command.community_code not in names_of_communities(session):
            raise Invalid.field("community", "community-unknown")
        provider = session.get(Provider, command.provider_code)
        if provider is None:
            if not command.provider_name:
                raise Invalid.field("provider_name", "field-needed")
            provider = Provider(
                code=command.provider_code, name=command.provider_name, created_at=now
            )
            session.add(provider)
        elif command.provider_name:
            provider.name = command.provider_name
        if command.free_a_month is not None:
            provider.free_a_month = command.free_a_month
        session.flush()
        station = session.get(Station, command.code)
        if station is None:
            station = Station(
                code=command.code, provider_code=command.provider_code, created_at=now
            )
            session.add(station)
        elif station.provider_code != command.provider_code:
            # Its redemptions are on the statements of the provider there is.
            raise Invalid.field("provider", "provider-is-fixed")
        station.community_code, station.name = command.community_code, command.name
        station.address, station.hours = command.address, command.hours
        station.lat, station.lng = command.lat, command.lng
        station.free_services = sorted(command.free_services)
        audit(
            session, actor, "station-saved", command.code, now, free_a_month=provider.free_a_month
        )
        return command.code


@use_case
def retire_station(code: str, *, actor: Actor, now: datetime) -> None:
    """Close a station: nothing new can be booked there. Raises NotFound, Forbidden."""
    access.check(actor, OFFERS_MANAGE)
    with transaction() as session:
        station = session.get(Station, code)
        if station is None:
            raise NotFound
        station.retired_at = station.retired_at or now
        audit(session, actor, "station-retired", code, now)


@use_case
def save_offer(
    offer_id: int | None,
    command: EditOffer,
    *,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> int:
    """Make an offer or change it; bookings keep what they were made with. Return its id.

    Raises NotFound, Forbidden, Invalid, Stale.
    """
    access.check(actor, OFFERS_MANAGE)
    with transaction() as session:
        if command.points and command.picture in ALWAYS_FREE:
            raise Invalid.field("points", "always-free")
        _check_place(session, command)
        if offer_id is None:
            offer = Offer(kind=command.kind, created_at=now, reserved=0, version=0)
            session.add(offer)
        else:
            offer = lock_one(session, Offer, Offer.id == offer_id)
            if seen is not None and seen != offer.version:
                raise Stale(seen, offer.version)
            if offer.kind is not command.kind:
                raise Invalid.field("kind", "kind-is-fixed")
            if command.stock is not None and command.stock < offer.reserved:
                raise Invalid.field("stock", "stock-below-reserved", least=offer.reserved)
        for name, value in _columns(command).items():
            setattr(offer, name, value)
        offer.opens_to = command.opens_to or opens_by_price(command.points, command.kind)
        offer.version += 1
        session.flush()
        audit(
            session,
            actor,
            "offer-saved",
            str(offer.id),
            now,
            points=offer.points,
            opens_to=offer.opens_to.value,
        )
        return offer.id


def _columns(command: EditOffer) -> dict[str, Any]:
    names = (
        "provider_code", "station_code", "picture", "points", "quota", "quota_period", "stock",
        "hours", "valid_days", "cancel_minutes", "noshow_percent", "needs", "photo",
    )  # fmt: skip
    values = {name: getattr(command, name) for name in names}
    values |= as_columns("title", command.titles)
    values |= as_columns("description", command.descriptions)
    for who in ForWhom:
        values[f"for_{who}"] = who in command.for_whom
    return values


def _check_place(session: Session, command: EditOffer) -> None:
    if command.station_code is None:
        if session.get(Provider, command.provider_code) is None:
            raise Invalid.field("provider", "provider-unknown")
        return
    station = session.get(Station, command.station_code)
    if station is None or station.provider_code != command.provider_code:
        raise Invalid.field("station", "station-unknown")


@use_case
def retire_offer(offer_id: int, *, actor: Actor, now: datetime) -> None:
    """Take an offer out of the catalogue; what is booked still counts. Raises NotFound, Forbidden."""
    access.check(actor, OFFERS_MANAGE)
    with transaction() as session:
        offer = lock_one(session, Offer, Offer.id == offer_id)
        offer.retired_at = offer.retired_at or now
        audit(session, actor, "offer-retired", str(offer_id), now)


@use_case
def add_slots(
    offer_id: int,
    starts: list[datetime],
    *,
    minutes: int,
    capacity: int,
    actor: Actor,
    now: datetime,
) -> int:
    """Add times with places; a time that is there already stays as it is. Return how many are new.

    Raises NotFound, Forbidden, Invalid.
    """
    access.check(actor, OFFERS_MANAGE)
    if len(starts) > MOST_SLOTS:
        raise Invalid.field("days", "too-many-slots", most=MOST_SLOTS)
    with transaction() as session:
        offer = lock_one(session, Offer, Offer.id == offer_id)
        if not offer.kind.way.has_slots:
            raise Invalid.field("starts", "only-slots-have-times")
        there = set(session.scalars(select(Slot.starts_at).where(Slot.offer_id == offer_id)))
        new = [start for start in dict.fromkeys(starts) if start not in there]
        session.add_all(
            Slot(
                offer_id=offer_id,
                starts_at=start,
                ends_at=start + timedelta(minutes=minutes),
                capacity=capacity,
                reserved=0,
            )
            for start in new
        )
        audit(session, actor, "slots-added", str(offer_id), now, count=len(new))
        return len(new)
