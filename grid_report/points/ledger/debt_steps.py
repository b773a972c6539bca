"""What is owed meets what comes back: a cancelled booking is no place to keep points from a verdict.

First what the lots themselves owe (`point_owed`), then the rider's debt. Both go with the very
transaction that gives points back, also while the ledger is frozen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, or_, select
from sqlalchemy.orm import Session

from grid_report.points import signals
from grid_report.points.causes import (
    DEBT_MET,
    OWED_TAKEN,
    REDEMPTION_NOSHOW,
    REDEMPTION_REFUNDED,
    REDEMPTION_RELEASED,
    Cause,
)
from grid_report.points.kinds import EventKind, MovementKind
from grid_report.points.ledger import accounts
from grid_report.points.ledger.accounts import LockedAccount
from grid_report.points.ledger.debt_models import Owed
from grid_report.points.ledger.debt_queries import Claim, open_claims, shares
from grid_report.points.ledger.events import Part, move_lots, take, write_event, write_transfer
from grid_report.points.ledger.models import Journal, Lot, LotMovement, Transfer


def owe(session: Session, reversal_id: int, parts: Sequence[Part]) -> None:
    """Write down what lots owe a reversal."""
    if parts:
        session.execute(
            insert(Owed).values(
                [
                    {"reversal_id": reversal_id, "lot_id": it.lot_id, "points": it.points}
                    for it in parts
                ]
            )
        )


def meet(
    session: Session,
    rider_id: int,
    mine: LockedAccount,
    *,
    came_by: int,
    parts: Sequence[Part],
    at: datetime,
) -> list[Part]:
    """Take what is owed from points that just came back by an entry; return what stays.

    The rider's account is locked, and stays so. Twice cannot happen: an entry gives back once.
    """
    if not parts:
        return []
    here = {part.lot_id: part.points for part in parts}
    claims = open_claims(session, here)
    shared = shares(claims, here)
    for claim in claims:
        taken = [Part(lot_id, points) for lot_id, points in shared[claim.award_id].items()]
        if taken:
            _take(session, rider_id, mine, claim, taken, came_by=came_by, at=at)
    rest = [Part(part.lot_id, here[part.lot_id]) for part in parts if here[part.lot_id]]
    return _meet_debt(session, rider_id, mine, rest, came_by=came_by, at=at)


def met_by(session: Session, rider_id: int, came_by: int) -> int:
    """Return how much of what an entry gave back met what was owed."""
    points = session.scalar(
        select(func.coalesce(func.sum(Journal.points), 0)).where(
            Journal.rider_id == rider_id,
            ((Journal.cause_type == DEBT_MET) & (Journal.cause_id == str(came_by)))
            | ((Journal.cause_type == OWED_TAKEN) & Journal.cause_id.like(f"%:{came_by}")),
        )
    )
    return int(points or 0)


def stayed(session: Session, ref: str, *, at: datetime) -> int:
    """Return how many points of a redemption came back and can be spent.

    Not what met what was owed, nor a penalty, nor what is over meanwhile.
    """
    came = session.execute(
        select(Journal.id, Journal.rider_id).where(
            Journal.cause_type.in_((REDEMPTION_RELEASED, REDEMPTION_REFUNDED)),
            Journal.cause_id == ref,
        )
    ).all()
    if not came:
        return 0
    met = [
        ((Journal.cause_type == DEBT_MET) & (Journal.cause_id == str(it.id)))
        | ((Journal.cause_type == OWED_TAKEN) & Journal.cause_id.like(f"%:{it.id}"))
        for it in came
    ]
    points = session.scalar(
        select(func.coalesce(func.sum(LotMovement.free_delta), 0))
        .join(Transfer, Transfer.id == LotMovement.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .join(Lot, Lot.id == LotMovement.lot_id)
        .where(
            Journal.rider_id == came[0].rider_id,
            Lot.expires_at > at,
            or_(
                Journal.id.in_([it.id for it in came]),
                (Journal.cause_type == REDEMPTION_NOSHOW) & (Journal.cause_id == ref),
                *met,
            ),
        )
    )
    return int(points or 0)


def _take(
    session: Session,
    rider_id: int,
    mine: LockedAccount,
    claim: Claim,
    parts: Sequence[Part],
    *,
    came_by: int,
    at: datetime,
) -> None:
    points = sum(part.points for part in parts)
    entry_id = write_event(
        session,
        EventKind.REVERSAL,
        Cause(OWED_TAKEN, f"{claim.award_id}:{came_by}"),
        at=at,
        points=points,
        rider_id=rider_id,
        reverses_id=claim.award_id,
        verdict=claim.verdict,
        **claim.facts,
    )
    assert entry_id is not None  # the entry it came by was written just now
    end = accounts.clawback(claim.facts["community_code"])
    transfer_id = write_transfer(
        session,
        entry_id,
        EventKind.REVERSAL,
        "clawback",
        debit=mine,
        credit=accounts.lock_or_open(session, end)[end],
        amount=points,
    )
    move_lots(session, transfer_id, MovementKind.SPEND, parts, event=EventKind.REVERSAL, at=at)


def _meet_debt(
    session: Session,
    rider_id: int,
    mine: LockedAccount,
    parts: list[Part],
    *,
    came_by: int,
    at: datetime,
) -> list[Part]:
    if not parts:
        return []
    # Looked for after the rider's lock: a verdict that has just been may have opened it.
    owing = accounts.rider_debt(rider_id)
    debt = accounts.lock(session, owing).get(owing)
    if debt is None or debt.left >= 0:
        return parts
    met, rest = take(parts, -debt.left)
    points = sum(part.points for part in met)
    entry_id = write_event(
        session,
        EventKind.REPAYMENT,
        Cause(DEBT_MET, str(came_by)),
        at=at,
        points=points,
        rider_id=rider_id,
    )
    assert entry_id is not None  # the entry it came by was written just now
    transfer_id = write_transfer(
        session, entry_id, EventKind.REPAYMENT, "repay", debit=mine, credit=debt, amount=points
    )
    move_lots(session, transfer_id, MovementKind.SPEND, met, event=EventKind.REPAYMENT, at=at)
    signals.debt_changed.send(session, points=-points, at=at)
    return rest
