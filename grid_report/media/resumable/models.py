"""Photos on their way in, and the pieces of them that are kept.

In the database and not in files: the next part may reach another host.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId

IS_UNCLAIMED = "used_at IS NULL"


class KeptUpload(Base):
    """A photo that comes in parts; `kept` bytes of it are here."""

    __tablename__ = "uploads"
    __table_args__ = (
        UniqueConstraint("ref", name="an_upload_by_its_ref"),
        UniqueConstraint("member_id", "key", name="an_upload_once"),
        CheckConstraint("length > 0 AND kept BETWEEN 0 AND length", name="kept_within_length"),
        CheckConstraint("used_at IS NULL OR kept = length", name="used_whole"),
        CheckConstraint("(used_at IS NULL) = (photo_name IS NULL)", name="used_as_a_photo"),
        Index(
            "ix_uploads_unclaimed",
            "created_at",
            sqlite_where=text(IS_UNCLAIMED),
            postgresql_where=text(IS_UNCLAIMED),
        ),
        Index("ix_uploads_used_at", "used_at"),
    )

    id: Mapped[RowId]
    # What its address ends in; nobody can guess one.
    ref: Mapped[str] = mapped_column(String(32))
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    # The phone's own id of it: made twice it is one.
    key: Mapped[str] = mapped_column(String(36))
    # As it was sent; the protocol wants it back.
    said: Mapped[str] = mapped_column(String(1000))
    length: Mapped[int] = mapped_column(BIG)
    kept: Mapped[int] = mapped_column(BIG)
    created_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    # With which key, and which photo came of it: a request sent again is known by both.
    used_key: Mapped[str | None] = mapped_column(String(36))
    photo_name: Mapped[str | None] = mapped_column(String(64))


class UploadPiece(Base):
    """Bytes of an upload, from `at` on."""

    __tablename__ = "upload_pieces"
    __table_args__ = (
        CheckConstraint("at >= 0", name="piece_at_its_place"),
        CheckConstraint("length(data) BETWEEN 1 AND 262144", name="piece_not_too_large"),
    )

    upload_id: Mapped[int] = mapped_column(BIG, ForeignKey("uploads.id"), primary_key=True)
    at: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)
