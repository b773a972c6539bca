"""What the tests of the review share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.fairness import scheduled as fairness_scheduled
from grid_report.fairness import usecases
from grid_report.fairness.models import Sampled, Signal
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.places.queries import reference
from grid_report.reports.models import Report
from tests.support.builders import Make

PRINT = 0x3C5A99E10FF0A6B4


class Review:
    """Makes what looks odd, and has it found."""

    def __init__(self, make: Make) -> None:
        self.make, self.county = make, make.settings.county

    def photo(self, bits: int = 0, **more: Any) -> AdmittedPhoto:
        """Admit a photo whose hash differs by so many bits from the others of this test."""
        mask = sum(1 << 6 * bit for bit in range(bits))
        return replace(self.make.photo(), dhash=f"{PRINT ^ mask:016x}", **more)

    def find(self, minutes: float = 5) -> int:
        """Look for odd things as the job does, some minutes from now."""
        at = self.make.now + timedelta(minutes=minutes)
        return fairness_scheduled.find_all(zone=self.county.tz, now=lambda: at)

    @property
    def month(self) -> Month:
        """The month an hour ago, which is not always the present one."""
        return Month.of(self.make.now - timedelta(hours=1), self.county.tz)

    @staticmethod
    def signals(*kinds: str) -> list[Signal]:
        """Return what was found."""
        db.session.rollback()
        found = db.session.scalars(select(Signal).order_by(Signal.id))
        return [one for one in found if not kinds or one.kind in kinds]

    def draw(self) -> Month:
        """Draw the month in which `accepted` accepts, as if it were over."""
        month = self.month
        usecases.draw_sample(
            month,
            zone=self.county.tz,
            places=reference(),
            now=month.bounds(self.county.tz)[1],
        )
        return month

    @staticmethod
    def sampled() -> list[Sampled]:
        """Return what was drawn."""
        db.session.rollback()
        return list(db.session.scalars(select(Sampled).order_by(Sampled.id)))

    def accepted(self, worker: Actor, rider: Actor | None = None, **more: Any) -> Report:
        """Have a report accepted at leisure."""
        sent = more.pop("at", self.make.now - timedelta(hours=2))
        report = self.make.report(rider, at=sent, **more)
        return self.make.step(
            report, "accept", worker, at=sent + timedelta(hours=1), category="RD02", severity=2
        )


@pytest.fixture
def review(make: Make) -> Review:
    return Review(make)
