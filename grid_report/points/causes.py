"""The business events that move points. A cause is written once, whatever happens twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REPORT_ACCEPTED: Final = "report-accepted"
REPORT_CLOSED: Final = "report-closed"
REPORT_EVIDENCE: Final = "report-evidence"
REPORT_RECHECKED: Final = "report-rechecked"
REPORT_JOINED: Final = "report-joined"
LEARNING_UNIT: Final = "learning-unit"
LEARNING_QUIZ: Final = "learning-quiz"
MERIT: Final = "merit"
BUDGET_OPENED: Final = "budget-opened"
BUDGET_GRANTED: Final = "budget-granted"
BUDGET_CLOSED: Final = "budget-closed"
AWARD_REVERSED: Final = "award-reversed"
AWARD_REPAID: Final = "award-repaid"
# What a verdict had left to come, and a debt, met by points that came back from a service.
OWED_TAKEN: Final = "owed-taken"
DEBT_MET: Final = "debt-met"
POINTS_EXPIRED: Final = "points-expired"
REDEMPTION_HELD: Final = "redemption-held"
REDEMPTION_CAPTURED: Final = "redemption-captured"
REDEMPTION_RELEASED: Final = "redemption-released"
REDEMPTION_NOSHOW: Final = "redemption-noshow"
REDEMPTION_REFUNDED: Final = "redemption-refunded"
REDEMPTION_SETTLED: Final = "redemption-settled"
STATEMENT_CLEARED: Final = "statement-cleared"


@dataclass(frozen=True)
class Cause:
    """The event behind a journal row, such as ("report-accepted", the report's number)."""

    type: str
    id: str
