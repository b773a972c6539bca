"""What the ledger refuses."""

from __future__ import annotations

from typing import ClassVar

from grid_report.errors import Conflict, Forbidden


class OwnAward(Forbidden):
    """Nobody accepts, checks or pays a report of their own."""

    code: ClassVar[str] = "own-award"


class LedgerFrozen(Conflict):
    """A failed audit stopped the ledger; awards wait, manual changes are refused."""

    code: ClassVar[str] = "ledger-frozen"


class SecondPersonNeeded(Forbidden):
    """Somebody else with the same right has to approve it."""

    code: ClassVar[str] = "second-person-needed"
