"""Which installation this is, and photos whose files must go at once."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import CheckConstraint, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import Base, Instant

OnlyOne = Annotated[int, mapped_column(Integer, primary_key=True, autoincrement=False)]


class Installation(Base):
    """The one row that names this installation; it goes wherever a copy of the database goes."""

    __tablename__ = "installations"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("length(key) = 32", name="key_is_long"),
    )

    id: Mapped[OnlyOne]
    key: Mapped[str] = mapped_column(String(32))
    # Since when the sweep is stopped; the administrators were told then.
    braked_at: Mapped[Instant | None]


class PhotoRemoval(Base):
    """A photo to delete without waiting: erased, blurred, or its consent taken back."""

    __tablename__ = "photo_removals"
    __table_args__ = (CheckConstraint("length(name) = 64", name="a_hash"),)

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    asked_at: Mapped[Instant]
