"""Reads about uploads: how far one is, what several are good for, and their bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, exists, or_, select

from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.media.resumable.models import KeptUpload, UploadPiece
from grid_report.media.resumable.protocol import REMEMBERED, WAITS

# Pieces of this many are in memory at once while a photo is put together.
_AT_ONCE = 4


@dataclass(frozen=True)
class UploadRow:
    """An upload as it is now."""

    id: int
    ref: str
    member_id: int
    said: str
    length: int
    kept: int
    used_key: str | None
    photo_name: str | None

    @property
    def is_whole(self) -> bool:
        """Whether all of its bytes are kept."""
        return self.kept == self.length

    @property
    def is_used(self) -> bool:
        """Whether something was made of it."""
        return self.photo_name is not None


_COLUMNS = (
    KeptUpload.id,
    KeptUpload.ref,
    KeptUpload.member_id,
    KeptUpload.said,
    KeptUpload.length,
    KeptUpload.kept,
    KeptUpload.used_key,
    KeptUpload.photo_name,
)


def find_upload(ref: str) -> UploadRow:
    """Return an upload by the end of its address. Raises NotFound."""
    row = db.session.execute(select(*_COLUMNS).where(KeptUpload.ref == ref)).one_or_none()
    if row is None:
        raise NotFound
    return UploadRow(*row)


def find_uploads(refs: Sequence[str], *, member_id: int) -> dict[str, UploadRow]:
    """Return a member's own among these."""
    rows = db.session.execute(
        select(*_COLUMNS).where(KeptUpload.ref.in_(refs), KeptUpload.member_id == member_id)
    )
    return {row.ref: UploadRow(*row) for row in rows}


class UploadStream:
    """The bytes of one upload, read in the order the uploads were asked for."""

    def __init__(self, upload_id: int, pieces: _Pieces) -> None:
        self._id, self._pieces, self._left = upload_id, pieces, b""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most so many where a number is given; none at the end."""
        if not self._left:
            self._left = self._pieces.next_of(self._id)
        end = len(self._left) if size < 0 else size
        taken, self._left = self._left[:end], self._left[end:]
        return taken


class _Pieces:
    """One statement for the pieces of several uploads; begun when the first is read."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = ids
        self._rows: Iterator[tuple[int, bytes]] | None = None
        self._ahead: tuple[int, bytes] | None = None

    def next_of(self, upload_id: int) -> bytes:
        if self._rows is None:
            self._rows = self._ask()
            self._ahead = next(self._rows, None)
        if self._ahead is None or self._ahead[0] != upload_id:
            return b""
        data = self._ahead[1]
        self._ahead = next(self._rows, None)
        return data

    def _ask(self) -> Iterator[tuple[int, bytes]]:
        order = case({it: place for place, it in enumerate(self._ids)}, value=UploadPiece.upload_id)
        rows = db.session.execute(
            select(UploadPiece.upload_id, UploadPiece.data)
            .where(UploadPiece.upload_id.in_(self._ids))
            .order_by(order, UploadPiece.at),
            execution_options={"yield_per": _AT_ONCE},
        )
        return ((upload_id, data) for upload_id, data in rows)


def streams_of(uploads: Sequence[UploadRow]) -> list[UploadStream]:
    """Return the bytes of uploads, each a stream; they have to be read one after the other."""
    pieces = _Pieces([it.id for it in uploads])
    return [UploadStream(it.id, pieces) for it in uploads]


def list_over(*, now: datetime, after: int, limit: int) -> list[int]:
    """List uploads whose bytes nobody needs any more, or that need not be known any more."""
    has_bytes = exists().where(UploadPiece.upload_id == KeptUpload.id)
    is_over = or_(
        and_(KeptUpload.used_at.is_(None), KeptUpload.created_at <= now - WAITS),
        and_(KeptUpload.used_at.is_not(None), has_bytes),
        KeptUpload.used_at <= now - REMEMBERED,
    )
    return list(
        db.session.scalars(
            select(KeptUpload.id)
            .where(is_over, KeptUpload.id > after)
            .order_by(KeptUpload.id)
            .limit(limit)
        )
    )
