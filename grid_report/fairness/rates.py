"""A rate is a fraction first; below a base of ten it has no percentage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LEAST_BASE: Final = 10


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    part: int
    base: int

    @property
    def percent(self) -> float | None:
        """The rate with one decimal; None where the base is too small to say anything."""
        return round(self.part * 100 / self.base, 1) if self.base >= LEAST_BASE else None
