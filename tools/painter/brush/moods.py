"""Light and weather of a picture, and what a cheap phone does to it."""

# ruff: noqa: PLR0917 - coordinates and colours are positional by nature

from __future__ import annotations

import io
import random
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tools.painter.brush.camera import Camera
from tools.painter.brush.canvas import Canvas, Color
from tools.painter.brush.textures import chinese_font, text_mask

WATERMARK = "演示图片"


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


@cache
def _lens(size: tuple[int, int]) -> Image.Image:
    """Return how much the lens darkens towards the corners, as a mask."""
    across = np.linspace(-1, 1, size[0], dtype=np.float32) ** 2
    down = np.linspace(-1, 1, size[1], dtype=np.float32) ** 2
    grey = 46 * (across[None, :] + down[:, None]) ** 1.3 / 1.6
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))


@cache
def _grain(size: tuple[int, int], which: int) -> Image.Image:
    """Return the sensor's noise around 128, a little coarser than a pixel."""
    rng = np.random.default_rng(which)
    noise = Image.fromarray(
        (128 + rng.normal(0, 9, (size[1], size[0]))).clip(0, 255).astype(np.uint8)
    )
    noise = noise.filter(ImageFilter.BoxBlur(0.6))
    return Image.merge("RGB", (noise, noise, noise))


def develop(scene: Scene, dice: random.Random) -> bytes:
    """Turn the painted scene into a phone's JPEG."""
    exposure = dice.uniform(0.95, 1.06) * (1.04 if scene.after else 1.0)
    if scene.mood.night:
        scene.darken(scene.mood.tint)
        tint = (exposure,) * 3
    else:
        for x, y, radius, color in scene.glows:
            scene.glow(x, y, radius, color)
        tint = tuple(part * exposure for part in scene.mood.tint)  # type: ignore[assignment]
    # A phone's curve: deep shadows a little lifted, highlights rolled off.
    curve = [
        round(255 * min(1.0, max(0.0, _tone(i / 255 * part)))) for part in tint for i in range(256)
    ]
    image = scene.image.point(curve)
    image.paste(Image.new("RGB", scene.size), (0, 0), _lens(scene.size))
    image = ImageChops.add(image, _grain(scene.size, dice.randrange(3)), 1, -128)
    _mark(image)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _tone(value: float) -> float:
    value = min(1.0, value)
    return 0.025 + 0.965 * (value + 0.16 * value * (1 - value) * (2 * value - 0.75))


def _mark(image: Image.Image) -> None:
    """Write in the corner that this is a demo picture."""
    words = WATERMARK if chinese_font(64) else "DEMO"
    mask = text_mask(words)
    height = round(image.width * 0.02)
    small = mask.resize((round(mask.width * height / mask.height), height), Image.Resampling.BOX)
    left, top = image.width - small.width - height // 2, image.height - height - height // 2
    ImageDraw.Draw(image)  # the image must be loaded before it is pasted into
    image.paste((0, 0, 0), (left + 1, top + 1), small.point([i // 2 for i in range(256)]))
    image.paste((255, 255, 255), (left, top), small.point([i * 7 // 10 for i in range(256)]))
