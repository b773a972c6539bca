"""Rubbish, broken fittings, and what fits no other drawer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import GROUND, Point2
from tools.painter.brush.canvas import Color, circle, rect, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import box, disc, post, ragged, standing_at
from tools.painter.things.backdrops import kept, sky
from tools.painter.things.houses import facade
from tools.painter.things.props import (
    BIKE_COLORS,
    bag,
    bin_with_wheels,
    carton,
    sign_board,
    tree,
)

BAGS: tuple[Color, ...] = (
    (44, 46, 50),
    (44, 46, 50),
    (196, 60, 54),
    (220, 220, 216),
    (70, 110, 160),
    (226, 180, 60),
)


@kept
def yard(s: Scene, *, floor: str = "pavers", base: Color = (168, 160, 150)) -> None:
    """Paint a courtyard before a block of flats."""
    sky(s, 560)
    dice = s.dice("yard")
    facade(s, (-16, 0, 13), (1, 0), 34, 5, dice, brick=dice.random() < 0.3)
    lawn = s.ground([(-30, 10.5), (30, 10.5), (30, 13), (-30, 13)])
    green: Color = (96, 128, 66) if s.mood.leaves else (196, 190, 170)
    ground = s.ground([(-30, 0.2), (30, 0.2), (30, 10.5), (-30, 10.5)])
    s.fill(ground, shade(base, 1.06), to=shade(base, 0.92))
    s.texture(ground, GROUND, floor, (52, 46, 42), 0.55, sharp=floor != "concrete")
    s.fill(lawn, shade(green, 0.9), to=green)
    s.fill(s.ground([(-30, 10.35), (30, 10.35), (30, 10.55), (-30, 10.55)], 0.08), (186, 182, 176))
    for i, x in enumerate((-6.5, -1.5, 5.0)):
        tree(s, x + dice.uniform(-1, 1), 11.6, dice.uniform(4.2, 5.4), f"tree{i}")


def bins(s: Scene) -> None:
    """EN01: bins heaped over, bags and cartons all round."""
    yard(s, floor="concrete", base=(158, 154, 148))
    dice = s.dice("bins")
    kinds: tuple[tuple[Color, str], ...] = (
        ((42, 104, 62), "厨余"),
        ((38, 84, 150), "可回收"),
        ((70, 74, 78), "其他"),
    )
    roof = 6.6
    s.fill(
        s.flat([(-1.9, 0, roof), (2.1, 0, roof), (2.1, 1.5, roof), (-1.9, 1.5, roof)]),
        (196, 198, 194),
        to=(150, 152, 148),
    )
    x, y = s.at(-1.6, 1.38, roof - 0.02)
    x1, y1 = s.at(1.8, 0.95, roof - 0.02)
    s.words(rect(x + 40, y, x1 - 40, y1), "生活垃圾分类", (34, 110, 70))
    spots = [(-1.3, 5.4), (-0.55, 5.4), (0.2, 5.4), (0.95, 5.4)]
    for i, (bx, bz) in enumerate(spots):
        tone, _ = kinds[i % 3]
        bin_with_wheels(s, bx, bz, tone, lid_open=not s.after and i != 1)
        if not s.after:
            for j in range(4):
                px, py = s.at(bx + dice.uniform(-0.2, 0.2), 1.0, bz)
                bag(s, px, py + 6 - j * 16, dice.uniform(40, 62), dice.choice(BAGS), f"top{i}{j}")
    if s.after:
        s.fill(
            s.ground(ragged(s, "washed", 0, 4.6, 2.0, 0.5), 0.002),
            (90, 92, 92),
            alpha=0.25,
            soft=10,
        )
        return
    carton(s, standing_at(1.7, 5.0, 24), 0.7, 0.5, 0.5)
    carton(s, standing_at(-1.95, 4.7, -18), 0.55, 0.4, 0.5, tone=0.88)
    spread = [(dice.uniform(-2.2, 2.0), dice.uniform(3.6, 4.9)) for _ in range(15)]
    for i, (px, pz) in enumerate(sorted(spread, key=lambda p: -p[1])):
        x, y = s.at(px, 0, pz)
        bag(
            s,
            x,
            y,
            dice.uniform(0.16, 0.28) * s.camera.metre((px, 0, pz)),
            dice.choice(BAGS),
            f"bag{i}",
        )
    for i in range(60):
        px, pz = dice.uniform(-2.6, 2.6), dice.uniform(2.9, 4.8)
        tone = dice.choice(
            ((226, 224, 216), (206, 178, 128), (90, 130, 90), (196, 70, 60), (236, 206, 90))
        )
        s.fill(
            s.ground(
                ragged(
                    s, f"bit{i}", px, pz, dice.uniform(0.02, 0.08), dice.uniform(0.015, 0.05), n=7
                ),
                0.006,
            ),
            tone,
        )
    for _ in range(16):
        x, y = s.at(dice.uniform(-1.6, 1.2), dice.uniform(0.9, 1.9), 5)
        s.fill(circle(x, y, 3, 2), (20, 20, 20), alpha=0.8)


def fitness(s: Scene) -> None:
    """EN02: a fitness walker with a broken arm, a bench without its slats."""
    yard(s)
    dice = s.dice("fitness")
    tone: Color = dice.choice(((38, 110, 186), (226, 168, 30), (46, 140, 88)))
    grey: Color = (206, 208, 206)
    pad = s.ground([(-3.4, 4.4), (3.2, 4.4), (3.2, 8.2), (-3.4, 8.2)], 0.003)
    s.fill(pad, (172, 92, 74), to=(150, 78, 62))
    s.texture(pad, GROUND, "litter", (90, 40, 32), 0.5)
    z = 6.0
    for x in (-1.5, 0.1):
        s.shadow(s.ground(disc(x, z, 0.2)), 0.5, 6)
        post(s, (x, 0, z), (x, 1.5, z), 0.05, tone)
    post(s, (-1.5, 1.48, z), (0.1, 1.48, z), 0.045, tone)
    for i, x in enumerate((-1.1, -0.3)):
        if not s.after and i == 1:
            post(s, (x, 0.05, z - 0.9), (x + 0.75, 0.07, z - 0.35), 0.035, grey)
            box(s, standing_at(x + 0.9, z - 0.3, 30), 0.36, 0.07, 0.16, (40, 42, 44))
            px, py = s.at(x, 1.44, z)
            s.line([(px - 12, py), (px + 4, py + 34), (px + 14, py + 20)], 9, (150, 92, 60))
            continue
        swing = 0.35 if i else -0.25
        post(s, (x, 1.48, z), (x + swing, 0.28, z), 0.035, grey)
        box(s, standing_at(x + swing, z - 0.1, 0), 0.4, 0.07, 0.16, (40, 42, 44), y=0.2, cast=False)
    wheel_x, wheel_z = 1.9, 6.6
    post(s, (wheel_x, 0, wheel_z), (wheel_x, 1.35, wheel_z), 0.05, tone)
    tilt = 0.0 if s.after else 0.5
    cx, cy = s.at(wheel_x, 1.35 - tilt * 0.3, wheel_z - 0.1)
    r = 0.42 * s.camera.metre((wheel_x, 1.3, wheel_z))
    ring = circle(cx, cy, r, r * (1 - tilt * 0.5))
    s.line([*ring, ring[0]], 13, (226, 170, 30))
    for i in range(3):
        if not s.after and i == 1:
            continue
        turn = i * 1.05 + tilt
        s.line(
            [
                (cx - r * math.cos(turn), cy - r * math.sin(turn) * (1 - tilt * 0.5)),
                (cx + r * math.cos(turn), cy + r * math.sin(turn) * (1 - tilt * 0.5)),
            ],
            9,
            (226, 170, 30),
        )
    for x in (-2.7, -1.3):
        box(s, standing_at(x, 4.1), 0.1, 0.42, 0.45, (86, 88, 92))
    for i in range(3):
        if not s.after and i == 1:
            continue
        slat = s.flat(
            [
                (-2.85, 0.44, 3.92 + i * 0.15),
                (-1.15, 0.44, 3.92 + i * 0.15),
                (-1.15, 0.44, 4.04 + i * 0.15),
                (-2.85, 0.44, 4.04 + i * 0.15),
            ]
        )
        s.fill(slat, (164, 112, 68), to=(138, 90, 54))
    if not s.after:
        box(s, standing_at(-1.9, 3.4, 24), 1.2, 0.05, 0.12, (150, 100, 60))
        sx, sy = s.at(-1.5, 1.15, z - 0.06)
        s.fill(rect(sx - 14, sy, sx + 60, sy + 50), (236, 220, 160))
    x, y = s.at(2.6, 1.7, 8.0)
    post(s, (2.95, 0, 8.0), (2.95, 1.8, 8.0), 0.03, grey)
    sign_board(s, rect(x, y, x + 130, y + 90), "健身园地", (40, 120, 80))


def other(s: Scene) -> None:
    """EN99: shared bicycles thrown across the pavement."""
    yard(s)
    dice = s.dice("bikes")
    tone = dice.choice(BIKE_COLORS)
    blind = s.ground([(-30, 4.2), (30, 4.2), (30, 4.55), (-30, 4.55)], 0.002)
    s.fill(blind, (206, 172, 60), to=(190, 156, 50), alpha=0.85)
    s.texture(blind, GROUND, "pavers", (110, 84, 20), 0.5, sharp=True)
    if s.after:
        s.fill(
            [
                s.ground([(-2.6, z), (2.2, z), (2.2, z + 0.07), (-2.6, z + 0.07)], 0.003)
                for z in (5.2, 7.0)
            ],
            (240, 240, 236),
        )
        for i in range(6):
            bicycle(s, -2.2 + i * 0.75, 6.1, 66, tone)
        x, y = s.at(2.5, 1.7, 7)
        sign_board(s, rect(x, y, x + 150, y + 90), "停车点", (30, 96, 168))
        return
    for i in range(7):
        bicycle(
            s, dice.uniform(-1.9, 1.8), 6.4 - i * 0.42, dice.uniform(-40, 40), tone, lying=i != 2
        )


def bicycle(
    s: Scene, x: float, z: float, heading: float, color: Color, *, lying: bool = False
) -> None:
    """Stand or drop a shared bicycle."""
    a = math.radians(heading)
    metre = s.camera.metre((x, 0, z))

    def at(px: float, py: float) -> Point2:
        if lying:
            return s.at(
                x + px * math.cos(a) - py * math.sin(a) * 0.9,
                0.06 + py * 0.14,
                z + px * math.sin(a) + py * math.cos(a) * 0.9,
            )
        return s.at(x + px * math.cos(a), py, z + px * math.sin(a))

    s.shadow([at(-0.8, 0.0), at(0.8, 0.0), at(0.8, 0.12), at(-0.8, 0.12)], 0.35, 8)
    for cx in (-0.52, 0.52):
        ring = [
            at(cx + 0.3 * math.cos(i * 0.314), 0.32 + 0.3 * math.sin(i * 0.314)) for i in range(21)
        ]
        s.line(ring, 0.04 * metre, (26, 26, 28))
        for i in range(4):
            c, w = 0.29 * math.cos(i * 0.785), 0.29 * math.sin(i * 0.785)
            s.line(
                [at(cx + c, 0.32 + w), at(cx - c, 0.32 - w)],
                0.008 * metre,
                (150, 152, 154),
                alpha=0.7,
            )
    for points in (
        [(-0.52, 0.32), (-0.1, 0.3), (0.34, 0.78), (-0.18, 0.72), (-0.52, 0.32)],
        [(-0.1, 0.3), (-0.2, 0.86)],
        [(0.52, 0.32), (0.36, 0.98)],
    ):
        s.line([at(*p) for p in points], 0.05 * metre, color)
    s.line([at(-0.34, 0.9), at(-0.08, 0.9)], 0.07 * metre, (28, 28, 30))
    s.line([at(0.3, 1.02), at(0.44, 0.98)], 0.04 * metre, (60, 62, 64))
    s.fill(
        [at(0.42, 0.94), at(0.72, 0.92), at(0.66, 0.68), at(0.46, 0.7)], (70, 74, 78), alpha=0.85
    )


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "EN01": bins,
    "EN02": fitness,
    "EN99": other,
}
