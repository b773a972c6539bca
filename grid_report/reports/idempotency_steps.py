"""What use cases on reports answer, and how they leave a transaction that was done before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.reports import steps
from grid_report.reports.errors import KeyReused
from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.models import Report, ReportPhoto
from grid_report.reports.permissions import REPORT_READ


@dataclass(frozen=True)
class Done:
    """What a use case on a report answers: the report, and whether it was done before."""

    report: Report
    replayed: bool = False


@dataclass(frozen=True)
class Sent:
    """What sending a report answers: the report, or one kept until its rider's number is proved.

    `photos` are those of one just made; None when they have to be looked up.
    """

    report: Report | KeptReport
    replayed: bool = False
    photos: Sequence[ReportPhoto | KeptPhoto] | None = None


class SentBefore(Exception):
    """Leaves the transaction: the key is known, nothing may be written again."""

    def __init__(self, report: Any) -> None:
        self.report = report


def check_key(session: Session, key: str | None, sent: str, report: Report, actor: Actor) -> None:
    """Leave when this very thing was done before; refuse what may not be seen, and a key reused.

    A step may have led the case out of the sight of whoever took it, and "not found" would make
    them believe that it was never taken: they are answered as long as they are who they were.
    Whoever got or lost a role since then is asked first whether the case may be seen.
    """
    known, is_who_it_was = (steps.find_key(session, key, actor) if key else None) or (None, False)
    if known != sent or not is_who_it_was:
        access.check(actor, REPORT_READ, report)
    if known == sent:
        session.expunge(report)
        raise SentBefore(report)
    if known is not None:
        raise KeyReused(report.number)
