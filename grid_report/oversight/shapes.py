"""The shapes of what an auditor reads."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field

from grid_report.accounts.members.audit_queries import TrailLine
from grid_report.oversight.holders import shown_alias, shown_holder
from grid_report.points.audit.journal_queries import Event, Leg
from grid_report.points.kinds import EventKind, Phase, Verdict
from grid_report.web.api.shapes import Answer, Instant, PageQuery

DAY = "a day of the county, YYYY-MM-DD"


class TrailQuery(PageQuery):
    member: str | None = Field(
        default=None, max_length=20, description="alias or number of who acted or was acted on"
    )
    action: str | None = Field(default=None, max_length=60)
    since: str | None = Field(default=None, max_length=10, description=DAY)
    until: str | None = Field(default=None, max_length=10, description=f"{DAY}, included")


class ActShown(Answer):
    id: int
    at: Instant
    actor: str | None = Field(description="alias; null: the system")
    action: str
    about: str
    details: dict[str, Any]

    @classmethod
    def of(cls, it: TrailLine) -> Self:
        """Show an act; people are aliases."""
        about = f"member:{shown_alias(it.about_member)}" if it.about_member else it.about
        return cls(
            id=it.id,
            at=it.at,
            actor=shown_alias(it.actor_id),
            action=it.action,
            about=about,
            details=dict(it.details),
        )


class Trail(Answer):
    items: list[ActShown]
    next: str | None


class JournalQuery(PageQuery):
    account: str | None = Field(
        default=None, max_length=60, description="an account as in `legs`, or a rider's alias"
    )
    kind: EventKind | None = None
    since: str | None = Field(default=None, max_length=10, description=DAY)
    until: str | None = Field(default=None, max_length=10, description=f"{DAY}, included")


class LegShown(Answer):
    phase: Phase
    amount: int
    debit: str = Field(description="where the points come from: kind, whose, month")
    credit: str

    @classmethod
    def of(cls, it: Leg) -> Self:
        """Show one transfer of an event."""
        return cls(
            phase=it.phase,
            amount=it.amount,
            debit=shown_holder(it.debit),
            credit=shown_holder(it.credit),
        )


class EventShown(Answer):
    id: int
    at: Instant
    kind: EventKind
    cause: str
    cause_id: str
    points: int
    rider: str | None = Field(description="alias")
    actor: str | None = Field(description="alias; null: a rule or a job")
    approved_by: str | None
    community: str | None
    month: str | None
    rule: str | None
    tariff_version: str | None
    report: str | None
    redemption: str | None
    reverses: int | None
    verdict: Verdict | None
    note: str
    legs: list[LegShown]

    @classmethod
    def of(cls, it: Event) -> Self:
        """Show an event of the ledger; people are aliases."""
        return cls(
            id=it.id,
            at=it.at,
            kind=it.kind,
            cause=it.cause,
            cause_id=it.cause_id,
            points=it.points,
            rider=shown_alias(it.rider_id),
            actor=shown_alias(it.actor_id),
            approved_by=shown_alias(it.approved_by_id),
            community=it.community_code,
            month=it.month,
            rule=it.rule,
            tariff_version=it.tariff_version,
            report=it.report_number,
            redemption=it.redemption_ref,
            reverses=it.reverses_id,
            verdict=it.verdict,
            note=it.note,
            legs=[LegShown.of(leg) for leg in it.legs],
        )


class JournalShown(Answer):
    items: list[EventShown]
    next: str | None
