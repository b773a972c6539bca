"""Which scene shows which category."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from tools.painter.brush.moods import Scene, develop, pick_mood
from tools.painter.scenes import (
    buildings,
    fire_safety,
    people,
    roads,
    rooms,
    stairs_lifts,
    surroundings,
    underground,
    utilities,
    weather,
    works,
)
from tools.painter.sets import SETS
from tools.painter.still_lives import STILL_LIVES, service_picture

SCENES: Final[Mapping[str, Callable[[Scene], None]]] = {
    **buildings.SCENES,
    **fire_safety.SCENES,
    **people.SCENES,
    **roads.SCENES,
    **rooms.SCENES,
    **stairs_lifts.SCENES,
    **surroundings.SCENES,
    **underground.SCENES,
    **utilities.SCENES,
    **weather.SCENES,
    **works.SCENES,
}


def any_picture(code: str, *, seed: int, after: bool, size: tuple[int, int], angle: int) -> bytes:
    """Draw a hazard by its category, or by its name what a station hands out."""
    if code in STILL_LIVES:
        return service_picture(code, size=size)
    return hazard_picture(code, seed=seed, after=after, size=size, angle=angle)


def hazard_picture(
    category_code: str,
    *,
    seed: int,
    after: bool = False,
    size: tuple[int, int] = (1600, 1200),
    angle: int = 0,
) -> bytes:
    """Draw a hazard as a phone's JPEG; `after` shows the same place put right.

    `angle` above 0 is another photo of the same thing: a step closer and to the side.
    The same arguments always give the same bytes on one machine. Raises KeyError for a category
    nobody has drawn.
    """
    paint = SCENES[category_code]
    dice = random.Random(f"{category_code}/{seed}")
    stage = SETS[category_code]
    camera = stage.camera(dice)
    if angle:
        side = 4.5 if (seed + angle) % 2 else -4.5
        camera = replace(
            camera,
            yaw=camera.yaw + side,
            pitch=camera.pitch + 2,
            focal=camera.focal * (1 + 0.16 * angle),
        )
    mood = pick_mood(dice, stage.weather)
    scene = Scene(category_code, seed, size, camera, mood, after)
    paint(scene)
    return develop(scene, random.Random(f"{category_code}/{seed}/{after}/lens"))
