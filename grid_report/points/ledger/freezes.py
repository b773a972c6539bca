"""The stop that a failed audit pulls: no event is written until an administrator lets go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grid_report.points.errors import LedgerFrozen
from grid_report.points.ledger.models import Freeze


def freeze(session: Session, at: datetime, reason: str) -> None:
    """Stop all writing of events. Waits for awards under way; the first reason stays."""
    session.execute(
        update(Freeze)
        .where(Freeze.id == 1, Freeze.frozen_at.is_(None))
        .values(frozen_at=at, reason=reason[:200])
    )


def unfreeze(session: Session) -> None:
    """Let events be written again; what became due meanwhile is paid by the job."""
    session.execute(update(Freeze).where(Freeze.id == 1).values(frozen_at=None, reason=""))


def refuse_when_frozen(session: Session) -> None:
    """Keep manual changes out. Raises LedgerFrozen."""
    frozen_at = session.scalar(
        select(Freeze.frozen_at).where(Freeze.id == 1).with_for_update(read=True)
    )
    if frozen_at is not None:
        raise LedgerFrozen
