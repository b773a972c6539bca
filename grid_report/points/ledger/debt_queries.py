"""What lots owe to verdicts at this moment; read by whoever takes it and by whoever shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from grid_report.points.causes import OWED_TAKEN
from grid_report.points.kinds import EventKind, Verdict
from grid_report.points.ledger.debt_models import Owed
from grid_report.points.ledger.models import Journal, LotMovement, Transfer


@dataclass(frozen=True)
class Claim:
    """What one award's verdicts still take from lots, and in whose name."""

    award_id: int
    verdict: Verdict
    facts: dict[str, Any]
    left: int
    by_lot: dict[int, int]


def shares(claims: Sequence[Claim], here: dict[int, int]) -> dict[int, dict[int, int]]:
    """Say what each award's claim gets of the points of lots, and leave in `here` what stays."""
    found: dict[int, dict[int, int]] = {}
    for claim in claims:
        left, found[claim.award_id] = claim.left, {}
        for lot_id, owed in claim.by_lot.items():
            points = min(owed, left, here[lot_id])
            if points:
                found[claim.award_id][lot_id] = points
                here[lot_id] -= points
                left -= points
    return found


def open_claims(session: Session, lots: Collection[int]) -> list[Claim]:
    """List what lots still owe, the oldest verdict first; one statement."""
    award, other = aliased(Journal), aliased(Journal)
    taken_by = aliased(Journal)
    reversed_so_far = (
        select(func.coalesce(func.sum(other.points), 0))
        .where(other.reverses_id == award.id, other.kind == EventKind.REVERSAL)
        .correlate(award)
        .scalar_subquery()
    )
    taken_so_far = (
        select(func.coalesce(func.sum(-LotMovement.free_delta), 0))
        .join(Transfer, Transfer.id == LotMovement.transfer_id)
        .join(taken_by, taken_by.id == Transfer.journal_id)
        .where(
            LotMovement.lot_id == Owed.lot_id,
            taken_by.reverses_id == award.id,
            taken_by.cause_type == OWED_TAKEN,
        )
        .correlate(Owed, award)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Owed.lot_id,
            Owed.points,
            Journal,
            (award.points - reversed_so_far).label("left"),
            taken_so_far.label("taken"),
        )
        .join(Journal, Journal.id == Owed.reversal_id)
        .join(award, award.id == Journal.reverses_id)
        .where(Owed.lot_id.in_(sorted(lots)))
        .order_by(Owed.id)
    ).all()
    by_award: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_award[row.Journal.reverses_id].append(row)
    return [_claim(award_id, some) for award_id, some in by_award.items() if some[0].left > 0]


def _claim(award_id: int, rows: Sequence[Any]) -> Claim:
    by_lot: dict[int, int] = {}
    for row in rows:
        by_lot[row.lot_id] = by_lot.get(row.lot_id, -int(row.taken)) + row.points
    # Only the graver verdict may take from other lots: it speaks for all of them.
    entry = max(
        (row.Journal for row in rows), key=lambda it: (it.verdict is Verdict.NEGLIGENT, it.id)
    )
    facts = {
        name: getattr(entry, name)
        for name in ("community_code", "actor_id", "approved_by_id", "rule", "report_number")
    }
    return Claim(award_id, entry.verdict, facts, int(rows[0].left), by_lot)
