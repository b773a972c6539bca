"""Who may take an offer at all, before anything is looked at of what is left of it."""

from __future__ import annotations

import hashlib
from datetime import datetime, tzinfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grid_report.accounts.errors import NumberUnproved
from grid_report.accounts.numbers.queries import is_proved, proved_lookup
from grid_report.errors import Conflict
from grid_report.offers import errors as offers_errors
from grid_report.offers import quotas
from grid_report.offers.catalogue.models import Offer, Provider, Slot
from grid_report.offers.kinds import OpensTo, Period, WaitState
from grid_report.offers.redemptions import catalogue_queries
from grid_report.offers.redemptions.lifecycle import COUNTED
from grid_report.offers.redemptions.models import Redemption, Waiting
from grid_report.points.rewards.queries import has_accepted_report


def person_mark(lookup: str | None, rider_id: int, provider_code: str, month: str) -> str:
    """Return what bookings of one person at one provider in one month have in common.

    A new account of the same proved number is the same person. Nobody reads a number off it, and
    marks of two months or two providers cannot be told to be one person's.
    """
    who = lookup or f"member:{rider_id}"
    return hashlib.sha256(f"free:{provider_code}:{month}:{who}".encode()).hexdigest()


def mark_of(offer: Offer, rider_id: int, *, now: datetime, zone: tzinfo) -> str | None:
    """Return the mark a booking of an offer carries; None where no free service is counted."""
    if offer.points or offer.kind.way.is_applied_for:
        return None
    start, _ = quotas.period_bounds(Period.MONTH, now, zone)
    month = start.astimezone(zone).strftime("%Y-%m")
    return person_mark(proved_lookup(rider_id), rider_id, offer.provider_code, month)


def why_not(
    session: Session,
    offer: Offer,
    rider_id: int,
    *,
    now: datetime,
    zone: tzinfo,
    slot_id: int | None = None,
    queueing: bool = False,
) -> Conflict | None:
    """Say what keeps a rider from an offer; None: nothing.

    `slot_id`: the time that is asked for; the rider's own place in its queue is not counted twice.
    Somebody who queues has every other queue for the same offer counted as well.
    """
    if (closed := not_open_yet(session, offer, rider_id)) is not None:
        return closed
    if offer.quota is not None and offer.quota_period is not None:
        had = catalogue_queries.had_in_period(session, rider_id, offer, now, zone)
        had += _waiting(session, rider_id, now, slot_id, offer=offer) if queueing else 0
        if quotas.is_used_up(had, offer.quota):
            return offers_errors.QuotaUsedUp(offer.quota, offer.quota_period.value)
    return _free_used_up(session, offer, rider_id, now=now, zone=zone, slot_id=slot_id)


def not_open_yet(session: Session, offer: Offer, rider_id: int) -> Conflict | None:
    """Say what a rider has to do before an offer opens, also one to be applied for; None: nothing."""
    if not is_proved(rider_id):
        return NumberUnproved()
    if needs_report(session, offer, rider_id):
        return offers_errors.FirstReportNeeded()
    return None


def needs_report(session: Session, offer: Offer, rider_id: int) -> bool:
    """Tell whether an offer opens with an accepted report, and the rider has none yet."""
    return offer.opens_to is OpensTo.FIRST_ACCEPTED and not has_accepted_report(session, rider_id)


def _free_used_up(
    session: Session,
    offer: Offer,
    rider_id: int,
    *,
    now: datetime,
    zone: tzinfo,
    slot_id: int | None,
) -> Conflict | None:
    mark = mark_of(offer, rider_id, now=now, zone=zone)
    if mark is None:
        return None
    provider = session.get_one(Provider, offer.provider_code)
    if not provider.free_a_month:
        return None
    had = session.scalar(
        select(func.count())
        .select_from(Redemption)
        .where(Redemption.person_mark == mark, Redemption.state.in_(COUNTED))
    )
    had = (had or 0) + _waiting(session, rider_id, now, slot_id, provider_code=provider.code)
    if had < provider.free_a_month:
        return None
    return offers_errors.FreeQuotaUsedUp(provider.free_a_month, provider.name)


def _waiting(
    session: Session,
    rider_id: int,
    now: datetime,
    slot_id: int | None,
    *,
    offer: Offer | None = None,
    provider_code: str = "",
) -> int:
    """Count the queues a rider stands in, for one offer or for what is free at a provider."""
    which = (
        [Offer.id == offer.id]
        if offer is not None
        else [Offer.provider_code == provider_code, Offer.points == 0]
    )
    return int(
        session.scalar(
            select(func.count())
            .select_from(Waiting)
            .join(Slot, Slot.id == Waiting.slot_id)
            .join(Offer, Offer.id == Slot.offer_id)
            .where(
                Waiting.rider_id == rider_id,
                Waiting.state.in_((WaitState.WAITING, WaitState.OFFERED)),
                Waiting.slot_id != (slot_id or 0),
                Slot.starts_at > now,
                *which,
            )
        )
        or 0
    )
