"""What needs two people: one proposes with a reason, another approves or declines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grid_report.points.kinds import Verdict


class ProposalKind(StrEnum):
    GRANT = "grant"
    MERIT = "merit"
    REVERSAL = "reversal"


class ProposalState(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True)
class Propose:
    """A grant to a month's pool, a merit for a report, or an award to be taken back."""

    kind: ProposalKind
    key: str
    reason: str
    points: int | None = None
    community_code: str | None = None
    month: str | None = None
    rider_id: int | None = None
    report_number: str | None = None
    severity: int | None = None
    entry_id: int | None = None
    verdict: Verdict | None = None
