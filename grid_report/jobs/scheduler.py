"""The scheduler process: while it leads, it runs every job at its cadence. Imports APScheduler."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from grid_report import clock, troubles
from grid_report.db import db
from grid_report.jobs.election import BEATS_A_LEASE, Candidate
from grid_report.jobs.registry import JOBS
from grid_report.jobs.runner import Runner
from grid_report.settings import Settings

logger = logging.getLogger(__name__)

# A step of the wall clock this large is a jump and not drift.
JUMP = timedelta(seconds=5)


def own_name() -> str:
    """Return a holder's name that no other process has or will have."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class Scheduler:
    """Campaigns for the lease and works while it has it."""

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        *,
        now: Callable[[], datetime] = clock.now,
        holder: str | None = None,
    ) -> None:
        self.app = app
        self.settings = settings
        self.now = now
        self.stopping = threading.Event()
        self.candidate = Candidate(holder or own_name(), settings.jobs.lease_seconds)
        self.runner = Runner(app, settings, self.candidate.holder, now=now)
        self._engine: BackgroundScheduler | None = None
        self._clock_offset = self._offset()

    def stop(self) -> None:
        """Ask it to end: the piece of work under way is finished, nothing else is begun."""
        self.stopping.set()

    def run(self) -> None:
        """Work until `stop`, then give the lease back."""
        pause_s = min(1.0, self.settings.jobs.lease_seconds / BEATS_A_LEASE / 2)
        try:
            while not self.stopping.is_set():
                self._look_around()
                self.stopping.wait(pause_s)
        finally:
            self.stopping.set()
            self._rest(wait=True)
            self._resign()

    def _resign(self) -> None:
        try:
            with self.app.app_context():
                self.candidate.resign(self.now())
        except Exception as error:
            trouble = troubles.behind(error)
            if trouble is None:
                raise
            # Nobody can be told; the lease runs out by itself.
            troubles.log.say(trouble, "lease", error)

    def _look_around(self) -> None:
        try:
            with self.app.app_context():
                leads = self.candidate.campaign(self.now())
        except Exception as error:
            # The database may be away for a while; what is held runs out by itself.
            trouble = troubles.behind(error)
            if trouble is None:
                logger.exception("lease not reached")
            else:
                troubles.log.say(trouble, "lease", error)
            leads = self.candidate.leads()
        if leads and self._engine is None:
            self._work()
        elif leads and self._clock_jumped():
            # APScheduler keeps wall-clock times: after a jump back it would sleep for hours.
            logger.warning("clock jumped, jobs are set anew")
            self._rest(wait=False)
            self._work()
        elif not leads and self._engine is not None:
            logger.warning("no longer leading, jobs stop")
            self._rest(wait=False)

    def _work(self) -> None:
        engine = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(len(JOBS))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        # APScheduler reads the machine's clock itself.
        begin = clock.by_machine(clock.now())
        for number, job in enumerate(JOBS):
            engine.add_job(
                self.runner.run,
                "interval",
                args=(job, self._may_work),
                id=job.name,
                seconds=job.every_s(self.settings.jobs),
                # Soon, but not all at once.
                next_run_time=begin + timedelta(seconds=0.2 * number),
            )
        engine.start()
        self._engine = engine
        self._clock_offset = self._offset()

    def _rest(self, *, wait: bool) -> None:
        if self._engine is not None:
            self._engine.shutdown(wait=wait)
            self._engine = None

    def _may_work(self) -> bool:
        return self.candidate.leads() and not self.stopping.is_set()

    def _offset(self) -> timedelta:
        return timedelta(seconds=clock.now().timestamp() - time.monotonic())

    def _clock_jumped(self) -> bool:
        return abs(self._offset() - self._clock_offset) > JUMP


def run_until_signalled(app: Flask, settings: Settings) -> None:
    """Run a scheduler in this process until SIGTERM or SIGINT."""
    scheduler = Scheduler(app, settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: scheduler.stop())
    logger.info("scheduler started", extra={"holder": scheduler.candidate.holder})
    with app.app_context():
        # Connections opened while the app was built belong to that moment.
        db.engine.dispose()
    scheduler.run()
    logger.info("scheduler stopped", extra={"holder": scheduler.candidate.holder})
