"""Open cases on ground that changes hands. The cases themselves are another domain's.

`create_app` connects the two: this floor asks, it does not import.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from flask import Flask, current_app
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.places.boundaries.changes import Passing
from grid_report.places.geo.reference import Reference
from grid_report.places.geo.routing import Area


class Cases(Protocol):
    """What the house of cases answers about ground."""

    def passing(
        self, session: Session, before: Sequence[Area], after: Sequence[Area]
    ) -> tuple[Passing, ...]:
        """Count the open cases on ground that changes hands, by old and new community."""

    def move(
        self,
        session: Session,
        before: Sequence[Area],
        after: Sequence[Area],
        *,
        actor: Actor | None,
        now: datetime,
    ) -> int:
        """Hand those that can go along to their new community; return how many."""


_KEY = "grid_report_cases_on_ground"


def connect(app: Flask, cases: Callable[[Reference], Cases]) -> None:
    """Tell an app who knows the cases."""
    app.extensions[_KEY] = cases


def cases(places: Reference) -> Cases:
    """Return who knows the cases of this app."""
    found: Callable[[Reference], Cases] = current_app.extensions[_KEY]
    return found(places)
