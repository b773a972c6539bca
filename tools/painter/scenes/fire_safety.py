"""Fire safety: lanes, exits, charging, extinguishers, smoke."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import GROUND, Point2
from tools.painter.brush.canvas import Color, circle, mix, rect, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import box, post, ragged, standing_at, steam
from tools.painter.things.backdrops import far_town, road, room, sky, wall
from tools.painter.things.houses import facade
from tools.painter.things.props import (
    BIKE_COLORS,
    CAR_COLORS,
    car,
    carton,
    ebike,
    paper,
    sign_board,
    tape,
    tree,
)


def fire_lane(s: Scene) -> None:
    """FS01: a marked fire lane between two blocks, with cars on it."""
    horizon = s.at(0, s.camera.height, 4000)[1]
    sky(s, horizon)
    far_town(s, horizon)
    road(s, 4.2, walk=1.6, lines=False)
    dice = s.dice("blocks")
    facade(s, (-6.4, 0, 3), (0, 1), 34, 6, dice)
    facade(s, (6.4, 0, 3), (0, 1), 34, 6, dice)
    tree(s, -5, 22, 5, "tree")
    zone = [(-1.9, 2.6), (2.1, 2.6), (2.1, 15), (-1.9, 15)]
    for x in (-1.9, 2.0):
        s.fill(
            s.ground([(x, 2.2), (x + 0.16, 2.2), (x + 0.16, 26), (x, 26)], 0.003),
            (206, 44, 36),
            alpha=0.9,
        )
    stripes = []
    z = 2.2
    while z < 24:
        stripes.append(
            s.ground([(-1.74, z), (2.0, z + 1.6), (2.0, z + 1.95), (-1.74, z + 0.35)], 0.003)
        )
        z += 2.2
    s.fill(stripes, (222, 172, 34), alpha=0.8)
    near = zone[0][1] + 0.5
    quad = [
        s.at(-1.5, 0.004, near + 2.4),
        s.at(1.7, 0.004, near + 2.4),
        s.at(1.7, 0.004, near),
        s.at(-1.5, 0.004, near),
    ]
    s.fill(
        s.ground(
            [(-1.6, near - 0.15), (1.8, near - 0.15), (1.8, near + 2.55), (-1.6, near + 2.55)],
            0.003,
        ),
        (112, 110, 110),
        alpha=0.75,
    )
    s.words(quad, "消防通道", (240, 196, 52), 0.95)
    sign = s.at(3.2, 2.1, 7.5)
    post(s, (3.2, 0, 7.5), (3.2, 2.4, 7.5), 0.03, (150, 152, 154))
    sign_board(
        s,
        rect(sign[0] - 90, sign[1] - 60, sign[0] + 90, sign[1] + 60),
        "禁止停车",
        (196, 32, 30),
        frame=(240, 240, 238),
    )
    if not s.after:
        dice = s.dice("cars")
        car(s, dice.uniform(-0.3, 0.5), 16.5, 0, dice.choice(CAR_COLORS))
        car(s, dice.uniform(-0.6, -0.1), 9.6, dice.uniform(-6, 6), dice.choice(CAR_COLORS))
        if dice.random() < 0.6:
            ebike(s, 1.7, 6.2, 20, dice.choice(BIKE_COLORS))


def locked_exit(s: Scene) -> None:
    """FS02: an emergency exit with a chain round its handles."""
    room(
        s,
        3.2,
        2.7,
        4.6,
        wainscot=s.dice("paint").choice(((118, 158, 134), (124, 146, 176), (190, 176, 150))),
    )
    s.fill(
        s.flat([(-1.05, 0, 4.58), (1.05, 0, 4.58), (1.05, 2.2, 4.58), (-1.05, 2.2, 4.58)]),
        (74, 76, 78),
    )
    tone: Color = s.dice("door").choice(((154, 160, 162), (146, 66, 54), (96, 120, 104)))
    for a, b in ((-0.98, -0.02), (0.02, 0.98)):
        door = s.flat([(a, 2.13, 4.56), (b, 2.13, 4.56), (b, 0.03, 4.56), (a, 0.03, 4.56)])
        s.fill(door, shade(tone, 1.12), to=shade(tone, 0.8))
        s.fill(
            s.flat(
                [
                    (a + 0.3, 1.95, 4.55),
                    (b - 0.3, 1.95, 4.55),
                    (b - 0.3, 1.35, 4.55),
                    (a + 0.3, 1.35, 4.55),
                ]
            ),
            (150, 170, 178),
            to=(92, 106, 112),
        )
        bar = [s.at(a + 0.12, 1.02, 4.5), s.at(b - 0.12, 1.02, 4.5)]
        s.line(bar, 17, (52, 54, 56))
        s.line([(x, y - 4) for x, y in bar], 6, (196, 60, 48))
    left, right = s.at(-0.42, 2.5, 4.55), s.at(0.42, 2.26, 4.55)
    s.fill(rect(left[0], left[1], right[0], right[1]), (14, 132, 78), to=(10, 108, 62))
    wide = right[0] - left[0]
    s.words(
        rect(left[0] + wide * 0.1, left[1] + 9, right[0] - wide * 0.1, right[1] - 9),
        "安全出口",
        (236, 255, 244),
    )
    s.glows.append(((left[0] + right[0]) / 2, (left[1] + right[1]) / 2, 150, (20, 90, 60)))
    if s.after:
        s.fill(
            s.flat([(0.02, 2.13, 4.54), (0.52, 2.13, 4.3), (0.52, 0.03, 4.3), (0.02, 0.03, 4.54)]),
            shade(tone, 0.9),
            to=shade(tone, 0.7),
        )
        s.fill(
            s.flat(
                [(0.55, 2.13, 4.54), (0.98, 2.13, 4.54), (0.98, 0.03, 4.54), (0.55, 0.03, 4.54)]
            ),
            (236, 242, 246),
            to=(196, 206, 210),
        )
        x, y = s.at(-0.66, 1.3, 4.5)
        paper(s, x, y, 90, 64, (244, 240, 210), 2)
        return
    cx, cy = s.at(0, 1.02, 4.45)
    for i in range(9):
        s.line(
            [circle(cx - 76 + i * 19, cy + 8 + 12 * (i % 2), 13, 9, 12)[j % 12] for j in range(13)],
            5.5,
            (168, 170, 172) if i % 2 else (120, 122, 126),
        )
    s.fill(rect(cx - 24, cy + 34, cx + 24, cy + 82), (206, 168, 66), to=(150, 112, 36))
    s.line(
        [(cx - 14, cy + 36), (cx - 14, cy + 14), (cx + 14, cy + 14), (cx + 14, cy + 36)],
        8,
        (178, 180, 184),
    )
    s.fill(circle(cx, cy + 56, 6), (40, 30, 16))
    dice = s.dice("cartons")
    for i in range(3):
        carton(
            s,
            standing_at(0.75 + 0.1 * i, 3.9 - 0.42 * i, dice.uniform(-20, 20)),
            0.55,
            dice.uniform(0.35, 0.6),
            0.42,
            tone=dice.uniform(0.85, 1.1),
        )


def flying_wire(s: Scene) -> None:
    """FS05: a cable from an upper window down to an e-bike."""
    sky(s, 620)
    ground = s.ground([(-30, 0.2), (30, 0.2), (30, 9), (-30, 9)])
    s.fill(ground, (150, 148, 142), to=(128, 126, 122))
    s.texture(ground, GROUND, "pavers", (48, 44, 40), 0.55, sharp=True)
    dice = s.dice("house")
    facade(s, (-12, 0, 9), (1, 0), 24, 6, dice, bay=3.0)
    s.shadow(s.ground([(-12, 8.7), (12, 8.7), (12, 9), (-12, 9)]), 0.5, 16)
    # The entrance with its concrete roof.
    s.fill(
        s.flat([(-1, 0, 8.97), (0.6, 0, 8.97), (0.6, 2.3, 8.97), (-1, 2.3, 8.97)]),
        (92, 100, 104),
        to=(58, 64, 68),
    )
    box(s, standing_at(-0.2, 8.5), 2.4, 0.16, 1.2, (176, 172, 164), y=2.45, cast=False)
    tree(s, -6.2, 7.6, 4.6, "tree")
    spot = 1.2 + dice.uniform(0, 1.4)
    if s.after:
        for i in range(3):
            post(
                s,
                (spot + i * 0.9 - 0.9, 0, 8.2),
                (spot + i * 0.9 - 0.9, 1.1, 8.2),
                0.05,
                (60, 132, 90),
            )
            ebike(s, spot + i * 0.9 - 0.7, 7.3 - 0.1 * i, 62, dice.choice(BIKE_COLORS))
        x, y = s.at(spot + 1.6, 2.6, 8.9)
        sign_board(s, rect(x, y, x + 260, y + 110), "充电桩", (24, 116, 76))
        return
    socket = ebike(s, spot, 6.2, dice.uniform(-8, 14), dice.choice(BIKE_COLORS), box_on=True)
    window = s.at(dice.choice((1.7, 4.7)), 2.9 * 2 + 1.0, 8.9)
    points = [window]
    for i in range(1, 15):
        t = i / 14
        points.append(
            (
                window[0] + (socket[0] - window[0]) * t + 46 * t * (1 - t),
                window[1] + (socket[1] - window[1]) * t + 150 * t * (1 - t),
            )
        )
    s.line([(x + 16, y + 8) for x, y in points], 6, (20, 20, 24), alpha=0.25, soft=5)
    s.line(points, 7, (228, 228, 222))
    s.line([(x + 1.5, y) for x, y in points], 2.2, (130, 130, 128))
    x, y = points[11]
    s.fill(rect(x - 22, y - 12, x + 26, y + 34), (238, 238, 234), to=(190, 190, 186))
    s.fill([circle(x - 6, y + 6, 4), circle(x + 10, y + 6, 4)], (50, 50, 50))


def fire_equipment(s: Scene) -> None:
    """FS06: an extinguisher cabinet, broken and empty."""
    wall(
        s,
        2.4,
        kind="plaster",
        color=s.dice("tone").choice(((214, 206, 190), (196, 206, 204), (220, 214, 200))),
        floor="tiles",
    )
    lower = s.flat([(-9, 0, 2.395), (9, 0, 2.395), (9, 1.0, 2.395), (-9, 1.0, 2.395)])
    s.fill(lower, (116, 150, 134), to=(92, 124, 110), alpha=0.8)
    x0, y0 = s.at(-0.5, 1.75, 2.36)
    x1, y1 = s.at(0.42, 0.75, 2.36)
    s.shadow(rect(x0 + 20, y0 + 26, x1 + 26, y1 + 30), 0.5, 16)
    s.fill(rect(x0, y0, x1, y1), (206, 40, 34), to=(158, 22, 22))
    s.fill(rect(x0 + 34, y0 + 100, x1 - 34, y1 - 30), (70, 16, 16), to=(40, 12, 12))
    s.words(rect(x0 + 70, y0 + 22, x1 - 70, y0 + 84), "灭火器箱", (255, 248, 236))
    inner = (x0 + 48, y0 + 114, x1 - 48, y1 - 40)
    s.fill(rect(*inner), (52, 24, 24), to=(84, 40, 38))
    if s.after:
        for i in range(2):
            cx = inner[0] + (inner[2] - inner[0]) * (0.3 + 0.4 * i)
            s.fill(
                rect(cx - 50, inner[1] + 76, cx + 50, inner[3]),
                (222, 44, 38),
                to=(130, 16, 16),
                axis="h",
            )
            s.fill(rect(cx - 22, inner[1] + 40, cx + 22, inner[1] + 80), (40, 40, 42))
            s.line(
                [(cx, inner[1] + 46), (cx + 58, inner[1] + 76), (cx + 52, inner[3] - 70)],
                11,
                (30, 30, 32),
            )
            s.fill(rect(cx - 34, inner[1] + 150, cx + 34, inner[1] + 220), (244, 242, 234))
        s.fill(
            [
                (inner[0], inner[1]),
                (inner[0] + 150, inner[1]),
                (inner[0] + 30, inner[3]),
                (inner[0], inner[3]),
            ],
            (255, 255, 255),
            alpha=0.16,
        )
    else:
        cx, cy = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
        dice = s.dice("glass")
        for i in range(14):
            edge = [
                (inner[0], inner[1] + i * 30),
                (inner[2], inner[1] + i * 28),
                (inner[0] + i * 34, inner[1]),
                (inner[0] + i * 30, inner[3]),
            ][i % 4]
            edge = (min(max(edge[0], inner[0]), inner[2]), min(max(edge[1], inner[1]), inner[3]))
            tip = (
                edge[0] + (cx - edge[0]) * dice.uniform(0.25, 0.55),
                edge[1] + (cy - edge[1]) * dice.uniform(0.25, 0.55),
            )
            s.fill(
                [edge, tip, (edge[0] + dice.uniform(-46, 46), edge[1] + dice.uniform(-30, 30))],
                (206, 224, 226),
                alpha=0.5,
            )
        s.fill(
            s.flat([(-0.5, 1.75, 2.36), (-0.9, 1.72, 2.0), (-0.9, 0.77, 2.0), (-0.5, 0.75, 2.36)]),
            (180, 32, 28),
            to=(130, 18, 18),
        )
        for _ in range(26):
            gx, gy = s.at(dice.uniform(-0.7, 0.7), 0, dice.uniform(1.5, 2.2))
            s.fill(
                [(gx, gy), (gx + dice.uniform(8, 26), gy + 5), (gx + dice.uniform(0, 20), gy + 14)],
                (226, 238, 240),
                alpha=0.8,
            )
        paper_x, paper_y = inner[0] + 60, inner[3] - 60
        s.fill(
            [
                (paper_x, paper_y),
                (paper_x + 90, paper_y - 14),
                (paper_x + 110, paper_y + 42),
                (paper_x + 16, paper_y + 52),
            ],
            (206, 200, 186),
        )
    x, y = s.at(0.75, 1.6, 2.38)
    paper(s, x, y, 150, 190, (248, 248, 244), 5, "检查记录")
    lamp_x, lamp_y = s.at(-1.2, 2.05, 2.38)
    s.fill(rect(lamp_x, lamp_y, lamp_x + 190, lamp_y + 74), (242, 242, 236), to=(206, 206, 200))
    s.fill(
        [circle(lamp_x + 40, lamp_y + 36, 24), circle(lamp_x + 150, lamp_y + 36, 24)],
        (250, 250, 240),
        to=(190, 196, 196),
    )


def smoke(s: Scene) -> None:
    """FS07: a heap of rubbish on fire beside a house."""
    horizon = s.at(0, s.camera.height, 4000)[1]
    sky(s, horizon)
    far_town(s, horizon)
    road(s, 5.5, walk=2.0, lines=False)
    dice = s.dice("blocks")
    facade(s, (-7.5, 0, 3), (0, 1), 34, 5, dice)
    facade(s, (3.2, 0, 11), (1, 0), 14, 5, dice, brick=True)
    tree(s, -5.6, 15, 5, "tree")
    x = 0.6 + dice.uniform(-0.5, 0.8)
    heap = s.ground(ragged(s, "heap", x, 7.2, 1.5, 0.8), 0.004)
    s.fill(heap, (34, 30, 28), alpha=0.85, soft=10)
    foot = s.at(x, 0.1, 7.2)
    metre = s.camera.metre((x, 0, 7.2))
    s.blobs(
        "ash",
        (foot[0], foot[1] - 0.1 * metre),
        (1.1 * metre, 0.14 * metre),
        (8, 34),
        26,
        [(36, 34, 34), (66, 60, 56), (28, 26, 26)],
    )
    if s.after:
        wet = s.ground(ragged(s, "wet", x, 6.6, 2.6, 1.5), 0.003)
        s.fill(wet, mix((70, 74, 80), s.mood.sky[1], 0.3), alpha=0.5, soft=6)
        s.texture(wet, GROUND, "ripples", (236, 240, 246), 0.25)
        tape(s, s.at(x - 2.2, 0.95, 6.2), s.at(x + 2.0, 0.95, 6.2), 18)
        for px in (x - 2.2, x + 2.0):
            post(s, (px, 0, 6.2), (px, 1.0, 6.2), 0.03, (206, 60, 40))
        return
    dark: Color = (58, 56, 58)
    steam(s, "far", (foot[0] + 20, foot[1] - 0.5 * metre), 760, 300, dark, 0.5, 0.3)
    s.glows.append((foot[0], foot[1] - 0.5 * metre, 2.6 * metre, (190, 92, 20)))
    for i, (tone, wide, tall) in enumerate(
        (((206, 62, 18), 1.0, 1.5), ((244, 132, 26), 0.72, 1.15), ((255, 206, 84), 0.45, 0.75))
    ):
        flames: list[list[Point2]] = []
        flame_dice = s.dice(f"flames{i}")
        for _ in range(8):
            fx = foot[0] + flame_dice.uniform(-wide, wide) * metre * 0.8
            half, up = (
                flame_dice.uniform(0.12, 0.26) * metre,
                flame_dice.uniform(0.5, 1.0) * tall * metre,
            )
            lean = flame_dice.uniform(-0.1, 0.25) * metre
            flames.append([(fx - half, foot[1]), (fx - half * 0.7, foot[1] - up * 0.45), (fx + lean, foot[1] - up),
                           (fx + half * 0.8, foot[1] - up * 0.4), (fx + half, foot[1])])  # fmt: skip
        s.fill(flames, tone, alpha=0.9, soft=3)
    steam(s, "near", (foot[0] + 60, foot[1] - 1.1 * metre), 620, 220, (92, 88, 86), 0.4, 0.35)


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "FS01": fire_lane,
    "FS02": locked_exit,
    "FS05": flying_wire,
    "FS06": fire_equipment,
    "FS07": smoke,
}
