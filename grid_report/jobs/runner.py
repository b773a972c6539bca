"""Run one job in an app context and note how it went."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask

from grid_report import troubles
from grid_report.jobs import usecases
from grid_report.jobs.models import Outcome
from grid_report.jobs.registry import Job
from grid_report.jobs.work import JobContext
from grid_report.settings import Settings

logger = logging.getLogger(__name__)

QUIET_NOTE_S = 60


@dataclass(frozen=True)
class Result:
    """How a run went."""

    outcome: Outcome
    done: int
    error: str = ""


class Runner:
    """Runs jobs for one holder. Threads share it."""

    def __init__(
        self, app: Flask, settings: Settings, holder: str, *, now: Callable[[], datetime]
    ) -> None:
        self.app = app
        self.settings = settings
        self.holder = holder
        self.now = now
        self._noted: dict[str, tuple[float, Outcome]] = {}

    def run(self, job: Job, should_continue: Callable[[], bool]) -> Result:
        """Run a job unless `should_continue` says no; its errors are logged and noted, not raised."""
        if not should_continue():
            return Result(Outcome.STOPPED, 0)
        with self.app.app_context():
            try:
                return self._run_and_note(job, should_continue)
            except Exception as error:
                trouble = troubles.behind(error)
                if trouble is None:
                    raise
                # Nor can it be noted how it went; the next run begins anew.
                troubles.log.say(trouble, f"job {job.name}", error)
                return Result(Outcome.FAILED, 0, type(error).__name__)

    def _run_and_note(self, job: Job, should_continue: Callable[[], bool]) -> Result:
        started_at = self.now()
        if not job.is_frequent:
            usecases.note_start(job.name, holder=self.holder, now=started_at)
        result = self._attempt(job, should_continue)
        if not self._may_stay_unnoted(job, result):
            usecases.note_end(
                job.name,
                outcome=result.outcome,
                done=result.done,
                error=result.error,
                holder=self.holder,
                started_at=started_at,
                now=self.now(),
            )
            self._noted[job.name] = (time.monotonic(), result.outcome)
        return result

    def _attempt(self, job: Job, should_continue: Callable[[], bool]) -> Result:
        try:
            done = job.run(
                JobContext(settings=self.settings, now=self.now, should_continue=should_continue)
            )
        except Exception as error:
            trouble = troubles.behind(error)
            if trouble is None:
                logger.exception("job failed", extra={"job": job.name})
            else:
                troubles.log.say(trouble, f"job {job.name}", error)
            return Result(Outcome.FAILED, 0, type(error).__name__)
        if done:
            logger.info("job done", extra={"job": job.name, "done": done})
        return Result(Outcome.OK if should_continue() else Outcome.STOPPED, done)

    def _may_stay_unnoted(self, job: Job, result: Result) -> bool:
        """Spare the disk a write every two seconds for saying that nothing happened."""
        if not job.is_frequent or result.done:
            return False
        at, outcome = self._noted.get(job.name, (float("-inf"), None))
        return outcome is result.outcome and time.monotonic() - at < QUIET_NOTE_S
