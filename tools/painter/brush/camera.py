"""The camera of the demo pictures: metres in, virtual pixels out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Point2 = tuple[float, float]
Point3 = tuple[float, float, float]

NEAR_M = 0.12


@dataclass(frozen=True)
class Plane:
    """A plane by a point in it and two directions of one metre."""

    origin: Point3
    u: Point3
    v: Point3


GROUND = Plane((0, 0, 0), (1, 0, 0), (0, 0, 1))


@dataclass(frozen=True)
class Camera:
    """Where the phone is held. x right, y up, z ahead; angles in degrees, pitch down."""

    height: float = 1.5
    pitch: float = 6
    yaw: float = 0
    focal: float = 1250
    x: float = 0
    roll: float = 0

    def _turned(self, point: Point3, *, direction: bool = False) -> Point3:
        x, y, z = point
        if not direction:
            x, y = x - self.x, y - self.height
        a, b = math.radians(self.yaw), math.radians(self.pitch)
        x, z = x * math.cos(a) - z * math.sin(a), x * math.sin(a) + z * math.cos(a)
        y, z = y * math.cos(b) + z * math.sin(b), z * math.cos(b) - y * math.sin(b)
        if self.roll:
            c = math.radians(self.roll)
            x, y = x * math.cos(c) - y * math.sin(c), x * math.sin(c) + y * math.cos(c)
        return x, y, z

    def _screen(self, turned: Point3) -> Point2:
        x, y, z = turned
        z = max(z, NEAR_M)
        return 800 + self.focal * x / z, 600 - self.focal * y / z

    def project(self, point: Point3) -> Point2:
        """Return where a point in metres is in the picture."""
        return self._screen(self._turned(point))

    def metre(self, point: Point3) -> float:
        """Return how many virtual pixels a metre is at a point."""
        return self.focal / max(self._turned(point)[2], NEAR_M)

    def polygon(self, points: Sequence[Point3]) -> list[Point2]:
        """Project a polygon, cutting off what is behind the lens."""
        turned = [self._turned(point) for point in points]
        if all(point[2] >= NEAR_M for point in turned):
            return [self._screen(point) for point in turned]
        kept: list[Point3] = []
        for a, b in zip(turned, [*turned[1:], turned[0]], strict=True):
            if a[2] >= NEAR_M:
                kept.append(a)
            if (a[2] >= NEAR_M) != (b[2] >= NEAR_M):
                t = (NEAR_M - a[2]) / (b[2] - a[2])
                kept.append((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, NEAR_M))
        return [self._screen(point) for point in kept]

    def unproject(
        self, plane: Plane, scale: float, corner: Point2, per_metre: float, offset: Point2
    ) -> list[float]:
        """Return Pillow's perspective coefficients from picture pixels to texels of a plane."""
        u, v = self._turned(plane.u, direction=True), self._turned(plane.v, direction=True)
        o = self._turned(plane.origin)
        f = self.focal
        # Homogeneous virtual pixels of the point origin + a·u + b·v.
        forward = np.array(
            [
                [f * u[0] + 800 * u[2], f * v[0] + 800 * v[2], f * o[0] + 800 * o[2]],
                [-f * u[1] + 600 * u[2], -f * v[1] + 600 * v[2], -f * o[1] + 600 * o[2]],
                [u[2], v[2], o[2]],
            ]
        )
        pixels = np.array([[scale, 0, -corner[0]], [0, scale, -corner[1]], [0, 0, 1]])
        # The tile's own middle lies on the plane's origin.
        texels = np.array([[per_metre, 0, offset[0]], [0, per_metre, offset[1]], [0, 0, 1]])
        back = texels @ np.linalg.inv(pixels @ forward + np.eye(3) * 1e-12)
        back = back / back[2, 2]
        return [float(value) for value in back.flatten()[:8]]
