"""A rate is a fraction first; below a base of ten it has no percentage. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Below it a rate says more about chance than about anybody's work.
LEAST_BASE: Final = 10


@dataclass(frozen=True)
class Rate:
    """So many of so many: the fraction first, the percentage only from a base of ten."""

    numerator: int
    denominator: int

    @property
    def share(self) -> float | None:
        """The rate between 0 and 1; None below the least base."""
        if self.denominator < LEAST_BASE:
            return None
        return self.numerator / self.denominator

    @property
    def percent(self) -> float | None:
        """The rate in percent with two decimals, as files have it; None below the least base."""
        return None if self.share is None else round(self.share * 100, 2)

    @property
    def text(self) -> str:
        """The rate in percent with one decimal, as pages print it; empty below the least base.

        Rounded once, from the fraction: 14/17 is 82.4, which 82.35 would not be.
        """
        if self.share is None:
            return ""
        tenths = (2000 * self.numerator + self.denominator) // (2 * self.denominator)
        return f"{tenths // 10}.{tenths % 10}"


def change(now: Rate, then: Rate) -> float | None:
    """Return by how many points of a percent a rate changed; None where either base is too small.

    A change that is less than one case of the smaller base is none: one case more or less decides it.
    """
    if now.share is None or then.share is None:
        return None
    bases = (now.denominator, then.denominator)
    crossed = now.numerator * then.denominator - then.numerator * now.denominator
    if abs(crossed) < max(bases):
        return 0.0
    return round((now.share - then.share) * 100, 1)
