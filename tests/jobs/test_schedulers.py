"""Real scheduler processes: two at once, one killed in the middle of its work."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from grid_report import clock
from grid_report.access.roles import Role
from grid_report.db import db, transaction
from grid_report.jobs import queries
from grid_report.jobs.election import SCHEDULER
from grid_report.notify import outbox
from grid_report.notify.models import Delivery, InboxEntry, Message
from tests.jobs.processes import end, environ_of, start, wait_for
from tests.support.builders import STATION, Make

pytestmark = [pytest.mark.database, pytest.mark.slow]

MESSAGES = 150


@contextmanager
def schedulers(make: Make, count: int, log: Path) -> Iterator[list[int]]:
    """Run so many scheduler processes; stop those that are left."""
    running = [
        start(["-m", "grid_report.serving.supervisor", "scheduler"], environ_of(make.settings), log)
        for _ in range(count)
    ]
    try:
        yield [process.pid for process in running]
    finally:
        codes = [end(process) for process in running]
    assert set(codes) <= {0, -signal.SIGKILL}, log.read_text()[-3000:]


def leader() -> int | None:
    """Return the process id of whoever holds the lease."""
    db.session.rollback()
    lease = queries.find_lease(SCHEDULER)
    return int(lease.holder.split(":")[1]) if lease and lease.holder else None


def count_copies() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(InboxEntry)) or 0


def put(count: int, start_at: int = 0) -> None:
    with transaction() as session:
        outbox.put_all(
            session,
            [
                outbox.row(
                    "report_withdrawn",
                    to_role=(Role.WORKER, STATION),
                    about=f"KY-20261123-{start_at + number:04d}",
                    facts={"category": "RD02"},
                    now=clock.now(),
                )
                for number in range(count)
            ],
        )


@pytest.mark.at("2028-02-29T23:59")
def test_jobs_run_at_once_however_far_the_clock_is_ahead_of_the_machines(
    make: Make, tmp_path: Path
) -> None:
    make.worker()
    put(1)
    with schedulers(make, 1, tmp_path / "log"):
        wait_for(lambda: count_copies() == 1)


def test_killing_the_leader_in_the_middle_of_a_delivery_changes_only_the_delay(
    make: Make, tmp_path: Path
) -> None:
    workers = {make.worker().member_id for _ in range(2)}
    put(MESSAGES)
    with schedulers(make, 2, tmp_path / "log") as pids:
        wait_for(lambda: count_copies() > 0)
        first = leader()
        assert first in pids
        os.kill(first, signal.SIGKILL)
        delivered_by_the_first = count_copies()
        assert delivered_by_the_first < MESSAGES * len(workers)
        wait_for(lambda: count_copies() == MESSAGES * len(workers))
        second = leader()
        assert second in pids
        assert second != first
    db.session.rollback()
    copies = db.session.execute(select(InboxEntry.message_id, InboxEntry.member_id)).all()
    assert len(copies) == len(set(copies)) == MESSAGES * len(workers)
    assert {member for _, member in copies} == workers
    assert set(db.session.scalars(select(Message.state))) == {Delivery.DELIVERED}


def test_a_scheduler_that_is_stopped_hands_over_at_once(make: Make, tmp_path: Path) -> None:
    make.worker()
    with schedulers(make, 1, tmp_path / "log") as pids:
        wait_for(lambda: leader() == pids[0])
    assert leader() is None
    put(1)
    with schedulers(make, 1, tmp_path / "log"):
        wait_for(lambda: count_copies() == 1)


def test_a_scheduler_ends_with_the_process_that_started_it(make: Make, tmp_path: Path) -> None:
    with schedulers(make, 0, tmp_path / "log"):
        process = start(
            ["-m", "grid_report.serving.supervisor", "scheduler"],
            environ_of(make.settings),
            tmp_path / "log",
        )
        wait_for(lambda: leader() == process.pid)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(15) == 0
    assert leader() is None
