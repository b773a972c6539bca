"""What riders thought of an offer: shown from five ratings up, and drawn towards the middle."""

from __future__ import annotations

from typing import Final

STARS: Final = (1, 2, 3, 4, 5)
SHOWN_FROM: Final = 5
# As if five people had given four stars before: one lucky or angry first rating decides nothing.
PRIOR_MEAN: Final = 4.0
PRIOR_WEIGHT: Final = 5


def shown_rating(count: int, total: int) -> float | None:
    """Return the mean to show, to one decimal; None while too few have rated."""
    if count < SHOWN_FROM:
        return None
    return round((total + PRIOR_MEAN * PRIOR_WEIGHT) / (count + PRIOR_WEIGHT), 1)
