"""Inside the stairwell and before the lift."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import Plane
from tools.painter.brush.canvas import Color, circle, rect, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import box, hexahedron, post, ragged, standing_at
from tools.painter.things.backdrops import room
from tools.painter.things.props import (
    BIKE_COLORS,
    bag,
    carton,
    ebike,
    paper,
    sign_board,
)


def _stairs(s: Scene) -> None:
    room(
        s,
        3.0,
        3.3,
        5.2,
        wainscot=s.dice("paint").choice(((112, 152, 128), (120, 150, 170), (176, 168, 150))),
        floor="concrete",
    )
    window = s.flat([(0.5, 3.1, 5.18), (1.3, 3.1, 5.18), (1.3, 2.25, 5.18), (0.5, 2.25, 5.18)])
    s.fill(window, (250, 252, 250), to=(214, 228, 236))
    s.glows.append((*s.at(0.9, 2.7, 5.1), 330, (120, 126, 124)))
    for i in reversed(range(11)):
        y, z = i * 0.165, 2.7 + i * 0.27
        s.fill(
            s.flat(
                [
                    (-1.5, y + 0.165, z),
                    (0.35, y + 0.165, z),
                    (0.35, y + 0.165, z + 0.27),
                    (-1.5, y + 0.165, z + 0.27),
                ]
            ),
            (178, 174, 166),
            to=(156, 152, 146),
        )
        riser = s.flat([(-1.5, y + 0.165, z), (0.35, y + 0.165, z), (0.35, y, z), (-1.5, y, z)])
        s.fill(riser, (138, 134, 128), to=(112, 108, 104))
        s.line([s.at(-1.5, y + 0.163, z), s.at(0.35, y + 0.163, z)], 3, (92, 88, 84))
    for i in range(0, 11, 2):
        y, z = i * 0.165 + 0.16, 2.8 + i * 0.27
        post(s, (0.33, y, z), (0.33, y + 0.9, z), 0.014, (70, 78, 84))
    s.line([s.at(0.33, 1.06, 2.75), s.at(0.33, 2.85, 5.5)], 15, (118, 44, 34))
    x, y = s.at(-1.3, 2.2, 5.15)
    s.words(
        rect(x + 20, y - 60, x + 130, y + 20),
        f"{s.dice('floor').randint(1, 5)}F",
        (176, 36, 32),
        0.8,
    )


def stair_clutter(s: Scene) -> None:
    """FS03: cartons, a bicycle, old furniture on the stairs."""
    _stairs(s)
    if s.after:
        wet = s.ground(ragged(s, "mopped", 0.3, 2.0, 1.1, 0.5), 0.002)
        s.fill(wet, (220, 222, 218), alpha=0.25, soft=12)
        return
    dice = s.dice("clutter")
    box(
        s,
        standing_at(0.95, 3.9, -4),
        0.85,
        1.5,
        0.5,
        dice.choice(((128, 86, 56), (206, 198, 178), (150, 110, 74))),
    )
    for x, y in (s.at(0.95, 1.0, 3.6), s.at(0.95, 0.5, 3.6)):
        s.line([(x - 90, y), (x + 90, y)], 4, (60, 40, 28))
        s.fill(circle(x, y - 26, 7), (220, 200, 140))
    for i in range(3):
        carton(
            s,
            standing_at(-1.1 + 0.05 * i, 2.62 + 0.5 * i, dice.uniform(-15, 15), 0.165 * 1.8 * i),
            0.5,
            dice.uniform(0.35, 0.5),
            0.4,
            tone=dice.uniform(0.85, 1.1),
        )
    carton(s, standing_at(0.85, 2.75, 12), 0.62, 0.42, 0.46)
    carton(s, standing_at(0.9, 2.75, -8), 0.5, 0.34, 0.4, y=0.42, tone=0.9)
    ebike(s, -0.25, 2.35, 8, dice.choice(BIKE_COLORS))
    for i in range(3):
        x, y = s.at(0.35 + 0.3 * i, 0, 2.15 + 0.1 * i)
        bag(
            s,
            x,
            y + 10,
            dice.uniform(58, 82),
            dice.choice(((46, 48, 54), (190, 60, 56), (86, 116, 160))),
            f"bag{i}",
        )


def ebike_in_lift(s: Scene) -> None:
    """FS04: an e-bike standing in a lift."""
    room(
        s,
        3.6,
        2.7,
        3.2,
        wainscot=None,
        wallpaint=s.dice("paint").choice(((214, 204, 186), (206, 210, 212), (196, 188, 176))),
    )
    s.fill(
        s.flat([(-0.95, 0, 3.18), (0.95, 0, 3.18), (0.95, 2.3, 3.18), (-0.95, 2.3, 3.18)]),
        (122, 126, 130),
        to=(92, 96, 100),
    )
    opening = s.flat([(-0.8, 2.15, 3.17), (0.8, 2.15, 3.17), (0.8, 0.0, 3.17), (-0.8, 0.0, 3.17)])
    s.fill(opening, (150, 152, 152), to=(120, 122, 122))
    inner = [s.at(-0.72, 2.08, 4.6), s.at(0.72, 2.08, 4.6), s.at(0.72, 0, 4.6), s.at(-0.72, 0, 4.6)]
    a, b, c, d = opening
    s.fill([a, inner[0], inner[3], d], (172, 176, 178), to=(138, 140, 142))
    s.fill([b, inner[1], inner[2], c], (150, 154, 156), to=(118, 120, 122))
    s.fill(inner, (196, 200, 200), to=(156, 160, 160))
    s.fill([d, inner[3], inner[2], c], (104, 92, 84), to=(132, 120, 110))
    s.fill([a, b, inner[1], inner[0]], (232, 234, 230), to=(250, 250, 246))
    s.line([inner[3], (inner[3][0], inner[0][1])], 3, (130, 134, 136))
    rail = [s.at(-0.7, 0.9, 4.55), s.at(0.7, 0.9, 4.55)]
    s.line(rail, 12, (222, 224, 224))
    x, y = s.at(0.3, 1.7, 4.55)
    paper(s, x, y, 60, 82, (250, 250, 246), 3, "通知")
    x, y = s.at(1.15, 1.25, 3.15)
    s.fill(rect(x, y - 30, x + 56, y + 90), (196, 198, 198), to=(160, 162, 162))
    s.fill([circle(x + 28, y, 11), circle(x + 28, y + 46, 11)], (250, 226, 160))
    x, y = s.at(-1.62, 1.75, 3.15)
    sign_board(s, rect(x, y, x + 210, y + 120), "禁止电动车", (200, 36, 32))
    if not s.after:
        dice = s.dice("bike")
        ebike(
            s,
            dice.uniform(-0.08, 0.08),
            3.72,
            dice.choice((24, 156)),
            dice.choice(BIKE_COLORS),
            box_on=dice.random() < 0.5,
        )


def lift_fault(s: Scene) -> None:
    """BD06: a lift stands with its doors half open, a notice before it."""
    room(
        s,
        4.0,
        2.75,
        3.3,
        wainscot=None,
        wallpaint=s.dice("paint").choice(((216, 206, 188), (206, 210, 212), (198, 190, 178))),
    )
    z = 3.28
    s.fill(
        s.flat([(-0.95, 2.35, z), (0.95, 2.35, z), (0.95, 0, z), (-0.95, 0, z)]),
        (126, 128, 132),
        to=(92, 96, 100),
    )
    s.fill(
        s.flat(
            [(-0.8, 2.15, z - 0.01), (0.8, 2.15, z - 0.01), (0.8, 0, z - 0.01), (-0.8, 0, z - 0.01)]
        ),
        (16, 17, 19),
        to=(34, 34, 36),
    )
    gap = 0.0 if s.after else s.dice("gap").uniform(0.14, 0.3)
    steel: Color = (176, 180, 184)
    if not s.after:
        s.fill(
            s.flat(
                [
                    (-gap, 0.62, z - 0.015),
                    (gap, 0.62, z - 0.015),
                    (gap, 0, z - 0.015),
                    (-gap, 0, z - 0.015),
                ]
            ),
            (92, 88, 82),
            to=(60, 58, 54),
        )
        s.fill(
            s.flat(
                [
                    (-gap, 0.7, z - 0.015),
                    (gap, 0.7, z - 0.015),
                    (gap, 0.62, z - 0.015),
                    (-gap, 0.62, z - 0.015),
                ]
            ),
            (236, 230, 200),
        )
    for a, b in ((-0.8, -gap), (gap, 0.8)):
        door = s.flat(
            [(a, 2.15, z - 0.02), (b, 2.15, z - 0.02), (b, 0, z - 0.02), (a, 0, z - 0.02)]
        )
        s.fill(door, shade(steel, 1.14), to=shade(steel, 0.8), axis="h")
        s.texture(door, Plane((-3, 0, z), (1, 0, 0), (0, 1, 0)), "plaster", (40, 44, 50), 0.25)
    x0, y0 = s.at(-0.28, 2.58, z - 0.03)
    x1, y1 = s.at(0.28, 2.4, z - 0.03)
    s.fill(rect(x0, y0, x1, y1), (18, 18, 20))
    s.words(
        rect(x0 + 60, y0 + 12, x1 - 60, y1 - 12),
        "1" if s.after else "E5",
        (255, 90, 60) if not s.after else (250, 190, 70),
    )
    px, py = s.at(1.2, 1.25, z)
    s.fill(rect(px, py - 40, px + 70, py + 100), (198, 200, 200), to=(160, 162, 164))
    s.fill(
        [circle(px + 35, py, 14), circle(px + 35, py + 60, 14)],
        (250, 226, 160) if s.after else (120, 120, 116),
    )
    nx, ny = s.at(-1.75, 1.75, z)
    paper(s, nx, ny, 150, 190, (250, 250, 246), 4, "乘梯须知")
    if s.after:
        paper(s, nx + 190, ny + 10, 110, 90, (226, 244, 230), 2, "已检修")
        return
    place = standing_at(0.1, 2.45, -6)
    hexahedron(
        s,
        [
            place(a, b, c)
            for b in (0, 0.95)
            for a, c in (
                (-0.42, -0.22),
                (0.42, -0.22),
                (0.42, 0.22 - b * 0.36),
                (-0.42, 0.22 - b * 0.36),
            )
        ],
        (236, 180, 40),
    )
    quad = s.flat(
        [place(a, b, -0.235) for a, b in ((-0.38, 0.88), (0.38, 0.88), (0.38, 0.12), (-0.38, 0.12))]
    )
    s.fill(quad, (250, 214, 60), to=(236, 190, 40))
    one, two, three, four = quad
    s.words(
        [
            (one[0] + 20, one[1] + 26),
            (two[0] - 20, two[1] + 26),
            (two[0] - 20, two[1] + 110),
            (one[0] + 20, one[1] + 110),
        ],
        "电梯故障",
        (190, 24, 20),
    )
    s.words(
        [
            (four[0] + 30, four[1] - 110),
            (three[0] - 30, three[1] - 110),
            (three[0] - 30, three[1] - 40),
            (four[0] + 30, four[1] - 40),
        ],
        "暂停使用",
        (40, 32, 20),
    )


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "FS03": stair_clutter,
    "FS04": ebike_in_lift,
    "BD06": lift_fault,
}
