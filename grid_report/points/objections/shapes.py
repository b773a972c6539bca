"""The shapes of looking again, merits, proposals and objections."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StringConstraints

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.places.geo.reference import Reference
from grid_report.points.kinds import Verdict
from grid_report.points.objections.queries import ObjectionView
from grid_report.points.objections.rules import LONGEST_WORDS, ObjectionState, Subject
from grid_report.points.permissions import OBJECTION_ANSWER, PROPOSAL_DECIDE
from grid_report.points.proposals.queries import ProposalLine
from grid_report.points.proposals.rules import ProposalKind, ProposalState
from grid_report.reports.models import Recheck
from grid_report.web.api.shapes import AT_MOST, Answer, Body, CodeName, Instant, PageQuery

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Note = Annotated[str, StringConstraints(max_length=500)]
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
    proposed_at: Instant
    decided_by: str | None
    decided_at: Instant | None
    note: str = Field(description="the words of the decision")
    may_decide: bool = Field(description="never the one who proposed it, nor whom it is about")

    @classmethod
    def of(cls, it: ProposalLine, actor: Actor, places: Reference) -> Self:
        """Show a proposal to somebody who may read it."""
        community = places.community(it.community_code)
        waits = it.decided_at is None
        return cls(
            id=it.id,
            kind=it.kind,
            state=it.state,
            points=it.points,
            community=CodeName(code=community.code, name=community.name) if community else None,
            month=it.month,
            report=it.report_number,
            entry=it.entry_id,
            verdict=it.verdict,
            taken=it.taken.taken if it.taken else None,
            still_owed=it.taken.still_owed if it.taken else None,
            reason=it.reason,
            proposed_by=it.proposed_by,
            proposed_at=it.proposed_at,
            decided_by=None if waits else it.decided_by,
            decided_at=it.decided_at,
            note=it.decision_note,
            may_decide=waits and access.allowed(actor, PROPOSAL_DECIDE, it),
        )


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
    raised_at: Instant
    due_at: Instant
    overdue: bool
    community: CodeName
    street: CodeName
    answer: str
    answered_at: Instant | None

    @classmethod
    def of(cls, it: ObjectionView, places: Reference) -> Self:
        """Show an objection to its rider."""
        community, street = places.community(it.community_code), places.street(it.street_code)
        return cls(
            id=it.id,
            state=it.state,
            about=it.subject,
            key=it.key,
            report=it.report_number,
            rule=it.rule,
            points=it.points,
            words=it.words,
            raised_at=it.raised_at,
            due_at=it.due_at,
            overdue=it.overdue,
            community=CodeName(
                code=it.community_code, name=community.name if community else it.community_code
            ),
            street=CodeName(code=it.street_code, name=street.name if street else it.street_code),
            answer=it.answer,
            answered_at=it.answered_at,
        )


class ObjectionList(Answer):
    items: list[ObjectionShown]
    next: str | None


class ObjectionAtDesk(ObjectionShown):
    """The same for those who answer: by alias, and whether it is theirs to answer."""

    alias: str
    may_answer: bool

    @classmethod
    def seen_by(cls, it: ObjectionView, actor: Actor, places: Reference) -> Self:
        """Show an objection to somebody of the street."""
        waits = it.answered_at is None and it.withdrawn_at is None
        return cls(
            **dict(ObjectionShown.of(it, places)),
            alias=rider_alias(it.rider_id),
            may_answer=waits and access.allowed(actor, OBJECTION_ANSWER, it),
        )


class ObjectionDeskList(Answer):
    items: list[ObjectionAtDesk]
    next: str | None


class ObjectionQuery(PageQuery):
    state: ObjectionState | None = None


class AnswerRequest(Body):
    step: Literal["uphold", "reject"]
    words: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_WORDS)]
