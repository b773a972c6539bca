"""What good evidence is (R2): the rule proposes it, whoever accepts confirms it with one tick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from grid_report.places.geo.routing import MatchedBy

LEAST_PHOTOS: Final = 2
WITHIN_M: Final = 50


def is_good(report: Any, photos: Sequence[Any]) -> bool:
    """Tell whether two photos of the reporter show it and nobody has to search for the spot."""
    shown = sum(
        photo.kind == "before" and photo.added_by_id == report.reporter_id for photo in photos
    )
    return shown >= LEAST_PHOTOS and is_found(report)


def is_found(report: Any) -> bool:
    """Tell whether the position is within 50 m, or the place has a name."""
    precise = report.accuracy_m is not None and report.accuracy_m <= WITHIN_M
    return precise or report.compound_code is not None or bool(report.place_note.strip())


def has_own_position(report: Any) -> bool:
    """Tell whether the point is where the phone was, and no stand-in for a chosen place."""
    return report.accuracy_m is not None or report.matched_by in (
        MatchedBy.BOUNDARY,
        MatchedBy.NEAREST,
    )
