"""Reads on redemptions; as many statements with many rows as with one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.db import db, worded_columns
from grid_report.errors import NotFound
from grid_report.languages import written
from grid_report.offers.catalogue.models import Offer, Slot, Station
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.models import Rating, Redemption, RedemptionEntry
from grid_report.offers.redemptions.rules import cancel_until, dispute_until, may_cancel
from grid_report.points.signals import Service
from grid_report.web.context import language


@dataclass(frozen=True)
class RedemptionRow:
    """A redemption with its offer, place and time."""

    redemption: Redemption
    offer: Offer
    station: Station | None
    slot: Slot | None

    def title(self, language: str) -> str:
        """Return the offer's name in a language."""
        return written(self.offer, "title", language)

    @property
    def last_instant(self) -> datetime:
        """The last instant it can be used, on the day people call the last one."""
        return self.redemption.holds_until - timedelta(seconds=1)

    def may_cancel(self, now: datetime) -> bool:
        """Tell whether its rider can still give it back."""
        return self.redemption.state is RedemptionState.RESERVED and may_cancel(
            now,
            self.redemption.holds_until,
            self.slot.starts_at if self.slot else None,
            self.offer.cancel_minutes,
        )

    @property
    def cancel_until(self) -> datetime:
        """Until when its rider can give it back."""
        starts_at = self.slot.starts_at if self.slot else None
        return cancel_until(self.redemption.holds_until, starts_at, self.offer.cancel_minutes)

    @property
    def dispute_until(self) -> datetime | None:
        """Until when something can be said against the delivery."""
        delivered_at = self.redemption.delivered_at
        return dispute_until(delivered_at) if delivered_at else None


ROW = (
    select(Redemption, Offer, Station, Slot)
    .join(Offer, Offer.id == Redemption.offer_id)
    .outerjoin(Station, Station.code == Redemption.station_code)
    .outerjoin(Slot, Slot.id == Redemption.slot_id)
)


def list_redemptions(
    rider_id: int, *, before: int | None = None, limit: int = 50
) -> tuple[list[RedemptionRow], int | None]:
    """List what a rider took, newest first, and where the next page starts."""
    query = ROW.where(Redemption.rider_id == rider_id)
    if before is not None:
        query = query.where(Redemption.id < before)
    rows = [
        RedemptionRow(*row)
        for row in db.session.execute(query.order_by(Redemption.id.desc()).limit(limit + 1))
    ]
    following = rows[limit - 1].redemption.id if len(rows) > limit else None
    return rows[:limit], following


def find_redemption(ref: str) -> RedemptionRow:
    """Return one redemption by its reference. Raises NotFound."""
    found = db.session.execute(ROW.where(Redemption.ref == ref)).one_or_none()
    if found is None:
        raise NotFound
    return RedemptionRow(*found)


def ref_by_key(rider_id: int, key: str) -> str | None:
    """Return the ref of the redemption a rider made with this key."""
    return db.session.scalar(
        select(Redemption.ref).where(Redemption.rider_id == rider_id, Redemption.key == key)
    )


def service_names(_sender: Any, *, session: Session, refs: Collection[str]) -> dict[str, Service]:
    """Say what redemptions are called, and where they are shown. Hears `service_names` of points."""
    rows = session.execute(
        select(Redemption.ref, *worded_columns(Offer, "title"))
        .join(Offer, Offer.id == Redemption.offer_id)
        .where(Redemption.ref.in_(refs))
    )
    return {row.ref: Service(written(row, "title", language()), "offers.voucher") for row in rows}


def list_entries(redemption_id: int) -> Sequence[RedemptionEntry]:
    """List the steps of a redemption, oldest first."""
    return db.session.scalars(
        select(RedemptionEntry)
        .where(RedemptionEntry.redemption_id == redemption_id)
        .order_by(RedemptionEntry.id)
    ).all()


def find_rating(redemption_id: int) -> Rating | None:
    """Return what its rider thought of it."""
    return db.session.get(Rating, redemption_id)
