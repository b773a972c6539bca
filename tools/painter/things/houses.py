"""House fronts with their windows and shops."""

# ruff: noqa: PLR0917 - coordinates and colours are positional by nature

from __future__ import annotations

import random
from collections.abc import Callable

from tools.painter.brush.camera import Point2, Point3
from tools.painter.brush.canvas import Color, mix, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import wall_plane, wall_quad

WALLS: tuple[Color, ...] = (
    (206, 188, 160), (188, 150, 120), (214, 206, 190), (176, 182, 186), (200, 170, 140), (168, 96, 78), (222, 212, 176),
)  # fmt: skip


SHOPS = (
    "便民超市", "兴旺五金", "老味饺子馆", "新华药房", "顺达快递", "鲜果园", "小城面馆", "佳美理发", "百货商店", "家常菜馆",
)  # fmt: skip


SHOP_COLORS: tuple[Color, ...] = (
    (178, 36, 34),
    (28, 84, 150),
    (30, 116, 76),
    (206, 128, 24),
    (96, 44, 110),
)


def facade(
    scene: Scene, origin: Point3, along: tuple[float, float], length: float, floors: int,
    dice: random.Random, *, shops: bool = False, color: Color | None = None, bay: float = 3.0, brick: bool = False,
) -> None:  # fmt: skip
    """Build a house front with its windows, air conditioners and, at street level, shops."""
    storey = 2.9
    color = color or dice.choice(WALLS)
    height = floors * storey + 0.6
    wall = wall_quad(scene, origin, along, 0, length, 0, height)
    if not wall:
        return
    scene.fill(wall, shade(color, 1.06), to=shade(color, 0.86))
    plane = wall_plane(origin, along)
    if brick or color == WALLS[5]:
        scene.texture(wall, plane, "brick", (70, 40, 32), 0.5, sharp=True)
    else:
        scene.texture(wall, plane, "plaster", (58, 50, 44), 0.55)

    def part(a: float, b: float, low: float, high: float) -> list[Point2]:
        return wall_quad(scene, origin, along, a, b, low, high)

    frames: list[list[Point2]] = []
    glasses: list[list[Point2]] = []
    bright: list[list[Point2]] = []
    sills: list[list[Point2]] = []
    units: list[list[Point2]] = []
    grilles: list[list[Point2]] = []
    first = 1 if shops else 0
    for floor in range(first, floors):
        y = floor * storey + 1.0
        for i in range(int(length / bay)):
            a = i * bay + (bay - 1.6) / 2
            frames.append(part(a - 0.07, a + 1.67, y - 0.07, y + 1.57))
            (glasses if dice.random() < 0.7 else bright).append(part(a, a + 0.77, y, y + 1.5))
            glasses.append(part(a + 0.83, a + 1.6, y, y + 1.5))
            sills.append(part(a - 0.15, a + 1.75, y - 0.22, y - 0.08))
            if dice.random() < 0.3:
                units.append(part(a + 1.78, a + 2.5, y - 0.25, y + 0.3))
                grilles.append(part(a + 1.86, a + 2.22, y - 0.15, y + 0.22))
    scene.fill(frames, (226, 228, 226))
    scene.fill(glasses, mix(scene.mood.sky[0], (58, 72, 84), 0.72), to=(40, 48, 56))
    scene.fill(bright, mix(scene.mood.sky[1], (150, 160, 164), 0.5), to=(86, 92, 96))
    scene.fill(sills, shade(color, 0.68))
    scene.fill(units, (222, 222, 216), to=(184, 184, 180))
    scene.fill(grilles, (92, 96, 98))
    scene.fill(part(0, length, 0, 0.45), (96, 92, 88), to=(70, 68, 66), alpha=0.75)
    if shops:
        _shop_row(scene, part, length, dice)
    if scene.mood.night:
        for x, y in (shape[0] for shape in bright[::3] if shape):
            scene.lamps.append((x + 20, y + 30, 34, 40, 0.9))


def _shop_row(
    scene: Scene,
    at: Callable[[float, float, float, float], list[Point2]],
    length: float,
    dice: random.Random,
) -> None:
    a = 0.3
    while a + 3.2 < length:
        wide = dice.uniform(3.2, 4.6)
        b = min(a + wide, length - 0.2)
        tone = dice.choice(SHOP_COLORS)
        scene.fill(at(a, b, 0.1, 2.5), (52, 58, 62), to=(30, 34, 36))
        scene.fill([at(a + (b - a) * i / 3 + 0.05, a + (b - a) * (i + 1) / 3 - 0.05, 0.2, 2.4) for i in range(3)],
                   mix(scene.mood.sky[1], (110, 118, 120), 0.7), to=(66, 72, 74))  # fmt: skip
        board = at(a, b, 2.55, 3.35)
        if len(board) == 4:
            scene.fill(board, shade(tone, 1.1), to=shade(tone, 0.85))
            inner = at(a + (b - a) * 0.16, b - (b - a) * 0.16, 2.68, 3.22)
            if inner[0][0] > inner[1][0]:
                inner = [inner[1], inner[0], inner[3], inner[2]]
            scene.words(inner, dice.choice(SHOPS), (250, 246, 232))
        a = b + 0.15
