"""The only writer of the points tables. Steps: an open session in, nothing committed.

A cause is paid once. Every function locks the accounts it decides on before it looks at them, and
may be called again with the same cause: the second call finds what the first one wrote.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grid_report.clock import Month
from grid_report.errors import NotFound
from grid_report.points import holders
from grid_report.points.causes import AWARD_REVERSED, BUDGET_OPENED, Cause
from grid_report.points.claims import Claim, look, owe, why_not
from grid_report.points.entries import (
    spend_lot,
    write_event,
    write_lot,
    write_transfer,
)
from grid_report.points.freezing import refuse_when_frozen
from grid_report.points.holders import MINT, Holder, Place
from grid_report.points.kinds import OWED, EventKind, UnpaidReason, Verdict
from grid_report.points.models import Journal, Lot, Transfer, Unpaid
from grid_report.points.outcomes import Award, Outcome, Reversal, outcome_of
from grid_report.points.refusals import OwnAward, SecondPersonNeeded
from grid_report.points.tariff import Earning
from grid_report.points.terms import LARGE_AWARD, Terms, draws_on_reserve

__all__ = [
    "Award",
    "Cause",
    "Earning",
    "Outcome",
    "Reversal",
    "award",
    "grant",
    "open_budget",
    "pay_due",
    "reverse",
]


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
    due row that `pay_due` pays later. Raises OwnAward, SecondPersonNeeded.
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
    mine = holders.rider(rider_id)
    pool = holders.budget(community_code, terms.month(at))
    places = holders.lock(session, mine, pool)
    if mine not in places:
        # Opened before anything is decided: its lock is what makes two awards of a cause queue.
        holders.open_accounts(session, mine)
        places |= holders.lock(session, mine)
    known = look(session, rider_id, cause)
    if known.journal_id is not None:
        return Award(Outcome.PAID, known.paid, known.journal_id, already=True)
    if known.unpaid_id is not None:
        return Award(outcome_of(known.reason), known.owed, reason=known.reason, already=True)
    reason = why_not(known)
    if withheld is not None and reason in (None, UnpaidReason.FROZEN):
        reason = withheld
    if reason is None:
        reason, entry_id = _pay(session, claim, places, terms, at)
        if reason is None:
            return Award(Outcome.PAID, earning.points, entry_id)
    owe(session, claim, reason)
    return Award(outcome_of(reason), earning.points, reason=reason)


def pay_due(session: Session, due_id: int, *, terms: Terms, at: datetime) -> Award:
    """Pay an owed award from the pool of the month of `at`, if there is enough by now.

    Raises NotFound when nothing is owed under that id.
    """
    due = session.execute(select(Unpaid).where(Unpaid.id == due_id)).scalar_one_or_none()
    if due is None or due.reason not in OWED:
        raise NotFound
    mine = holders.rider(due.rider_id)
    places = holders.lock_or_open(session, mine)
    places |= holders.lock(session, holders.budget(due.community_code, terms.month(at)))
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
    reason, entry_id = _pay(session, claim, places, terms, at)
    if reason is not None:
        return Award(Outcome.OWED, due.points, reason=reason)
    session.execute(update(Unpaid).where(Unpaid.id == due_id).values(journal_id=entry_id))
    return Award(Outcome.PAID, due.points, entry_id)


def open_budget(
    session: Session,
    community_code: str,
    month: Month,
    *,
    points: int,
    reserve_points: int,
    at: datetime,
) -> bool:
    """Open a community's month, and put the county's share aside. False when it was open before.

    Raises LedgerFrozen.
    """
    refuse_when_frozen(session)
    return _open_month(
        session, community_code, month, points=points, reserve_points=reserve_points, at=at
    )


def grant(
    session: Session,
    community_code: str | None,
    month: Month,
    *,
    points: int,
    cause: Cause,
    actor_id: int,
    approved_by_id: int,
    at: datetime,
    note: str = "",
) -> int | None:
    """Add points to a pool by hand, or to the reserve; return the entry, None if it was written.

    Raises LedgerFrozen, SecondPersonNeeded.
    """
    if actor_id == approved_by_id:
        raise SecondPersonNeeded
    refuse_when_frozen(session)
    pool = holders.budget(community_code, month)
    places = holders.lock(session, MINT)
    places |= holders.lock_or_open(session, pool)
    entry_id = write_event(
        session,
        EventKind.GRANT,
        cause,
        at=at,
        points=points,
        actor_id=actor_id,
        approved_by_id=approved_by_id,
        community_code=community_code,
        month=str(month),
        note=note,
    )
    if entry_id is not None:
        write_transfer(
            session,
            entry_id,
            EventKind.GRANT,
            "grant",
            debit=places[MINT],
            credit=places[pool],
            amount=points,
        )
    return entry_id


def reverse(
    session: Session,
    entry_id: int,
    *,
    verdict: Verdict,
    actor_id: int,
    approved_by_id: int,
    at: datetime,
    note: str = "",
) -> Reversal:
    """Take an award back: for an honest mistake only what is left of that award's own lot.

    Raises NotFound, OwnAward, LedgerFrozen, SecondPersonNeeded.
    """
    if verdict is not Verdict.HONEST:
        raise NotImplementedError(verdict)
    if actor_id == approved_by_id:
        raise SecondPersonNeeded
    refuse_when_frozen(session)
    original = session.execute(
        select(
            Journal.rider_id,
            Journal.community_code,
            Journal.report_number,
            Journal.rule,
            Transfer.id.label("transfer_id"),
        )
        .join(Transfer, Transfer.journal_id == Journal.id)
        .where(Journal.id == entry_id, Journal.kind == EventKind.AWARD)
    ).one_or_none()
    if original is None:
        raise NotFound
    if original.rider_id in (actor_id, approved_by_id):
        raise OwnAward
    mine, end = holders.rider(original.rider_id), holders.clawback(original.community_code)
    places = holders.lock_or_open(session, mine, end)
    lot = session.execute(
        select(Lot.id, Lot.free).where(Lot.transfer_id == original.transfer_id)
    ).one()
    cause = Cause(f"{AWARD_REVERSED}-{verdict}", str(entry_id))
    reversal_id = write_event(
        session,
        EventKind.REVERSAL,
        cause,
        at=at,
        points=lot.free,
        rider_id=original.rider_id,
        community_code=original.community_code,
        actor_id=actor_id,
        approved_by_id=approved_by_id,
        rule=original.rule,
        report_number=original.report_number,
        reverses_id=entry_id,
        verdict=verdict,
        note=note,
    )
    if reversal_id is None:
        before = session.execute(
            select(Journal.id, Journal.points).where(
                Journal.cause_type == cause.type, Journal.cause_id == cause.id
            )
        ).one()
        return Reversal(before.id, before.points, already=True)
    if lot.free:
        transfer_id = write_transfer(
            session,
            reversal_id,
            EventKind.REVERSAL,
            "clawback",
            debit=places[mine],
            credit=places[end],
            amount=lot.free,
        )
        spend_lot(session, lot.id, transfer_id, lot.free)
    return Reversal(reversal_id, lot.free)


def _pay(
    session: Session, claim: Claim, places: dict[Holder, Place], terms: Terms, paid_at: datetime
) -> tuple[UnpaidReason | None, int | None]:
    month = terms.month(paid_at)
    pool, reserve = holders.budget(claim.community_code, month), holders.budget(None, month)
    points = claim.earning.points
    if pool not in places:
        budget = terms.budget_per_month
        _open_month(
            session,
            claim.community_code,
            month,
            points=budget,
            reserve_points=terms.reserve(budget),
            at=paid_at,
        )
        places = places | holders.lock_or_open(session, pool)
    source = places[pool]
    if source.left < points:
        if not draws_on_reserve(claim.severity, claim.earning.rule):
            return UnpaidReason.BUDGET_EMPTY, None
        source = holders.lock_or_open(session, reserve)[reserve]
        if source.left < points:
            return UnpaidReason.RESERVE_EMPTY, None
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
    target = places[holders.rider(claim.rider_id)]
    transfer_id = write_transfer(
        session,
        entry_id,
        EventKind.AWARD,
        "award",
        debit=source,
        credit=target,
        amount=points,
    )
    write_lot(
        session,
        target,
        transfer_id,
        points=points,
        earned_at=paid_at,
        expires_at=terms.expiry(paid_at),
    )
    return None, entry_id


def _open_month(
    session: Session,
    community_code: str,
    month: Month,
    *,
    points: int,
    reserve_points: int,
    at: datetime,
) -> bool:
    # The mint's lock comes first: of two who open the same month the second finds it open.
    mint = holders.lock(session, MINT)[MINT]
    pool, reserve = holders.budget(community_code, month), holders.budget(None, month)
    if points + reserve_points == 0:
        holders.open_accounts(session, pool)
        return False
    entry_id = write_event(
        session,
        EventKind.GRANT,
        Cause(BUDGET_OPENED, f"{community_code}:{month}"),
        at=at,
        points=points + reserve_points,
        community_code=community_code,
        month=str(month),
    )
    if entry_id is None:
        return False
    places = holders.lock_or_open(session, pool, reserve)
    for holder, amount in ((pool, points), (reserve, reserve_points)):
        if amount:
            write_transfer(
                session,
                entry_id,
                EventKind.GRANT,
                "grant",
                debit=mint,
                credit=places[holder],
                amount=amount,
            )
    return True
