"""The shapes of what an auditor reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from grid_report.api.schemas.common import Answer, PageQuery
from grid_report.points.kinds import EventKind, Phase, Verdict

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
    at: datetime
    actor: str | None = Field(description="alias; null: the system")
    action: str
    about: str
    details: dict[str, Any]


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


class EventShown(Answer):
    id: int
    at: datetime
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


class JournalShown(Answer):
    items: list[EventShown]
    next: str | None
