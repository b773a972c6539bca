"""What a camera's own clock and position give away: taken long before, or somewhere else."""

from __future__ import annotations

from typing import Final

# A report that waited for a signal in a basement is hours old, not days.
LONG_BEFORE_S: Final = 24 * 3600
FAR_OFF_M: Final = 1_000
# Past this the camera has lost its clock (a year at least): that says nothing about the photo.
LOST_CLOCK_S: Final = 365 * 24 * 3600


def is_taken_long_before(gap_s: int | None) -> bool:
    """Tell whether a photo is more than a day older than its sending."""
    return gap_s is not None and LONG_BEFORE_S < gap_s < LOST_CLOCK_S


def is_taken_far_off(off_m: int | None, accuracy_m: float | None, *, place_is_known: bool) -> bool:
    """Tell whether a photo was taken elsewhere, allowing for how unsure the phone was.

    Without a position of the phone the report lies in the middle of its community: no measure.
    """
    return place_is_known and off_m is not None and off_m > FAR_OFF_M + (accuracy_m or 0.0)
