"""The ledger: whatever moves points, under the one name callers import.

Steps: an open session in, nothing committed. Nothing else writes the points tables, no caller
passes account ids, and every function may be called again: a cause is written once, the second
call finds what the first one wrote. Each locks the accounts it decides on before it looks.

What is decided is in the files named here; `events.py` writes their rows.
"""

from __future__ import annotations

from grid_report.points.causes import Cause
from grid_report.points.ledger.awards import award, pay_due
from grid_report.points.ledger.debt_steps import stayed
from grid_report.points.ledger.expiries import expire
from grid_report.points.ledger.holds import capture, hold, noshow, release
from grid_report.points.ledger.pools import close_budget, grant, open_budget
from grid_report.points.ledger.reversals import can_take, reverse
from grid_report.points.ledger.settlements import clear_statement, refund, settle
from grid_report.points.outcomes import Award, Held, Moved, Outcome, Reversal
from grid_report.points.rates import Earning

__all__ = [
    "Award",
    "Cause",
    "Earning",
    "Held",
    "Moved",
    "Outcome",
    "Reversal",
    "award",
    "can_take",
    "capture",
    "clear_statement",
    "close_budget",
    "expire",
    "grant",
    "hold",
    "noshow",
    "open_budget",
    "pay_due",
    "refund",
    "release",
    "reverse",
    "settle",
    "stayed",
]
