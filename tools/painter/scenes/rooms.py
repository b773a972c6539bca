"""Matters of people behind doors, drawn without people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import GROUND
from tools.painter.brush.canvas import Color, circle, rect, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import box, disc, post, ragged, standing_at
from tools.painter.things.backdrops import room, wall
from tools.painter.things.props import (
    bag,
    bin_with_wheels,
    carton,
    paper,
    sign_board,
)


def quiet_door(s: Scene) -> None:
    """PS01: a closed door with papers piling up before it."""
    z = 3.0
    wall(s, z, color=(222, 216, 202), floor="tiles")
    s.fill(
        s.flat(
            [(-9, 1.15, z - 0.005), (9, 1.15, z - 0.005), (9, 0, z - 0.005), (-9, 0, z - 0.005)]
        ),
        (118, 152, 132),
        to=(96, 128, 110),
        alpha=0.9,
    )
    dice = s.dice("door")
    tone: Color = dice.choice(((112, 62, 44), (84, 92, 96), (120, 86, 52)))
    s.fill(
        s.flat(
            [
                (-0.62, 2.14, z - 0.01),
                (0.62, 2.14, z - 0.01),
                (0.62, 0, z - 0.01),
                (-0.62, 0, z - 0.01),
            ]
        ),
        shade(tone, 0.6),
    )
    s.fill(
        s.flat(
            [
                (-0.53, 2.06, z - 0.02),
                (0.53, 2.06, z - 0.02),
                (0.53, 0.02, z - 0.02),
                (-0.53, 0.02, z - 0.02),
            ]
        ),
        shade(tone, 1.15),
        to=shade(tone, 0.82),
    )
    for a, b, low, high in (
        (-0.4, -0.05, 1.15, 1.9),
        (0.05, 0.4, 1.15, 1.9),
        (-0.4, 0.4, 0.2, 0.85),
    ):
        s.fill(
            s.flat(
                [(a, high, z - 0.03), (b, high, z - 0.03), (b, low, z - 0.03), (a, low, z - 0.03)]
            ),
            shade(tone, 0.8),
            to=shade(tone, 0.98),
        )
    x, y = s.at(0.42, 1.0, z - 0.04)
    s.fill(rect(x - 12, y - 40, x + 14, y + 40), (196, 180, 130), to=(140, 124, 84))
    x, y = s.at(0, 1.58, z - 0.04)
    s.fill(circle(x, y, 9), (30, 30, 30))
    fx, fy = s.at(-0.2, 1.98, z - 0.04)
    s.fill(
        [(fx + 80, fy - 10), (fx + 160, fy + 70), (fx + 80, fy + 150), (fx, fy + 70)],
        (196, 36, 32),
        to=(160, 24, 24),
    )
    s.words(rect(fx + 48, fy + 38, fx + 112, fy + 102), "福", (246, 206, 96))
    px, py = s.at(0.85, 1.6, z - 0.01)
    s.words(
        rect(px, py - 60, px + 110, py - 10),
        f"{dice.randint(1, 6)}0{dice.randint(1, 4)}",
        (90, 92, 96),
        0.9,
    )
    if s.after:
        paper(s, px - 10, py + 20, 150, 170, (232, 244, 236), 3, "已走访")
        mat = s.ground([(-0.45, 2.3), (0.45, 2.3), (0.45, 2.75), (-0.45, 2.75)], 0.01)
        s.fill(mat, (142, 70, 60), to=(110, 52, 46))
        return
    for i in range(5):
        nx, ny = s.at(-0.46 + 0.1 * i, 0.86 + 0.04 * (i % 2), z - 0.05)
        s.fill(
            [(nx, ny), (nx + 66, ny - 22), (nx + 84, ny + 60), (nx + 18, ny + 84)],
            (226 - i * 8, 222 - i * 8, 208 - i * 8),
            to=(196, 192, 178),
        )
        s.line([(nx + 16, ny + 14), (nx + 64, ny)], 4, (120, 118, 112))
    for i in range(6):
        x, zz = dice.uniform(-0.6, 0.5), dice.uniform(2.15, 2.75)
        place = standing_at(x, zz, dice.uniform(-70, 70))
        box(
            s,
            place,
            0.3,
            0.03,
            0.2,
            (220 - 8 * i, 216 - 8 * i, 200 - 8 * i),
            y=0.03 * (i % 3),
            cast=i % 3 == 0,
        )
    for i in range(3):
        post(s, (0.74 + 0.13 * i, 0, 2.7), (0.74 + 0.13 * i, 0.22, 2.7), 0.045, (240, 240, 236))
    paper(s, px - 20, py + 20, 120, 150, (250, 240, 200), 3, "催缴")


def crowded(s: Scene) -> None:
    """PS04: a corridor cut into many rooms, shoes and wires everywhere."""
    room(s, 2.6, 2.6, 7.5, wainscot=None, wallpaint=(220, 210, 190), floor="concrete")
    dice = s.dice("doors")
    a = 1.3
    doors = 5 if not s.after else 2
    for side in (-a, a):
        for i in reversed(range(doors)):
            z0 = 1.7 + i * (1.15 if not s.after else 2.6)
            tone = dice.choice(((172, 126, 84), (190, 170, 140), (140, 104, 74)))
            x = side * 0.995
            s.fill(
                s.flat([(x, 2.05, z0), (x, 2.05, z0 + 0.75), (x, 0, z0 + 0.75), (x, 0, z0)]),
                shade(tone, 1.0 if side < 0 else 0.85),
                to=shade(tone, 0.75),
            )
            s.line([s.at(x, 2.05, z0), s.at(x, 0, z0)], 4, shade(tone, 0.5))
            px, py = s.at(x, 1.75, z0 + 0.38)
            s.fill(rect(px - 14, py - 12, px + 14, py + 12), (240, 236, 220))
    bulb = s.at(0, 2.45, 4.5)
    s.fill(circle(*bulb, 17), (255, 250, 224))
    s.glows.append((*bulb, 260, (150, 130, 80)))
    if s.after:
        x, y = s.at(-1.28, 1.65, 3.6)
        sign_board(s, rect(x - 30, y, x + 120, y + 80), "安全出口", (20, 130, 80))
        return
    for i in range(4):
        ys = 2.3 - 0.06 * i
        s.line(
            [
                s.at(-1.25, ys, 1.2),
                s.at(-1.2, ys - 0.12, 3),
                s.at(-1.22, ys, 4.6),
                s.at(-1.2, ys - 0.1, 7.3),
            ],
            5,
            dice.choice(((230, 230, 224), (40, 40, 40), (180, 60, 50))),
        )
    line = [s.at(-1.2, 2.1, 3.2), s.at(1.2, 2.1, 3.4)]
    s.line(line, 4, (200, 200, 196))
    for i in range(6):
        t = 0.1 + i * 0.15
        x, y = line[0][0] + (line[1][0] - line[0][0]) * t, line[0][1]
        tone = dice.choice(
            ((70, 110, 160), (190, 70, 70), (60, 64, 70), (216, 206, 180), (80, 130, 100))
        )
        s.fill(
            [(x - 40, y), (x + 40, y), (x + 48, y + 150), (x - 46, y + 156)],
            tone,
            to=shade(tone, 0.75),
        )
    for i in range(20):
        side = dice.choice((-1, 1))
        box(
            s,
            standing_at(
                side * dice.uniform(0.75, 1.15), dice.uniform(1.9, 6), dice.uniform(-40, 40)
            ),
            0.1,
            0.08,
            0.27,
            dice.choice(((40, 44, 60), (170, 60, 60), (220, 220, 214), (60, 90, 60))),
            cast=i % 2 == 0,
        )
    box(s, standing_at(0.95, 3.0), 0.42, 0.85, 0.5, (206, 210, 214))
    x, y = s.at(0.75, 0.95, 2.75)
    s.fill(rect(x, y - 20, x + 110, y + 20), (244, 244, 240))
    s.fill([rect(x + 12 + i * 24, y - 8, x + 26 + i * 24, y + 8) for i in range(4)], (40, 40, 42))
    bag(s, *s.at(-0.85, 0, 2.4), 70, (190, 60, 54), "bag")


def kitchen(s: Scene) -> None:
    """PS06: the back door of a kitchen, greasy and heaped."""
    z = 3.6
    wall(s, z, kind="facade_tiles", color=(226, 226, 216), floor="concrete")
    dice = s.dice("kitchen")
    s.fill(
        s.flat(
            [
                (-0.75, 2.1, z - 0.01),
                (0.45, 2.1, z - 0.01),
                (0.45, 0, z - 0.01),
                (-0.75, 0, z - 0.01),
            ]
        ),
        (196, 200, 200),
        to=(140, 144, 146),
    )
    s.fill(
        s.flat(
            [
                (-0.68, 2.04, z - 0.02),
                (0.38, 2.04, z - 0.02),
                (0.38, 0.03, z - 0.02),
                (-0.68, 0.03, z - 0.02),
            ]
        ),
        (84, 78, 66),
        to=(50, 48, 44),
    )
    strips = [
        s.flat(
            [
                (-0.66 + i * 0.13, 2.0, z - 0.03),
                (-0.55 + i * 0.13, 2.0, z - 0.03),
                (-0.54 + i * 0.13, 0.08, z - 0.04),
                (-0.67 + i * 0.13, 0.08, z - 0.04),
            ]
        )
        for i in range(8)
    ]
    s.fill(strips, (206, 220, 214), to=(170, 184, 172), alpha=0.5)
    vx, vy = s.at(1.0, 2.2, z - 0.02)
    s.fill(rect(vx, vy, vx + 240, vy + 200), (150, 152, 150), to=(110, 112, 110))
    s.fill(
        [rect(vx + 16, vy + 18 + i * 26, vx + 224, vy + 32 + i * 26) for i in range(7)],
        (62, 62, 60),
    )
    x, y = s.at(-1.75, 2.1, z - 0.01)
    sign_board(s, rect(x, y, x + 240, y + 90), "后厨重地", (186, 40, 34))
    if s.after:
        paper(s, x + 20, y + 120, 150, 190, (236, 246, 240), 4, "已整改")
        bin_with_wheels(s, 1.5, 3.1, (62, 66, 70))
        return
    for _ in range(9):
        gx = vx + dice.uniform(10, 230)
        s.fill(
            [
                (gx, vy + 190),
                (gx + dice.uniform(10, 26), vy + 190),
                (gx + 8, vy + dice.uniform(280, 520)),
            ],
            (82, 58, 24),
            alpha=0.45,
            soft=5,
        )
    s.fill(rect(vx - 60, vy + 190, vx + 300, vy + 330), (96, 70, 30), alpha=0.35, soft=60)
    grease = s.ground(ragged(s, "grease", 0.6, 2.6, 1.3, 0.6), 0.003)
    s.fill(grease, (56, 48, 34), alpha=0.65, soft=3)
    s.texture(grease, GROUND, "ripples", (226, 214, 170), 0.3)
    for row in range(3):
        tone: Color = ((196, 60, 46), (40, 110, 170), (220, 170, 50))[row]
        seen = box(
            s,
            standing_at(-1.45 + 0.04 * row, 3.1, -8 + 6 * row),
            0.62,
            0.27,
            0.42,
            tone,
            y=0.28 * row,
            cast=row == 0,
        )
        if "front" in seen:
            a, b, _, d = seen["front"]
            s.fill(
                [
                    rect(
                        a[0] + 20 + i * (b[0] - a[0] - 40) / 4,
                        d[1] + 20,
                        a[0] + 20 + (i + 0.6) * (b[0] - a[0] - 40) / 4,
                        a[1] - 18,
                    )
                    for i in range(4)
                ],
                shade(tone, 0.5),
            )
    s.blobs(
        "cabbage",
        s.at(-1.42, 0.9, 3.05),
        (80, 18),
        (14, 34),
        9,
        [(116, 140, 70), (160, 180, 100), (206, 214, 160)],
    )
    bin_with_wheels(s, 1.45, 3.0, (52, 70, 60), lid_open=True)
    for i in range(5):
        px, py = s.at(1.45 + dice.uniform(-0.2, 0.2), 1.0, 3.0)
        bag(s, px, py + 10 - 8 * i, 56, (48, 50, 52), f"top{i}")
    for i in range(4):
        px, pz = 0.75 + 0.28 * i, 2.35 + 0.1 * (i % 2)
        post(s, (px, 0, pz), (px, 0.34, pz), 0.1, ((206, 176, 60), (196, 196, 190))[i % 2])
        s.fill(s.ground(disc(px, pz, 0.1), 0.345), (70, 50, 24))
    carton(s, standing_at(-0.6, 2.2, 20), 0.5, 0.3, 0.4, tone=0.8)
    for i in range(22):
        px, pz = dice.uniform(-1.6, 1.8), dice.uniform(1.8, 3)
        s.fill(
            s.ground(ragged(s, f"bit{i}", px, pz, dice.uniform(0.02, 0.06), 0.03, n=7), 0.006),
            dice.choice(((150, 170, 90), (220, 216, 200), (190, 80, 50))),
        )


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "PS01": quiet_door,
    "PS04": crowded,
    "PS06": kitchen,
}
