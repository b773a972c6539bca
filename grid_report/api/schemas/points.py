"""The shapes of looking again, merits, proposals and objections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from grid_report.api.schemas.common import Answer, Body, CodeName, PageQuery
from grid_report.points.kinds import Verdict
from grid_report.points.objections.rules import LONGEST_WORDS, ObjectionState, Subject
from grid_report.points.proposals.rules import ProposalKind, ProposalState

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Note = Annotated[str, StringConstraints(max_length=500)]
Words = Annotated[str, StringConstraints(max_length=1000)]


class RecheckRequest(Body):
    note: Words | None = Field(default=None, description="what the rider shall look at")


class RecheckForm(BaseModel):
    """multipart/form-data: the rider's photos of the handled case."""

    note: Words | None = None
    photos: list[bytes] = Field(min_length=1, max_length=6)


class RecheckShown(Answer):
    nth: int = Field(description="counted from one, for each report")
    words: str
    asked_at: datetime
    answered_at: datetime | None


class RecheckList(Answer):
    items: list[RecheckShown]


class MeritRequest(Body):
    """A report that could have saved a life; somebody else decides."""

    points: int = Field(description="the version of the tariff says from how many to how many")
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class ProposalRequest(Body):
    """A grant to a month's pool, or the reversal of an award."""

    kind: Literal["grant", "reversal"]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    points: int | None = Field(default=None, description="of a grant")
    community: str | None = Field(
        default=None, description="of a grant; the county's reserve without one"
    )
    month: str | None = Field(default=None, description="of a grant: YYYY-MM")
    entry_id: int | None = Field(default=None, description="of a reversal: the award")
    verdict: Verdict | None = Field(default=None, strict=False, description="of a reversal")


class ProposalQuery(PageQuery):
    state: ProposalState | None = None


class ProposalShown(Answer):
    id: int
    kind: ProposalKind
    state: ProposalState
    points: int | None
    community: CodeName | None
    month: str | None
    report: str | None
    entry: int | None
    verdict: Verdict | None
    taken: int | None = Field(description="of a reversal: what verdicts took of the award so far")
    still_owed: int | None = Field(
        description="of a reversal: what is still to come, from bookings that end or later awards"
    )
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    note: str = Field(description="the words of the decision")
    may_decide: bool = Field(description="never the one who proposed it, nor whom it is about")


class ProposalList(Answer):
    items: list[ProposalShown]
    next: str | None


class DecideRequest(Body):
    decision: Literal["approve", "decline"]
    note: Note | None = Field(default=None, description="needed to decline")


class ObjectRequest(Body):
    """Why a decision is wrong, and which: exactly one of the three."""

    words: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_WORDS)]
    entry: Id | None = Field(default=None, description="an entry: too few points, or taken back")
    unpaid: Id | None = Field(default=None, description="what was earned and not paid")
    report: str | None = Field(
        default=None, max_length=24, description="a report that earned nothing"
    )


class ObjectionShown(Answer):
    id: int
    state: ObjectionState
    about: Subject
    key: str = Field(description="the entry, what was not paid, or the report's number")
    report: str | None
    rule: str | None
    points: int | None
    words: str
    raised_at: datetime
    due_at: datetime
    overdue: bool
    community: CodeName
    street: CodeName
    answer: str
    answered_at: datetime | None


class ObjectionList(Answer):
    items: list[ObjectionShown]
    next: str | None


class ObjectionAtDesk(ObjectionShown):
    """The same for those who answer: by alias, and whether it is theirs to answer."""

    alias: str
    may_answer: bool


class ObjectionDeskList(Answer):
    items: list[ObjectionAtDesk]
    next: str | None


class ObjectionQuery(PageQuery):
    state: ObjectionState | None = None


class AnswerRequest(Body):
    step: Literal["uphold", "reject"]
    words: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_WORDS)]
