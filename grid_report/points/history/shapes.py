"""The shapes of what a rider has: the balance, each entry, and what stands behind it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, tzinfo
from typing import Self

from pydantic import Field

from grid_report.places.geo.reference import Reference
from grid_report.points.history import queries, trace_queries
from grid_report.web.api.shapes import Answer, CodeName, Instant
from grid_report.web.pages.words import sentence


class Expiring(Answer):
    points: int
    on: date

    @classmethod
    def of(cls, some: Iterable[queries.Expiring], zone: tzinfo) -> list[Self]:
        """Show points with the last day of each."""
        return [cls(points=it.points, on=it.on(zone)) for it in some]


class Balance(Answer):
    available: int
    held: int
    pending: int
    debt: int = Field(description="met from at most half of later awards")
    owed: int = Field(description="of what is held: taken when it comes back from a booking")
    expiring: list[Expiring]

    @classmethod
    def of(cls, it: queries.Balance, zone: tzinfo) -> Self:
        """Show a balance."""
        return cls(
            available=it.available,
            held=it.held,
            pending=it.pending,
            debt=it.debt,
            owed=it.owed,
            expiring=Expiring.of(it.expiring, zone),
        )


class Entry(Answer):
    id: int
    points: int
    at: Instant
    cause: str
    words: str
    report: str | None
    redemption: str | None

    @classmethod
    def of(cls, it: queries.Entry) -> Self:
        """Show one line of a rider's statement."""
        return cls(
            id=it.id,
            points=it.points,
            at=it.at,
            cause=it.cause,
            words=sentence("points", "entry", kind=it.kind.value, rule=it.rule),
            report=it.report_number,
            redemption=it.redemption_ref,
        )


class TariffShown(Answer):
    version: str
    rule: str | None
    severity: int | None

    @classmethod
    def of(cls, it: queries.Entry) -> TariffShown | None:
        """Show by which version and rule an entry was made; nothing for one without."""
        if not it.tariff_version:
            return None
        return TariffShown(version=it.tariff_version, rule=it.rule, severity=it.severity)


class AwardShown(Answer):
    points: int
    community: CodeName | None
    from_reserve: bool
    month: str | None
    waited_for: str | None = Field(description="why it was paid later than it was decided")
    free: int = Field(description="points of this award still there to spend")
    held: int
    last_day: date = Field(description="the last day on which the rest can be spent")

    @classmethod
    def of(cls, it: trace_queries.Why, places: Reference, zone: tzinfo) -> AwardShown | None:
        """Show the award behind an entry, and how much of it is left."""
        if it.lot is None:
            return None
        paid_by = places.community(it.community_code)
        return AwardShown(
            points=it.lot.points,
            community=CodeName(code=paid_by.code, name=paid_by.name) if paid_by else None,
            from_reserve=it.from_reserve,
            month=it.month,
            waited_for=it.waited_for.value if it.waited_for else None,
            free=it.lot.free,
            held=it.lot.held,
            last_day=it.lot.last_instant.astimezone(zone).date(),
        )


class SpentShown(Answer):
    points: int
    at: Instant
    words: str
    entry: int
    redemption: str | None

    @classmethod
    def of(cls, it: trace_queries.Spent) -> Self:
        """Show what part of an award went where."""
        return cls(
            points=it.points,
            at=it.at,
            words=sentence("points", "entry", kind=it.kind.value, rule=None),
            entry=it.entry_id,
            redemption=it.redemption_ref,
        )


class PayerShown(Answer):
    points: int = Field(description="negative where points went back to the award")
    entry: int
    rule: str | None
    report: str | None

    @classmethod
    def of(cls, it: trace_queries.Payer) -> Self:
        """Show what an award gave to a service."""
        return cls(points=it.points, entry=it.entry_id, rule=it.rule, report=it.report_number)


class EntryList(Answer):
    items: list[Entry]
    next: str | None
