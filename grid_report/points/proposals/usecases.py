"""Four eyes: one person proposes a grant, a merit or a reversal, another one decides."""

from __future__ import annotations

from datetime import datetime, tzinfo

from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.steps import audit
from grid_report.clock import Month
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid
from grid_report.places import queries as places_queries
from grid_report.points import ledger, signals
from grid_report.points.causes import BUDGET_GRANTED, MERIT, Cause
from grid_report.points.errors import DecidedBefore, SentUnproved
from grid_report.points.permissions import BUDGET_GRANT, PROPOSAL_DECIDE
from grid_report.points.policy import Terms
from grid_report.points.proposals import steps
from grid_report.points.proposals.models import Proposal
from grid_report.points.proposals.rules import ProposalKind, ProposalState, Propose
from grid_report.points.proposals.steps import Put
from grid_report.points.rewards import queries as rewards_queries
from grid_report.points.rewards import steps as rewards_steps
from grid_report.points.rewards.caps import Facts
from grid_report.points.rewards.steps import Occasion

MOST_GRANTED = 1_000_000
NOTE_MOST = 500
# The pool of the month before may still owe something; plans for later than next are no budget yet.
MONTHS_GRANTED = (-1, 1)


@use_case
def propose(command: Propose, *, zone: tzinfo, actor: Actor, now: datetime) -> Put:
    """Propose a grant or a reversal; the same key again is the same proposal.

    Merits are proposed where the report is known. Raises Forbidden, Invalid, NothingLeftToTake,
    ProposalKeyReused.
    """
    access.check(actor, BUDGET_GRANT)
    with transaction() as session:
        rider_id = _check(session, command, Month.of(now, zone))
        if rider_id == actor.member_id:
            raise Invalid.field("entry_id", "entry-is-own")
        whole = Propose(**{**command.__dict__, "rider_id": rider_id})
        put = steps.put(session, whole, actor_id=actor.member_id, now=now)
        if not put.replayed:
            audit(session, actor, f"{command.kind}-proposed", str(put.proposal_id), now)
        return put


def _check(session: Session, command: Propose, month: Month) -> int | None:
    refused = Invalid()
    rider_id = None
    if not command.reason:
        refused.add("reason", "reason-missing")
    if command.kind is ProposalKind.GRANT:
        if not 1 <= (command.points or 0) <= MOST_GRANTED:
            refused.add("points", "points-out-of-range", most=MOST_GRANTED)
        if command.month is None:
            refused.add("month", "month-unreadable")
        else:
            first, last = (str(month.plus(by)) for by in MONTHS_GRANTED)
            # As texts: they are written in one way only, and sort as the months do.
            if not first <= command.month <= last:
                refused.add("month", "month-not-granted", first=first, last=last)
        known = places_queries.reference().communities
        if command.community_code is not None and command.community_code not in known:
            refused.add("community", "community-unknown")
    elif command.kind is ProposalKind.REVERSAL:
        if command.entry_id is not None:
            rider_id = steps.rider_of_award(session, command.entry_id)
        if rider_id is None:
            refused.add("entry_id", "entry-unknown")
        if command.verdict is None:
            refused.add("verdict", "value-unknown")
    refused.raise_if_any()
    return rider_id


@use_case
def approve(
    proposal_id: int, *, note: str, actor: Actor, terms: Terms, now: datetime
) -> ProposalKind:
    """Approve what somebody else proposed, and do it, in one transaction.

    Raises NotFound, Forbidden, DecidedBefore, NothingLeftToTake, SentUnproved, LedgerFrozen.
    """
    with transaction() as session:
        proposal = _for_deciding(session, proposal_id, actor)
        DO[proposal.kind](session, proposal, actor, terms, now)
        _decide(session, proposal, ProposalState.APPROVED, note=note, actor=actor, now=now)
        return proposal.kind


@use_case
def decline(proposal_id: int, *, note: str, actor: Actor, now: datetime) -> ProposalKind:
    """Decline what somebody else proposed, with a reason. Raises as `approve`, Invalid."""
    with transaction() as session:
        proposal = _for_deciding(session, proposal_id, actor)
        if not note:
            raise Invalid.field("note", "reason-missing")
        _decide(session, proposal, ProposalState.DECLINED, note=note, actor=actor, now=now)
        return proposal.kind


def _for_deciding(session: Session, proposal_id: int, actor: Actor) -> Proposal:
    access.check(actor, BUDGET_GRANT)
    proposal = steps.lock(session, proposal_id)
    access.check(actor, PROPOSAL_DECIDE, proposal)
    if proposal.state is not ProposalState.WAITING:
        raise DecidedBefore
    return proposal


def _decide(
    session: Session,
    proposal: Proposal,
    state: ProposalState,
    *,
    note: str,
    actor: Actor,
    now: datetime,
) -> None:
    proposal.state, proposal.decision_note = state, note
    proposal.decided_by_id, proposal.decided_at = actor.member_id, now
    audit(
        session,
        actor,
        f"{proposal.kind}-{state}",
        str(proposal.id),
        now,
        proposed_by=proposal.proposed_by_id,
        points=proposal.points,
        community=proposal.community_code,
        entry=proposal.entry_id,
    )


def _grant(session: Session, proposal: Proposal, actor: Actor, terms: Terms, now: datetime) -> None:
    assert proposal.month is not None
    assert proposal.points is not None
    month = Month.parse(proposal.month)
    if proposal.community_code is not None:
        # Or the grant would stand in for the month's own budget.
        ledger.open_budget(
            session,
            proposal.community_code,
            month,
            points=terms.budget_per_month,
            reserve_points=terms.reserve(terms.budget_per_month),
            at=now,
        )
    ledger.grant(
        session,
        proposal.community_code,
        month,
        points=proposal.points,
        cause=Cause(BUDGET_GRANTED, f"proposal:{proposal.id}"),
        actor_id=proposal.proposed_by_id,
        approved_by_id=actor.member_id,
        at=now,
        note=proposal.reason,
    )


def _merit(session: Session, proposal: Proposal, actor: Actor, terms: Terms, now: datetime) -> None:
    assert proposal.rider_id is not None
    assert proposal.report_number is not None
    assert proposal.community_code is not None
    # Proposed before this was refused there.
    if rewards_queries.was_sent_unproved(session, proposal.report_number):
        raise SentUnproved
    rewards_steps.lock_riders(session, [proposal.rider_id])
    occasion = Occasion(
        rider_id=proposal.rider_id,
        cause=Cause(MERIT, proposal.report_number),
        facts=Facts("R10", proposal.severity, rate=proposal.points),
        community_code=proposal.community_code,
        since=proposal.proposed_at,
        actor_id=proposal.proposed_by_id,
        approved_by_id=actor.member_id,
        report_number=proposal.report_number,
    )
    rewards_steps.earn(session, [occasion], terms=terms, at=now)


def _reversal(
    session: Session, proposal: Proposal, actor: Actor, terms: Terms, now: datetime
) -> None:
    assert proposal.entry_id is not None
    assert proposal.verdict is not None
    # Another one of the same award may have been approved since this was proposed.
    steps.check_left(session, proposal.entry_id, proposal.verdict)
    done = ledger.reverse(
        session,
        proposal.entry_id,
        verdict=proposal.verdict,
        actor_id=proposal.proposed_by_id,
        approved_by_id=actor.member_id,
        at=now,
        note=proposal.reason,
    )
    signals.award_reversed.send(
        session,
        session=session,
        rider_id=proposal.rider_id,
        verdict=proposal.verdict,
        taken=done.points - done.debt,
        owed=done.owed,
        debt=done.debt - (done.owed if done.debt else 0),
        reason=proposal.reason,
        now=now,
    )


DO = {
    ProposalKind.GRANT: _grant,
    ProposalKind.MERIT: _merit,
    ProposalKind.REVERSAL: _reversal,
}
