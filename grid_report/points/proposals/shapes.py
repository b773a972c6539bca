"""The shapes of what one person proposes and another one decides."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints

from grid_report import access
from grid_report.access import Actor
from grid_report.places.geo.reference import Reference
from grid_report.points.kinds import Verdict
from grid_report.points.permissions import PROPOSAL_DECIDE
from grid_report.points.proposals.queries import ProposalLine
from grid_report.points.proposals.rules import ProposalKind, ProposalState
from grid_report.web.api.shapes import Answer, Body, CodeName, Instant, PageQuery

Note = Annotated[str, StringConstraints(max_length=500)]


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
