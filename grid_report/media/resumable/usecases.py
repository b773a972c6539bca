"""An upload begun, gone on with and given up; each piece is a short transaction of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.steps import lock_member_weakly
from grid_report.db import db, lock_one, transaction, use_case
from grid_report.errors import Invalid, NotFound
from grid_report.media.resumable import queries, steps
from grid_report.media.resumable.errors import TooManyUploads, WrongOffset
from grid_report.media.resumable.models import KeptUpload, UploadPiece
from grid_report.media.resumable.permissions import UPLOAD_BEGIN
from grid_report.media.resumable.protocol import REMEMBERED, WAITS, NewUpload
from grid_report.settings import Limits

_MEGABYTE = 1024 * 1024
# What waits is mostly claimed within minutes: nobody is sent away for a week.
_LONGEST_WAIT = timedelta(hours=1)
_AT_ONCE = 100


@use_case
def begin(said: NewUpload, *, actor: Actor, limits: Limits, now: datetime) -> str:
    """Make room for an upload and return its ref; the same one said again is the same one.

    Raises Forbidden, Invalid, TooManyUploads.
    """
    access.check(actor, UPLOAD_BEGIN)
    with transaction() as session:
        # What waits is counted under this lock: nobody gets more by asking twice at once.
        lock_member_weakly(session, actor.member_id)
        before = session.execute(
            select(KeptUpload.ref, KeptUpload.length).where(
                KeptUpload.member_id == actor.member_id, KeptUpload.key == said.key
            )
        ).one_or_none()
        if before is not None:
            if before.length != said.length:
                raise Invalid.field("key", "upload-key-reused")
            return str(before.ref)
        _check_limits(session, actor, said, limits, now)
        made = KeptUpload(
            ref=secrets.token_hex(16),
            member_id=actor.member_id,
            key=said.key,
            said=said.metadata,
            length=said.length,
            kept=0,
            created_at=now,
        )
        session.add(made)
    return made.ref


def _check_limits(
    session: Session, actor: Actor, said: NewUpload, limits: Limits, now: datetime
) -> None:
    count, size, oldest = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(KeptUpload.length), 0),
            func.min(KeptUpload.created_at),
        ).where(KeptUpload.member_id == actor.member_id, KeptUpload.used_at.is_(None))
    ).one()
    most = limits.uploads_waiting_mb * _MEGABYTE
    if count >= limits.uploads_waiting or int(size) + said.length > most:
        wait = min(_LONGEST_WAIT, oldest + WAITS - now) if oldest is not None else _LONGEST_WAIT
        raise TooManyUploads(
            max(1, int(wait.total_seconds())), limits.uploads_waiting, limits.uploads_waiting_mb
        )


@use_case
def keep_piece(upload_id: int, *, at: int, data: bytes) -> None:
    """Keep one piece where the others end: all of it or nothing.

    Raises WrongOffset when another request was faster, NotFound when it is gone.
    """
    with transaction() as session:
        done = session.scalars(
            update(KeptUpload)
            .where(
                KeptUpload.id == upload_id,
                KeptUpload.kept == at,
                KeptUpload.length >= at + len(data),
            )
            .values(kept=at + len(data))
            .returning(KeptUpload.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if done is None:
            kept = session.scalar(select(KeptUpload.kept).where(KeptUpload.id == upload_id))
            raise NotFound if kept is None else WrongOffset(kept)
        session.execute(insert(UploadPiece).values(upload_id=upload_id, at=at, data=data))


@use_case
def give_up(upload_id: int) -> None:
    """Let an upload go with its bytes. That something was made of one stays known. Raises NotFound."""
    with transaction() as session:
        upload = lock_one(session, KeptUpload, KeptUpload.id == upload_id)
        if upload.used_at is None:
            steps.forget(session, upload)
        else:
            steps.forget_bytes(session, upload.id)


def sweep(*, now: datetime, should_continue: Callable[[], bool] = lambda: True) -> int:
    """Let go what nothing claimed for a week, and the bytes of what was used; return how many."""
    done, after = 0, 0
    while due := queries.list_over(now=now, after=after, limit=_AT_ONCE):
        db.session.rollback()
        for upload_id in due:
            if not should_continue():
                return done
            done += _sweep_one(upload_id, now=now)
        after = due[-1]
    return done


@use_case
def _sweep_one(upload_id: int, *, now: datetime) -> int:
    with transaction() as session:
        try:
            upload = lock_one(session, KeptUpload, KeptUpload.id == upload_id)
        except NotFound:
            return 0
        if upload.used_at is None and upload.created_at > now - WAITS:
            return 0
        if upload.used_at is None or upload.used_at <= now - REMEMBERED:
            steps.forget(session, upload)
        else:
            steps.forget_bytes(session, upload.id)
    return 1
