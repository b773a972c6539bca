"""Chinese map providers shift positions (GCJ-02); we keep WGS-84. Converted at the border.

The shift is a published polynomial with sines on the Krasovsky ellipsoid. It has no closed inverse,
but changes so slowly that repeating "subtract the shift of the guess" settles in a few rounds.
"""

from __future__ import annotations

from enum import StrEnum
from math import cos, pi, radians, sin, sqrt
from typing import Any, Final

from grid_report.errors import Invalid
from grid_report.places.geo.points import Point

AXIS_M: Final = 6_378_245.0
ECCENTRICITY_2: Final = 0.00669342162296594323


class Datum(StrEnum):
    WGS84 = "wgs84"
    GCJ02 = "gcj02"


def parse_datum(value: Any) -> Datum:
    """Read the datum a position was sent in; absent means WGS-84. Raises Invalid on others."""
    if value is None or value == "":
        return Datum.WGS84
    try:
        return Datum(str(value).strip().lower().replace("-", ""))
    except ValueError:
        raise Invalid.field("datum", "datum-unknown") from None


def is_shifted_here(point: Point) -> bool:
    """Tell whether GCJ-02 shifts this spot: inside the rectangle its makers drew around China."""
    return 0.8293 <= point.lat <= 55.8271 and 72.004 <= point.lng <= 137.8347


def to_gcj02(point: Point) -> Point:
    """Return the same spot as a Chinese map provider would give it."""
    if not is_shifted_here(point):
        return point
    lat_shift, lng_shift = _shift(point)
    return Point(point.lat + lat_shift, point.lng + lng_shift)


def to_wgs84(point: Point, datum: Datum) -> Point:
    """Return the spot in WGS-84, to well under a metre (there and back below 1e-6 degrees)."""
    if datum is Datum.WGS84 or not is_shifted_here(point):
        return point
    guess = point
    for _ in range(8):
        lat_shift, lng_shift = _shift(guess)
        better = Point(point.lat - lat_shift, point.lng - lng_shift)
        settled = abs(better.lat - guess.lat) + abs(better.lng - guess.lng) < 1e-10
        guess = better
        if settled:
            break
    return guess


def _shift(point: Point) -> tuple[float, float]:
    """Return the shift in degrees (north, east)."""
    x, y = point.lng - 105.0, point.lat - 35.0
    ripple = 20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (ripple + 20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (ripple + 20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    latitude = radians(point.lat)
    squash = 1 - ECCENTRICITY_2 * sin(latitude) ** 2
    north_radius = AXIS_M * (1 - ECCENTRICITY_2) / (squash * sqrt(squash))
    east_radius = AXIS_M / sqrt(squash) * cos(latitude)
    return north / (north_radius * pi) * 180.0, east / (east_radius * pi) * 180.0
