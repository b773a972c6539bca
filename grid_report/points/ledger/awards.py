"""Thanking riders: what an award needs, which pool pays it, and what waits or is owed back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grid_report.errors import NotFound
from grid_report.points import signals
from grid_report.points.causes import AWARD_REPAID, Cause
from grid_report.points.errors import OwnAward, SecondPersonNeeded
from grid_report.points.kinds import OWED, EventKind, MovementKind, UnpaidReason
from grid_report.points.ledger import accounts
from grid_report.points.ledger.accounts import AccountRef, LockedAccount
from grid_report.points.ledger.award_requests import Claim, look, owe, why_not
from grid_report.points.ledger.events import Part, move_lots, write_event, write_lot, write_transfer
from grid_report.points.ledger.pending_models import PendingAward
from grid_report.points.ledger.pools import open_month
from grid_report.points.outcomes import Award, Outcome, outcome_of
from grid_report.points.policy import LARGE_AWARD, Terms, draws_on_reserve, most_repaid
from grid_report.points.rates import Earning


def award(
    session: Session,
    rider_id: int,
    *,
    cause: Cause,
    earning: Earning,
    community_code: str,
    terms: Terms,
    at: datetime,
    actor_id: int | None,
    severity: int | None = None,
    report_number: str | None = None,
    approved_by_id: int | None = None,
    withheld: UnpaidReason | None = None,
) -> Award:
    """Thank a rider for one cause, once, from the community's pool of the month of `at`.

    `withheld` says that a cap keeps it from being paid at all; the line with the reason is written.
    Never fails for want of budget, of an opened month or of an unfrozen ledger: it then leaves a
    due row that `pay_due` pays later. A debt is repaid from at most half of it, as an event of
    its own. Raises OwnAward, SecondPersonNeeded.
    """
    if rider_id in (actor_id, approved_by_id):
        raise OwnAward
    if earning.points > LARGE_AWARD and (
        actor_id is None or approved_by_id is None or actor_id == approved_by_id
    ):
        raise SecondPersonNeeded
    claim = Claim(
        rider_id=rider_id,
        cause=cause,
        earning=earning,
        community_code=community_code,
        severity=severity,
        report_number=report_number,
        actor_id=actor_id,
        approved_by_id=approved_by_id,
        at=at,
    )
    mine = accounts.rider(rider_id)
    pool = accounts.budget(community_code, terms.month(at))
    places = accounts.lock(session, mine, accounts.rider_debt(rider_id), pool)
    if mine not in places:
        # Opened before anything is decided: its lock is what makes two awards of a cause queue.
        accounts.open_accounts(session, mine)
        places |= accounts.lock(session, mine)
    known = look(session, rider_id, cause)
    if known.journal_id is not None:
        return Award(Outcome.PAID, known.paid, known.journal_id, already=True)
    if known.unpaid_id is not None:
        return Award(outcome_of(known.reason), known.owed, reason=known.reason, already=True)
    reason = why_not(known)
    if withheld is not None and reason in (None, UnpaidReason.FROZEN):
        reason = withheld
    if reason is None:
        reason, entry_id, repaid = _pay(session, claim, places, terms, at)
        if reason is None:
            return Award(Outcome.PAID, earning.points, entry_id, repaid=repaid)
    owe(session, claim, reason)
    return Award(outcome_of(reason), earning.points, reason=reason)


def pay_due(session: Session, due_id: int, *, terms: Terms, at: datetime) -> Award:
    """Pay an owed award from the pool of the month of `at`, if there is enough by now.

    Raises NotFound when nothing is owed under that id.
    """
    due = session.execute(
        select(PendingAward).where(PendingAward.id == due_id)
    ).scalar_one_or_none()
    if due is None or due.reason not in OWED:
        raise NotFound
    mine = accounts.rider(due.rider_id)
    places = accounts.lock_or_open(session, mine)
    places |= accounts.lock(
        session,
        accounts.rider_debt(due.rider_id),
        accounts.budget(due.community_code, terms.month(at)),
    )
    session.refresh(due)
    if due.journal_id is not None:
        return Award(Outcome.PAID, due.points, due.journal_id, already=True)
    if due.cancelled_at is not None:
        raise NotFound
    cause = Cause(due.cause_type, due.cause_id)
    known = look(session, due.rider_id, cause)
    reason = why_not(known)
    # Somebody who became staff since then earned it before.
    if reason is not None and reason is not UnpaidReason.STAFF:
        return Award(Outcome.OWED, due.points, reason=reason)
    claim = Claim(
        rider_id=due.rider_id,
        cause=cause,
        earning=Earning(due.points, due.rule, due.tariff_version),
        community_code=due.community_code,
        severity=due.severity,
        report_number=due.report_number,
        actor_id=due.actor_id,
        approved_by_id=due.approved_by_id,
        at=due.at,
    )
    reason, entry_id, repaid = _pay(session, claim, places, terms, at)
    if reason is not None:
        return Award(Outcome.OWED, due.points, reason=reason)
    session.execute(
        update(PendingAward).where(PendingAward.id == due_id).values(journal_id=entry_id)
    )
    return Award(Outcome.PAID, due.points, entry_id, repaid=repaid)


def _pay(
    session: Session,
    claim: Claim,
    places: dict[AccountRef, LockedAccount],
    terms: Terms,
    paid_at: datetime,
) -> tuple[UnpaidReason | None, int | None, int]:
    month = terms.month(paid_at)
    pool, reserve = accounts.budget(claim.community_code, month), accounts.budget(None, month)
    points = claim.earning.points
    if pool not in places:
        budget = terms.budget_per_month
        open_month(
            session,
            claim.community_code,
            month,
            points=budget,
            reserve_points=terms.reserve(budget),
            at=paid_at,
        )
        places = places | accounts.lock(session, pool)
        if pool not in places:  # that month is closed
            return UnpaidReason.BUDGET_EMPTY, None, 0
    source = places[pool]
    if source.left < points:
        if not draws_on_reserve(claim.severity, claim.earning.rule):
            return UnpaidReason.BUDGET_EMPTY, None, 0
        source = accounts.lock_or_open(session, reserve)[reserve]
        if source.left < points:
            return UnpaidReason.RESERVE_EMPTY, None, 0
    entry_id = write_event(
        session,
        EventKind.AWARD,
        claim.cause,
        at=paid_at,
        points=points,
        rider_id=claim.rider_id,
        community_code=claim.community_code,
        month=str(month),
        rule=claim.earning.rule,
        tariff_version=claim.earning.version,
        severity=claim.severity,
        report_number=claim.report_number,
        actor_id=claim.actor_id,
        approved_by_id=claim.approved_by_id,
    )
    assert entry_id is not None  # the rider's account is locked and the cause was looked for
    target = places[accounts.rider(claim.rider_id)]
    transfer_id = write_transfer(
        session,
        entry_id,
        EventKind.AWARD,
        "award",
        debit=source,
        credit=target,
        amount=points,
    )
    lot_id = write_lot(
        session,
        target,
        transfer_id,
        points=points,
        earned_at=paid_at,
        expires_at=terms.expiry(paid_at),
    )
    signals.lots_changed.send(
        session,
        lots={lot_id: (points, 0)},
        event=EventKind.AWARD,
        at=paid_at,
        community_code=claim.community_code,
    )
    debt = places.get(accounts.rider_debt(claim.rider_id))
    # What is on hold meets a debt when it comes back: only what is beyond that is asked of awards.
    repaid = min(most_repaid(points), max(0, -debt.left - target.held)) if debt is not None else 0
    if debt is not None and repaid:
        _repay(
            session,
            claim,
            entry_id,
            part=Part(lot_id, repaid),
            mine=target,
            debt=debt,
            at=paid_at,
        )
    return None, entry_id, repaid


def _repay(
    session: Session,
    claim: Claim,
    award_id: int,
    *,
    part: Part,
    mine: LockedAccount,
    debt: LockedAccount,
    at: datetime,
) -> None:
    entry_id = write_event(
        session,
        EventKind.REPAYMENT,
        Cause(AWARD_REPAID, str(award_id)),
        at=at,
        points=part.points,
        rider_id=claim.rider_id,
        community_code=claim.community_code,
        report_number=claim.report_number,
    )
    assert entry_id is not None  # the award was written just now
    transfer_id = write_transfer(
        session,
        entry_id,
        EventKind.REPAYMENT,
        "repay",
        debit=mine,
        credit=debt,
        amount=part.points,
    )
    move_lots(session, transfer_id, MovementKind.SPEND, [part], event=EventKind.REPAYMENT, at=at)
    signals.debt_changed.send(session, points=-part.points, at=at)
