"""Square metres and metres from degrees, exactly enough, without a projection library.

Cylindrical equal-area projection on the WGS-84 ellipsoid (Snyder 1987, eq. 10-1 and 3-12): areas
are true everywhere, lengths near the latitude it is set to.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

AXIS_M: Final = 6_378_137.0
ECCENTRICITY: Final = math.sqrt(0.00669437999014)

Numbers = NDArray[np.float64]


class Flat:
    """A plane in metres whose lengths are true near one latitude (degrees)."""

    def __init__(self, lat: float) -> None:
        latitude = math.radians(lat)
        squash = math.sqrt(1 - (ECCENTRICITY * math.sin(latitude)) ** 2)
        self.stretch = math.cos(latitude) / squash

    def xy(self, degrees: Numbers) -> Numbers:
        """Return metres east and north for rows of (lng, lat)."""
        sine = np.sin(np.radians(degrees[:, 1]))
        es = ECCENTRICITY * sine
        q = (1 - ECCENTRICITY**2) * (
            sine / (1 - es**2) - np.log((1 - es) / (1 + es)) / (2 * ECCENTRICITY)
        )
        east = AXIS_M * self.stretch * np.radians(degrees[:, 0])
        return np.column_stack((east, AXIS_M * q / (2 * self.stretch)))

    def degrees(self, east: float, north: float) -> tuple[float, float]:
        """Return (lng, lat) of a spot given in metres; the inverse of `xy`, by halving."""
        low, high = -90.0, 90.0
        for _ in range(60):
            middle = (low + high) / 2
            if self.xy(np.array([(0.0, middle)]))[0, 1] < north:
                low = middle
            else:
                high = middle
        return math.degrees(east / (AXIS_M * self.stretch)), (low + high) / 2

    def flatten(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape in degrees as one in metres."""
        return shapely.transform(shape, self.xy)


def area_m2(shape: shapely.Geometry) -> float:
    """Return the area of a shape in degrees, in square metres (holes taken off)."""
    return float(shapely.area(Flat(0.0).flatten(shape)))


def metres_in_degrees(metres: float) -> float:
    """Return the degrees of latitude that many metres are (at the equator, where they are most)."""
    return metres / 110_574.0
