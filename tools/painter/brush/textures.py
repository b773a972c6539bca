"""Tiles and letters the painter inks surfaces with; made once a process, always the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Grey = NDArray[np.floating[Any]]

# Any of these can write Chinese; a machine without one gets signs with bars for letters.
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/PingFang.ttc",
)


@dataclass(frozen=True)
class Tile:
    """A greyscale picture of a surface: how much ink lies where."""

    image: Image.Image
    per_metre: float
    mean: int


@cache
def chinese_font(size: int) -> ImageFont.FreeTypeFont | None:
    """Return a font with Chinese letters, or None when the machine has none."""
    for path in FONTS:
        if Path(path).is_file():
            try:
                return ImageFont.truetype(path, size)
            except OSError:
                continue
    return None


@cache
def text_mask(text: str) -> Image.Image:
    """Write words once, tightly cropped; bars stand for letters nobody can draw here."""
    font = chinese_font(64)
    if font is None and not text.isascii():
        image = Image.new("L", (len(text) * 64, 64), 0)
        draw = ImageDraw.Draw(image)
        for i in range(len(text)):
            draw.rectangle((i * 64 + 8, 10, i * 64 + 54, 20), 255)
            draw.rectangle((i * 64 + 8, 30, i * 64 + 44, 40), 255)
            draw.rectangle((i * 64 + 26, 10, i * 64 + 36, 58), 255)
        return image
    used = font or ImageFont.load_default(64)
    left, top, right, bottom = used.getbbox(text)
    image = Image.new("L", (round(right - left) + 8, round(bottom - top) + 8), 0)
    ImageDraw.Draw(image).text((4 - left, 4 - top), text, 255, font=used)
    return image


def _clouds(rng: np.random.Generator, size: int, cells: int) -> Grey:
    """Return smooth noise between 0 and 1 with so many cells across."""
    coarse = Image.fromarray(rng.integers(0, 256, (cells, cells), dtype=np.uint8))
    smooth = coarse.resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(smooth, np.float32) / 255


def _as_tile(grey: Grey, per_metre: float) -> Tile:
    image = Image.fromarray((grey.clip(0, 1) * 255).astype(np.uint8))
    return Tile(image, per_metre, round(float(grey.clip(0, 1).mean()) * 255))


def _asphalt(rng: np.random.Generator) -> Tile:
    size = 1536
    speckle = rng.random((size, size), dtype=np.float32)
    grey = 0.26 + 0.5 * (speckle - 0.5) + 0.22 * (_clouds(rng, size, 9) - 0.5)
    grey += 0.14 * (_clouds(rng, size, 60) - 0.5)
    cracks = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(cracks)
    for _ in range(9):
        x, y = rng.uniform(0, size), rng.uniform(0, size)
        path = [(x, y)]
        for _ in range(26):
            x, y = x + rng.uniform(-22, 30), y + rng.uniform(-26, 26)
            path.append((x, y))
        draw.line(path, 255, width=int(rng.integers(2, 4)))
    grey += 0.6 * np.asarray(cracks.filter(ImageFilter.BoxBlur(0.7)), np.float32) / 255
    return _as_tile(grey, 110)


def _concrete(rng: np.random.Generator) -> Tile:
    size = 1024
    grey = 0.3 + 0.55 * (_clouds(rng, size, 7) - 0.5) + 0.3 * (_clouds(rng, size, 40) - 0.5)
    grey += 0.22 * (rng.random((size, size), dtype=np.float32) - 0.5)
    return _as_tile(grey, 110)


def _plaster(rng: np.random.Generator) -> Tile:
    size = 1024
    streaks = np.asarray(
        Image.fromarray(rng.integers(0, 256, (5, 90), dtype=np.uint8)).resize(
            (size, size), Image.Resampling.BICUBIC
        ),
        np.float32,
    )
    grey = 0.2 + 0.35 * (_clouds(rng, size, 12) - 0.5) + 0.42 * (streaks / 255 - 0.45)
    grey += 0.12 * (rng.random((size, size), dtype=np.float32) - 0.5)
    return _as_tile(grey, 60)


def _grid(
    rng: np.random.Generator, wide: int, tall: int, joint: int, per_metre: float, *, bond: bool
) -> Tile:
    """Bricks, pavers or tiles: joints full of ink, each stone a tone of its own."""
    size = 1152
    image = Image.new("L", (size, size), 215)
    draw = ImageDraw.Draw(image)
    for row, y in enumerate(range(0, size, tall)):
        shift = wide // 2 if bond and row % 2 else 0
        for x in range(-shift, size, wide):
            tone = int(rng.integers(8, 92))
            draw.rectangle((x + joint, y + joint, x + wide - 1, y + tall - 1), tone)
    grey = np.asarray(image, np.float32) / 255
    grey = grey + 0.2 * (rng.random((size, size), dtype=np.float32) - 0.5)
    grey += 0.16 * (_clouds(rng, size, 11) - 0.5)
    return _as_tile(grey, per_metre)


def _snow(rng: np.random.Generator) -> Tile:
    size = 1024
    grey = 0.34 + 0.9 * (_clouds(rng, size, 14) - 0.5) + 0.5 * (_clouds(rng, size, 50) - 0.5)
    return _as_tile(grey, 80)


def _ripples(rng: np.random.Generator) -> Tile:
    size = 1024
    waves = np.asarray(
        Image.fromarray(rng.integers(0, 256, (120, 22), dtype=np.uint8)).resize(
            (size, size), Image.Resampling.BICUBIC
        ),
        np.float32,
    )
    return _as_tile(0.3 + 0.9 * (waves / 255 - 0.5) + 0.3 * (_clouds(rng, size, 16) - 0.5), 60)


def _shutter() -> Tile:
    rows = np.arange(1024, dtype=np.float32)
    wave = (0.5 - 0.5 * np.cos(rows / 11 * 2 * np.pi)) ** 2
    return _as_tile(np.broadcast_to(wave[:, None] * 0.8, (1024, 1024)).copy(), 120)


def _glow() -> Tile:
    across = np.linspace(-1, 1, 128, dtype=np.float32)
    away = np.sqrt(across[None, :] ** 2 + across[:, None] ** 2)
    return _as_tile(np.clip(1 - away, 0, 1) ** 2, 1)


def _litter(rng: np.random.Generator) -> Tile:
    size = 1024
    image = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(image)
    for _ in range(700):
        x, y, r = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(1, 5)
        draw.ellipse((x, y, x + r, y + r * rng.uniform(0.5, 1)), int(rng.integers(90, 255)))
    return _as_tile(np.asarray(image, np.float32) / 255, 110)


@cache
def tile(name: str) -> Tile:
    """Return a surface by name; the same on every machine and in every run."""
    rng = np.random.default_rng(sum(name.encode()) * 7919)
    makers = {
        "asphalt": lambda: _asphalt(rng),
        "concrete": lambda: _concrete(rng),
        "plaster": lambda: _plaster(rng),
        "brick": lambda: _grid(rng, 48, 16, 2, 200, bond=True),
        "pavers": lambda: _grid(rng, 48, 48, 2, 120, bond=False),
        "setts": lambda: _grid(rng, 36, 18, 2, 150, bond=True),
        "tiles": lambda: _grid(rng, 64, 64, 2, 110, bond=False),
        "facade_tiles": lambda: _grid(rng, 16, 8, 1, 90, bond=False),
        "snow": lambda: _snow(rng),
        "ripples": lambda: _ripples(rng),
        "litter": lambda: _litter(rng),
        "shutter": _shutter,
        "glow": _glow,
    }
    return makers[name]()
