"""What riders without a proved number send, and what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from grid_report.access import Actor
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.reports import queries
from grid_report.reports.models import Report
from grid_report.reports.submission import usecases as submission_usecases
from tests.support.builders import Make, Spot

HERE: Spot = {"lat": 42.545, "lng": 124.04, "accuracy_m": 10.0, "community": None}
LATER = timedelta(days=3)


def count(model: type) -> int:
    """Count the rows of a table."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def gone(number: str) -> Report:
    """Return the report that a kept one became. Raises NotFound."""
    db.session.rollback()
    return queries.find_report(number)


def submit(make: Make, rider: Actor, command: Any, at: datetime | None = None) -> Any:
    """Send a command made beforehand."""
    return submission_usecases.submit_report(
        command, actor=rider, places=reference(), settings=make.settings, now=at or make.now
    )
