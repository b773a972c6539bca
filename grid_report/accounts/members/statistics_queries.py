"""Members as the monthly figures read them: counts only."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from grid_report.accounts.models import AuditEntry, ConsentAct
from grid_report.db import db

# What the audit calls it when a member is erased.
ERASED: Final = "member-erased"


def count_consents(start: datetime, end: datetime) -> tuple[int, int]:
    """Return how many consents were given, and taken back, in a half-open stretch of time."""
    acts = select(
        func.count().filter(ConsentAct.agreed), func.count().filter(~ConsentAct.agreed)
    ).where(ConsentAct.at >= start, ConsentAct.at < end)
    given, withdrawn = db.session.execute(acts).one()
    return given, withdrawn


def count_erasures(start: datetime, end: datetime) -> int:
    """Return how many members had themselves erased in a half-open stretch of time."""
    erased = select(func.count()).where(
        AuditEntry.action == ERASED, AuditEntry.at >= start, AuditEntry.at < end
    )
    return db.session.scalar(erased) or 0
