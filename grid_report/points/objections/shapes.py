"""The shapes of objections to points decisions, and of their answers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.places.geo.reference import Reference
from grid_report.points.objections.queries import ObjectionView
from grid_report.points.objections.rules import LONGEST_WORDS, ObjectionState, Subject
from grid_report.points.permissions import OBJECTION_ANSWER
from grid_report.web.api.shapes import Answer, Body, CodeName, Instant, PageQuery

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]


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
