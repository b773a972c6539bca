"""Walls, signs and roofs that may come down."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import GROUND, Plane, Point2
from tools.painter.brush.canvas import Color, rect, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import (
    box,
    post,
    ragged,
    standing_at,
)
from tools.painter.things.backdrops import sky
from tools.painter.things.houses import facade
from tools.painter.things.props import sign_board, tape, tree

SIGNS = ("金都大酒店", "便民超市", "回民饭店", "时代眼镜", "好邻居超市")


def loose_sign(s: Scene) -> None:
    """BD01: a shop's board hangs by one corner, tiles have come off the wall."""
    sky(s, 700)
    dice = s.dice("house")
    facade(s, (-12, 0, 8.5), (1, 0), 24, 6, dice, bay=3.0)
    ground = s.ground([(-30, 0.2), (30, 0.2), (30, 8.5), (-30, 8.5)])
    s.fill(ground, (164, 158, 150), to=(140, 134, 128))
    s.texture(ground, GROUND, "pavers", (52, 46, 42), 0.55, sharp=True)
    s.fill(
        s.flat([(-5, 2.3, 8.45), (5, 2.3, 8.45), (5, 0, 8.45), (-5, 0, 8.45)]),
        (60, 66, 70),
        to=(36, 40, 42),
    )
    s.fill(
        [
            s.flat(
                [
                    (-4.9 + i * 2, 2.2, 8.44),
                    (-3.1 + i * 2, 2.2, 8.44),
                    (-3.1 + i * 2, 0.15, 8.44),
                    (-4.9 + i * 2, 0.15, 8.44),
                ]
            )
            for i in range(5)
        ],
        (118, 130, 136),
        to=(66, 74, 78),
    )
    x0, y0 = s.at(-3.2, 4.1, 8.2)
    x1, y1 = s.at(3.2, 2.75, 8.2)
    s.fill(rect(x0 + 14, y0 + 14, x1 - 14, y1 - 14), (112, 108, 102), to=(88, 84, 80))
    s.fill(
        [
            rect(x0 + i * (x1 - x0) / 6, y0 + 16, x0 + 12 + i * (x1 - x0) / 6, y1 - 16)
            for i in range(1, 6)
        ],
        (66, 60, 56),
    )
    tone: Color = dice.choice(((186, 34, 32), (24, 92, 158), (20, 122, 84)))
    name = dice.choice(SIGNS)
    tilt = 0.0 if s.after else dice.choice((-1, 1)) * dice.uniform(0.2, 0.3)
    pivot = (x0 if tilt > 0 else x1, y0)

    def turned(x: float, y: float) -> Point2:
        dx, dy = x - pivot[0], y - pivot[1]
        return pivot[0] + dx * math.cos(tilt) - dy * math.sin(tilt), pivot[1] + dx * math.sin(
            tilt
        ) + dy * math.cos(tilt)

    quad = [turned(x0, y0), turned(x1, y0), turned(x1, y1), turned(x0, y1)]
    sign_board(s, quad, name, tone, (252, 240, 200), frame=shade(tone, 0.5))
    if s.after:
        return
    loose = turned(x1 if tilt > 0 else x0, y0)
    for i in range(3):
        s.line(
            [(loose[0] - 30 * i, loose[1]), (loose[0] - 20 - 34 * i, loose[1] - 70 - 20 * i)],
            4,
            (40, 40, 42),
        )
    wx, wy = s.at(4.6, 5.2, 8.4)
    patch = [
        (
            wx + 90 * math.cos(i * 0.7) * dice.uniform(0.7, 1.2),
            wy + 130 * math.sin(i * 0.7) * dice.uniform(0.7, 1.2),
        )
        for i in range(9)
    ]
    s.fill(patch, (126, 112, 98), to=(100, 88, 78))
    for i in range(16):
        px, pz = dice.uniform(-3, 3), dice.uniform(6.4, 8)
        s.fill(
            s.ground(ragged(s, f"bit{i}", px, pz, dice.uniform(0.05, 0.18), 0.08, n=7), 0.02),
            shade((196, 186, 172), dice.uniform(0.7, 1.1)),
        )


def icicles(s: Scene) -> None:
    """BD02: long icicles under the eaves above an entrance."""
    sky(s, 760)
    dice = s.dice("house")
    facade(s, (-12, 0, 7), (1, 0), 24, 2, dice, bay=3.0, brick=dice.random() < 0.5)
    ground = s.ground([(-30, 0.2), (30, 0.2), (30, 7), (-30, 7)])
    s.fill(ground, (232, 238, 245), to=(210, 220, 232))
    s.texture(ground, GROUND, "snow", (120, 138, 170), 0.5)
    s.fill(
        s.flat([(-0.9, 2.3, 6.95), (0.9, 2.3, 6.95), (0.9, 0, 6.95), (-0.9, 0, 6.95)]),
        (96, 62, 46),
        to=(66, 42, 32),
    )
    eaves = 5.1
    s.fill(
        s.flat(
            [(-12, eaves, 7), (12, eaves, 7), (12, eaves - 0.05, 6.2), (-12, eaves - 0.05, 6.2)]
        ),
        (88, 80, 74),
    )
    board = s.flat(
        [
            (-12, eaves + 0.25, 6.2),
            (12, eaves + 0.25, 6.2),
            (12, eaves - 0.06, 6.2),
            (-12, eaves - 0.06, 6.2),
        ]
    )
    s.fill(board, (124, 92, 74), to=(92, 68, 56))
    roof = s.flat(
        [
            (-12, eaves + 0.25, 6.2),
            (12, eaves + 0.25, 6.2),
            (12, eaves + 1.6, 9),
            (-12, eaves + 1.6, 9),
        ]
    )
    s.fill(roof, (206, 214, 224), to=(236, 241, 247))
    if not s.after:
        lumps = s.at(0, eaves + 0.3, 6.15)
        s.blobs(
            "cornice", (800, lumps[1]), (900, 26), (30, 64), 30, [(214, 224, 236), (244, 248, 252)]
        )
        metre = s.camera.metre((0, eaves, 6.2))
        back, front, shine = [], [], []
        x = -6.0
        while x < 6.0:
            px, py = s.at(x, eaves + 0.02, 6.18)
            long = dice.uniform(0.15, 0.6) * metre * (2.4 if dice.random() < 0.28 else 1)
            half = dice.uniform(0.035, 0.075) * metre * (1.3 if long > metre * 0.8 else 1)
            back.append(
                [
                    (px - half, py),
                    (px + half, py),
                    (px + half * 0.5, py + long * 0.5),
                    (px + dice.uniform(-3, 3), py + long),
                    (px - half * 0.55, py + long * 0.5),
                ]
            )
            front.append(
                [
                    (px - half * 0.8, py),
                    (px + half * 0.15, py),
                    (px - half * 0.1, py + long * 0.8),
                    (px - half * 0.4, py + long * 0.5),
                ]
            )
            shine.append(
                [
                    (px - half * 0.55, py + 4),
                    (px - half * 0.3, py + 4),
                    (px - half * 0.25, py + long * 0.6),
                ]
            )
            x += dice.uniform(0.09, 0.24)
        s.shadow([[(px + 18, py + 22) for px, py in shape] for shape in back], 0.25, 7)
        s.fill(back, (170, 196, 222), to=(214, 230, 244), alpha=0.92)
        s.fill(front, (236, 244, 250), alpha=0.75)
        s.fill(shine, (255, 255, 255), alpha=0.9)
        for _i in range(8):
            px, pz = dice.uniform(-2.4, 2.4), dice.uniform(4.6, 6.3)
            s.fill(
                s.ground(
                    [
                        (px, pz),
                        (px + 0.3, pz + 0.05),
                        (px + 0.34, pz + 0.1),
                        (px + 0.02, pz + 0.09),
                    ],
                    0.03,
                ),
                (186, 208, 228),
            )
    else:
        for px in (-2.2, 2.2):
            post(s, (px, 0, 5.2), (px, 1.0, 5.2), 0.03, (206, 60, 40))
        tape(s, s.at(-2.2, 0.95, 5.2), s.at(2.2, 0.95, 5.2), 22)
        s.blobs(
            "cleared",
            s.at(3.4, 0.1, 5.8),
            (170, 26),
            (20, 54),
            22,
            [(206, 216, 230), (240, 244, 250)],
        )


def bad_wall(s: Scene) -> None:
    """BD05: a brick wall that leans and gapes."""
    sky(s, 640)
    facade(s, (-12, 0, 16), (1, 0), 26, 4, s.dice("behind"))
    dice = s.dice("wall")
    tree(s, dice.uniform(-5, 5), 12, 5.5, "tree")
    ground = s.ground([(-30, 0.2), (30, 0.2), (30, 16), (-30, 16)])
    s.fill(ground, (156, 150, 140), to=(136, 130, 122))
    s.texture(ground, GROUND, "concrete", (50, 46, 40), 0.6)
    z, high = 5.2, 2.5
    brick: Color = dice.choice(((160, 84, 66), (150, 96, 78), (142, 128, 118)))
    lean = 0.0 if s.after else 0.75
    crack = dice.uniform(-0.6, 0.9)
    s.shadow(s.ground([(-9, z - 0.9 - lean), (9, z - 0.9 - lean), (9, z), (-9, z)]), 0.4, 30)

    def panel(points: list[Point2], slope: float) -> None:
        shape = s.flat([(x, y, z - slope * y / high) for x, y in points])
        s.fill(shape, shade(brick, 1.08), to=shade(brick, 0.82))
        s.texture(
            shape,
            Plane((-2.9, 0, z), (1, 0, 0), (0, 1, -slope / high)),
            "brick",
            (54, 32, 26),
            0.7,
            sharp=True,
        )

    zig = [
        (crack + dice.uniform(-0.16, 0.16) + 0.12 * i * (0 if s.after else 1) * 0.4, high * i / 7)
        for i in range(8)
    ]
    if s.after:
        panel([(-9, 0), (9, 0), (9, high), (-9, high)], 0)
        s.fill(
            s.flat(
                [
                    (-9, high + 0.12, z - 0.06),
                    (9, high + 0.12, z - 0.06),
                    (9, high, z - 0.06),
                    (-9, high, z - 0.06),
                ]
            ),
            (190, 186, 178),
            to=(158, 154, 148),
        )
        for x in (-2.2, 0.4, 3.0):
            post(s, (x, 0.02, z - 1.5), (x, 1.9, z - 0.06), 0.06, (150, 112, 72))
            box(s, standing_at(x, z - 1.55), 0.4, 0.12, 0.2, (120, 92, 62))
        return
    panel([*zig, (9, high), (9, 0)], 0.1)
    panel([(-9, 0), *zig, (-9, high - 0.1)], lean)
    gap = [s.at(x, y, z - lean * y / high) for x, y in zig]
    right = [s.at(x + 0.03 + 0.035 * i, y, z - 0.1 * y / high) for i, (x, y) in enumerate(zig)]
    s.fill([*gap, *reversed(right)], (22, 18, 16))
    for k in range(3):
        x, y = zig[2 + k]
        points = [s.at(x, y, z - lean * y / high - 0.01)]
        for _ in range(5):
            x, y = x - dice.uniform(0.1, 0.3), y + dice.uniform(-0.12, 0.2)
            points.append(s.at(x, y, z - lean * y / high - 0.01))
        s.line(points, 5, (34, 26, 22))
    for i in range(22):
        px, pz = crack + dice.uniform(-1.6, 1.6), z - dice.uniform(0.3, 1.5)
        box(
            s,
            standing_at(px, pz, dice.uniform(0, 90)),
            0.22,
            0.07,
            0.11,
            shade(brick, dice.uniform(0.75, 1.1)),
            cast=i % 3 == 0,
        )


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "BD01": loose_sign,
    "BD02": icicles,
    "BD05": bad_wall,
}
