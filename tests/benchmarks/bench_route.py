"""G10: routing one point against routing many at once, over a town of invented polygons.

CPU time, interleaved rounds, medians of paired rounds. The bound is what the same router needs a
point when it gets all of them in one call.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import shapely

from grid_report.places.geo.areas import area_m2
from grid_report.places.geo.points import Point
from grid_report.places.geo.routing import Area, Extent, Router

EXTENT = Extent(123.7225, 42.1157, 124.8161, 42.8896)
GOAL = 8.0
POLYGONS = 5_000
ONE_BY_ONE = 2_000
IN_BULK = 20_000


def town(polygons: int, seed: int = 1) -> list[Area]:
    """Return a tessellation of the county with about a hundred corners a polygon."""
    rng = np.random.default_rng(seed)
    west, south, east, north = EXTENT.west, EXTENT.south, EXTENT.east, EXTENT.north
    seeds = rng.uniform((west, south), (east, north), (polygons, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds)))
    cut = shapely.intersection(cells, shapely.box(west, south, east, north))
    edge = float(np.median(shapely.length(cut))) / 100
    shapes = shapely.segmentize(cut, edge)
    return [
        Area(f"2112820{number:05d}", shape, area_m2(shape)) for number, shape in enumerate(shapes)
    ]


def run(rounds: int = 9) -> list[dict[str, Any]]:
    """Measure; at least nine paired rounds."""
    areas = town(POLYGONS)
    began = time.process_time()
    router = Router(
        areas,
        street_of={area.community_code: area.community_code[:9] for area in areas},
        extent=EXTENT,
    )
    built_s = time.process_time() - began
    rng = np.random.default_rng(2)
    spots = rng.uniform(
        (EXTENT.south, EXTENT.west), (EXTENT.north, EXTENT.east), (IN_BULK, 2)
    ).tolist()
    points = [Point(lat, lng) for lat, lng in spots]
    one, bulk = [], []
    for _ in range(max(rounds, 9) + 1):
        began = time.process_time()
        singly = [router.locate(point) for point in points[:ONE_BY_ONE]]
        one.append((time.process_time() - began) / ONE_BY_ONE)
        began = time.process_time()
        together = router.locate_many(points)
        bulk.append((time.process_time() - began) / IN_BULK)
        assert singly == together[:ONE_BY_ONE]
    ratios = [a / b for a, b in zip(one[1:], bulk[1:], strict=True)]  # the first round warms up
    corners = int(shapely.get_num_coordinates([area.shape for area in areas]).mean())
    return [
        {
            "goal": "G10",
            "what": f"route one point, {POLYGONS} polygons of {corners} corners",
            "bound": "bulk per point",
            "measured_us": round(statistics.median(one[1:]) * 1e6, 1),
            "bound_us": round(statistics.median(bulk[1:]) * 1e6, 1),
            "ratio": round(statistics.median(ratios), 2),
            "at_most": GOAL,
            "met": statistics.median(ratios) <= GOAL,
            "rounds": len(ratios),
            "build_ms": round(built_s * 1000, 1),
        }
    ]


if __name__ == "__main__":
    print(run())
