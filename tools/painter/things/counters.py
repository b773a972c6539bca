"""A counter at a window, and what stands on one in the still lifes: cups, bowls, boxes, sheets."""

# ruff: noqa: PLR0917 - coordinates and colours are positional by nature

from __future__ import annotations

import math
from typing import Final

from tools.painter.brush.canvas import Color, Shape, circle, rect, shade
from tools.painter.brush.moods import Scene

WOOD: Final[Color] = (188, 142, 96)
WHITE: Final[Color] = (244, 242, 236)
STEEL: Final[Color] = (176, 182, 190)
INK: Final[Color] = (44, 48, 58)


def counter(s: Scene, wall: Color, wood: Color = WOOD, edge: float = 560) -> None:
    """Paint a wall with light from the left and the counter before it."""
    s.fill(rect(0, 0, 1600, edge), shade(wall, 1.06), to=shade(wall, 0.86), axis="h")
    s.fill(rect(0, edge, 1600, 1200), shade(wood, 0.82), to=shade(wood, 1.12))
    dice = s.dice("grain")
    for _ in range(70):
        y = edge + (1200 - edge) * dice.random() ** 0.7
        x, long = dice.uniform(-200, 1500), dice.uniform(180, 800)
        tone = shade(wood, dice.choice((0.78, 0.86, 1.14)))
        s.line([(x, y), (x + long, y + dice.uniform(-5, 5))], dice.uniform(1.5, 4), tone, alpha=0.5)
    s.fill(rect(0, edge - 5, 1600, edge + 7), shade(wood, 0.6), alpha=0.8)
    s.fill(
        [(120, 0), (620, 0), (340, edge), (0, edge), (0, 180)], (255, 250, 232), alpha=0.22, soft=60
    )
    s.fill(
        [(0, edge + 40), (900, edge), (1600, edge + 320), (1300, 1200), (0, 1200)],
        (255, 246, 226),
        alpha=0.12,
        soft=80,
    )


def stands(s: Scene, x: float, y: float, wide: float) -> None:
    """Paint the shadow of something that stands there: light comes from the left."""
    s.shadow(circle(x + wide * 0.22, y, wide * 0.72, wide * 0.17), 0.42, 26)
    s.shadow(circle(x, y - 4, wide * 0.52, wide * 0.1), 0.5, 8)


def lit(s: Scene, shape: Shape, color: Color) -> None:
    """Paint a body that is lit from the left."""
    s.fill(shape, shade(color, 1.18), to=shade(color, 0.62), axis="h")


def tub(x: float, top: float, low: float, wide: float, foot: float) -> list[tuple[float, float]]:
    """Return the outline of a cup or a bowl."""
    upper = [
        (x - wide, top),
        *[(x - wide + i * wide / 10, top) for i in range(1, 20)],
        (x + wide, top),
    ]
    lower = [p for p in circle(x, low, foot, foot * 0.22) if p[1] >= low]
    return [*upper, *sorted(lower, key=lambda p: -p[0])]


def steam(s: Scene, x: float, y: float, tall: float) -> None:
    dice = s.dice(f"steam {x}")
    for _ in range(4):
        left, turn = x + dice.uniform(-60, 60), dice.uniform(0, 6)
        path = [(left + 34 * math.sin(turn + i / 2.2), y - tall * i / 12) for i in range(13)]
        s.line(path, 26, (255, 255, 255), alpha=0.2, soft=16)


def bowl(s: Scene, x: float, y: float, r: float, color: Color, inside: Color) -> None:
    stands(s, x, y + r * 0.72, r)
    lit(s, tub(x, y, y + r * 0.62, r, r * 0.5), color)
    s.fill(circle(x, y, r, r * 0.36), shade(color, 1.12))
    s.fill(circle(x, y + 4, r * 0.93, r * 0.31), shade(inside, 1.1), to=shade(inside, 0.8))


def sheet(s: Scene, x: float, y: float, wide: float, tall: float, lines: int, head: Color) -> None:
    """Paint a sheet of paper lying a little aslant."""
    slant = wide * 0.16
    page = [
        (x, y),
        (x + wide, y - 20),
        (x + wide + slant, y + tall),
        (x + slant * 0.5, y + tall + 26),
    ]
    s.shadow([(px + 12, py + 14) for px, py in page], 0.35, 12)
    s.fill(page, (252, 251, 246), to=(228, 226, 216))
    for i in range(lines):
        share = 0.16 + 0.74 * i / max(1, lines - 1)
        px, py = x + slant * 0.6 * share + wide * 0.1, y + tall * share
        long = wide * (0.5 if i == 0 else 0.8 if i % 3 else 0.64)
        s.line(
            [(px, py), (px + long, py - 14)],
            16 if i == 0 else 7,
            head if i == 0 else (150, 150, 150),
            alpha=0.85,
        )


def cabinet(s: Scene, x: float, y: float, wide: float, tall: float, color: Color) -> None:
    stands(s, x + wide / 2, y + tall, wide * 0.62)
    lit(s, rect(x, y, x + wide, y + tall), color)
    s.fill([(x, y), (x + 40, y - 44), (x + wide + 40, y - 44), (x + wide, y)], shade(color, 1.3))
    s.fill(
        [
            (x + wide, y),
            (x + wide + 40, y - 44),
            (x + wide + 40, y + tall - 44),
            (x + wide, y + tall),
        ],
        shade(color, 0.5),
    )
