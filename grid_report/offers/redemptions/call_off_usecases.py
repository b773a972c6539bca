"""What an administrator calls off: a slot with everybody in it, or one redemption."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts.steps import audit
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid
from grid_report.notify import outbox
from grid_report.offers.catalogue.models import Offer, Slot
from grid_report.offers.kinds import WaitState
from grid_report.offers.redemptions import steps as redemptions_steps
from grid_report.offers.redemptions.lifecycle import RedemptionState, RedemptionStep
from grid_report.offers.redemptions.models import Redemption, Waiting
from grid_report.offers.redemptions.permissions import (
    REDEMPTION_CALL_OFF,
    SLOT_CALL_OFF,
    VOUCHER_CONFIRM,
)
from grid_report.points import ledger


@use_case
def call_off_slot(slot_id: int, words: str, *, actor: Actor, now: datetime) -> int:
    """Call a time off: everybody booked gets points and a message. Return how many were booked.

    Raises NotFound, Forbidden, Invalid.
    """
    with transaction() as session:
        slot = redemptions_steps.lock_slot(session, slot_id)
        offer = session.get_one(Offer, slot.offer_id)
        access.check(actor, SLOT_CALL_OFF, _Place(offer.station_code))
        if not words.strip():
            raise Invalid.field("words", "reason-missing")
        slot.called_off_at = slot.called_off_at or now
        _end_queue(session, slot)
        booked = session.scalars(
            select(Redemption)
            .where(Redemption.slot_id == slot_id, Redemption.state == RedemptionState.RESERVED)
            .order_by(Redemption.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        for redemption in booked:
            _call_off(session, redemption, offer, words.strip(), actor=actor, now=now)
        audit(session, actor, "slot-called-off", str(slot_id), now, booked=len(booked))
        return len(booked)


class _Place:
    """What the permission for a slot looks at."""

    def __init__(self, station_code: str | None) -> None:
        self.station_code = station_code


def _end_queue(session: Session, slot: Slot) -> None:
    for entry in session.scalars(
        select(Waiting).where(
            Waiting.slot_id == slot.id,
            Waiting.state.in_((WaitState.WAITING, WaitState.OFFERED)),
        )
    ):
        if entry.state is WaitState.OFFERED:
            slot.reserved -= 1
        entry.state, entry.kept_until = WaitState.LAPSED, None


@use_case
def call_off_redemption(ref: str, words: str, *, actor: Actor, now: datetime) -> None:
    """Call one booking off from the provider's side. A second time changes nothing.

    Raises NotFound, Forbidden, Invalid, IllegalRedemptionStep.
    """
    with transaction() as session:
        redemption = redemptions_steps.lock(session, ref)
        access.check(actor, REDEMPTION_CALL_OFF, redemption)
        if redemption.state is RedemptionState.PROVIDER_CANCELLED:
            return
        if not words.strip():
            raise Invalid.field("words", "reason-missing")
        offer = session.get_one(Offer, redemption.offer_id)
        _call_off(session, redemption, offer, words.strip(), actor=actor, now=now)


def _call_off(
    session: Session,
    redemption: Redemption,
    offer: Offer,
    words: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    staff = access.allowed(actor, VOUCHER_CONFIRM, redemption)
    redemptions_steps.move(
        session,
        redemption,
        RedemptionStep.PROVIDER_CANCEL,
        actor=actor,
        role=(Role.STATION_STAFF if staff else Role.ADMINISTRATOR).value,
        now=now,
        words=words,
    )
    outbox.put(
        session,
        "redemption_called_off",
        to_member=redemption.rider_id,
        about=redemption.ref,
        facts={
            **redemptions_steps.titles(offer),
            "points": ledger.stayed(session, redemption.ref, at=now),
            "words": words,
        },
        now=now,
    )
