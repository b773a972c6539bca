"""Replays every transfer and movement in order, and compares with what is stored.

The audit asks the database for sums; this is the same question put another way, row by row in
Python, so that a mistake in one of them does not hide the other's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from grid_report.points.causes import OWED_TAKEN
from grid_report.points.kinds import AccountKind, EventKind, MovementKind, Phase
from grid_report.points.ledger.debt_models import Owed
from grid_report.points.ledger.models import Account, Journal, Lot, LotMovement, Transfer

AT_ONCE = 1000
COLUMNS = ("credits", "debits", "pending_debits", "lots_total", "lots_held")


@dataclass(frozen=True)
class Mismatch:
    """A stored figure that the replay does not come to."""

    about: str
    column: str
    stored: int
    replayed: int


@dataclass
class Replay:
    """What the rows come to: figures by account and by lot."""

    accounts: dict[int, dict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    )
    lots: dict[int, dict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: {"free": 0, "held": 0})
    )
    holds: dict[int, int] = field(default_factory=dict)

    def transfer(self, row: Any) -> None:
        """Apply one transfer."""
        debit = self.accounts[row.debit_account_id]
        if row.phase is Phase.PENDING:
            self.holds[row.id] = row.amount
            debit["pending_debits"] += row.amount
            return
        if row.pending_id is not None:
            debit["pending_debits"] -= self.holds.pop(row.pending_id, 0)
        if row.phase is not Phase.VOID:
            debit["debits"] += row.amount
            self.accounts[row.credit_account_id]["credits"] += row.amount

    def movement(self, account: int, lot: int, free: int, held: int) -> None:
        """Apply one movement of a lot."""
        self.lots[lot]["free"] += free
        self.lots[lot]["held"] += held
        self.accounts[account]["lots_total"] += free + held
        self.accounts[account]["lots_held"] += held


def find_mismatches(engine: Engine) -> list[Mismatch]:
    """Replay the whole ledger on one snapshot; an empty list says that every figure is right."""
    level = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.connect().execution_options(**level) as connection, Session(connection) as session:
        replay = _replay(session)
        return [
            *_of_accounts(session, replay),
            *_of_lots(session, replay),
            *_of_owed(session, replay),
        ]


def _replay(session: Session) -> Replay:
    replay = Replay()
    for row in session.execute(
        select(
            Transfer.id,
            Transfer.phase,
            Transfer.debit_account_id,
            Transfer.credit_account_id,
            Transfer.amount,
            Transfer.pending_id,
        )
        .order_by(Transfer.id)
        .execution_options(yield_per=AT_ONCE)
    ):
        replay.transfer(row)
    for moved in session.execute(
        select(Lot.account_id, Lot.id, LotMovement.free_delta, LotMovement.held_delta)
        .join(Lot, Lot.id == LotMovement.lot_id)
        .order_by(LotMovement.id)
        .execution_options(yield_per=AT_ONCE)
    ):
        replay.movement(*moved)
    return replay


def _of_accounts(session: Session, replay: Replay) -> Iterator[Mismatch]:
    rows = session.execute(
        select(
            Account.id,
            Account.holder,
            Account.kind,
            Account.credits,
            Account.debits,
            Account.pending_debits,
            Account.lots_total,
            Account.lots_held,
        ).order_by(Account.id)
    )
    for number, holder, kind, *stored in rows:
        replayed = replay.accounts[number]
        for column, value in zip(COLUMNS, stored, strict=True):
            if value != replayed[column]:
                yield Mismatch(holder, column, value, replayed[column])
        if kind is AccountKind.RIDER:
            balance = replayed["credits"] - replayed["debits"]
            if balance != replayed["lots_total"]:
                yield Mismatch(holder, "lots", replayed["lots_total"], balance)


def _of_lots(session: Session, replay: Replay) -> Iterator[Mismatch]:
    for number, free, held in session.execute(select(Lot.id, Lot.free, Lot.held).order_by(Lot.id)):
        for column, value in (("free", free), ("held", held)):
            if value != replay.lots[number][column]:
                yield Mismatch(f"lot:{number}", column, value, replay.lots[number][column])


def _of_owed(session: Session, replay: Replay) -> Iterator[Mismatch]:
    """Play what verdicts left to come: a lot that still owes has nothing free."""
    owed: dict[tuple[int, int], int] = defaultdict(int)
    left: dict[int, int] = {}
    for award_id, points in session.execute(
        select(Journal.id, Journal.points).where(
            Journal.kind == EventKind.AWARD,
            Journal.id.in_(select(Journal.reverses_id).where(Journal.kind == EventKind.REVERSAL)),
        )
    ):
        left[award_id] = points
    for original, points in session.execute(
        select(Journal.reverses_id, Journal.points).where(Journal.kind == EventKind.REVERSAL)
    ):
        assert original is not None
        left[original] -= points
    for original, lot_id, points in session.execute(
        select(Journal.reverses_id, Owed.lot_id, Owed.points).join(
            Journal, Journal.id == Owed.reversal_id
        )
    ):
        assert original is not None
        owed[original, lot_id] += points
    for original, lot_id, points in session.execute(
        select(Journal.reverses_id, LotMovement.lot_id, -LotMovement.free_delta)
        .join(Transfer, Transfer.id == LotMovement.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(Journal.cause_type == OWED_TAKEN, LotMovement.kind == MovementKind.SPEND)
    ):
        assert original is not None
        owed[original, lot_id] -= points
    for (award_id, lot_id), points in sorted(owed.items()):
        free = replay.lots[lot_id]["free"]
        if points < 0:
            yield Mismatch(f"lot:{lot_id}", "owed", points, 0)
        elif points and left[award_id] > 0 and free:
            yield Mismatch(f"lot:{lot_id}", "free", free, 0)
