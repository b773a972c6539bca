"""Slots of an offer as one rider sees them: what is free, booked and waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.offers.catalogue.models import Slot
from grid_report.offers.catalogue.queries import SLOTS_AHEAD
from grid_report.offers.kinds import WaitState
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.models import Redemption, Waiting

MOST_SLOTS: Final = 120


@dataclass(frozen=True)
class SlotRow:
    """A time with its places, and what it is to the one who looks."""

    slot: Slot
    mine: RedemptionState | None = None
    waiting: Waiting | None = None

    @property
    def left(self) -> int:
        """How many places are free."""
        return self.slot.capacity - self.slot.reserved

    @property
    def is_open(self) -> bool:
        """Whether the one who looks may book it."""
        return self.mine is None and (self.left > 0 or self.is_kept)

    @property
    def is_kept(self) -> bool:
        """Whether a place that came free is kept for the one who looks."""
        return self.waiting is not None and self.waiting.state is WaitState.OFFERED


def list_slots(
    offer_id: int, *, now: datetime, rider_id: int | None = None, until: datetime | None = None
) -> list[SlotRow]:
    """List the times ahead of an offer, with what the rider has there."""
    slots = db.session.scalars(
        select(Slot)
        .where(
            Slot.offer_id == offer_id,
            Slot.called_off_at.is_(None),
            Slot.starts_at > now,
            Slot.starts_at < (until or now + SLOTS_AHEAD),
        )
        .order_by(Slot.starts_at)
        .limit(MOST_SLOTS)
    ).all()
    ids = [slot.id for slot in slots]
    mine: dict[int, RedemptionState] = {}
    queued: dict[int, Waiting] = {}
    if rider_id is not None and ids:
        for slot_id, state in db.session.execute(
            select(Redemption.slot_id, Redemption.state).where(
                Redemption.slot_id.in_(ids),
                Redemption.rider_id == rider_id,
                Redemption.state == RedemptionState.RESERVED,
            )
        ):
            if slot_id is not None:
                mine[slot_id] = state
        for entry in db.session.scalars(
            select(Waiting).where(
                Waiting.slot_id.in_(ids),
                Waiting.rider_id == rider_id,
                Waiting.state.in_((WaitState.WAITING, WaitState.OFFERED)),
            )
        ):
            queued[entry.slot_id] = entry
    return [SlotRow(slot, mine.get(slot.id), queued.get(slot.id)) for slot in slots]


def offer_of_slot(slot_id: int) -> int:
    """Return the offer a time belongs to. Raises NotFound."""
    found = db.session.scalar(select(Slot.offer_id).where(Slot.id == slot_id))
    if found is None:
        raise NotFound
    return found


def slots_by_offer(ids: Sequence[int], *, now: datetime) -> Mapping[int, Sequence[Slot]]:
    """Return the times ahead of several offers, each in order."""
    found: dict[int, list[Slot]] = {}
    for slot in db.session.scalars(
        select(Slot)
        .where(
            Slot.offer_id.in_(ids),
            Slot.called_off_at.is_(None),
            Slot.starts_at > now,
            Slot.starts_at < now + SLOTS_AHEAD,
        )
        .order_by(Slot.starts_at)
    ):
        found.setdefault(slot.offer_id, []).append(slot)
    return found
