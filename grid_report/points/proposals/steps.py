"""Writing a proposal down; one key of one person is one proposal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.db import lock_one
from grid_report.points import ledger, signals
from grid_report.points.errors import MeritProposed, NothingLeftToTake, ProposalKeyReused
from grid_report.points.history import reversal_queries
from grid_report.points.kinds import EventKind, Verdict
from grid_report.points.ledger.accounts import insert_once
from grid_report.points.ledger.models import Journal
from grid_report.points.proposals.models import Proposal
from grid_report.points.proposals.rules import ProposalKind, ProposalState, Propose


@dataclass(frozen=True)
class Put:
    """A proposal that is kept, and whether it was there before this request."""

    proposal_id: int
    replayed: bool = False


# What somebody sends; what else a proposal says is found out about these.
SENT: Final = ("kind", "reason", "points", "month", "report_number", "entry_id", "verdict")


def put(session: Session, command: Propose, *, actor_id: int, now: datetime) -> Put:
    """Keep a proposal until somebody else decides, and tell of it.

    Raises MeritProposed, NothingLeftToTake, ProposalKeyReused.

    For a merit the report is locked, so that two cannot be proposed at once.
    """
    known = session.scalar(
        select(Proposal).where(Proposal.proposed_by_id == actor_id, Proposal.key == command.key)
    )
    if known is not None:
        if any(getattr(known, name) != getattr(command, name) for name in SENT) or (
            command.kind is ProposalKind.GRANT and known.community_code != command.community_code
        ):
            raise ProposalKeyReused(str(known.id))
        return Put(known.id, replayed=True)
    if command.kind is ProposalKind.MERIT and session.scalar(
        select(Proposal.id).where(
            Proposal.report_number == command.report_number,
            Proposal.state != ProposalState.DECLINED,
        )
    ):
        raise MeritProposed
    if command.entry_id is not None and command.verdict is not None:
        check_left(session, command.entry_id, command.verdict)
    made: int | None = session.scalar(
        insert_once(session, Proposal)
        .values(
            **asdict(command),
            state=ProposalState.WAITING,
            proposed_by_id=actor_id,
            proposed_at=now,
            decision_note="",
        )
        .returning(Proposal.id)
    )
    if made is None:
        # Sent twice at the same moment: the other one wrote it.
        return put(session, command, actor_id=actor_id, now=now)
    proposal = session.get_one(Proposal, made)
    signals.proposal_waiting.send(session, session=session, proposal=proposal, now=now)
    return Put(made)


def lock(session: Session, proposal_id: int) -> Proposal:
    """Take a proposal for deciding on it. Raises NotFound."""
    return lock_one(session, Proposal, Proposal.id == proposal_id)


def check_left(session: Session, entry_id: int, verdict: Verdict) -> None:
    """Refuse a verdict that can take nothing more of an award. Raises NothingLeftToTake."""
    if not ledger.can_take(session, entry_id, verdict):
        so_far = reversal_queries.taken_of([entry_id])[entry_id]
        raise NothingLeftToTake(so_far.of, so_far.taken, so_far.on_hold, so_far.debt)


def rider_of_award(session: Session, entry_id: int) -> int | None:
    """Return whose award an entry is; None when it is no award."""
    return session.scalar(
        select(Journal.rider_id).where(Journal.id == entry_id, Journal.kind == EventKind.AWARD)
    )
