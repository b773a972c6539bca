"""The shapes of looking again, of merits, and of why points are there."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated, Self

from pydantic import BaseModel, Field, StringConstraints

from grid_report.places.geo.reference import Reference
from grid_report.points.history import trace_queries
from grid_report.points.history.shapes import (
    AwardShown,
    Entry,
    PayerShown,
    SpentShown,
    TariffShown,
)
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import Recheck
from grid_report.web.api.shapes import AT_MOST, Answer, Body, Instant

Words = Annotated[str, StringConstraints(max_length=1000)]


class RecheckRequest(Body):
    note: Words | None = Field(default=None, description="what the rider shall look at")


class RecheckForm(BaseModel):
    """multipart/form-data: the rider's photos of the handled case."""

    note: Words | None = None
    photos: list[bytes] = Field(min_length=1, description=AT_MOST)


class RecheckShown(Answer):
    nth: int = Field(description="counted from one, for each report")
    words: str
    asked_at: Instant
    answered_at: Instant | None

    @classmethod
    def of(cls, it: Recheck) -> Self:
        """Show what was asked for, and when it came."""
        return cls(nth=it.nth, words=it.words, asked_at=it.asked_at, answered_at=it.answered_at)


class RecheckList(Answer):
    items: list[RecheckShown]


class MeritRequest(Body):
    """A report that could have saved a life; somebody else decides."""

    points: int = Field(description="the version of the tariff says from how many to how many")
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class DecisionShown(Answer):
    step: Step
    at: Instant


class WhyShown(Answer):
    entry: Entry
    note: str
    decision: DecisionShown | None
    tariff: TariffShown | None
    award: AwardShown | None
    spent: list[SpentShown]
    paid_by: list[PayerShown] = Field(description="the awards a service was paid from")
    held_until: Instant | None = Field(description="the points are still kept for a service")
    reverses: int | None = Field(description="the entry this one takes back")

    @classmethod
    def of(cls, it: trace_queries.Why, places: Reference, zone: tzinfo) -> Self:
        """Show the chain behind an entry; the links it does not have are null."""
        return cls(
            entry=Entry.of(it.entry),
            note=it.entry.note,
            decision=DecisionShown(step=Step(it.decision), at=it.decided_at)
            if it.decision
            else None,
            tariff=TariffShown.of(it.entry),
            award=AwardShown.of(it, places, zone),
            spent=[SpentShown.of(part) for part in (it.lot.spent if it.lot else ())],
            paid_by=[PayerShown.of(part) for part in it.paid_by],
            held_until=it.holds_until if it.is_held else None,
            reverses=it.reverses_id,
        )
