"""The road itself: collapses, potholes, signals, obstacles."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import GROUND
from tools.painter.brush.canvas import Color, circle, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import (
    box,
    hexahedron,
    post,
    puddle,
    ragged,
    standing_at,
)
from tools.painter.scenes.underground import lump, patch
from tools.painter.things.backdrops import pavement, street
from tools.painter.things.props import cone, tape


def collapse(s: Scene) -> None:
    """RD01: part of the carriageway has fallen in."""
    street(s, cars=1, trees=2)
    dice = s.dice("collapse")
    x, z, rx, rz = dice.uniform(-0.5, 0.9), 4.9, dice.uniform(1.25, 1.6), dice.uniform(0.95, 1.2)
    if s.after:
        patch(s, x, z, rx, rz)
        for px, pz in ((x - rx - 0.4, z - rz - 0.2), (x + rx + 0.4, z - rz - 0.2)):
            cone(s, px, pz)
        return
    cracks = []
    for i in range(12):
        angle = i * 0.52 + dice.uniform(-0.2, 0.2)
        px, pz = x + math.cos(angle) * rx, z + math.sin(angle) * rz
        points = [s.at(px, 0.002, pz)]
        for _ in range(4):
            px, pz = (
                px + math.cos(angle) * 0.2 + dice.uniform(-0.1, 0.1),
                pz + math.sin(angle) * 0.16 + dice.uniform(-0.08, 0.08),
            )
            points.append(s.at(px, 0.002, max(pz, 0.6)))
        cracks.append(points)
    for points in cracks:
        s.line(points, 5, (26, 26, 28))
    shape = ragged(s, "mouth", x, z, rx, rz, 0.16, n=48)
    rim = s.ground(shape, 0.003)
    s.fill(rim, (66, 64, 64))
    # Layers of the road seen in the far wall of the hole: asphalt, concrete, gravel, earth.
    layers: tuple[tuple[float, Color], ...] = (
        (0.0, (58, 58, 60)), (-0.1, (150, 144, 134)), (-0.24, (128, 104, 76)), (-0.5, (92, 68, 48)), (-0.85, (48, 36, 28)), (-1.2, (18, 14, 12)),
    )  # fmt: skip
    for depth, tone in layers:
        lower = s.ground(
            [
                (x + (a - x) * (1 + depth * 0.12), z + (b - z) * (1 + depth * 0.12))
                for a, b in shape
            ],
            depth,
        )
        s.fill(lower, shade(tone, 1.06), to=shade(tone, 0.8), clip=rim)
    s.texture(rim, GROUND, "concrete", (20, 16, 14), 0.6)
    pit = s.ground([(x + (a - x) * 0.86, z + (b - z) * 0.86) for a, b in shape], -0.32)
    s.fill(pit, (14, 10, 8), alpha=0.82, soft=16, clip=rim)
    for _ in range(8):
        angle = dice.uniform(0, 6.28)
        lump(
            s,
            x + math.cos(angle) * rx * 1.1,
            z + math.sin(angle) * rz * 1.1,
            dice.uniform(0.07, 0.16),
            dice.uniform(0, 90),
        )
    for px, pz in (
        (x - rx - 0.5, z + 0.3),
        (x + rx + 0.5, z + 0.2),
        (x - rx * 0.8, z - rz - 0.5),
        (x + rx * 0.8, z - rz - 0.5),
    ):
        cone(s, px, pz)
    tape(s, s.at(x - rx * 0.8, 0.55, z - rz - 0.5), s.at(x + rx * 0.8, 0.55, z - rz - 0.5), 22, 20)


def pothole(s: Scene) -> None:
    """RD02: a pothole with crumbling edges and some water."""
    pavement(s, "asphalt")
    dice = s.dice("hole")
    x, z, rx, rz = (
        dice.uniform(-0.3, 0.3),
        dice.uniform(2.0, 2.4),
        dice.uniform(0.55, 0.8),
        dice.uniform(0.36, 0.52),
    )
    if s.after:
        patch(s, x, z, rx + 0.15, rz + 0.15)
        return
    for i in range(14):
        angle = i * 0.45 + dice.uniform(-0.15, 0.15)
        px, pz = x + math.cos(angle) * rx, z + math.sin(angle) * rz
        points = [s.at(px, 0.001, pz)]
        for _ in range(4):
            px, pz = (
                px + math.cos(angle) * 0.13 + dice.uniform(-0.08, 0.08),
                pz + math.sin(angle) * 0.1 + dice.uniform(-0.06, 0.06),
            )
            points.append(s.at(px, 0.001, pz))
        s.line(points, 4, (34, 34, 36), alpha=0.9)
    outer = ragged(s, "edge", x, z, rx, rz, 0.22, n=56)
    s.fill(s.ground(outer, 0.001), (46, 44, 44), to=(74, 70, 66))
    middle = [(x + (a - x) * 0.9, z - 0.02 + (b - z) * 0.86) for a, b in outer]
    s.fill(s.ground(middle, 0), (118, 108, 96), to=(98, 90, 80))
    s.texture(s.ground(middle, 0), GROUND, "litter", (52, 46, 40), 0.9, sharp=True)
    s.texture(s.ground(middle, 0), GROUND, "concrete", (30, 26, 22), 0.8)
    s.shadow(s.ground([(a, b - 0.0 if b > z else z) for a, b in middle], 0), 0.5, 16)
    hollow = s.at(x, 0, z)
    metre = s.camera.metre((x, 0, z))
    s.blobs(
        "gravel",
        hollow,
        (rx * 0.7 * metre, rz * 0.45 * metre),
        (3, 13),
        40,
        [(74, 68, 62), (142, 134, 124), (100, 92, 84)],
    )
    if dice.random() < 0.65:
        puddle(
            s,
            ragged(s, "water", x + 0.05, z - 0.06, rx * 0.55, rz * 0.5, 0.2),
            (92, 84, 72),
            alpha=0.9,
        )
    for i in range(26):
        angle, away = dice.uniform(0, 6.28), dice.uniform(1.0, 1.5)
        size = dice.uniform(0.01, 0.035)
        px, pz = x + math.cos(angle) * rx * away, z + math.sin(angle) * rz * away
        s.fill(
            s.ground(ragged(s, f"stone{i}", px, pz, size, size * 0.8, n=8), 0.01),
            shade((112, 106, 98), dice.uniform(0.6, 1.2)),
        )


def traffic_light(s: Scene) -> None:
    """RD05: a traffic light that is dark and hangs askew; a bent rail."""
    street(s, half=4.6, cars=1, trees=1, lamps=False)
    dice = s.dice("signal")
    zebra = [
        s.ground(
            [
                (-4.2 + i * 0.95, 4.6),
                (-3.75 + i * 0.95, 4.6),
                (-3.75 + i * 0.95, 7.0),
                (-4.2 + i * 0.95, 7.0),
            ],
            0.003,
        )
        for i in range(9)
    ]
    s.fill(zebra, (232, 230, 222), alpha=0.85)
    side = dice.choice((-1, 1))
    x, z = side * 3.4, 8.2
    post(s, (x, 0, z), (x, 5.0, z), 0.1, (104, 110, 114), upper=0.08)
    arm = x - side * 3.3
    post(s, (x, 4.7, z), (arm, 5.0, z), 0.06, (104, 110, 114))
    metre = s.camera.metre((arm, 4.4, z))
    cx, cy = s.at(arm, 4.3, z)
    tilt = 0.0 if s.after else side * 0.55
    cos, sin = math.cos(tilt), math.sin(tilt)

    def turned(px: float, py: float) -> tuple[float, float]:
        px, py = px * metre, py * metre
        return cx + px * cos - py * sin, cy + px * sin + py * cos

    s.fill(
        [turned(-0.3, -0.75), turned(0.3, -0.75), turned(0.3, 0.75), turned(-0.3, 0.75)],
        (34, 38, 40),
        to=(22, 24, 26),
    )
    lit = {2: (60, 224, 130)} if s.after else {}
    for i, tone in enumerate(((76, 24, 22), (76, 62, 20), (20, 56, 38))):
        mx, my = turned(0, -0.48 + 0.48 * i)
        s.fill(circle(mx, my, 0.2 * metre), (14, 16, 16))
        s.fill(circle(mx, my, 0.17 * metre), lit.get(i, tone), to=shade(lit.get(i, tone), 0.8))
        if i in lit:
            s.glows.append((mx, my, 0.75 * metre, (40, 190, 110)))
        s.fill(
            [
                turned(-0.22, -0.66 + 0.48 * i),
                turned(0.22, -0.66 + 0.48 * i),
                turned(0.17, -0.58 + 0.48 * i),
                turned(-0.17, -0.58 + 0.48 * i),
            ],
            (12, 13, 14),
        )
    if not s.after:
        s.line([turned(0.1, -0.75), (cx + 20, cy - 1.1 * metre)], 4, (20, 20, 22))
        s.line(
            [
                turned(-0.2, 0.75),
                (cx - 0.2 * metre, cy + 1.2 * metre),
                (cx - 0.1 * metre, cy + 1.5 * metre),
            ],
            4,
            (150, 40, 36),
        )
        gx, gy = turned(0, 0)
        s.line(
            [(gx - 20, gy - 40), (gx + 10, gy), (gx - 12, gy + 50)], 2.5, (180, 186, 190), alpha=0.6
        )
    for i in range(5):
        rx = -side * 2.6
        z0 = 5.4 + i * 1.5
        bent = 0.0 if s.after or i not in (1, 2) else side * (0.6 if i == 1 else 0.35)
        drop = 0.0 if s.after or i not in (1, 2) else 0.35
        next_bent = 0.0 if s.after or i + 1 not in (1, 2) else side * (0.6 if i + 1 == 1 else 0.35)
        next_drop = 0.0 if s.after or i + 1 not in (1, 2) else 0.35
        post(s, (rx, 0, z0), (rx + bent, 0.95 - drop, z0), 0.03, (236, 238, 238))
        if i < 4:
            for y in (0.9, 0.55, 0.2):
                s.line(
                    [
                        s.at(rx + bent * y, y - drop * y, z0),
                        s.at(rx + next_bent * y, y - next_drop * y, z0 + 1.5),
                    ],
                    max(3, 0.04 * s.camera.metre((rx, 0, z0))),
                    (60, 110, 170) if y > 0.8 else (232, 234, 234),
                )


def obstacle(s: Scene) -> None:
    """RD06: sand, bricks or a load lost on the carriageway."""
    street(s, cars=1, trees=2)
    dice = s.dice("load")
    x, z = dice.uniform(-0.8, 0.8), 6.0
    if s.after:
        s.texture(
            s.ground(ragged(s, "swept", x, z, 1.9, 1.2), 0.002),
            GROUND,
            "litter",
            (176, 160, 130),
            0.35,
        )
        return
    tone: Color = dice.choice(((196, 172, 128), (150, 146, 140), (168, 110, 84)))
    foot = s.ground(ragged(s, "heap", x, z, 1.9, 1.15, 0.14), 0.004)
    s.shadow(foot, 0.5, 16)
    s.fill(foot, shade(tone, 0.82), to=shade(tone, 0.95))
    metre = s.camera.metre((x, 0, z))
    base = s.at(x, 0, z)
    for i, (wide, tall) in enumerate(((1.75, 0.55), (1.3, 0.85), (0.8, 1.08))):
        heap = s.dice(f"ridge{i}")
        shape = [(base[0] - wide * metre, base[1] + 18 - i * 12)]
        for j in range(1, 12):
            t = j / 12
            shape.append(
                (
                    base[0] + (2 * t - 1) * wide * metre,
                    base[1] - tall * metre * math.sin(t * 3.14) * heap.uniform(0.88, 1.04),
                )
            )
        shape.append((base[0] + wide * metre, base[1] + 18 - i * 12))
        s.fill(shape, shade(tone, 1.0 + 0.08 * i), to=shade(tone, 0.72 + 0.05 * i))
    s.blobs(
        "grains",
        (base[0], base[1] - 0.25 * metre),
        (1.7 * metre, 0.45 * metre),
        (2, 8),
        90,
        [shade(tone, 0.66), shade(tone, 1.2)],
        alpha=0.7,
    )
    for _ in range(12):
        lump(
            s,
            x + dice.uniform(-2.3, 2.3),
            z - dice.uniform(0.9, 1.9),
            dice.uniform(0.05, 0.12),
            dice.uniform(0, 90),
        )
    if dice.random() < 0.6:
        for i in range(3):
            box(
                s,
                standing_at(x + 1.6 + 0.1 * i, z - 1.5 + 0.1 * i, dice.uniform(-30, 30)),
                1.3,
                0.06,
                0.2,
                (150, 112, 74),
                y=0.06 * i,
            )
    hexahedron(
        s,
        [
            standing_at(x - 2.2, z - 0.3, 20)(a, b, c)
            for b in (0, 0.5)
            for a, c in ((-0.4, -0.3), (0.4, -0.3), (0.4, 0.3), (-0.4, 0.3))
        ],
        (190, 186, 176),
    )


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "RD01": collapse,
    "RD02": pothole,
    "RD05": traffic_light,
    "RD06": obstacle,
}
