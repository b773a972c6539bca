"""Reads of proposals and of the next tariff, for the administrators' pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from grid_report.access import Actor
from grid_report.accounts.members.identity_queries import names_for
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.points.history import reversal_queries
from grid_report.points.history.reversal_queries import Taken
from grid_report.points.kinds import Verdict
from grid_report.points.proposals.models import Proposal
from grid_report.points.proposals.rules import ProposalKind, ProposalState
from grid_report.points.rates import Version
from grid_report.points.rewards.models import TariffDraft, TariffVersion

DECIDED_SHOWN = 30


@dataclass(frozen=True)
class ProposalLine:
    """A proposal with the names of those who proposed and decided."""

    id: int
    kind: ProposalKind
    state: ProposalState
    points: int | None
    community_code: str | None
    month: str | None
    rider_id: int | None
    report_number: str | None
    entry_id: int | None
    verdict: Verdict | None
    reason: str
    proposed_by_id: int
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision_note: str
    # Of a reversal: what verdicts took of its award so far.
    taken: Taken | None = None


def list_proposals(reader: Actor) -> tuple[Sequence[ProposalLine], Sequence[ProposalLine]]:
    """Return what waits, oldest first, and what was decided last, newest first."""
    waiting = db.session.scalars(
        select(Proposal).where(Proposal.state == ProposalState.WAITING).order_by(Proposal.id)
    ).all()
    decided = db.session.scalars(
        select(Proposal)
        .where(Proposal.state != ProposalState.WAITING)
        .order_by(Proposal.decided_at.desc(), Proposal.id.desc())
        .limit(DECIDED_SHOWN)
    ).all()
    people = {it.proposed_by_id for it in (*waiting, *decided)}
    people |= {it.decided_by_id for it in decided if it.decided_by_id is not None}
    names = names_for(reader, people)
    taken = _taken((*waiting, *decided))
    return [_line(it, names, taken) for it in waiting], [_line(it, names, taken) for it in decided]


def page_of_proposals(
    reader: Actor, *, state: ProposalState | None, before: int | None, limit: int
) -> tuple[Sequence[ProposalLine], int | None]:
    """List proposals, newest first, and where the next page starts."""
    query = select(Proposal).order_by(Proposal.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(Proposal.state == state)
    if before is not None:
        query = query.where(Proposal.id < before)
    found = db.session.scalars(query).all()
    shown = found[:limit]
    people = {it.proposed_by_id for it in shown}
    people |= {it.decided_by_id for it in shown if it.decided_by_id is not None}
    names, taken = names_for(reader, people), _taken(shown)
    lines = [_line(it, names, taken) for it in shown]
    return lines, shown[-1].id if len(found) > limit else None


def find_proposal(proposal_id: int, reader: Actor) -> ProposalLine:
    """Return one proposal. Raises NotFound."""
    found = db.session.get(Proposal, proposal_id)
    if found is None:
        raise NotFound
    names = names_for(reader, {found.proposed_by_id, found.decided_by_id or 0})
    return _line(found, names, _taken([found]))


def _taken(some: Sequence[Proposal]) -> dict[int, Taken]:
    return reversal_queries.taken_of({it.entry_id for it in some if it.entry_id is not None})


def _line(it: Proposal, names: dict[int, str], taken: dict[int, Taken]) -> ProposalLine:
    return ProposalLine(
        id=it.id,
        kind=it.kind,
        state=it.state,
        points=it.points,
        community_code=it.community_code,
        month=it.month,
        rider_id=it.rider_id,
        report_number=it.report_number,
        entry_id=it.entry_id,
        verdict=it.verdict,
        reason=it.reason,
        proposed_by_id=it.proposed_by_id,
        proposed_by=names.get(it.proposed_by_id, ""),
        proposed_at=it.proposed_at,
        decided_by=names.get(it.decided_by_id or 0, ""),
        decided_at=it.decided_at,
        decision_note=it.decision_note,
        taken=taken.get(it.entry_id) if it.entry_id is not None else None,
    )


@dataclass(frozen=True)
class VersionLine:
    """A version of the list: from when, by whom."""

    code: str
    starts_at: datetime
    made_by: str
    published_by: str


def list_versions(reader: Actor) -> Sequence[VersionLine]:
    """Return all versions, newest first."""
    rows = db.session.execute(
        select(
            TariffVersion.code,
            TariffVersion.starts_at,
            TariffVersion.made_by_id,
            TariffVersion.published_by_id,
        ).order_by(TariffVersion.starts_at.desc())
    ).all()
    people = {person for row in rows for person in row[2:] if person is not None}
    names = names_for(reader, people)
    return [
        VersionLine(
            row.code,
            row.starts_at,
            names.get(row.made_by_id or 0, ""),
            names.get(row.published_by_id or 0, ""),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class DraftView:
    """The next version under work."""

    version: Version
    changes: int
    made_by_id: int
    made_by: str
    made_at: datetime


def find_draft(reader: Actor) -> DraftView | None:
    """Return the next version, if somebody works on one."""
    row: Any = db.session.execute(
        select(
            TariffDraft.code,
            TariffDraft.rules,
            TariffDraft.version,
            TariffDraft.made_by_id,
            TariffDraft.made_at,
        )
    ).one_or_none()
    if row is None:
        return None
    name = names_for(reader, [row.made_by_id]).get(row.made_by_id, "")
    return DraftView(
        Version(row.code, row.made_at, row.rules), row.version, row.made_by_id, name, row.made_at
    )
