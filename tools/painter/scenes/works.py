"""Works in the road and a tree across it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import GROUND
from tools.painter.brush.canvas import Color, circle, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import (
    box,
    disc,
    post,
    ragged,
    standing_at,
)
from tools.painter.things.backdrops import street
from tools.painter.things.props import bare_branches, cone


def open_works(s: Scene) -> None:
    """BD03: a trench in the road, earth beside it, no fence."""
    street(s, cars=0, trees=2, lines=False)
    dice = s.dice("works")
    x = dice.uniform(-0.8, 0.6)
    trench = [(x - 0.5, 3.4), (x + 0.55, 3.4), (x + 0.75, 12), (x - 0.55, 12)]
    s.fill(s.ground(trench, 0.003), (60, 46, 36), to=(34, 26, 22))
    s.fill(
        s.flat([(x - 0.5, 0, 3.4), (x - 0.55, 0, 12), (x - 0.5, -0.9, 12), (x - 0.42, -0.5, 3.6)]),
        (124, 92, 64),
        to=(70, 52, 38),
        clip=s.ground(trench),
    )
    s.fill(
        s.ground([(x - 0.1, 3.4), (x + 0.2, 3.4), (x + 0.3, 12), (x - 0.05, 12)], -0.7),
        (206, 210, 206),
        to=(170, 174, 172),
        clip=s.ground(trench),
    )
    for i in range(6):
        z = 10.5 - i * 1.2
        px, py = s.at(x + 1.5, 0, z)
        metre = s.camera.metre((x + 1.5, 0, z))
        s.shadow(s.ground(disc(x + 1.5, z, 0.9, 0.7)), 0.3, 10)
        s.blobs(
            f"earth{i}",
            (px, py - 0.2 * metre),
            (0.75 * metre, 0.26 * metre),
            (0.08 * metre, 0.24 * metre),
            14,
            [(84, 62, 44), (116, 88, 62), (140, 110, 80)],
        )
    _digger(s, x - 1.8, 13)
    if s.after:
        for i in reversed(range(5)):
            z0, z1 = 4.9 + i * 1.9, 6.75 + i * 1.9
            _fence(s, (x - 1.1, z0), (x - 1.1, z1), i)
        for i in range(2):
            _fence(s, (x - 1.1 + 1.75 * i, 4.8), (x + 0.6 + 1.75 * i, 4.8), i, words=i == 0)
        s.fill(
            s.ground([(x - 0.6, 3.3), (x + 0.6, 3.3), (x + 0.6, 4.8), (x - 0.6, 4.8)], 0.003),
            (60, 60, 64),
            to=(52, 52, 56),
        )
        cone(s, x - 1.6, 4.4)
        return
    box(s, standing_at(x - 1.3, 4.6, 30), 0.9, 0.05, 0.16, (160, 124, 84))
    post(s, (x - 1.2, 0.05, 5.8), (x - 0.1, 0.25, 5.0), 0.025, (150, 116, 76))
    for i in range(4):
        post(
            s,
            (x - 1.7, 0.1 + 0.07 * (i % 2), 6.2 + 0.3 * i),
            (x - 0.9, 0.1 + 0.07 * (i % 2), 7.0 + 0.3 * i),
            0.06,
            (60, 110, 180),
        )


def _fence(
    s: Scene, a: tuple[float, float], b: tuple[float, float], i: int, *, words: bool = False
) -> None:
    quad = s.flat([(a[0], 1.8, a[1]), (b[0], 1.8, b[1]), (b[0], 0.05, b[1]), (a[0], 0.05, a[1])])
    s.shadow(s.ground([a, b, (b[0] + 0.5, b[1]), (a[0] + 0.5, a[1])]), 0.35, 8)
    s.fill(quad, (56, 122, 190), to=(36, 88, 148))
    band = s.flat([(a[0], 0.5, a[1]), (b[0], 0.5, b[1]), (b[0], 0.2, b[1]), (a[0], 0.2, a[1])])
    s.fill(band, (240, 214, 60) if i % 2 else (246, 246, 240))
    if words:
        mid = s.flat(
            [
                (a[0] + 0.2, 1.4, a[1]),
                (b[0] - 0.2, 1.4, b[1]),
                (b[0] - 0.2, 0.9, b[1]),
                (a[0] + 0.2, 0.9, a[1]),
            ]
        )
        s.words(mid, "施工围挡", (255, 255, 255))
    post(s, (a[0], 0, a[1]), (a[0], 1.9, a[1]), 0.03, (200, 204, 206))


def _digger(s: Scene, x: float, z: float) -> None:
    yellow: Color = (226, 164, 28)
    for side in (-0.7, 0.7):
        box(s, standing_at(x + side, z, 8), 0.4, 0.6, 2.4, (44, 44, 44))
    box(s, standing_at(x, z + 0.3, 8), 1.6, 0.8, 1.9, yellow, y=0.65, cast=False)
    seen = box(
        s,
        standing_at(x - 0.4, z - 0.2, 8),
        0.75,
        1.0,
        1.0,
        shade(yellow, 0.9),
        y=1.4,
        taper=0.06,
        cast=False,
    )
    for name in ("front", "right"):
        if name in seen:
            cx, cy = sum(p[0] for p in seen[name]) / 4, sum(p[1] for p in seen[name]) / 4
            s.fill(
                [(cx + (px - cx) * 0.75, cy + (py - cy) * 0.75) for px, py in seen[name]],
                (70, 88, 98),
                to=(40, 52, 60),
            )
    post(s, (x + 0.3, 1.3, z - 0.6), (x + 0.9, 3.1, z - 2.0), 0.15, yellow)
    post(s, (x + 0.9, 3.1, z - 2.0), (x + 1.5, 1.3, z - 3.0), 0.12, yellow)
    box(s, standing_at(x + 1.6, z - 3.1, 8), 0.6, 0.5, 0.5, (70, 66, 60), y=0.8, cast=False)


def fallen_tree(s: Scene) -> None:
    """BD04: a tree across the way."""
    street(s, cars=1, trees=2)
    dice = s.dice("trunk")
    side = dice.choice((-1, 1))
    z = 6.4
    x0 = side * 3.9
    if s.after:
        s.fill(s.ground(disc(x0, z, 0.3), 0.145), (96, 70, 48))
        post(s, (x0, 0.14, z), (x0, 0.45, z), 0.2, (104, 84, 66))
        s.fill(s.ground(disc(x0, z, 0.19), 0.46), (208, 172, 124), to=(186, 148, 104))
        for i in range(5):
            px, py = s.at(x0 - side * 0.2, 0.3 + 0.22 * (i // 3), 4.6 + 0.32 * (i % 3))
            r = 0.12 * s.camera.metre((x0, 0.3, 4.8))
            s.fill(circle(px + 14, py, r * 1.02), (92, 74, 58))
            s.fill(circle(px, py, r), (206, 170, 122), to=(176, 138, 96))
            s.fill(circle(px, py, r * 0.5), (186, 146, 100), alpha=0.7)
        s.texture(
            s.ground(ragged(s, "chips", 0, z, 2.4, 0.9), 0.003),
            GROUND,
            "litter",
            (120, 116, 70),
            0.35,
        )
        return
    reach = x0 - side * 6.2
    s.shadow(s.ground([(x0, z - 0.3), (reach, z - 1.4), (reach, z + 0.6), (x0, z + 0.3)]), 0.45, 18)
    root = s.at(x0, 0.3, z)
    metre = s.camera.metre((x0, 0, z))
    s.blobs(
        "roots",
        (root[0], root[1]),
        (0.45 * metre, 0.5 * metre),
        (6, 26),
        18,
        [(70, 52, 38), (104, 80, 58)],
    )
    for i in range(8):
        turn = i * 0.8
        s.line(
            [
                root,
                (
                    root[0] + side * 0.3 * metre + math.cos(turn) * 0.5 * metre,
                    root[1] + math.sin(turn) * 0.7 * metre,
                ),
            ],
            9,
            (84, 64, 48),
        )
    post(s, (x0, 0.42, z), (x0 - side * 3.2, 0.7, z - 0.4), 0.24, (104, 86, 70), upper=0.18)
    post(s, (x0 - side * 3.2, 0.7, z - 0.4), (reach, 1.0, z - 0.9), 0.17, (98, 80, 64), upper=0.07)
    crown = s.at(x0 - side * 5.0, 0.85, z - 0.7)
    if s.mood.leaves is None:
        bare_branches(
            s, "crown", s.at(x0 - side * 3.4, 0.8, z - 0.5), 3.4 if side > 0 else -0.3, 120, 26
        )
        return
    for i in range(4):
        bare_branches(
            s,
            f"branch{i}",
            s.at(x0 - side * (3.2 + 0.6 * i), 0.8, z - 0.5),
            (3.14 if side > 0 else 0) + dice.uniform(-0.9, 0.9),
            80,
            15,
        )
    for i, tone in enumerate(s.mood.leaves):
        s.blobs(f"leaves{i}", (crown[0] - side * i * 14, crown[1] - i * 12), (1.7 * metre * (1 - 0.08 * i), 0.75 * metre * (1 - 0.1 * i)),
                (0.05 * metre, 0.18 * metre), 60, [tone])  # fmt: skip


SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    "BD03": open_works,
    "BD04": fallen_tree,
}
