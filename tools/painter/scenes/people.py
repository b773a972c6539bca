"""Matters of people in the street, drawn without people."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import GROUND
from tools.painter.brush.canvas import Color, circle, rect, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import box, post, ragged, standing_at
from tools.painter.scenes.surroundings import bicycle, yard
from tools.painter.things.backdrops import lamp, street
from tools.painter.things.props import (
    BIKE_COLORS,
    cone,
    ebike,
    sign_board,
)


def crash(s: Scene) -> None:
    """PS02: an e-bike on its side, a warning triangle; nobody in the picture."""
    street(s, cars=2, trees=2)
    dice = s.dice("crash")
    x, z = dice.uniform(-0.4, 0.6), 5.4
    if s.after:
        s.texture(
            s.ground(ragged(s, "sand", x, z, 1.1, 0.6), 0.002),
            GROUND,
            "litter",
            (196, 176, 130),
            0.7,
        )
        return
    for i in range(2):
        skid = s.ground(
            [
                (x - 1.5 + 0.25 * i, z + 5),
                (x - 1.38 + 0.25 * i, z + 5),
                (x - 0.1 + 0.2 * i, z + 0.4),
                (x - 0.25 + 0.2 * i, z + 0.4),
            ],
            0.002,
        )
        s.fill(skid, (20, 20, 22), alpha=0.55, soft=2)
    ebike(s, x, z, dice.uniform(-16, 16), dice.choice(BIKE_COLORS), lying=True, box_on=True)
    box(s, standing_at(x + 1.3, z - 0.9, 30), 0.45, 0.42, 0.42, (40, 116, 196))
    hx, hy = s.at(x - 1.1, 0.13, z - 0.8)
    r = 0.15 * s.camera.metre((x, 0, z))
    s.shadow(circle(hx + 4, hy + r * 0.7, r * 1.1, r * 0.3), 0.5, 6)
    s.fill([p for p in circle(hx, hy, r) if p[1] < hy + r * 0.6], (236, 190, 40), to=(180, 130, 20))
    s.fill(
        [
            (hx - r * 0.9, hy - r * 0.1),
            (hx + r * 0.2, hy - r * 0.2),
            (hx + r * 0.1, hy + r * 0.4),
            (hx - r * 0.8, hy + r * 0.45),
        ],
        (40, 44, 50),
    )
    for i in range(24):
        px, pz = x + dice.uniform(-1.4, 1.6), z + dice.uniform(-1.4, 0.9)
        s.fill(
            s.ground(ragged(s, f"bit{i}", px, pz, dice.uniform(0.02, 0.07), 0.03, n=6), 0.006),
            dice.choice(((220, 226, 228), (200, 50, 44), (60, 62, 66))),
        )
    tx, ty = s.at(x - 0.9, 0, 3.4)
    m = s.camera.metre((x, 0, 3.4))
    s.shadow(rect(tx - 0.3 * m, ty - 6, tx + 0.32 * m, ty + 10), 0.5, 8)
    s.fill(
        [(tx, ty - 0.5 * m), (tx + 0.3 * m, ty), (tx - 0.3 * m, ty)],
        (216, 40, 30),
        to=(190, 26, 22),
    )
    s.fill(
        [(tx, ty - 0.34 * m), (tx + 0.18 * m, ty - 0.07 * m), (tx - 0.18 * m, ty - 0.07 * m)],
        (250, 240, 226),
    )
    cone(s, x + 1.4, 4.0)


def corner(s: Scene) -> None:
    """PS03: a street corner at night, a cut lock by the bicycle rack."""
    street(s, lamps=False, trees=1, cars=1)
    for z in (40.0, 28.0, 18.0):
        lamp(s, 3.95, z)
    lamp(s, -3.6, 10)
    dice = s.dice("rack")
    x, z = 1.9, 6.0
    for i in range(4):
        post(s, (x - 0.4 + i * 0.7, 0.1, z), (x - 0.4 + i * 0.7, 0.85, z), 0.03, (176, 180, 184))
    post(s, (x - 0.4, 0.85, z), (x + 1.7, 0.85, z), 0.03, (176, 180, 184))
    bicycle(s, x + 1.2, z - 0.2, 70, dice.choice(BIKE_COLORS))
    spot = s.at(x, 0.3, z - 0.6)
    s.lamps.append((spot[0], spot[1], 330, 190, 0.8))
    if s.after:
        bicycle(s, x + 0.3, z - 0.2, 70, dice.choice(BIKE_COLORS))
        post(s, (x - 0.9, 0, z + 0.4), (x - 0.9, 3.4, z + 0.4), 0.05, (150, 154, 158))
        cx, cy = s.at(x - 0.9, 3.4, z + 0.4)
        s.fill(rect(cx - 14, cy - 20, cx + 70, cy + 20), (240, 240, 238), to=(196, 198, 198))
        s.fill(circle(cx + 70, cy, 17), (30, 32, 34))
        bx, by = s.at(x - 1.2, 2.1, z + 0.36)
        sign_board(s, rect(bx, by, bx + 130, by + 80), "治安巡逻点", (28, 74, 150))
        s.lamps.append((bx + 60, by + 40, 160, 140, 0.9))
        return
    points = [
        s.at(x + 0.1 + 0.34 * math.cos(i * 0.5), 0.02, z - 0.9 + 0.16 * math.sin(i * 0.5))
        for i in range(11)
    ]
    s.line(points, 13, (196, 60, 50))
    s.line(points, 4, (240, 150, 140), alpha=0.6)
    end = points[-1]
    s.fill(rect(end[0] - 16, end[1] - 20, end[0] + 26, end[1] + 14), (40, 42, 44))
    box(s, standing_at(x + 0.9, z - 1.2, 40), 0.34, 0.03, 0.05, (190, 70, 40))


def dog(s: Scene) -> None:
    """PS05: a dog without a leash in a courtyard."""
    yard(s)
    sx, sy = s.at(-2.6, 1.75, 6.5)
    post(s, (-2.2, 0, 6.5), (-2.2, 1.6, 6.5), 0.03, (176, 180, 182))
    sign_board(s, rect(sx, sy, sx + 190, sy + 120), "文明养犬", (46, 120, 76))
    if s.after:
        return
    dice = s.dice("dog")
    tone: Color = dice.choice(((58, 48, 42), (150, 106, 62), (196, 170, 130), (90, 88, 86)))
    x, z = dice.uniform(-0.3, 0.6), 4.3
    m = s.camera.metre((x, 0, z)) * 1.15
    bx, by = s.at(x, 0, z)
    flip = dice.choice((-1, 1))

    def at(px: float, py: float) -> tuple[float, float]:
        return bx + flip * px * m, by - py * m

    s.shadow([at(-0.55, -0.02), at(0.6, -0.02), at(0.6, 0.04), at(-0.55, 0.04)], 0.55, 10)
    for px, far in ((-0.3, True), (0.28, True), (-0.38, False), (0.36, False)):
        leg = shade(tone, 0.7 if far else 0.95)
        s.fill(
            [
                at(px - 0.05, 0.34),
                at(px + 0.06, 0.34),
                at(px + 0.045, 0.02),
                at(px + 0.09, 0),
                at(px - 0.035, 0),
            ],
            leg,
            to=shade(leg, 0.8),
        )
    body = [
        at(-0.46, 0.5),
        at(-0.4, 0.6),
        at(0.0, 0.6),
        at(0.3, 0.64),
        at(0.44, 0.56),
        at(0.42, 0.38),
        at(0.2, 0.3),
        at(-0.15, 0.36),
        at(-0.4, 0.32),
        at(-0.47, 0.4),
    ]
    s.fill(body, shade(tone, 1.18), to=shade(tone, 0.66))
    s.fill(
        [at(0.3, 0.62), at(0.5, 0.84), at(0.6, 0.74), at(0.44, 0.5)],
        shade(tone, 1.1),
        to=shade(tone, 0.8),
    )
    s.fill(
        [
            at(0.44, 0.86),
            at(0.56, 0.94),
            at(0.66, 0.9),
            at(0.8, 0.8),
            at(0.82, 0.73),
            at(0.66, 0.7),
            at(0.5, 0.72),
        ],
        shade(tone, 1.15),
        to=shade(tone, 0.85),
    )
    s.fill([at(0.46, 0.9), at(0.44, 1.04), at(0.56, 0.93)], shade(tone, 0.6))
    s.fill([at(0.54, 0.92), at(0.58, 1.04), at(0.62, 0.91)], shade(tone, 0.75))
    s.fill([at(0.8, 0.8), at(0.84, 0.78), at(0.82, 0.74), at(0.78, 0.75)], (20, 18, 18))
    s.fill(circle(*at(0.63, 0.85), 0.016 * m), (16, 12, 10))
    s.line([at(0.82, 0.72), at(0.7, 0.71)], 3, (30, 20, 18))
    s.line(
        [at(-0.45, 0.54), at(-0.56, 0.68), at(-0.6, 0.82), at(-0.52, 0.92)],
        0.06 * m,
        shade(tone, 0.9),
    )
    s.line([at(0.4, 0.58), at(0.52, 0.7)], 0.045 * m, (180, 40, 40))


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "PS02": crash,
    "PS03": corner,
    "PS05": dog,
}
