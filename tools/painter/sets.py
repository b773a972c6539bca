"""Where the phone is held for each category, and in what weather."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tools.painter.brush.camera import Camera

Span = tuple[float, float]


@dataclass(frozen=True)
class Stage:
    """Ranges the camera is chosen from; angles in degrees, heights in metres."""

    height: Span = (1.4, 1.7)
    pitch: Span = (3, 7)
    yaw: Span = (-5, 5)
    focal: Span = (1150, 1300)
    roll: Span = (-1.5, 1.5)
    weather: str = "any"

    def camera(self, dice: random.Random) -> Camera:
        """Choose how the phone was held this time."""
        return Camera(
            height=dice.uniform(*self.height),
            pitch=dice.uniform(*self.pitch),
            yaw=dice.uniform(*self.yaw),
            focal=dice.uniform(*self.focal),
            roll=dice.uniform(*self.roll),
        )


STREET = Stage()
DOWN = Stage(height=(1.5, 1.75), pitch=(30, 40), yaw=(-14, 14))
WALL = Stage(height=(1.3, 1.5), pitch=(-2, 4), yaw=(-9, 9))
LOW_WALL = Stage(height=(1.4, 1.55), pitch=(9, 13), yaw=(-8, 8))
UP = Stage(height=(1.5, 1.7), pitch=(-16, -11), yaw=(-10, 10))
INSIDE = Stage(height=(1.45, 1.65), pitch=(4, 9), yaw=(-5, 5), focal=(980, 1100), weather="indoor")


def _in(stage: Stage, weather: str) -> Stage:
    return Stage(stage.height, stage.pitch, stage.yaw, stage.focal, stage.roll, weather)


SETS: Final[Mapping[str, Stage]] = {
    "FS01": Stage(height=(1.6, 1.9), pitch=(7, 12)),
    "FS02": INSIDE,
    "FS03": INSIDE,
    "FS04": INSIDE,
    "FS05": Stage(pitch=(-9, -6), yaw=(-8, 8)),
    "FS06": _in(WALL, "indoor"),
    "FS07": STREET,
    "UT01": DOWN,
    "UT02": WALL,
    "UT03": Stage(pitch=(-6, -2)),
    "UT04": LOW_WALL,
    "UT05": Stage(pitch=(9, 14)),
    "UT06": _in(Stage(pitch=(6, 11)), "winter"),
    "UT07": Stage(height=(1.5, 1.75), pitch=(22, 30), yaw=(-12, 12)),
    "UT08": _in(Stage(pitch=(-4, 0)), "night"),
    "RD01": Stage(pitch=(14, 20)),
    "RD02": DOWN,
    "RD03": _in(Stage(pitch=(5, 9)), "rain"),
    "RD04": _in(Stage(pitch=(14, 22)), "winter"),
    "RD05": Stage(pitch=(-6, -2)),
    "RD06": Stage(pitch=(8, 13)),
    "BD01": Stage(pitch=(-14, -9), yaw=(-12, 12)),
    "BD02": _in(Stage(pitch=(-15, -10), yaw=(-12, 12)), "winter"),
    "BD03": Stage(pitch=(9, 14)),
    "BD04": Stage(pitch=(5, 10)),
    "BD05": Stage(pitch=(-1, 4)),
    "BD06": INSIDE,
    "EN01": Stage(pitch=(6, 11)),
    "EN02": Stage(pitch=(6, 10)),
    "EN99": Stage(pitch=(8, 13)),
    "PS01": _in(LOW_WALL, "indoor"),
    "PS02": Stage(pitch=(10, 15)),
    "PS03": _in(Stage(), "night"),
    "PS04": INSIDE,
    "PS05": Stage(pitch=(6, 11)),
    "PS06": LOW_WALL,
}
