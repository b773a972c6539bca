"""What the ledger tells and asks of higher domains; `create_app` connects them.

`due_paid` is sent inside the transaction that pays a waiting award, with `session`, `rider_id`,
`award` (ledger.Award), `report_number`, `rule` and `now`.

`points_expiring` is sent inside the transaction that notes a notice, with `session`, `rider_id`,
`points`, `last_day` (in the county's zone) and `now`.

`report_facts` is asked by the audit with `session`; a receiver answers with `ReportFact`s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from blinker import Signal

due_paid: Final = Signal()
points_expiring: Final = Signal()
report_facts: Final = Signal()


@dataclass(frozen=True)
class ReportFact:
    """What the ledger must agree with: whether a report was ever accepted, and ever closed."""

    number: str
    accepted: bool
    closed: bool
