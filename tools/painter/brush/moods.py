"""Light and weather of a picture."""

# ruff: noqa: PLR0917 - coordinates and colours are positional by nature

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from PIL import Image

from tools.painter.brush.camera import Camera
from tools.painter.brush.canvas import Canvas, Color


@dataclass(frozen=True)
class Mood:
    """Sky, leaves and light of one moment. `sun` is how hard shadows are, 0 to 1."""

    sky: tuple[Color, Color]
    sun: float
    tint: tuple[float, float, float]
    leaves: tuple[Color, ...] | None
    night: bool = False
    snow: bool = False
    wet: bool = False


SUMMER = ((34, 62, 30), (58, 98, 44), (88, 132, 60), (122, 164, 80))
AUTUMN = ((88, 58, 26), (142, 92, 36), (188, 128, 44), (214, 164, 70))
BARE = None

DAY = {
    "clear": Mood(((92, 148, 210), (206, 226, 240)), 0.55, (1.04, 1.0, 0.96), SUMMER),
    "overcast": Mood(((168, 178, 190), (218, 222, 226)), 0.25, (0.95, 0.98, 1.02), SUMMER),
    "morning": Mood(((138, 176, 216), (250, 230, 200)), 0.45, (1.06, 1.0, 0.92), SUMMER),
    "dusk": Mood(((106, 112, 158), (246, 180, 128)), 0.3, (1.04, 0.93, 0.84), SUMMER),
}
NIGHT = Mood(((30, 36, 62), (70, 70, 92)), 0.2, (0.4, 0.43, 0.56), SUMMER, night=True)
WINTER = Mood(((150, 176, 206), (226, 232, 238)), 0.35, (0.97, 1.0, 1.05), BARE, snow=True)


class Scene(Canvas):
    """A canvas that knows the weather and whether the hazard is still there."""

    def __init__(
        self, code: str, seed: int, size: tuple[int, int], camera: Camera, mood: Mood, after: bool
    ) -> None:
        super().__init__(size, f"{code}:{seed}", camera)
        self.mood = mood
        self.after = after


def pick_mood(dice: random.Random, kind: str = "any") -> Mood:
    """Choose the weather: `any` by chance, or `winter`, `night`, `rain`, `indoor`."""
    if kind == "winter":
        return replace(
            WINTER, tint=dice.choice([(0.97, 1.0, 1.05), (1.03, 0.99, 0.97), (0.92, 0.96, 1.02)])
        )
    if kind == "night":
        return NIGHT
    if kind == "indoor":
        warm = dice.choice(
            [(1.02, 1.0, 0.95), (0.97, 1.0, 1.03), (1.05, 0.99, 0.9), (0.9, 0.92, 0.93)]
        )
        return replace(DAY["overcast"], tint=warm)
    if kind == "rain":
        return replace(DAY["overcast"], tint=(0.88, 0.93, 0.98), wet=True)
    mood = DAY[dice.choice(["clear", "clear", "overcast", "morning", "dusk"])]
    return replace(mood, leaves=AUTUMN) if dice.random() < 0.25 else mood


def finished(scene: Scene) -> Image.Image:
    """Put the light of its moment on a painted scene."""
    tint = scene.mood.tint
    if scene.mood.night:
        scene.darken(tint)
        tint = (1, 1, 1)
    else:
        for x, y, radius, color in scene.glows:
            scene.glow(x, y, radius, color)
    # A phone's curve: deep shadows a little lifted, highlights rolled off.
    curve = [
        round(255 * min(1.0, max(0.0, _tone(i / 255 * part)))) for part in tint for i in range(256)
    ]
    return scene.image.point(curve)


def _tone(value: float) -> float:
    value = min(1.0, value)
    return 0.025 + 0.965 * (value + 0.16 * value * (1 - value) * (2 * value - 0.75))
