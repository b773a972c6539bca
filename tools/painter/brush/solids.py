"""Solid things in metres: boxes, posts, pipes, pieces of cloth and cable."""

# ruff: noqa: PLR0917 - coordinates and colours are positional by nature

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tools.painter.brush.camera import GROUND, Plane, Point2, Point3
from tools.painter.brush.canvas import Color, mix, shade
from tools.painter.brush.moods import Scene

_SUN = (-0.45, 0.8, -0.4)
FACES = {
    "front": (0, 1, 5, 4),
    "right": (1, 2, 6, 5),
    "back": (2, 3, 7, 6),
    "left": (3, 0, 4, 7),
    "top": (4, 5, 6, 7),
}
Place = Callable[[float, float, float], Point3]


def standing_at(x: float, z: float, heading: float = 0, y: float = 0, tilt: float = 0) -> Place:
    """Return a function from a thing's own metres to the scene's; angles in degrees."""
    a, t = math.radians(heading), math.radians(tilt)

    def place(px: float, py: float, pz: float) -> Point3:
        px, py = px * math.cos(t) + py * math.sin(t), py * math.cos(t) - px * math.sin(t)
        return (
            x + px * math.cos(a) + pz * math.sin(a),
            y + py,
            z - px * math.sin(a) + pz * math.cos(a),
        )

    return place


def _light(a: Point3, b: Point3, c: Point3) -> float:
    u = [q - p for p, q in zip(a, b, strict=True)]
    v = [q - p for p, q in zip(a, c, strict=True)]
    n = (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    long = math.sqrt(sum(part * part for part in n)) or 1.0
    return 0.82 - 0.3 * sum(part * sun for part, sun in zip(n, _SUN, strict=True)) / long


def faces_seen(scene: Scene, corners: Sequence[Point3]) -> dict[str, list[Point2]]:
    """Return the faces of a box that look at the camera; corners: bottom then top, from front left."""
    seen = {}
    for name, face in FACES.items():
        shape = scene.flat([corners[i] for i in face])
        area = sum(
            x0 * y1 - x1 * y0
            for (x0, y0), (x1, y1) in zip(shape, [*shape[1:], *shape[:1]], strict=True)
        )
        if area < 0:
            seen[name] = shape
    return seen


def hexahedron(scene: Scene, corners: Sequence[Point3], color: Color) -> dict[str, list[Point2]]:
    """Paint a body of eight corners, lit by the sun; return the faces seen."""
    seen = faces_seen(scene, corners)
    for name, shape in seen.items():
        a, b, c, _ = (corners[i] for i in FACES[name])
        lit = shade(color, _light(a, c, b) if name != "top" else _light(a, c, b) + 0.06)
        scene.fill(shape, shade(lit, 1.06), to=shade(lit, 0.88))
    return seen


def box_corners(
    place: Place, w: float, h: float, d: float, y: float = 0, taper: float = 0
) -> list[Point3]:
    """Return the corners of a box standing on its own middle."""
    a, b = w / 2, d / 2
    low = [place(px, y, pz) for px, pz in ((-a, -b), (a, -b), (a, b), (-a, b))]
    a, b = a - taper, b - taper
    return low + [place(px, y + h, pz) for px, pz in ((-a, -b), (a, -b), (a, b), (-a, b))]


def box(
    scene: Scene, place: Place, w: float, h: float, d: float, color: Color,
    *, y: float = 0, taper: float = 0, cast: bool = True,
) -> dict[str, list[Point2]]:  # fmt: skip
    """Paint a box and the shadow it stands in."""
    if cast:
        grounded(scene, place, w, d, reach=h * 0.35)
    return hexahedron(scene, box_corners(place, w, h, d, y, taper), color)


def grounded(scene: Scene, place: Place, w: float, d: float, reach: float = 0.2) -> None:
    """Paint the shadow that keeps a thing from floating, and the one the sun throws."""
    a, b = w / 2 + 0.03, d / 2 + 0.03
    foot = [place(px, 0.002, pz) for px, pz in ((-a, -b), (a, -b), (a, b), (-a, b))]
    metre = scene.camera.metre(foot[0])
    scene.shadow(scene.flat(foot), 0.55, max(3, metre * 0.04))
    if scene.mood.sun > 0.3:
        thrown = [(x + reach, y, z + reach * 0.3) for x, y, z in foot]
        scene.shadow(scene.flat([foot[0], foot[1], thrown[1], thrown[2], thrown[3], foot[3]]),
                     scene.mood.sun * 0.6, max(3, metre * 0.05))  # fmt: skip


def post(
    scene: Scene,
    foot: Point3,
    top: Point3,
    radius: float,
    color: Color,
    *,
    upper: float | None = None,
) -> None:
    """Paint a round post between two points, rounded by light; radii in metres."""
    (x0, y0), (x1, y1) = scene.at(*foot), scene.at(*top)
    r0 = max(radius * scene.camera.metre(foot), 0.8)
    r1 = max((radius if upper is None else upper) * scene.camera.metre(top), 0.7)
    long = math.hypot(x1 - x0, y1 - y0) or 1.0
    nx, ny = (y1 - y0) / long, (x0 - x1) / long
    across = abs(nx) > abs(ny)
    if across == (nx < 0) and across:
        nx, ny = -nx, -ny
    parts: tuple[tuple[float, float, float, float], ...] = (
        (-1.0, -0.35, 1.0, 1.25), (-0.35, 0.25, 1.25, 0.95), (0.25, 1.0, 0.95, 0.55),
    )  # fmt: skip
    for a, b, light, dark in parts:
        shape = [
            (x0 + nx * r0 * a, y0 + ny * r0 * a), (x1 + nx * r1 * a, y1 + ny * r1 * a),
            (x1 + nx * r1 * b, y1 + ny * r1 * b), (x0 + nx * r0 * b, y0 + ny * r0 * b),
        ]  # fmt: skip
        scene.fill(shape, shade(color, light), to=shade(color, dark), axis="h" if across else "v")


def disc(
    x: float, z: float, rx: float, rz: float | None = None, n: int = 36
) -> list[tuple[float, float]]:
    """Return a circle on the ground as (x, z)."""
    rz = rx if rz is None else rz
    return [
        (x + rx * math.cos(i * 6.2832 / n), z + rz * math.sin(i * 6.2832 / n)) for i in range(n)
    ]


def ragged(
    scene: Scene,
    name: str,
    x: float,
    z: float,
    rx: float,
    rz: float,
    rough: float = 0.22,
    n: int = 40,
) -> list[tuple[float, float]]:
    """Return an irregular patch of ground as (x, z): puddles, holes, spills."""
    dice = scene.dice(name)
    waves = [(dice.randint(2, 7), dice.uniform(0, 6.28), dice.uniform(0.3, 1.0)) for _ in range(4)]
    shape = []
    for i in range(n):
        angle = i * 6.2832 / n
        bump = sum(size * math.sin(angle * times + phase) for times, phase, size in waves) / 2.6
        away = 1 + rough * bump + dice.uniform(-0.04, 0.04) * (rough > 0.1)
        shape.append((x + rx * away * math.cos(angle), z + rz * away * math.sin(angle)))
    return shape


def cable(
    scene: Scene,
    a: Point3,
    b: Point3,
    sag: float,
    width: float,
    color: Color = (26, 26, 28),
    n: int = 16,
) -> None:
    """Hang a cable between two points; sag and width in metres."""
    points = []
    for i in range(n + 1):
        t = i / n
        x, y, z = (p + (q - p) * t for p, q in zip(a, b, strict=True))
        points.append(scene.at(x, y - sag * 4 * t * (1 - t), z))
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2)
    scene.line(points, max(1.6, width * scene.camera.metre(middle)), color)


def puddle(
    scene: Scene,
    shape: Sequence[tuple[float, float]],
    color: Color,
    sky: Color | None = None,
    alpha: float = 0.8,
) -> None:
    """Lay water on the ground: darker rim, sky in the middle, ripples."""
    rim = scene.ground(shape, 0.002)
    scene.fill(rim, shade(color, 0.6), alpha=alpha * 0.6, soft=7)
    sky = sky or mix(scene.mood.sky[1], color, 0.35)
    scene.fill(rim, mix(sky, color, 0.1), to=mix(sky, color, 0.75), alpha=alpha)
    scene.texture(rim, GROUND, "ripples", (250, 252, 255), 0.28)


def steam(
    scene: Scene, name: str, foot: Point2, height: float, width: float,
    color: Color = (240, 243, 246), alpha: float = 0.35, lean: float = 0.15,
) -> None:  # fmt: skip
    """Let steam or smoke rise from a point of the picture; sizes in virtual pixels."""
    for i in range(7):
        t = (i + 0.4) / 7
        center = (foot[0] + lean * height * t * t, foot[1] - height * t)
        wide = width * (0.25 + 0.9 * t)
        scene.blobs(f"{name}{i}", center, (wide * 0.8, height * 0.1), (wide * 0.22, wide * 0.5), 7,
                    [color], alpha=alpha * (1.1 - 0.75 * t), soft=width * (0.05 + 0.12 * t))  # fmt: skip


def wall_plane(origin: Point3, along: tuple[float, float]) -> Plane:
    """Return the upright plane of a wall that runs along (dx, dz)."""
    return Plane(origin, (along[0], 0, along[1]), (0, 1, 0))


def wall_quad(
    scene: Scene,
    origin: Point3,
    along: tuple[float, float],
    a: float,
    b: float,
    low: float,
    high: float,
) -> list[Point2]:
    """Return the part of a wall from a to b metres along it and from low to high."""
    x, y, z = origin
    return scene.flat([
        (x + along[0] * s, y + t, z + along[1] * s) for s, t in ((a, high), (b, high), (b, low), (a, low))
    ])  # fmt: skip
