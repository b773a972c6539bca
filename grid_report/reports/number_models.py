"""The counter the numbers of reports come from."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import Base


class NumberCounter(Base):
    """The last number given on a day; its row lock is what keeps the numbers without gaps."""

    __tablename__ = "number_counters"

    prefix: Mapped[str] = mapped_column(String(4), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]
