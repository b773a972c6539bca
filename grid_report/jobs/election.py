"""One scheduler at a time, elected by a lease row.

No two clocks are compared where it matters: the holder counts its own seconds from before its
last renewal, the others count theirs from when they last saw the row change. The instant in the
row only lets a newcomer take over at once what was left long ago. Should two work side by side
for a moment all the same (a clock that jumped ahead), the jobs are idempotent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from grid_report.db import db
from grid_report.jobs import queries, usecases
from grid_report.jobs.queries import LeaseSeen

logger = logging.getLogger(__name__)

SCHEDULER: Final = "scheduler"
# Two renewals may fail before the lease is lost.
BEATS_A_LEASE: Final = 3


class Candidate:
    """A process that wants the lease, or has it."""

    def __init__(
        self,
        holder: str,
        seconds: int,
        *,
        name: str = SCHEDULER,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.holder = holder
        self.seconds = seconds
        self.ticks = ticks
        self._mine_until: float | None = None
        self._beat_due = 0.0
        self._seen: LeaseSeen | None = None
        self._seen_since = 0.0

    def leads(self) -> bool:
        """Tell whether this process may work now. Cheap: asked between any two pieces of work."""
        mine_until = self._mine_until
        return mine_until is not None and self.ticks() < mine_until

    def campaign(self, now: datetime) -> bool:
        """Renew the lease or try to get it; tell whether this process leads. Called often."""
        asked_at = self.ticks()
        if self._mine_until is not None:
            if asked_at >= self._beat_due or asked_at >= self._mine_until:
                self._renew(asked_at, now)
        else:
            self._try(asked_at, now)
        return self.leads()

    def resign(self, now: datetime) -> None:
        """Give the lease back, so that nobody has to wait for it to run out."""
        if self._mine_until is not None:
            self._mine_until = None
            usecases.give_back_lease(self.name, holder=self.holder, now=now)

    def _renew(self, asked_at: float, now: datetime) -> None:
        if usecases.renew_lease(self.name, holder=self.holder, seconds=self.seconds, now=now):
            self._won(asked_at)
            return
        logger.warning("lease lost", extra={"lease": self.name, "holder": self.holder})
        self._mine_until = None
        self._seen = None

    def _try(self, asked_at: float, now: datetime) -> None:
        seen = queries.find_lease(self.name)
        db.session.rollback()  # the next look must not see this snapshot again
        if seen is None:
            usecases.make_lease(self.name, now=now)
            return self._try(asked_at, now)
        if seen != self._seen:
            self._seen, self._seen_since = seen, asked_at
        abandoned = asked_at - self._seen_since >= self.seconds
        if not seen.holder or seen.until <= now or abandoned:
            taken = usecases.take_lease(
                self.name,
                holder=self.holder,
                seen_beats=seen.beats,
                seconds=self.seconds,
                now=now,
            )
            if taken:
                logger.info("lease taken", extra={"lease": self.name, "holder": self.holder})
                self._won(asked_at)
        return None

    def _won(self, asked_at: float) -> None:
        # Counted from before the question: the row's own time can only end later.
        self._mine_until = asked_at + self.seconds
        self._beat_due = asked_at + self.seconds / BEATS_A_LEASE
