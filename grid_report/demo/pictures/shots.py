"""Which part of which stored picture a shot shows, and in what light: by dice, always the same."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from grid_report.settings import CONFIG

STORED: Final = CONFIG / "demo" / "pictures"
LIST: Final = STORED / "scenes.csv"
MARK: Final = "mark.webp"
# A world so big that a category has to come again sooner throws dice nobody has looked at.
BEYOND: Final = 1000
# The photo of a second rider, who stands somewhere else.
ELSEWHERE: Final = 3

Spot = tuple[str, int]


class Shot(NamedTuple):
    """One picture: of which spot, before or after, from where. Or a still life, by its name."""

    category: str
    variant: int
    after: bool = False
    angle: int = 0

    @property
    def spot(self) -> Spot:
        """Which pictures show the same spot."""
        return self.category, self.variant


@dataclass(frozen=True)
class StoredScene:
    """A pair of pictures, before and after, and which throws of the dice make takes of it.

    Throws were chosen by `tools.painter` so that the street's second look (`fairness/`) takes no two spots for one.
    """

    category: str
    number: int
    has_words: bool
    throws: tuple[int, ...]

    def file(self, *, after: bool) -> Path:
        """Return where the picture is."""
        return STORED / file_name(self.category, self.number, after=after)


def file_name(category: str, number: int, *, after: bool) -> str:
    """Name the picture of a scene."""
    return f"{category}-{number}{'-after' if after else ''}.webp"


@dataclass(frozen=True)
class Cut:
    """A window in shares of the stored picture, how it is seen, and its light."""

    left: float
    top: float
    width: float
    is_mirrored: bool
    slant: float
    exposure: float
    warmth: float


@cache
def stored_scenes() -> Mapping[str, Sequence[StoredScene]]:
    """Read the list of stored scenes by category."""
    found: dict[str, list[StoredScene]] = {}
    with LIST.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            throws = tuple(int(throw) for throw in row["throws"].split())
            category, number = row["category"], int(row["scene"])
            scene = StoredScene(category, number, row["has_words"] == "1", throws)
            found.setdefault(category, []).append(scene)
    return found


def of_shot(shot: Shot) -> tuple[StoredScene, Cut]:
    """Return the scene and the cut of a shot; takes go through a category's scenes in turn."""
    scenes = stored_scenes()[shot.category]
    scene = scenes[shot.variant % len(scenes)]
    take = shot.variant // len(scenes)
    throw = scene.throws[take] if take < len(scene.throws) else BEYOND + take
    return scene, cut_of(scene, throw, after=shot.after, angle=shot.angle)


def cut_of(scene: StoredScene, throw: int, *, after: bool = False, angle: int = 0) -> Cut:
    """Throw the dice for a take: before and after show the same window in another light."""
    dice = random.Random(f"{scene.category}/{scene.number}/{throw}")
    width = dice.uniform(0.74, 0.98)
    left, top = dice.uniform(0, 1 - width), dice.uniform(0, 1 - width)
    is_mirrored = dice.random() < 0.5 and not scene.has_words
    slant = 0.0
    for step in range(1, angle + 1):
        # A step closer and to the side; nobody walks away from what is in the middle.
        closer = dice.uniform(0.84, 0.9) if step == 1 else 0.93
        left += width * (1 - closer) * dice.uniform(0, 1)
        top += width * (1 - closer) * dice.uniform(0.3, 0.7)
        width *= closer
        slant = dice.choice((-1, 1)) * dice.uniform(0.02, 0.04)
    light = random.Random(f"{scene.category}/{scene.number}/{throw}/{after}/{angle}")
    exposure = light.uniform(0.92, 1.06) * (1.04 if after else 1.0)
    return Cut(left, top, width, is_mirrored, slant, exposure, light.uniform(-0.04, 0.04))
