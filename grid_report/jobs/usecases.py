"""Take, renew and give back a lease; note how a job went; tell of a sweep that stopped."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.db import transaction, use_case
from grid_report.jobs import steps
from grid_report.jobs.models import JobRun, Lease, Outcome
from grid_report.media.upkeep import queries as media_queries
from grid_report.media.upkeep import steps as media_steps
from grid_report.notify import outbox
from grid_report.settings import County


@use_case
def make_lease(name: str, *, now: datetime) -> None:
    """Make a lease that nobody holds, unless there is one."""
    with transaction() as session:
        steps.make_lease(session, name, now)


@use_case
def take_lease(name: str, *, holder: str, seen_beats: int, seconds: int, now: datetime) -> bool:
    """Take a lease over, but only from the heartbeat that was seen: any newer one wins."""
    with transaction() as session:
        return _beat(
            session, name, Lease.beats == seen_beats, holder=holder, seconds=seconds, now=now
        )


@use_case
def renew_lease(name: str, *, holder: str, seconds: int, now: datetime) -> bool:
    """Go on holding a lease; False when somebody else has it."""
    with transaction() as session:
        return _beat(session, name, Lease.holder == holder, holder=holder, seconds=seconds, now=now)


def _beat(
    session: Session,
    name: str,
    condition: object,
    *,
    holder: str,
    seconds: int,
    now: datetime,
) -> bool:
    taken = session.scalars(
        update(Lease)
        .where(Lease.name == name, condition)  # type: ignore[arg-type]
        .values(
            holder=holder,
            beats=Lease.beats + 1,
            beat_at=now,
            until=now + timedelta(seconds=seconds),
        )
        .returning(Lease.name)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return taken is not None


@use_case
def give_back_lease(name: str, *, holder: str, now: datetime) -> None:
    """Let others have a lease at once."""
    with transaction() as session:
        session.execute(
            update(Lease)
            .where(Lease.name == name, Lease.holder == holder)
            .values(holder="", beats=Lease.beats + 1, beat_at=now, until=now)
            .execution_options(synchronize_session=False)
        )


@use_case
def note_start(name: str, *, holder: str, now: datetime) -> None:
    """Note that a job is under way."""
    with transaction() as session:
        steps.make_run(session, name, now)
        session.execute(
            update(JobRun)
            .where(JobRun.name == name)
            .values(started_at=now, ended_at=None, outcome=Outcome.RUNNING, holder=holder)
            .execution_options(synchronize_session=False)
        )


@use_case
def note_end(
    name: str,
    *,
    outcome: Outcome,
    done: int,
    error: str,
    holder: str,
    started_at: datetime,
    now: datetime,
) -> None:
    """Note how a run of a job ended."""
    with transaction() as session:
        steps.make_run(session, name, started_at)
        session.execute(
            update(JobRun)
            .where(JobRun.name == name)
            .values(
                started_at=started_at,
                ended_at=now,
                outcome=outcome,
                done=done,
                error=error[:120],
                holder=holder,
                runs=JobRun.runs + 1,
                failures=JobRun.failures + 1 if outcome is Outcome.FAILED else 0,
            )
            .execution_options(synchronize_session=False)
        )


@use_case
def tell_of_brake(*, unknown: int, looked_at: int, county: County, now: datetime) -> None:
    """Tell the administrators, once until it goes on, that the sweep of photos stopped."""
    with transaction() as session:
        if media_steps.brake(session, now=now):
            outbox.put(
                session,
                "photo_sweep_stopped",
                to_role=(Role.ADMINISTRATOR, county.code),
                about=str(now.astimezone(county.tz).date()),
                facts={"unknown": unknown, "looked_at": looked_at},
                now=now,
            )


@use_case
def release_brake() -> None:
    """Note that the sweep goes on, so that the next stop is told of again."""
    if media_queries.is_braked():
        with transaction() as session:
            media_steps.release(session)
