"""Which scene shows which category."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image

from tools.painter.brush.moods import Scene, finished, pick_mood
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

Size = tuple[int, int]

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


def paint(code: str, *, seed: int, size: Size, after: bool = False) -> tuple[Image.Image, bool]:
    """Paint a hazard by its category, and tell whether words are in it.

    `after` shows the same place put right. The same arguments always give the same picture on one
    machine. Raises KeyError for a category nobody has drawn.
    """
    dice = random.Random(f"{code}/{seed}")
    stage = SETS[code]
    camera = stage.camera(dice)
    scene = Scene(code, seed, size, camera, pick_mood(dice, stage.weather), after)
    SCENES[code](scene)
    return finished(scene), scene.has_words
