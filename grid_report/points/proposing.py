"""What needs two people: one proposes with a reason, another approves or declines."""

from __future__ import annotations

from enum import StrEnum


class ProposalKind(StrEnum):
    GRANT = "grant"
    MERIT = "merit"
    REVERSAL = "reversal"


class ProposalState(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
