"""What lies under the road: manholes, mains, heating, drains."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import GROUND
from tools.painter.brush.canvas import Color, mix, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import (
    disc,
    hexahedron,
    puddle,
    ragged,
    standing_at,
    steam,
)
from tools.painter.things.backdrops import pavement, street
from tools.painter.things.props import cone

IRON: Color = (86, 82, 80)


def cover(s: Scene, x: float, z: float, r: float, y: float = 0.004, *, words: str = "污") -> None:
    """Lay an iron manhole cover with its pattern."""
    s.fill(s.ground(disc(x, z, r), y), shade(IRON, 1.15), to=shade(IRON, 0.8))
    dots = []
    for i in range(-6, 7):
        for j in range(-6, 7):
            px, pz = i * r / 6.5, j * r / 6.5
            if 0.36 * r < math.hypot(px, pz) < 0.88 * r:
                dots.append(s.ground(disc(x + px, z + pz, r * 0.045, n=7), y + 0.002))
    s.fill(dots, shade(IRON, 0.55))
    s.fill(s.ground(disc(x, z, r * 0.3), y + 0.001), shade(IRON, 0.72))
    quad = [
        s.at(x + a * r * 0.18, y + 0.002, z + b * r * 0.18)
        for a, b in ((-1, 1), (1, 1), (1, -1), (-1, -1))
    ]
    s.words(quad, words, shade(IRON, 1.5))


def patch(s: Scene, x: float, z: float, w: float, d: float) -> None:
    """Lay a fresh square of asphalt with sealed edges."""
    square = [(x - w, z - d), (x + w, z - d), (x + w, z + d), (x - w, z + d)]
    s.fill(
        s.ground(
            [
                (x - w - 0.05, z - d - 0.05),
                (x + w + 0.05, z - d - 0.05),
                (x + w + 0.05, z + d + 0.05),
                (x - w - 0.05, z + d + 0.05),
            ],
            0.001,
        ),
        (28, 28, 30),
    )
    s.fill(s.ground(square, 0.002), (58, 58, 62), to=(50, 50, 54))
    s.texture(s.ground(square, 0.002), GROUND, "asphalt", (16, 16, 18), 0.8, sharp=True)


def lump(s: Scene, x: float, z: float, size: float, turn: float) -> None:
    """Drop a lump of broken road."""
    place = standing_at(x, z, turn)
    low = [place(a * size, 0, b * size) for a, b in ((-1, -0.8), (0.9, -1), (1, 0.9), (-0.8, 1))]
    top = [
        place(a * size * 0.8, size * (0.6 + 0.25 * a), b * size * 0.8)
        for a, b in ((-1, -0.8), (0.9, -1), (1, 0.9), (-0.8, 1))
    ]
    s.shadow(s.flat(low), 0.5, 6)
    hexahedron(s, low + top, (98, 94, 90))


def manhole(s: Scene) -> None:
    """UT01: an open manhole, its cover pushed aside."""
    dice = s.dice("hole")
    pavement(s, dice.choice(("asphalt", "asphalt", "pavers")))
    x, z, r = dice.uniform(-0.25, 0.25), dice.uniform(1.95, 2.25), 0.36
    s.fill(
        s.ground(ragged(s, "collar", x, z, r + 0.2, r + 0.2, 0.06), 0.001), (96, 94, 92), alpha=0.85
    )
    s.texture(
        s.ground(disc(x, z, r + 0.2), 0.001), GROUND, "concrete", (30, 28, 28), 0.6, sharp=True
    )
    s.fill(s.ground(disc(x, z, r + 0.06), 0.002), (120, 116, 112), to=(84, 80, 78))
    if s.after:
        s.fill(s.ground(disc(x, z, r + 0.012), 0.003), (30, 28, 28))
        cover(s, x, z, r)
        return
    mouth = s.ground(disc(x, z, r + 0.01), 0.003)
    s.fill(mouth, (92, 86, 80), to=(40, 36, 34))
    for i in range(6):
        y = -0.07 - 0.13 * i
        s.fill(s.ground(disc(x, z, r * 0.99), y), shade((96, 88, 80), 0.85 - 0.14 * i), clip=mouth)
    for i in range(3):
        a, b = (
            s.at(x - 0.12, -0.1 - i * 0.2, z + r * 0.93),
            s.at(x + 0.12, -0.1 - i * 0.2, z + r * 0.93),
        )
        s.fill(
            [(a[0], a[1] - 6), (b[0], b[1] - 6), (b[0], b[1] + 4), (a[0], a[1] + 4)],
            shade((170, 96, 56), 1 - 0.25 * i),
            clip=mouth,
        )
    s.fill(s.ground(disc(x, z, r * 0.98), -0.75), (8, 8, 9), clip=mouth, soft=8)
    s.line([*mouth, mouth[0]], 5, (52, 48, 46), alpha=0.8)
    side = dice.choice((-1, 1))
    cx, cz = x + side * dice.uniform(0.5, 0.62), z + dice.uniform(-0.25, 0.22)
    s.shadow(s.ground(disc(cx + 0.04, cz - 0.02, r * 1.05), 0.004), 0.6, 9)
    s.fill(s.ground(disc(cx, cz, r), 0.012), shade(IRON, 0.5))
    cover(s, cx, cz, r, 0.05, words=dice.choice(("污", "雨", "电")))


def water_burst(s: Scene) -> None:
    """UT05: a main bursts through the road."""
    street(s, cars=1, trees=2)
    dice = s.dice("burst")
    x, z = dice.uniform(-0.9, 0.9), 5.2
    if s.after:
        patch(s, x, z, 1.1, 0.9)
        s.fill(
            s.ground(ragged(s, "damp", x + 0.5, 4.0, 2.0, 1.0), 0.003),
            (40, 44, 50),
            alpha=0.3,
            soft=10,
        )
        return
    water: Color = (112, 126, 136)
    puddle(
        s,
        ragged(s, "pool", x, 3.9, 3.3, 3.3, 0.16),
        water,
        mix(s.mood.sky[0], water, 0.55),
        alpha=0.82,
    )
    s.fill(s.ground(ragged(s, "crater", x, z, 0.75, 0.45, 0.3), 0.004), (52, 46, 40))
    for _i in range(9):
        px, pz = x + dice.uniform(-1.1, 1.1), z + dice.uniform(-0.6, 0.4)
        lump(s, px, pz, dice.uniform(0.1, 0.22), dice.uniform(0, 90))
    foot = s.at(x, 0.05, z)
    metre = s.camera.metre((x, 0, z))
    white: Color = (236, 242, 246)
    tall = dice.uniform(1.5, 2.4) * metre
    for _i in range(46):
        lean = dice.uniform(-0.5, 0.5)
        up = tall * dice.uniform(0.45, 1.0) * (1 - abs(lean) * 0.7)
        far = lean * metre * 2.0
        points = [
            (foot[0] + far * t, foot[1] - up * 4 * t * (1 - t))
            for t in (0, 0.12, 0.25, 0.4, 0.55, 0.72, 0.9)
        ]
        s.line(points, dice.uniform(3, 9), white, alpha=0.4, soft=3)
    s.blobs(
        "spray",
        (foot[0], foot[1] - tall * 0.7),
        (0.55 * metre, tall * 0.35),
        (10, 46),
        12,
        [white],
        alpha=0.3,
        soft=14,
    )
    s.blobs(
        "foam",
        (foot[0], foot[1] + 6),
        (1.0 * metre, 0.16 * metre),
        (8, 30),
        30,
        [white],
        alpha=0.55,
        soft=5,
    )
    s.blobs(
        "drops",
        (foot[0], foot[1] - tall * 0.55),
        (1.1 * metre, tall * 0.6),
        (1.5, 4.5),
        60,
        [(250, 252, 255)],
        alpha=0.8,
    )


def heating_steam(s: Scene) -> None:
    """UT06: steam from a heating chamber in the snow."""
    street(s, cars=1, trees=2, half=4.0)
    dice = s.dice("steam")
    x, z = dice.uniform(-0.8, 0.8), 5.0
    melted = s.ground(ragged(s, "melted", x, z, 2.0, 1.5, 0.2), 0.004)
    s.fill(melted, (70, 70, 74), alpha=0.9, soft=6)
    s.texture(melted, GROUND, "asphalt", (16, 16, 18), 0.6)
    if s.after:
        patch(s, x, z, 0.9, 0.7)
        cover(s, x, z, 0.34, words="热")
        for px in (x - 1.3, x + 1.3):
            cone(s, px, z - 0.9)
        return
    puddle(s, ragged(s, "hot", x - 0.3, z - 0.6, 1.4, 0.7), (70, 68, 66), alpha=0.7)
    s.fill(s.ground(disc(x, z, 0.4), 0.006), (24, 22, 22))
    cover(s, x + 0.55, z - 0.1, 0.36, 0.03, words="热")
    foot = s.at(x, 0, z)
    steam(s, "low", (foot[0], foot[1] + 10), 560, 330, alpha=0.75, lean=dice.uniform(-0.3, 0.4))
    steam(s, "high", (foot[0], foot[1] - 160), 800, 480, alpha=0.6, lean=dice.uniform(-0.4, 0.5))


def sewage(s: Scene) -> None:
    """UT07: dirty water wells up round a cover."""
    dice = s.dice("sewage")
    pavement(s, dice.choice(("pavers", "concrete", "asphalt")))
    x, z = dice.uniform(-0.4, 0.4), dice.uniform(2.7, 3.2)
    if s.after:
        s.fill(
            s.ground(ragged(s, "spill", x, z - 0.3, 1.7, 1.3), 0.002),
            (60, 60, 58),
            alpha=0.22,
            soft=12,
        )
        s.fill(s.ground(disc(x, z, 0.42), 0.003), (118, 114, 110))
        cover(s, x, z, 0.36)
        return
    dark: Color = (58, 56, 42)
    pool = ragged(s, "spill", x, z - 0.35, 1.8, 1.35, 0.26)
    puddle(s, pool, dark, mix(s.mood.sky[1], dark, 0.62), alpha=0.93)
    tongue = ragged(s, "tongue", x - 0.7, z - 1.3, 0.8, 0.8, 0.3)
    puddle(s, tongue, dark, mix(s.mood.sky[1], dark, 0.62), alpha=0.9)
    cover(s, x + 0.06, z + 0.02, 0.36, 0.03)
    s.fill(s.ground(ragged(s, "well", x, z - 0.2, 0.55, 0.3), 0.034), dark, alpha=0.8, soft=4)
    place = s.at(x, 0, z - 0.3)
    metre = s.camera.metre((x, 0, z))
    s.blobs(
        "foam",
        (place[0], place[1]),
        (0.55 * metre, 0.2 * metre),
        (5, 18),
        26,
        [(170, 166, 140)],
        alpha=0.6,
        soft=2,
    )
    for i in range(16):
        px, pz = x + dice.uniform(-1.4, 1.2), z - 0.4 + dice.uniform(-0.9, 0.8)
        tone: Color = dice.choice(
            ((196, 190, 172), (92, 82, 60), (214, 214, 210), (150, 60, 50), (110, 120, 70))
        )
        s.fill(
            s.ground(
                ragged(
                    s, f"bit{i}", px, pz, dice.uniform(0.03, 0.09), dice.uniform(0.02, 0.06), n=9
                ),
                0.006,
            ),
            tone,
        )
    steam(s, "smell", (place[0], place[1] - 20), 200, 240, (196, 200, 180), 0.12)


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "UT01": manhole,
    "UT05": water_burst,
    "UT06": heating_steam,
    "UT07": sewage,
}
