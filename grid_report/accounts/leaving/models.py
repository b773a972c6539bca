"""Who asked to leave and when it is done; exports, in pieces until they are over."""

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

IS_WAITING = "done_at IS NULL"


class Departure(Base):
    """A member who wants to be erased. Called back in time the row goes; done, it stays."""

    __tablename__ = "departures"
    __table_args__ = (
        CheckConstraint("due_at >= asked_at", name="due_after_asking"),
        CheckConstraint("done_at IS NULL OR begun_at IS NOT NULL", name="done_once_begun"),
        Index(
            "ix_departures_due_at",
            "due_at",
            sqlite_where=text(IS_WAITING),
            postgresql_where=text(IS_WAITING),
        ),
    )

    member_id: Mapped[int] = mapped_column(
        BIG, ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    asked_at: Mapped[Instant]
    due_at: Mapped[Instant]
    # Since when nobody can sign in as the member: what had begun before may still have come in.
    begun_at: Mapped[Instant | None]
    done_at: Mapped[Instant | None]


class Export(Base):
    """Everything about a member in one file, for that member alone and for some days."""

    __tablename__ = "exports"
    __table_args__ = (
        UniqueConstraint("ref", name="an_export_by_its_ref"),
        CheckConstraint("made_at IS NULL OR failed_at IS NULL", name="made_or_failed"),
        CheckConstraint("tries >= 0 AND byte_count >= 0", name="counted"),
        Index("ix_exports_member_id_id", "member_id", "id"),
        Index("ix_exports_expires_at", "expires_at"),
    )

    id: Mapped[RowId]
    ref: Mapped[str] = mapped_column(String(43))
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    asked_at: Mapped[Instant]
    # While one job makes it, until when the others leave it alone.
    taken_until: Mapped[Instant | None]
    tries: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[Instant | None]
    failed_at: Mapped[Instant | None]
    expires_at: Mapped[Instant]
    byte_count: Mapped[int] = mapped_column(BIG, default=0)


class ExportPiece(Base):
    """Some bytes of an export. In the database: whoever asks may reach another host."""

    __tablename__ = "export_pieces"

    export_id: Mapped[int] = mapped_column(BIG, ForeignKey("exports.id"), primary_key=True)
    nth: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)
