"""Gas, cables, boxes and lamps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import Point2
from tools.painter.brush.canvas import Color, circle, rect, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import (
    cable,
    disc,
    post,
    ragged,
    steam,
)
from tools.painter.things.backdrops import lamp, street, wall
from tools.painter.things.props import cone, paper, sign_board, tape


def gas(s: Scene) -> None:
    """UT02: yellow gas pipes, a hissing joint, and a warning."""
    wall(
        s,
        2.8,
        kind=s.dice("kind").choice(("plaster", "brick", "facade_tiles")),
        color=s.dice("tone").choice(((206, 188, 160), (186, 118, 92), (200, 204, 204))),
    )
    yellow: Color = (226, 176, 34)
    z = 2.68
    x = s.dice("x").uniform(-0.5, 0.1)
    for a, b in (
        ((x, 0.0, z), (x, 1.35, z)),
        ((x, 1.35, z), (x + 2.6, 1.35, z)),
        ((x + 0.95, 1.35, z), (x + 0.95, 3, z)),
        ((x + 1.8, 1.35, z), (x + 1.8, 0.85, z)),
    ):
        (x0, y0), (x1, y1) = s.at(*a), s.at(*b)
        s.line([(x0 + 20, y0 + 22), (x1 + 20, y1 + 22)], 34, (14, 14, 16), alpha=0.3, soft=10)
        post(s, a, b, 0.034, yellow)
    for px, py in ((x, 1.35), (x + 0.95, 1.35), (x + 1.8, 1.35)):
        cx, cy = s.at(px, py, z - 0.02)
        s.fill(circle(cx, cy, 27), shade(yellow, 1.15), to=shade(yellow, 0.6))
    vx, vy = s.at(x, 0.85, z - 0.04)
    s.fill(rect(vx - 30, vy - 34, vx + 30, vy + 34), (196, 150, 40), to=(136, 96, 20), axis="h")
    s.fill(
        [(vx - 70, vy - 9), (vx + 70, vy - 9), (vx + 70, vy + 9), (vx - 70, vy + 9)],
        (198, 40, 36),
        to=(132, 20, 20),
    )
    mx, my = s.at(x + 1.55, 0.85, z - 0.02)
    s.shadow(rect(mx + 14, my + 18, mx + 236, my + 196), 0.45, 14)
    s.fill(rect(mx, my, mx + 220, my + 178), (206, 210, 208), to=(158, 164, 164))
    s.fill(rect(mx + 42, my + 30, mx + 178, my + 74), (24, 26, 26))
    s.words(
        rect(mx + 54, my + 38, mx + 166, my + 66),
        f"0{s.dice('meter').randint(1000, 9999)}",
        (228, 232, 228),
    )
    sx, sy = s.at(x - 1.05, 1.85, z)
    sign_board(s, rect(sx, sy, sx + 300, sy + 150), "燃气管道", (236, 190, 36), (40, 34, 20))
    if s.after:
        s.fill(rect(vx - 34, vy + 40, vx + 34, vy + 66), (40, 110, 190))
        paper(s, vx + 90, vy - 30, 120, 150, (238, 248, 240), 3, "已检测")
        return
    steam(s, "leak", (vx + 30, vy - 20), 430, 190, (246, 244, 214), 0.2, 0.5)
    for i in range(9):
        turn = -0.5 - i * 0.12
        s.line(
            [
                (vx + 40 * math.cos(turn), vy + 40 * math.sin(turn)),
                (vx + 190 * math.cos(turn), vy + 150 * math.sin(turn)),
            ],
            5,
            (250, 250, 240),
            alpha=0.5,
            soft=4,
        )
    tape(s, s.at(-2.4, 0.62, 2.2), s.at(2.6, 0.66, 2.2), 30, 26)
    wx, wy = s.at(x + 0.75, 2.05, z - 0.02)
    sign_board(
        s, rect(wx, wy, wx + 320, wy + 120), "禁止烟火", (206, 34, 30), frame=(246, 246, 240)
    )


def leaning_pole(s: Scene) -> None:
    """UT03: a pole that leans, its cables down to the road."""
    street(s, cars=1, trees=1, lamps=False, half=4.2)
    dice = s.dice("pole")
    x = dice.choice((-1, 1)) * 3.2
    lean = 0.0 if s.after else -math.copysign(dice.uniform(1.5, 2.1), x)
    z = 8.5
    s.shadow(s.ground(disc(x, z, 0.35)), 0.5, 8)
    top = (x + lean, 6.4, z - abs(lean) * 0.3)
    far_x = x + math.copysign(0.1, x)
    for back in (40.0, 24.0):
        post(s, (far_x, 0, back), (far_x, 6.6, back), 0.11, (158, 154, 148), upper=0.08)
        post(s, (far_x - 0.7, 6.2, back), (far_x + 0.7, 6.2, back), 0.05, (112, 100, 90))
    for i, off in enumerate((-0.6, 0.0, 0.6)):
        cable(s, (far_x + off, 6.25, 40), (far_x + off, 6.25, 24), 0.4, 0.02)
        if s.after or i == 1:
            cable(
                s,
                (far_x + off, 6.25, 24),
                (top[0] + off, top[1] - 0.2, top[2]),
                0.5 if s.after else 2.2,
                0.024,
            )
            cable(
                s,
                (top[0] + off, top[1] - 0.2, top[2]),
                (x + off, 6.2, 1.2),
                0.4 if s.after else 1.6,
                0.024,
            )
        else:
            end = (x * 0.2 + off, 0.03, 13.0 - 2 * i)
            cable(s, (far_x + off, 6.25, 24), end, 0.3, 0.026)
            cable(s, end, (end[0] + off * 1.4, 0.03, end[2] - 3.4), -0.02, 0.03)
            cable(s, (top[0] + off, top[1] - 0.2, top[2]), (x * 0.3 + off, 0.04, 5.4), 0.5, 0.03)
            a = s.at(x * 0.3 + off, 0.04, 5.4)
            s.line(
                [a, (a[0] + 60, a[1] + 26), (a[0] + 20, a[1] + 60), (a[0] + 110, a[1] + 84)],
                8,
                (24, 24, 26),
            )
    post(s, (x, 0, z), top, 0.14, (166, 162, 156), upper=0.1)
    post(
        s,
        (top[0] - 0.8, top[1] - 0.3, top[2]),
        (top[0] + 0.8, top[1] - 0.3 + lean * 0.25, top[2]),
        0.05,
        (108, 96, 86),
    )
    for off in (-0.6, 0.0, 0.6):
        px, py = s.at(top[0] + off, top[1] - 0.18 + off * lean * 0.16, top[2])
        s.fill(rect(px - 9, py - 26, px + 9, py), (206, 206, 200), to=(140, 140, 136))
    if s.after:
        s.fill(s.ground(disc(x, z, 0.5), 0.145), (190, 188, 182), to=(160, 158, 152))
    else:
        s.fill(s.ground(ragged(s, "heave", x, z, 0.6, 0.4), 0.146), (84, 74, 64))
        cone(s, x * 0.1, 4.6)


def open_box(s: Scene) -> None:
    """UT04: an electrical cabinet with its door open and wires out."""
    wall(s, 3.0, kind=s.dice("kind").choice(("plaster", "brick")), floor="pavers")
    dice = s.dice("box")
    tone: Color = dice.choice(((150, 156, 148), (120, 140, 126), (176, 178, 172)))
    x0, y0 = s.at(-0.48, 1.62, 2.6)
    x1, y1 = s.at(0.42, 0.42, 2.6)
    s.shadow(rect(x0 + 30, y0 + 40, x1 + 50, y1 + 40), 0.5, 22)
    s.fill(rect(x0 - 16, y0 - 16, x1 + 16, y1 + 16), shade(tone, 0.8))
    s.fill(rect(x0, y1 + 16, x1, s.at(0, 0, 2.6)[1]), (136, 132, 126), to=(106, 102, 98))
    if s.after:
        s.fill(rect(x0, y0, x1, y1), shade(tone, 1.1), to=shade(tone, 0.86))
        s.line([((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1)], 4, shade(tone, 0.5))
        s.fill(
            [rect(x0 + 40, y1 - 110 + i * 22, x0 + 160, y1 - 102 + i * 22) for i in range(4)],
            shade(tone, 0.5),
        )
        s.fill(
            rect((x0 + x1) / 2 + 12, (y0 + y1) / 2 - 40, (x0 + x1) / 2 + 30, (y0 + y1) / 2 + 40),
            (60, 62, 64),
        )
        _bolt(s, (x0 + x1) / 2 - 100, y0 + 130, 78)
        return
    s.fill(rect(x0, y0, x1, y1), (62, 64, 62), to=(38, 40, 40))
    for row in range(3):
        top = y0 + 46 + row * 150
        s.fill(rect(x0 + 30, top, x1 - 30, top + 92), (196, 198, 194), to=(160, 162, 160))
        count = 5
        step = (x1 - x0 - 80) / count
        s.fill(
            [
                rect(x0 + 42 + i * step, top + 12, x0 + 36 + (i + 1) * step, top + 80)
                for i in range(count)
            ],
            (236, 236, 230),
        )
        s.fill(
            [
                rect(
                    x0 + 52 + i * step,
                    top + (24 if dice.random() < 0.6 else 46),
                    x0 + 26 + (i + 1) * step,
                    top + (44 if dice.random() < 0.6 else 68),
                )
                for i in range(count)
            ],
            (30, 34, 38),
        )
    wires: tuple[Color, ...] = (
        (196, 40, 36),
        (230, 190, 40),
        (40, 110, 60),
        (40, 70, 150),
        (206, 120, 30),
        (30, 30, 32),
    )
    for i in range(13):
        x = x0 + 40 + i * (x1 - x0 - 80) / 12
        sag = dice.uniform(40, 260)
        end = (
            x + dice.uniform(-160, 200),
            y1 + dice.uniform(-60, 190) if i % 3 == 0 else y1 - dice.uniform(20, 120),
        )
        start = (x, y0 + 138 + 150 * (i % 3))
        points: list[Point2] = []
        for j in range(11):
            t = j / 10
            points.append(
                (
                    start[0] + (end[0] - start[0]) * t + 60 * math.sin(t * 5 + i),
                    start[1] + (end[1] - start[1]) * t + sag * t * (1 - t),
                )
            )
        s.line(points, 8, wires[i % 6])
        s.line([(px - 1, py - 2) for px, py in points], 2, shade(wires[i % 6], 1.5), alpha=0.7)
        if i % 3 == 0:
            s.line([points[-1], (points[-1][0] + 12, points[-1][1] + 22)], 5, (206, 134, 72))
    door = s.flat([(0.42, 1.62, 2.6), (1.12, 1.58, 2.05), (1.12, 0.44, 2.05), (0.42, 0.42, 2.6)])
    s.fill(door, shade(tone, 1.05), to=shade(tone, 0.7))
    dx, dy = (door[0][0] + door[1][0]) / 2, (door[0][1] + door[2][1]) / 2
    _bolt(s, dx, dy - 90, 60)


def _bolt(s: Scene, x: float, y: float, r: float) -> None:
    s.fill([(x, y - r), (x + r * 1.05, y + r * 0.85), (x - r * 1.05, y + r * 0.85)], (24, 24, 22))
    s.fill(
        [(x, y - r * 0.78), (x + r * 0.82, y + r * 0.72), (x - r * 0.82, y + r * 0.72)],
        (244, 200, 40),
    )
    s.fill([(x + r * 0.1, y - r * 0.5), (x - r * 0.28, y + r * 0.18), (x - r * 0.02, y + r * 0.18), (x - r * 0.12, y + r * 0.62),
            (x + r * 0.3, y - r * 0.02), (x + r * 0.02, y - r * 0.02)], (24, 24, 22))  # fmt: skip


def dark_lamp(s: Scene) -> None:
    """UT08: a row of street lamps at night, one of them dark."""
    street(s, lamps=False, trees=2, cars=1)
    for z in (42.0, 30.0, 20.0):
        lamp(s, 3.95, z)
    lamp(s, -3.95, 25)
    lamp(s, 2.7, 7.6, lit=s.after, height=4.7)
    x, y = s.at(2.7, 1.5, 7.5)
    paper(s, x - 16, y, 32, 46, (236, 236, 220), 2)


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "UT02": gas,
    "UT03": leaning_pole,
    "UT04": open_box,
    "UT08": dark_lamp,
}
