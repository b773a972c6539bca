"""What use cases on reports answer, and how they leave a transaction that was done before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grid_report.reports.models import Report, ReportPhoto


@dataclass(frozen=True)
class Done:
    """What a use case on a report answers: the report, and whether it was done before.

    `photos` are those of a report just made; None when they have to be looked up.
    """

    report: Report
    replayed: bool = False
    photos: Sequence[ReportPhoto] | None = None


class SentBefore(Exception):
    """Leaves the transaction: the key is known, nothing may be written again."""

    def __init__(self, report: Report) -> None:
        self.report = report
