"""What stands about in a street: cars, e-bikes, trees, bins, cones, boxes, signs."""

# ruff: noqa: PLR0917 - coordinates and colours are positional by nature

from __future__ import annotations

import math
from collections.abc import Sequence

from tools.painter.brush.camera import Point2, Point3
from tools.painter.brush.canvas import Color, circle, mix, rect, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import (
    Place,
    box,
    box_corners,
    faces_seen,
    grounded,
    hexahedron,
    post,
    standing_at,
)

CAR_COLORS: tuple[Color, ...] = (
    (222, 224, 226), (58, 62, 70), (150, 156, 164), (124, 28, 30), (34, 62, 104), (196, 190, 176),
)  # fmt: skip
BIKE_COLORS: tuple[Color, ...] = (
    (178, 34, 38), (34, 82, 150), (236, 176, 32), (44, 48, 54), (62, 130, 96), (228, 228, 226),
)  # fmt: skip


def car(scene: Scene, x: float, z: float, heading: float, color: Color, *, sunk: float = 0) -> None:
    """Park a car; heading 0 shows its back. `sunk` metres of it are under water."""
    place = standing_at(x, z, heading, -sunk)
    if not sunk:
        grounded(scene, place, 1.8, 4.4, reach=0.6)
    body = box_corners(place, 1.78, 0.66, 4.3, 0.28, 0.06)
    cabin_low = [
        place(px, 0.92, pz) for px, pz in ((-0.8, -1.85), (0.8, -1.85), (0.8, 1.1), (-0.8, 1.1))
    ]
    cabin_top = [
        place(px, 1.46, pz) for px, pz in ((-0.6, -1.25), (0.6, -1.25), (0.6, 0.4), (-0.6, 0.4))
    ]
    seen = hexahedron(scene, body, color)
    hexahedron(scene, cabin_low + cabin_top, shade(color, 0.96))
    for name, (a, b, c, d) in {
        "front": (0, 1, 5, 4), "right": (1, 2, 6, 5), "left": (3, 0, 4, 7), "back": (2, 3, 7, 6),
    }.items():  # fmt: skip
        corners = cabin_low + cabin_top
        quad = [corners[i] for i in (a, b, c, d)]
        if name not in faces_seen(scene, corners):
            continue
        inset = [
            _between(quad, s, t) for s, t in ((0.07, 0.1), (0.93, 0.1), (0.93, 0.9), (0.07, 0.9))
        ]
        shape = scene.flat(inset)
        scene.fill(shape, mix(scene.mood.sky[0], (40, 50, 60), 0.35), to=(28, 34, 40))
        if name in ("left", "right"):
            pillar = [
                _between(quad, s, t)
                for s, t in ((0.48, 0.08), (0.53, 0.08), (0.53, 0.92), (0.48, 0.92))
            ]
            scene.fill(scene.flat(pillar), shade(color, 0.7))
    for side, name in ((-0.9, "left"), (0.9, "right")):
        if name not in seen:
            continue
        for middle in (-1.32, 1.32):
            wheel = [
                (side, 0.33 + 0.33 * math.sin(i * 0.314), middle + 0.33 * math.cos(i * 0.314))
                for i in range(20)
            ]
            scene.fill(scene.flat([place(*p) for p in wheel]), (22, 22, 24))
            hub = [
                (side, 0.33 + 0.19 * math.sin(i * 0.42), middle + 0.19 * math.cos(i * 0.42))
                for i in range(15)
            ]
            scene.fill(scene.flat([place(*p) for p in hub]), (168, 172, 176), to=(96, 98, 102))
        seam = [place(side * 0.985, 0.62, -2.0), place(side * 0.985, 0.62, 2.0)]
        scene.line([scene.at(*seam[0]), scene.at(*seam[1])], 2, shade(color, 0.6), alpha=0.7)
    end, lamp = (-2.16, (170, 24, 28)) if "front" in seen else (2.16, (240, 240, 230))
    if "front" in seen or "back" in seen:
        for px in (-0.68, 0.68):
            quad3 = [
                place(px + dx, y, end)
                for dx, y in ((-0.16, 0.84), (0.16, 0.84), (0.16, 0.66), (-0.16, 0.66))
            ]
            scene.fill(scene.flat(quad3), lamp, to=shade(lamp, 0.7))
        plate = [
            place(dx, y, end)
            for dx, y in ((-0.22, 0.62), (0.22, 0.62), (0.22, 0.49), (-0.22, 0.49))
        ]
        scene.fill(scene.flat(plate), (30, 74, 160))
        bumper = [
            place(dx, y, end)
            for dx, y in ((-0.86, 0.42), (0.86, 0.42), (0.86, 0.26), (-0.86, 0.26))
        ]
        scene.fill(scene.flat(bumper), (38, 40, 42), alpha=0.85)


def _between(quad: Sequence[Point3], s: float, t: float) -> Point3:
    """Return a point of a quad by its shares along the bottom edge and upwards."""
    a, b, c, d = quad
    low = [p + (q - p) * s for p, q in zip(a, b, strict=True)]
    high = [p + (q - p) * s for p, q in zip(d, c, strict=True)]
    x, y, z = (p + (q - p) * t for p, q in zip(low, high, strict=True))
    return x, y, z


def ebike(
    scene: Scene, x: float, z: float, heading: float, color: Color,
    *, y: float = 0, lying: bool = False, box_on: bool = False, cast: bool = True,
) -> Point2:  # fmt: skip
    """Stand (or lay) a delivery e-bike; returns where its charging socket is in the picture."""
    a = math.radians(heading)
    metre = scene.camera.metre((x, y, z))

    def at(px: float, py: float) -> Point2:
        if lying:
            return scene.at(x + px * math.cos(a) - py * 0.9 * math.sin(a), y + 0.1 + py * 0.12,
                            z + px * math.sin(a) + py * 0.9 * math.cos(a))  # fmt: skip
        return scene.at(x + px * math.cos(a), y + py, z + px * math.sin(a))

    def ring(cx: float, r: float, width: float, tone: Color) -> None:
        points = [
            at(cx + r * math.cos(i * 0.2618), 0.24 + r * math.sin(i * 0.2618)) for i in range(25)
        ]
        scene.line(points, width * metre, tone)

    if cast:
        shape = [at(-0.75, 0.02), at(0.75, 0.02)]
        scene.shadow([(shape[0][0], shape[0][1] - 9), (shape[1][0], shape[1][1] - 9),
                      (shape[1][0] + 12, shape[1][1] + 12), (shape[0][0] - 6, shape[0][1] + 12)], 0.5, 9)  # fmt: skip
    for cx in (-0.56, 0.58):
        scene.fill([at(cx + 0.2 * math.cos(i * 0.35), 0.24 + 0.2 * math.sin(i * 0.35)) for i in range(18)],
                   (60, 62, 66), alpha=0.55)  # fmt: skip
        ring(cx, 0.21, 0.075, (24, 24, 26))
        scene.fill(
            [at(cx + 0.06 * math.cos(i * 0.6), 0.24 + 0.06 * math.sin(i * 0.6)) for i in range(11)],
            (150, 152, 156),
        )
    scene.line([at(0.58, 0.24), at(0.4, 0.98)], 0.05 * metre, (40, 42, 46))
    scene.line([at(-0.56, 0.24), at(-0.1, 0.3)], 0.05 * metre, (40, 42, 46))
    # Front shield, footboard, battery case, seat: what makes it an e-bike and not a bicycle.
    scene.fill(
        [at(0.5, 0.4), at(0.36, 0.95), at(0.27, 0.93), at(0.26, 0.34)],
        shade(color, 1.1),
        to=shade(color, 0.7),
    )
    scene.fill([at(-0.2, 0.26), at(0.32, 0.26), at(0.3, 0.36), at(-0.2, 0.36)], shade(color, 0.55))
    scene.fill(
        [at(-0.72, 0.46), at(-0.62, 0.66), at(-0.08, 0.66), at(-0.12, 0.28), at(-0.34, 0.28)],
        color,
        to=shade(color, 0.62),
    )
    scene.fill(
        [at(-0.76, 0.66), at(-0.72, 0.77), at(-0.1, 0.75), at(-0.02, 0.66)],
        (26, 26, 28),
        to=(46, 46, 48),
    )
    scene.fill([at(0.55, 0.42), at(0.78, 0.3), at(0.76, 0.24), at(0.5, 0.36)], shade(color, 0.85))
    scene.line([at(0.46, 1.05), at(0.32, 1.0), at(0.24, 1.04)], 0.04 * metre, (30, 30, 32))
    scene.fill([at(0.42, 0.98), at(0.5, 0.96), at(0.5, 0.84), at(0.42, 0.86)], (232, 232, 220))
    scene.fill([at(-0.76, 0.6), at(-0.7, 0.6), at(-0.7, 0.54), at(-0.74, 0.54)], (190, 24, 26))
    if box_on:
        scene.fill(
            [at(-0.92, 0.78), at(-0.92, 1.2), at(-0.42, 1.2), at(-0.42, 0.78)],
            (40, 116, 196),
            to=(26, 78, 140),
        )
        scene.line([at(-0.92, 1.08), at(-0.42, 1.08)], 0.02 * metre, (210, 226, 240))
    return at(-0.14, 0.44)


def tree(scene: Scene, x: float, z: float, height: float, name: str) -> None:
    """Plant a street tree in the season's leaves, or bare in winter."""
    metre = scene.camera.metre((x, 0, z))
    scene.shadow(
        scene.ground(
            [(x - 0.5, z - 0.3), (x + 0.5, z - 0.3), (x + 0.5, z + 0.3), (x - 0.5, z + 0.3)]
        ),
        0.4,
        metre * 0.1,
    )
    post(scene, (x, 0, z), (x, height * 0.55, z), 0.13, (92, 78, 66), upper=0.08)
    top = scene.at(x, height * 0.5, z)
    if scene.mood.leaves is None:
        bare_branches(scene, name, top, -1.57, height * 0.2 * metre, 0.06 * metre)
        return
    center = scene.at(x, height * 0.72, z)
    wide, tall = height * 0.27 * metre, height * 0.3 * metre
    for i, tone in enumerate(scene.mood.leaves):
        lift = i * tall * 0.16
        scene.blobs(f"{name}{i}", (center[0] - lift * 0.3, center[1] - lift), (wide * (1 - i * 0.1), tall * (1 - i * 0.12)),
                    (wide * 0.1, wide * (0.26 - i * 0.03)), 26, [tone])  # fmt: skip


def bare_branches(
    scene: Scene, name: str, start: Point2, angle: float, long: float, thick: float
) -> None:
    """Grow a winter crown."""
    dice = scene.dice(name)
    layers: dict[float, list[list[Point2]]] = {}
    todo = [(start, angle, long, thick)]
    while todo:
        (x, y), turn, reach, width = todo.pop()
        end = (x + math.cos(turn) * reach, y + math.sin(turn) * reach)
        nx, ny = -math.sin(turn) * width / 2, math.cos(turn) * width / 2
        layers.setdefault(0, []).append([(x + nx, y + ny), (end[0] + nx * 0.6, end[1] + ny * 0.6),
                                         (end[0] - nx * 0.6, end[1] - ny * 0.6), (x - nx, y - ny)])  # fmt: skip
        if width > 1.8 and len(layers[0]) < 130:
            for _ in range(3):
                todo.insert(
                    0,
                    (
                        end,
                        turn + dice.uniform(-0.75, 0.75),
                        reach * dice.uniform(0.6, 0.85),
                        width * 0.62,
                    ),
                )
    scene.fill(layers[0], (74, 64, 58))


def cone(scene: Scene, x: float, z: float, height: float = 0.7) -> None:
    """Put a traffic cone."""
    box(scene, standing_at(x, z), 0.36, 0.05, 0.36, (40, 40, 42))
    metre = scene.camera.metre((x, 0, z))
    (x0, y0), (x1, y1) = scene.at(x, 0.05, z), scene.at(x, height, z)
    half, tip = 0.14 * metre, 0.03 * metre
    for a, b, tone in ((0, 0.34, (226, 84, 26)), (0.34, 0.56, (240, 240, 238)), (0.56, 0.72, (226, 84, 26)),
                       (0.72, 0.86, (240, 240, 238)), (0.86, 1, (226, 84, 26))):  # fmt: skip
        wa, wb = half + (tip - half) * a, half + (tip - half) * b
        ya, yb, xa = y0 + (y1 - y0) * a, y0 + (y1 - y0) * b, x0 + (x1 - x0) * a
        scene.fill(
            [(xa - wb, yb), (xa + wb, yb), (xa + wa, ya), (xa - wa, ya)],
            shade(tone, 1.12),
            to=shade(tone, 0.62),
            axis="h",
        )


def bag(scene: Scene, x: float, y: float, r: float, color: Color, name: str) -> None:
    """Drop a tied rubbish bag; virtual pixels."""
    dice = scene.dice(name)
    shape = [(x + r * (1 + dice.uniform(-0.12, 0.12)) * math.cos(i * 0.35),
              y - r * 0.7 + r * 0.8 * (1 + dice.uniform(-0.1, 0.1)) * math.sin(i * 0.35)) for i in range(18)]  # fmt: skip
    scene.shadow(circle(x + r * 0.1, y, r, r * 0.25), 0.5, r * 0.15)
    scene.fill(shape, shade(color, 1.25), to=shade(color, 0.6))
    scene.fill(
        [
            (x - r * 0.14, y - r * 1.4),
            (x + r * 0.2, y - r * 1.7),
            (x + r * 0.22, y - r * 1.35),
            (x + r * 0.06, y - r * 1.25),
        ],
        shade(color, 1.1),
    )
    for i in range(3):
        turn = dice.uniform(-0.9, 0.9)
        scene.line(
            [(x + turn * r * 0.1, y - r * 1.3), (x + turn * r * 0.8, y - r * (0.4 + 0.1 * i))],
            r * 0.05,
            shade(color, 1.7),
            alpha=0.5,
        )


def carton(
    scene: Scene, place: Place, w: float, h: float, d: float, y: float = 0, tone: float = 1.0
) -> None:
    """Put a cardboard box with its tape."""
    color = shade((176, 134, 88), tone)
    seen = box(scene, place, w, h, d, color, y=y, cast=y == 0)
    for name in ("top", "front"):
        if name in seen:
            a, b, c, e = seen[name]
            strip = [_mid(a, b, 0.46), _mid(a, b, 0.54), _mid(e, c, 0.54), _mid(e, c, 0.46)]
            scene.fill(strip, (206, 178, 128), alpha=0.8)


def _mid(a: Point2, b: Point2, t: float) -> Point2:
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t


def bin_with_wheels(
    scene: Scene, x: float, z: float, color: Color, *, lid_open: bool = False
) -> list[Point2]:
    """Put a 240-litre bin; returns the rim to heap rubbish on."""
    place = standing_at(x, z)
    grounded(scene, place, 0.6, 0.65, 0.4)
    low = [
        place(px, 0.06, pz)
        for px, pz in ((-0.22, -0.24), (0.22, -0.24), (0.22, 0.24), (-0.22, 0.24))
    ]
    top = [
        place(px, 0.98, pz)
        for px, pz in ((-0.29, -0.32), (0.29, -0.32), (0.29, 0.32), (-0.29, 0.32))
    ]
    seen = hexahedron(scene, low + top, color)
    rim = seen.get("top", scene.flat(top))
    if lid_open:
        scene.fill(rim, (24, 26, 26))
        lid = [
            place(px, y, pz)
            for px, y, pz in (
                (-0.3, 1.0, 0.33),
                (0.3, 1.0, 0.33),
                (0.3, 1.58, 0.56),
                (-0.3, 1.58, 0.56),
            )
        ]
        scene.fill(scene.flat(lid), shade(color, 0.95), to=shade(color, 0.7))
    else:
        hexahedron(
            scene,
            box_corners(standing_at(x, z - 0.01), 0.64, 0.08, 0.7, 0.97, 0.05),
            shade(color, 1.08),
        )
    if "front" in seen:
        a, b, c, d = seen["front"]
        mark = [
            _mid(_mid(a, d, t), _mid(b, c, t), s)
            for s, t in ((0.3, 0.75), (0.7, 0.75), (0.7, 0.5), (0.3, 0.5))
        ]
        scene.fill(mark, (236, 238, 236), alpha=0.85)
    return rim


def sign_board(
    scene: Scene,
    quad: Sequence[Point2],
    text: str,
    color: Color,
    ink: Color = (255, 255, 255),
    frame: Color | None = None,
) -> None:
    """Hang a board with words; quad from top left clockwise."""
    scene.shadow([(x + 8, y + 10) for x, y in quad], 0.35, 8)
    if frame:
        scene.fill(quad, frame)
        quad = _shrunk(quad, 0.94)
    scene.fill(quad, shade(color, 1.08), to=shade(color, 0.9))
    a, b, c, d = quad
    inner = [
        _mid(_mid(a, d, t), _mid(b, c, t), s)
        for s, t in ((0.08, 0.18), (0.92, 0.18), (0.92, 0.82), (0.08, 0.82))
    ]
    scene.words(inner, text, ink)


def _shrunk(quad: Sequence[Point2], share: float) -> list[Point2]:
    cx, cy = sum(x for x, _ in quad) / len(quad), sum(y for _, y in quad) / len(quad)
    return [(cx + (x - cx) * share, cy + (y - cy) * share) for x, y in quad]


def tape(scene: Scene, a: Point2, b: Point2, width: float = 16, sag: float = 14) -> None:
    """Stretch red and white barrier tape."""
    count = max(6, round(math.dist(a, b) / (width * 2.4)))
    for parity, tone in ((0, (214, 38, 36)), (1, (244, 244, 240))):
        shapes = []
        for i in range(parity, count, 2):
            t0, t1 = i / count, (i + 1) / count
            p, q = _mid(a, b, t0), _mid(a, b, t1)
            d0, d1 = sag * 4 * t0 * (1 - t0), sag * 4 * t1 * (1 - t1)
            shapes.append(
                [
                    (p[0], p[1] + d0),
                    (q[0], q[1] + d1),
                    (q[0], q[1] + d1 + width),
                    (p[0], p[1] + d0 + width),
                ]
            )
        scene.fill(shapes, tone)


def paper(
    scene: Scene,
    x: float,
    y: float,
    w: float,
    h: float,
    color: Color,
    lines: int = 4,
    title: str = "",
) -> None:
    """Stick a notice on a wall; virtual pixels."""
    scene.shadow(rect(x + 4, y + 6, x + w + 4, y + h + 6), 0.3, 6)
    scene.fill(rect(x, y, x + w, y + h), shade(color, 1.04), to=shade(color, 0.93))
    top = y + h * 0.12
    if title:
        scene.words(rect(x + w * 0.12, top, x + w * 0.88, top + h * 0.2), title, (176, 30, 28))
        top += h * 0.3
    step = (y + h * 0.92 - top) / max(lines, 1)
    scene.fill([rect(x + w * 0.12, top + i * step, x + w * (0.88 if i < lines - 1 else 0.6), top + i * step + max(2.0, step * 0.3))
                for i in range(lines)], (90, 92, 98), alpha=0.7)  # fmt: skip
