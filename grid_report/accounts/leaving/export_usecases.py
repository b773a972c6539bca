"""Everything about a member in one ZIP: asked for, made by a job piece by piece, swept when over.

A piece is a short transaction of its own; killed in the middle the file is begun anew. No more is
held in memory than a piece and a few hundred rows, however much there is.
"""

from __future__ import annotations

import io
import json
import logging
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final

from sqlalchemy import delete, insert, or_, select

from grid_report.access import Actor
from grid_report.accounts import limit_steps, queries, steps
from grid_report.accounts.leaving import export_queries
from grid_report.accounts.leaving.erasing import Room
from grid_report.accounts.leaving.errors import ExportUnderWay
from grid_report.accounts.leaving.models import Export, ExportPiece
from grid_report.accounts.phones import Vault
from grid_report.db import db, lock_one, transaction, use_case
from grid_report.errors import NotFound
from grid_report.web import csv_files

logger = logging.getLogger(__name__)

PIECE_BYTES: Final = 256 * 1024
HOUR_S: Final = 3600
# How long one process may take over a file before another one begins it anew.
TAKEN: Final = timedelta(minutes=30)
MOST_TRIES: Final = 3


class Overtaken(Exception):
    """Another process makes this file now, or nobody wants it any more."""


@use_case
def request(*, days: int, most_per_hour: int, actor: Actor, now: datetime) -> str:
    """Ask for a file with everything; return its unguessable name.

    Raises ExportUnderWay, TooMany.
    """
    with transaction() as session:
        steps.lock_member(session, actor.member_id)
        under_way = session.scalar(
            select(Export.id).where(
                Export.member_id == actor.member_id,
                Export.made_at.is_(None),
                Export.failed_at.is_(None),
                Export.expires_at > now,
            )
        )
        if under_way is not None:
            raise ExportUnderWay
        limit_steps.count(
            session, f"export:{actor.member_id}", window_s=HOUR_S, limit=most_per_hour, now=now
        )
        ref = secrets.token_urlsafe(32)
        session.add(
            Export(
                ref=ref,
                member_id=actor.member_id,
                asked_at=now,
                tries=0,
                expires_at=now + timedelta(days=days),
                byte_count=0,
            )
        )
        return ref


def make_due(
    rooms: Sequence[Room],
    *,
    open_photo: Callable[[str], BinaryIO],
    vault: Vault,
    now: Callable[[], datetime],
    should_continue: Callable[[], bool] = lambda: True,
) -> int:
    """Make every file that was asked for, and let go those whose days are over; return how many."""
    done = _sweep(now=now())
    for export_id in _list_due(now()):
        if not should_continue():
            break
        taken = _take(export_id, now=now())
        if taken is None:
            continue
        member_id, turn = taken
        try:
            pieces = Pieces(export_id, turn)
            _write(pieces, rooms, member_id, open_photo=open_photo, vault=vault)
            _finish(export_id, turn, pieces.byte_count, now=now())
            done += 1
        except Overtaken:
            db.session.rollback()
    return done


def _list_due(now: datetime) -> Sequence[int]:
    found = db.session.scalars(
        select(Export.id)
        .where(
            Export.made_at.is_(None),
            Export.failed_at.is_(None),
            or_(Export.taken_until.is_(None), Export.taken_until <= now),
        )
        .order_by(Export.id)
    ).all()
    db.session.rollback()
    return found


@use_case
def _take(export_id: int, *, now: datetime) -> tuple[int, int] | None:
    with transaction() as session:
        try:
            export = lock_one(session, Export, Export.id == export_id)
        except NotFound:
            return None
        if export.made_at or export.failed_at or (export.taken_until and export.taken_until > now):
            return None
        session.execute(delete(ExportPiece).where(ExportPiece.export_id == export_id))
        if export.tries >= MOST_TRIES:
            export.failed_at = now
            logger.error("export failed", extra={"export_id": export_id})
            return None
        export.tries += 1
        export.taken_until = now + TAKEN
        return export.member_id, export.tries


@use_case
def _keep_piece(export_id: int, turn: int, nth: int, data: bytes) -> None:
    with transaction() as session:
        _mine(session, export_id, turn)
        session.execute(insert(ExportPiece).values(export_id=export_id, nth=nth, data=data))


@use_case
def _finish(export_id: int, turn: int, byte_count: int, *, now: datetime) -> None:
    with transaction() as session:
        export = _mine(session, export_id, turn)
        export.made_at, export.taken_until, export.byte_count = now, None, byte_count
    logger.info("export made", extra={"export_id": export_id, "bytes": byte_count})


def _mine(session: Any, export_id: int, turn: int) -> Export:
    try:
        export = lock_one(session, Export, Export.id == export_id)
    except NotFound:
        raise Overtaken from None
    if export.tries != turn or export.made_at or export.failed_at:
        raise Overtaken
    return export


def _sweep(*, now: datetime) -> int:
    due = db.session.scalars(select(Export.id).where(Export.expires_at <= now)).all()
    db.session.rollback()
    for export_id in due:
        _forget(export_id)
    return len(due)


@use_case
def _forget(export_id: int) -> None:
    with transaction() as session:
        session.execute(delete(ExportPiece).where(ExportPiece.export_id == export_id))
        session.execute(delete(Export).where(Export.id == export_id))


class Pieces(io.RawIOBase):
    """A file that can only be written on, and is kept whenever a piece of it is full."""

    def __init__(self, export_id: int, turn: int) -> None:
        super().__init__()
        self._of, self._held, self._nth = (export_id, turn), bytearray(), 0
        self.byte_count = 0

    def writable(self) -> bool:
        """Say that it is written."""
        return True

    def write(self, data: Any) -> int:
        """Take some bytes in."""
        self._held += data
        self.byte_count += len(data)
        while len(self._held) >= PIECE_BYTES:
            self._keep(PIECE_BYTES)
        return len(data)

    def end(self) -> None:
        """Keep what is left."""
        if self._held:
            self._keep(len(self._held))

    def _keep(self, size: int) -> None:
        _keep_piece(*self._of, self._nth, bytes(self._held[:size]))
        del self._held[:size]
        self._nth += 1


def _write(
    pieces: Pieces,
    rooms: Sequence[Room],
    member_id: int,
    *,
    open_photo: Callable[[str], BinaryIO],
    vault: Vault,
) -> None:
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as archive:
        phone = queries.phone_of(member_id, vault)
        db.session.rollback()
        _add_rows(archive, "phone.json", [{"phone": phone}])
        for room in rooms:
            for told in room.told:
                _add_rows(archive, f"{told.file}.json", export_queries.rows_of(told, member_id))
            for name, tells in room.tells:
                _add_rows(archive, name, tells(member_id))
            for name, photo in room.photos(member_id) if room.photos else ():
                _add_photo(archive, name, photo, open_photo)
    pieces.end()


def _add_rows(archive: zipfile.ZipFile, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as a list of JSON, or as a sheet that spreadsheets open as it is."""
    with archive.open(name, "w", force_zip64=True) as raw:
        file = io.TextIOWrapper(raw, "utf-8", newline="")
        if name.endswith(".csv"):
            file.writelines(csv_files.lines(_sheet(rows), bom=True))
        else:
            file.write("[")
            for number, row in enumerate(rows):
                file.write(",\n" if number else "\n")
                file.write(json.dumps(row, ensure_ascii=False, default=export_queries.as_json))
            file.write("\n]\n")
        file.flush()
        file.detach()


def _sheet(rows: Iterable[Mapping[str, Any]]) -> Iterator[Iterable[Any]]:
    for number, row in enumerate(rows):
        if number == 0:
            yield row.keys()
        yield [export_queries.as_json(value) for value in row.values()]


def _add_photo(
    archive: zipfile.ZipFile, name: str, photo: str, open_photo: Callable[[str], BinaryIO]
) -> None:
    try:
        stored = open_photo(photo)
    except NotFound:
        # It is on its way out of the store, or was never whole.
        return
    info = zipfile.ZipInfo(name)
    # A photo is packed already.
    info.compress_type = zipfile.ZIP_STORED
    with stored, archive.open(info, "w", force_zip64=True) as file:
        shutil.copyfileobj(stored, file, 64 * 1024)
