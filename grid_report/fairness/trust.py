"""In which order signals are looked at: by what became of a rider's reports so far.

Three levels and no figure. The street's staff see the level beside a signal; nothing is paid,
refused or ranked by it, and the rider's own pages do not know it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grid_report.fairness.kinds import Trust

LEAST_DECIDED: Final = 5
OFTEN_REJECTED_PERCENT: Final = 40
LEAST_ACCEPTED: Final = 10
SELDOM_REJECTED_PERCENT: Final = 10


@dataclass(frozen=True)
class Record:
    """What became of a rider's reports. `reversed`: awards taken back for more than a mistake."""

    accepted: int = 0
    rejected: int = 0
    reversed: int = 0


def level(record: Record) -> Trust:
    """Return the level of a record; a newcomer is in the middle."""
    decided = record.accepted + record.rejected
    often = record.rejected * 100 >= OFTEN_REJECTED_PERCENT * decided
    if record.reversed or (decided >= LEAST_DECIDED and often):
        return Trust.LOW
    seldom = record.rejected * 100 <= SELDOM_REJECTED_PERCENT * decided
    return Trust.HIGH if record.accepted >= LEAST_ACCEPTED and seldom else Trust.MIDDLE
