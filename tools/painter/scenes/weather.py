"""Water and ice on the road."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import GROUND
from tools.painter.brush.canvas import Color, circle, mix, rect
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import (
    puddle,
    ragged,
)
from tools.painter.things.backdrops import pavement, street
from tools.painter.things.props import CAR_COLORS, car


def flood(s: Scene) -> None:
    """RD03: a street under water."""
    street(s, cars=0, trees=3, lines=False)
    dice = s.dice("flood")
    water: Color = (116, 112, 100)
    if s.after:
        wet = s.ground([(-3.6, 0.5), (3.6, 0.5), (3.6, 40), (-3.6, 40)], 0.002)
        s.fill(wet, mix(s.mood.sky[1], (70, 74, 80), 0.5), to=(66, 70, 76), alpha=0.45)
        for i in range(3):
            puddle(
                s,
                ragged(s, f"rest{i}", dice.uniform(-2.6, 2.6), 4 + 3 * i, 0.8, 0.35),
                (90, 88, 82),
                alpha=0.5,
            )
        s.fill(s.ground([(2.6, 4.2), (3.4, 4.2), (3.4, 4.7), (2.6, 4.7)], 0.004), (36, 36, 38))
        s.fill(
            [
                s.ground(
                    [
                        (2.66 + i * 0.12, 4.25),
                        (2.7 + i * 0.12, 4.25),
                        (2.7 + i * 0.12, 4.65),
                        (2.66 + i * 0.12, 4.65),
                    ],
                    0.005,
                )
                for i in range(6)
            ],
            (120, 120, 122),
        )
        return
    level = 0.2
    sheet = s.ground([(-7, 0.4), (7, 0.4), (6.2, 60), (-6.2, 60)], level)
    s.fill(sheet, mix(s.mood.sky[1], water, 0.3), to=mix(s.mood.sky[1], water, 0.8))
    for _ in range(10):
        x = dice.uniform(-5.5, 5.5)
        top = s.at(x, level, dice.uniform(18, 40))
        s.fill(
            rect(top[0] - 40, top[1], top[0] + 40, top[1] + dice.uniform(60, 190)),
            (86, 88, 88),
            alpha=0.28,
            soft=16,
        )
    s.texture(sheet, GROUND, "ripples", (244, 248, 250), 0.38)
    s.texture(sheet, GROUND, "ripples", (60, 58, 52), 0.22, zoom=2.4)
    for i, (x, z) in enumerate(((-1.7, 12.5), (1.7, 8.2))):
        car(s, x, z, 0 if i else 180, dice.choice(CAR_COLORS), sunk=0.42)
        line = s.ground(ragged(s, f"wake{i}", x, z, 1.25, 2.5, 0.05), level + 0.03)
        s.line([*line, line[0]], 4, (236, 240, 240), alpha=0.5, soft=3)
        near = s.ground(
            [(x - 0.95, z - 2.2), (x + 0.95, z - 2.2), (x + 0.95, z - 3.6), (x - 0.95, z - 3.6)],
            level + 0.01,
        )
        s.fill(near, (40, 42, 44), alpha=0.3, soft=12)
    for _ in range(26):
        px, pz = dice.uniform(-4, 4), dice.uniform(2, 12)
        a, b = s.at(px - 0.16, level, pz), s.at(px + 0.16, level, pz)
        rings = circle((a[0] + b[0]) / 2, a[1], (b[0] - a[0]) / 2, (b[0] - a[0]) / 9, 16)
        s.line([*rings, rings[0]], 2, (246, 248, 250), alpha=0.6)


def ice(s: Scene) -> None:
    """RD04: a sheet of ice across the way."""
    pavement(s, s.dice("kind").choice(("asphalt", "pavers")))
    dice = s.dice("ice")
    for i in range(5):
        bank = ragged(
            s,
            f"bank{i}",
            dice.choice((-1, 1)) * dice.uniform(2.2, 3.4),
            2.4 + i * 1.7,
            1.2,
            1.2,
            0.2,
        )
        shape = s.ground(bank, 0.03)
        s.fill(shape, (226, 233, 242), to=(244, 247, 250))
        s.texture(shape, GROUND, "snow", (120, 138, 170), 0.5)
    if s.after:
        grit = s.ground(ragged(s, "ice", 0, 3.0, 1.6, 1.7), 0.002)
        s.fill(grit, (150, 126, 92), alpha=0.35, soft=14)
        s.texture(grit, GROUND, "litter", (96, 70, 40), 1.0, sharp=True)
        s.texture(grit, GROUND, "concrete", (110, 86, 56), 0.7)
        return
    shape = s.ground(ragged(s, "ice", 0, 3.0, 1.75, 1.9, 0.2), 0.003)
    s.fill(shape, (206, 222, 236), to=(156, 182, 208), alpha=0.82)
    s.texture(shape, GROUND, "snow", (255, 255, 255), 0.6)
    s.texture(shape, GROUND, "ripples", (80, 110, 146), 0.3, zoom=1.7)
    for _ in range(7):
        px, pz = dice.uniform(-1, 1), dice.uniform(1.9, 4.2)
        points = [s.at(px, 0.004, pz)]
        for _ in range(5):
            px, pz = px + dice.uniform(-0.3, 0.3), pz + dice.uniform(-0.24, 0.24)
            points.append(s.at(px, 0.004, pz))
        s.line(points, 3, (250, 252, 255), alpha=0.8)
    for _ in range(4):
        x, y = s.at(dice.uniform(-0.8, 0.8), 0, dice.uniform(2.2, 4.2))
        s.fill(
            circle(x, y, dice.uniform(90, 170), dice.uniform(14, 26)),
            (255, 255, 255),
            alpha=0.55,
            soft=14,
        )
    a, b = s.at(-0.5, 0.004, 4.1), s.at(0.7, 0.004, 2.1)
    s.line(
        [a, ((a[0] + b[0]) / 2 + 50, (a[1] + b[1]) / 2), b], 14, (236, 242, 250), alpha=0.6, soft=4
    )


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "RD03": flood,
    "RD04": ice,
}
