"""Whether one person can have been at both places: the most time that may lie between is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grid_report.places.geo.points import Point, distance_m

# Nobody rides faster through a town for long.
MOST_KMH: Final = 60.0
# Phones jump by some hundred metres between two masts.
LEAST_M: Final = 1_000.0
WINDOW: Final = timedelta(hours=12)


@dataclass(frozen=True)
class Stop:
    """Where and when somebody reported. `taken_at`: what the phone says of the photo."""

    at: Point
    accuracy_m: float | None
    taken_at: datetime | None
    sent_at: datetime


@dataclass(frozen=True)
class Leap:
    """A way that nobody rides."""

    away_m: int
    seconds: int

    @property
    def kmh(self) -> int | None:
        """The speed it would take; None when no time lies between."""
        return round(self.away_m / self.seconds * 3.6) if self.seconds else None


def leap(earlier: Stop, later: Stop) -> Leap | None:
    """Return the way between two reports when it was too fast; None when it can be."""
    away = distance_m(earlier.at, later.at)
    least = away - (earlier.accuracy_m or 0.0) - (later.accuracy_m or 0.0)
    if least <= LEAST_M:
        return None
    # Kept on the phone without a signal, both are sent at once: then the photos' times count.
    begun = min(earlier.taken_at or earlier.sent_at, earlier.sent_at)
    between = max((later.sent_at - begun).total_seconds(), 0.0)
    if least <= MOST_KMH / 3.6 * between:
        return None
    return Leap(round(away), round(between))
