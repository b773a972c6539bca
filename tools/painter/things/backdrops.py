"""Where a hazard is seen: street, yard, pavement from above, a wall, a corridor."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec

from PIL import Image

from tools.painter.brush.camera import GROUND, Plane, Point2, Point3
from tools.painter.brush.canvas import Color, mix, rect, shade
from tools.painter.brush.moods import Scene
from tools.painter.brush.solids import post, ragged
from tools.painter.things.houses import WALLS, facade
from tools.painter.things.props import CAR_COLORS, car, tree

P = ParamSpec("P")


def kept(
    paint: Callable[Concatenate[Scene, P], None],
) -> Callable[Concatenate[Scene, P], None]:
    """Keep the last backdrop painted: the picture after a repair starts from the one before it."""
    last: dict[str, tuple[object, Image.Image, list[Any], list[Any]]] = {}

    @functools.wraps(paint)
    def painted(scene: Scene, /, *args: P.args, **kwargs: P.kwargs) -> None:
        key = (scene.seed, scene.size, scene.camera, scene.mood, args, sorted(kwargs.items()))
        if "one" in last and last["one"][0] == key:
            _, image, lamps, glows = last["one"]
            scene.image = image.copy()
            scene.lamps, scene.glows = list(lamps), list(glows)
            return
        paint(scene, *args, **kwargs)
        last["one"] = (key, scene.image.copy(), list(scene.lamps), list(scene.glows))

    return painted


def sky(scene: Scene, horizon: float = 620) -> None:
    """Paint the sky down to the horizon."""
    high, low = scene.mood.sky
    scene.fill(rect(-20, -20, 1620, horizon + 30), high, to=low)
    if scene.mood.sun > 0.3 and not scene.mood.night:
        dice = scene.dice("clouds")
        for i in range(3):
            x, y = dice.uniform(0, 1600), dice.uniform(40, horizon * 0.55)
            scene.blobs(
                f"cloud{i}",
                (x, y),
                (dice.uniform(120, 260), 26),
                (30, 70),
                7,
                [mix(low, (255, 255, 255), 0.6)],
                alpha=0.35,
                soft=30,
            )


def far_town(scene: Scene, horizon: float) -> None:
    """Close the view with hazy houses."""
    dice, low = scene.dice("town"), scene.mood.sky[1]
    x = -40.0
    shapes: list[list[Point2]] = []
    while x < 1640:
        wide, tall = dice.uniform(60, 170), dice.uniform(30, 190)
        shapes.append(rect(x, horizon - tall, x + wide, horizon + 12))
        x += wide
    scene.fill(shapes[::2], mix(low, (110, 122, 140), 0.35))
    scene.fill(shapes[1::2], mix(low, (110, 122, 140), 0.5))


def road(scene: Scene, half: float = 3.6, *, walk: float = 2.6, lines: bool = True) -> None:
    """Lay a street ahead: asphalt, kerbs, pavements."""
    far = 70.0
    base: Color = (104, 104, 106) if not scene.mood.wet else (78, 82, 88)
    whole = scene.ground([(-60, 0.2), (60, 0.2), (60, far), (-60, far)])
    scene.fill(whole, mix(base, scene.mood.sky[1], 0.3), to=shade(base, 0.96))
    scene.texture(whole, GROUND, "asphalt", (22, 22, 26), 0.75)
    for side in (-1, 1):
        inner, outer = side * half, side * (half + walk)
        pave = scene.ground([(inner, 0.4), (outer, 0.4), (outer, far), (inner, far)], 0.14)
        scene.fill(pave, mix((168, 162, 154), scene.mood.sky[1], 0.25), to=(150, 144, 138))
        scene.texture(
            pave, Plane((0, 0.14, 0), (1, 0, 0), (0, 0, 1)), "pavers", (60, 54, 50), 0.6, sharp=True
        )
        kerb = scene.flat(
            [(inner, 0, 0.4), (inner, 0.14, 0.4), (inner, 0.14, far), (inner, 0, far)]
        )
        scene.fill(kerb, (128, 126, 124))
        edge = scene.ground(
            [(inner, 0.4), (inner + side * 0.16, 0.4), (inner + side * 0.16, far), (inner, far)],
            0.142,
        )
        scene.fill(edge, (192, 190, 186))
    if lines and not scene.mood.snow:
        marks = [
            scene.ground([(-0.08, z), (0.08, z), (0.08, z + 2.4), (-0.08, z + 2.4)], 0.002)
            for z in (1, 7, 13, 19, 25, 31)
        ]
        scene.fill(marks, (226, 222, 210), alpha=0.75)


@kept
def street(
    scene: Scene, *, half: float = 3.6, cars: int = 2, trees: int = 3, lines: bool = True, shops: bool = True, lamps: bool = True
) -> None:  # fmt: skip
    """Paint a whole street with houses on both sides."""
    horizon = scene.at(0, scene.camera.height, 4000)[1]
    sky(scene, horizon)
    far_town(scene, horizon)
    road(scene, half, lines=lines)
    dice = scene.dice("street")
    front = half + 2.6
    for side in (-1, 1):
        ends = [2.0]
        while ends[-1] < 46:
            ends.append(ends[-1] + dice.uniform(9, 16))
        blocks = list(itertools.pairwise(ends))
        for start, end in reversed(blocks):
            length = min(end, 60) - start - 0.4
            facade(
                scene,
                (side * front, 0, start),
                (0, 1),
                length,
                dice.randint(3, 6),
                dice,
                shops=shops,
            )
    if scene.mood.snow:
        snow_on_street(scene, half)
    spots = sorted((dice.uniform(9, 30) for _ in range(trees)), reverse=True)
    for i, z in enumerate(spots):
        tree(scene, dice.choice((-1, 1)) * (half + 0.7), z, dice.uniform(4.4, 6.2), f"tree{i}")
    if lamps:
        for z in (34.0, 22.0, 12.0):
            lamp(scene, half + 0.35, z)
    for _ in range(cars):
        z, side = dice.uniform(11, 26), dice.choice((-1, 1))
        car(scene, side * (half - 1.1), z, dice.choice((0, 180)), dice.choice(CAR_COLORS))


def lamp(scene: Scene, x: float, z: float, *, lit: bool = True, height: float = 6.5) -> None:
    """Put a street lamp; at night it lights the road when `lit`."""
    arm = -1.2 if x > 0 else 1.2
    post(scene, (x, 0.1, z), (x, height, z), 0.07, (132, 138, 142), upper=0.045)
    post(scene, (x, height, z), (x + arm, height + 0.25, z), 0.035, (132, 138, 142))
    head, metre = scene.at(x + arm, height + 0.22, z), scene.camera.metre((x, height, z))
    tone: Color = (255, 246, 214) if lit and scene.mood.night else (92, 94, 96)
    scene.fill([(head[0] - 0.34 * metre, head[1] - 0.07 * metre), (head[0] + 0.34 * metre, head[1] - 0.07 * metre),
                (head[0] + 0.28 * metre, head[1] + 0.08 * metre), (head[0] - 0.28 * metre, head[1] + 0.08 * metre)], tone)  # fmt: skip
    if lit and scene.mood.night:
        spot = scene.at(x + arm, 0, z)
        reach = 3.4 * metre
        scene.lamps.append((spot[0], spot[1], reach * 1.5, reach * 0.75, 1.0))
        scene.lamps.append(
            (head[0], (head[1] + spot[1]) / 2, reach * 0.7, (spot[1] - head[1]) * 0.75, 0.6)
        )
        scene.glows.append((head[0], head[1], 1.5 * metre, (255, 220, 150)))


def snow_on_street(scene: Scene, half: float) -> None:
    """Let snow lie: thick on the pavements and verges, tracks on the carriageway."""
    for side in (-1, 1):
        bank = scene.ground(
            [
                (side * (half - 0.6), 0.4),
                (side * (half + 3), 0.4),
                (side * (half + 3), 60),
                (side * (half - 0.2), 60),
            ],
            0.16,
        )
        scene.fill(bank, (222, 230, 240), to=(244, 247, 250))
        scene.texture(bank, Plane((0, 0.16, 0), (1, 0, 0), (0, 0, 1)), "snow", (118, 136, 168), 0.4)
    for i, x in enumerate((-2.1, -0.1, 1.9)):
        strip = scene.ground(ragged(scene, f"track{i}", x, 16, 0.42, 17, 0.5), 0.003)
        scene.fill(strip, (226, 232, 240), alpha=0.5, soft=22)


@kept
def pavement(scene: Scene, kind: str = "asphalt", *, kerb: bool = True) -> None:
    """Look down at the ground: asphalt, paving or snow, with a kerb running past."""
    dice = scene.dice("pavement")
    tone = dice.uniform(0.92, 1.1)
    base: Color = {
        "asphalt": (108, 108, 110),
        "pavers": (172, 160, 148),
        "concrete": (170, 168, 162),
    }[kind]
    if scene.mood.wet:
        base = shade(base, 0.72)
    whole = scene.ground([(-40, 0.05), (40, 0.05), (40, 60), (-40, 60)])
    horizon = scene.at(0, scene.camera.height, 4000)[1]
    if horizon > 0:
        sky(scene, horizon)
        far_town(scene, horizon)
        facade(scene, (-16, 0, 15), (1, 0), 34, 2, dice, shops=True)
    near = scene.ground([(-60, 0.05), (60, 0.05), (60, 15), (-60, 15)])
    scene.fill(near, shade(base, tone * 1.05), to=shade(base, tone * 0.9))
    scene.texture(whole, GROUND, kind, (24, 22, 24), 0.8 if kind == "asphalt" else 0.55, sharp=True)
    if kind == "asphalt" and dice.random() < 0.7:
        x = dice.choice((-1, 1)) * dice.uniform(1.15, 1.5)
        scene.fill(
            scene.ground([(x, 0.2), (x + 0.13, 0.2), (x + 0.13, 30), (x, 30)], 0.001),
            (222, 218, 206),
            alpha=0.65,
        )
    if kerb:
        side = dice.choice((-1, 1))
        x = side * dice.uniform(1.9, 2.4)
        walk = scene.ground([(x, 0.1), (x + side * 30, 0.1), (x + side * 30, 30), (x, 30)], 0.13)
        scene.fill(walk, (176, 168, 158), to=(158, 150, 142))
        scene.texture(
            walk, Plane((0, 0.13, 0), (1, 0, 0), (0, 0, 1)), "pavers", (64, 54, 48), 0.6, sharp=True
        )
        scene.fill(
            scene.flat([(x, 0, 0.1), (x, 0.13, 0.1), (x, 0.13, 30), (x, 0, 30)]), (120, 118, 116)
        )
        scene.fill(
            scene.ground([(x, 0.1), (x + side * 0.18, 0.1), (x + side * 0.18, 30), (x, 30)], 0.132),
            (196, 194, 188),
        )


def wall(
    scene: Scene, distance: float = 3.0, *, kind: str = "plaster", color: Color | None = None, floor: str = "concrete"
) -> Plane:  # fmt: skip
    """Stand in front of a wall; returns its plane, whose origin is at the foot of its middle."""
    dice = scene.dice("wall")
    color = color or dice.choice(WALLS)
    shape = scene.flat(
        [(-12, 0, distance), (12, 0, distance), (12, 9, distance), (-12, 9, distance)]
    )
    scene.fill(shape, shade(color, 1.04), to=shade(color, 0.84))
    plane = Plane((-8, 0, distance), (1, 0, 0), (0, 1, 0))
    ink: Color = (66, 40, 32) if kind == "brick" else (52, 46, 42)
    scene.texture(
        shape,
        Plane((-3, 0, distance), (1, 0, 0), (0, 1, 0)),
        kind,
        ink,
        0.6,
        sharp=kind != "plaster",
    )
    ground = scene.ground([(-12, 0.1), (12, 0.1), (12, distance), (-12, distance)])
    scene.fill(ground, (158, 156, 150), to=(136, 134, 130))
    scene.texture(ground, GROUND, floor, (44, 40, 38), 0.55)
    foot = scene.flat(
        [(-12, 0, distance), (12, 0, distance), (12, 0.28, distance), (-12, 0.28, distance)]
    )
    scene.fill(foot, (92, 88, 84), alpha=0.6)
    seam = scene.at(0, 0, distance)[1]
    scene.shadow(rect(-50, seam - 8, 1650, seam + 26), 0.45, 20)
    return plane


@kept
def room(
    scene: Scene, width: float, height: float, depth: float, *, wainscot: Color | None = (118, 158, 134), wallpaint: Color = (226, 222, 210), floor: str = "tiles"
) -> None:  # fmt: skip
    """Paint a corridor seen along its length, its lower walls oil-painted as in old blocks."""
    a = width / 2

    def quad(points: Sequence[Point3], color: Color, to: Color) -> list[Point2]:
        shape = scene.flat(points)
        scene.fill(shape, color, to=to)
        return shape

    back = quad(
        [(-a, height, depth), (a, height, depth), (a, 0, depth), (-a, 0, depth)],
        shade(wallpaint, 0.86),
        shade(wallpaint, 0.74),
    )
    scene.texture(back, Plane((-a, 0, depth), (1, 0, 0), (0, 1, 0)), "plaster", (60, 54, 46), 0.4)
    quad(
        [(-a, height, 0.2), (a, height, 0.2), (a, height, depth), (-a, height, depth)],
        shade(wallpaint, 0.72),
        shade(wallpaint, 0.8),
    )
    ground = quad(
        [(-a, 0, 0.2), (a, 0, 0.2), (a, 0, depth), (-a, 0, depth)], (150, 144, 136), (172, 166, 158)
    )
    scene.texture(ground, GROUND, floor, (52, 46, 42), 0.6, sharp=floor == "tiles")
    for side in (-a, a):
        tone = 0.94 if side < 0 else 0.82
        shape = quad(
            [(side, height, 0.2), (side, height, depth), (side, 0, depth), (side, 0, 0.2)],
            shade(wallpaint, tone),
            shade(wallpaint, tone * 0.88),
        )
        scene.texture(
            shape, Plane((side, 0, 0), (0, 0, 1), (0, 1, 0)), "plaster", (60, 54, 46), 0.45
        )
        if wainscot:
            lower = scene.flat(
                [(side, 1.2, 0.2), (side, 1.2, depth), (side, 0, depth), (side, 0, 0.2)]
            )
            scene.fill(
                lower, shade(wainscot, tone * 1.05), to=shade(wainscot, tone * 0.82), alpha=0.95
            )
            scene.texture(
                lower, Plane((side, 0, 0), (0, 0, 1), (0, 1, 0)), "plaster", (40, 44, 40), 0.4
            )
        scene.shadow(
            scene.ground(
                [(side - 0.12, 0.2), (side + 0.12, 0.2), (side + 0.12, depth), (side - 0.12, depth)]
            ),
            0.4,
            12,
        )
    if wainscot:
        scene.fill(
            scene.flat([(-a, 1.2, depth), (a, 1.2, depth), (a, 0, depth), (-a, 0, depth)]),
            shade(wainscot, 0.84),
            to=shade(wainscot, 0.72),
        )
