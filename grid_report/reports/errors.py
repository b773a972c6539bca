"""What may be refused on a report's way, beyond the lifecycle table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grid_report.errors import Conflict, GridReportError, TooMany


@dataclass(eq=False)
class KeyReused(GridReportError):
    """The idempotency key belongs to something else that was sent before."""

    code: ClassVar[str] = "idempotency-key-reused"
    status: ClassVar[int] = 422
    number: str


class ConsentNeeded(GridReportError):
    """A rider's photo without consent to photos: none is kept until it is given."""

    code: ClassVar[str] = "consent-needed"
    status: ClassVar[int] = 422
    at_field: ClassVar[str] = "photos"


@dataclass(eq=False)
class TooManyReports(TooMany):
    """A rider's hourly or daily limit; severity 4 is never refused."""

    code: ClassVar[str] = "too-many-reports"
    limit: int = 0
    hours: int = 1


@dataclass(eq=False)
class TooManyKept(Conflict):
    """As much as one account may leave waiting for its number."""

    code: ClassVar[str] = "too-many-kept"
    most: int = 0


@dataclass(eq=False)
class ReopenTooLate(Conflict):
    code: ClassVar[str] = "reopen-too-late"
    days: int


class AlreadyRated(Conflict):
    code: ClassVar[str] = "already-rated"


@dataclass(eq=False)
class MergeTargetNotOpen(Conflict):
    code: ClassVar[str] = "merge-target-not-open"
    number: str


class AlreadyRouted(Conflict):
    code: ClassVar[str] = "already-routed"
