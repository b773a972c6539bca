"""Awards that should not have been: what is taken back, by the verdict of two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from grid_report.errors import NotFound
from grid_report.points import signals
from grid_report.points.causes import AWARD_REVERSED, OWED_TAKEN, Cause
from grid_report.points.errors import OwnAward, SecondPersonNeeded
from grid_report.points.kinds import EventKind, MovementKind, Verdict
from grid_report.points.ledger import accounts, debt_steps
from grid_report.points.ledger.debt_models import Owed
from grid_report.points.ledger.debt_queries import open_claims
from grid_report.points.ledger.events import (
    Part,
    move_lots,
    take,
    write_event,
    write_transfer,
)
from grid_report.points.ledger.freezes import refuse_when_frozen
from grid_report.points.ledger.models import Journal, Lot, Transfer
from grid_report.points.outcomes import Reversal


@dataclass(frozen=True)
class Reach:
    """How far a verdict goes beyond what is left of the award's own lot."""

    other_lots: bool
    debt: bool


REACH: Final = {
    # Nobody did wrong: what was spent in good faith stays spent.
    Verdict.HONEST: Reach(other_lots=False, debt=False),
    Verdict.APPEAL: Reach(other_lots=False, debt=False),
    # The rider could have known: made good from what is there, never from what is still to come.
    Verdict.NEGLIGENT: Reach(other_lots=True, debt=False),
    Verdict.FRAUD: Reach(other_lots=True, debt=True),
}


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
    """Take an award back, as far as the verdict reaches; what is on hold is owed by its lots.

    Fraud owes by the rider: what is not there is a debt, met first by what comes back from a
    service. A later, graver verdict takes what the first one left; the same one again only where
    the first wrote down nothing of what it left (before points were owed). Raises NotFound,
    OwnAward, LedgerFrozen, SecondPersonNeeded.
    """
    if actor_id == approved_by_id:
        raise SecondPersonNeeded
    original = _award(session, entry_id)
    if original is None:
        raise NotFound
    if original.rider_id in (actor_id, approved_by_id):
        raise OwnAward
    mine, end = accounts.rider(original.rider_id), accounts.clawback(original.community_code)
    places = accounts.lock_or_open(session, mine)
    plan = _plan(session, entry_id, original, verdict, places[mine].id)
    before, due, lots, claims = plan.before, plan.due, plan.lots, plan.claims
    if before is not None and not plan.moves:
        return Reversal(before.id, before.points, already=True, debt=_charged(session, before.id))
    parts, debt = plan.parts, plan.debt
    taken = sum(part.points for part in parts)
    refuse_when_frozen(session)
    again = "" if before is None else f":{before.id}"
    cause = Cause(f"{AWARD_REVERSED}-{verdict}", f"{entry_id}{again}")
    reversal_id = write_event(
        session,
        EventKind.REVERSAL,
        cause,
        at=at,
        points=taken + debt,
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
    assert reversal_id is not None  # looked for under the rider's lock
    if taken + debt:
        places |= accounts.lock_or_open(session, end)
    if taken:
        transfer_id = write_transfer(
            session,
            reversal_id,
            EventKind.REVERSAL,
            "clawback",
            debit=places[mine],
            credit=places[end],
            amount=taken,
        )
        move_lots(session, transfer_id, MovementKind.SPEND, parts, event=EventKind.REVERSAL, at=at)
    if debt:
        debtor = accounts.rider_debt(original.rider_id)
        write_transfer(
            session,
            reversal_id,
            EventKind.REVERSAL,
            "clawback_debt",
            debit=accounts.lock_or_open(session, debtor)[debtor],
            credit=places[end],
            amount=debt,
        )
        signals.debt_changed.send(session, points=debt, at=at)
    debt_steps.owe(session, reversal_id, claims)
    on_hold = min(due - taken, places[mine].held if debt else _held(lots, claims))
    return Reversal(reversal_id, taken + debt, debt=debt, owed=on_hold)


def can_take(session: Session, entry_id: int, verdict: Verdict) -> bool:
    """Tell whether a verdict would take, charge or claim anything, under the rider's lock.

    The first verdict on an award always may: that it was wrong is worth writing down. Raises
    NotFound.
    """
    original = _award(session, entry_id)
    if original is None:
        raise NotFound
    mine = accounts.rider(original.rider_id)
    place = accounts.lock_or_open(session, mine)[mine]
    if not session.scalar(select(exists().where(Journal.reverses_id == entry_id))):
        return True
    return _plan(session, entry_id, original, verdict, place.id).moves


@dataclass(frozen=True)
class _Plan:
    """What a verdict does as things are: the points it takes now, a debt, what lots will owe."""

    before: Any
    due: int
    lots: Sequence[Any] = ()
    parts: Sequence[Part] = ()
    debt: int = 0
    claims: Sequence[Part] = ()

    @property
    def moves(self) -> bool:
        return bool(self.parts or self.debt or self.claims)


def _plan(
    session: Session, entry_id: int, original: Any, verdict: Verdict, account_id: int
) -> _Plan:
    before = _last_with(session, entry_id, verdict)
    due = original.points - _taken_before(session, entry_id)
    if before is not None and (before.owes or verdict is Verdict.FRAUD):
        return _Plan(before, due)
    reach = REACH[verdict] if before is None else REACH[Verdict.HONEST]
    lots = _lots(session, account_id, original.transfer_id, reach)
    parts, _ = take([Part(lot.id, lot.free) for lot in lots], due)
    left = due - sum(part.points for part in parts)
    if reach.debt:
        return _Plan(before, due, lots, parts, debt=left)
    return _Plan(before, due, lots, parts, claims=_claims(session, lots, entry_id, left))


def _award(session: Session, entry_id: int) -> Any:
    return session.execute(
        select(
            Journal.rider_id,
            Journal.community_code,
            Journal.report_number,
            Journal.rule,
            Journal.points,
            Transfer.id.label("transfer_id"),
        )
        .join(Transfer, Transfer.journal_id == Journal.id)
        .where(Journal.id == entry_id, Journal.kind == EventKind.AWARD)
    ).one_or_none()


def _taken_before(session: Session, entry_id: int) -> int:
    taken = session.scalar(
        select(func.coalesce(func.sum(Journal.points), 0)).where(
            Journal.reverses_id == entry_id, Journal.kind == EventKind.REVERSAL
        )
    )
    return int(taken or 0)


def _charged(session: Session, reversal_id: int) -> int:
    charged = session.scalar(
        select(func.coalesce(func.sum(Transfer.amount), 0)).where(
            Transfer.journal_id == reversal_id, Transfer.route == "clawback_debt"
        )
    )
    return int(charged or 0)


def _last_with(session: Session, entry_id: int, verdict: Verdict) -> Any:
    """Find the newest reversal of an award by that verdict, and whether lots owe it anything."""
    return session.execute(
        select(
            Journal.id,
            Journal.points,
            exists().where(Owed.reversal_id == Journal.id).label("owes"),
        )
        .where(
            Journal.reverses_id == entry_id,
            Journal.verdict == verdict,
            Journal.cause_type != OWED_TAKEN,
        )
        .order_by(Journal.id.desc())
        .limit(1)
    ).one_or_none()


def _lots(session: Session, account_id: int, award_transfer_id: int, reach: Reach) -> Sequence[Any]:
    """List the award's own lot first, then the others by what expires first."""
    is_own = Lot.transfer_id == award_transfer_id
    query = (
        select(Lot.id, Lot.free, Lot.held)
        .where(Lot.account_id == account_id, is_own | (Lot.free > 0) | (Lot.held > 0))
        .order_by(is_own.desc(), Lot.expires_at, Lot.id)
    )
    if not reach.other_lots:
        query = query.where(is_own)
    return session.execute(query).all()


def _claims(session: Session, lots: Sequence[Any], entry_id: int, left: int) -> list[Part]:
    """Say what each lot owes: what it holds, and the rest the own one, should it ever come back."""
    if not left:
        return []
    wanted, _ = take([Part(lot.id, lot.held) for lot in lots], left)
    by_lot = {part.lot_id: part.points for part in wanted}
    own = lots[0].id
    by_lot[own] = by_lot.get(own, 0) + left - sum(by_lot.values())
    for claim in open_claims(session, by_lot):
        if claim.award_id == entry_id:
            for lot_id, owed in claim.by_lot.items():
                by_lot[lot_id] -= owed
    return [Part(lot_id, points) for lot_id, points in by_lot.items() if points > 0]


def _held(lots: Sequence[Any], claims: Sequence[Part]) -> int:
    held = {lot.id: lot.held for lot in lots}
    return sum(min(held[part.lot_id], part.points) for part in claims)
