"""The file of streets an operator loaded, in pieces.

In the database and not beside it: whichever host a phone reaches has it, and so has a backup.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId


class Basemap(Base):
    """A file of streets. Without `loaded_at` it is still on its way in, and nobody sees it."""

    __tablename__ = "basemaps"
    __table_args__ = (
        CheckConstraint("byte_count > 0", name="basemap_not_empty"),
        CheckConstraint("min_zoom BETWEEN 0 AND max_zoom", name="basemap_zooms"),
        CheckConstraint("attribution <> '' AND approval <> ''", name="basemap_may_be_shown"),
    )

    id: Mapped[RowId]
    source: Mapped[str] = mapped_column(String(200))
    # Of the content; its address ends in it, so what is kept under one never changes.
    digest: Mapped[str] = mapped_column(String(64), default="")
    byte_count: Mapped[int] = mapped_column(BIG)
    min_zoom: Mapped[int]
    max_zoom: Mapped[int]
    attribution: Mapped[str] = mapped_column(String(200))
    # Of the map office: a map may be shown to the public with its number only.
    approval: Mapped[str] = mapped_column(String(60))
    begun_at: Mapped[Instant]
    loaded_at: Mapped[Instant | None]


class BasemapPiece(Base):
    """The nth piece of a file, all of one size but the last."""

    __tablename__ = "basemap_pieces"

    basemap_id: Mapped[int] = mapped_column(BIG, ForeignKey("basemaps.id"), primary_key=True)
    nth: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)
