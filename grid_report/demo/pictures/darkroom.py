"""From a stored picture to a phone's photo: cut, mirrored, lit, and seen through a cheap lens."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageFilter

from grid_report.demo.pictures.shots import MARK, STORED, Cut, Shot, of_shot, stored_scenes

QUALITY: Final = 80
# How much the lens darkens the corners, and the noise of its sensor.
CORNERS: Final = 40
GRAIN: Final = 22
NO_CUT: Final = Cut(0, 0, 1, is_mirrored=False, slant=0, exposure=1, warmth=0)

Size = tuple[int, int]


def develop_all(shots: Sequence[Shot], size: Size) -> list[bytes]:
    """Return a JPEG of each shot of one spot; each stored picture is read once."""
    read: dict[Path, Image.Image] = {}
    photos = []
    for shot in shots:
        if shot.category in stored_scenes():
            scene, cut = of_shot(shot)
            file = scene.file(after=shot.after)
        else:
            file, cut = STORED / f"{shot.category}.webp", NO_CUT
        if file not in read:
            read[file] = open_stored(file)
        photos.append(_jpeg(expose(read[file], cut, size)))
    return photos


def open_stored(file: Path) -> Image.Image:
    """Read a stored picture."""
    with Image.open(file) as image:
        return image.convert("RGB")


def expose(stored: Image.Image, cut: Cut, size: Size) -> Image.Image:
    """Make the photo of a cut."""
    photo = window_of(stored, cut, size)
    light = (cut.exposure * (1 + cut.warmth), cut.exposure, cut.exposure * (1 - cut.warmth))
    photo = photo.point([min(255, round(i * part)) for part in light for i in range(256)])
    photo.paste((0, 0, 0), (0, 0, *size), _corners(size))
    photo = ImageChops.add(photo, _grain(size), 1, -128)
    mark = _mark(size[0])
    left, top = size[0] - mark.width - mark.height // 2, size[1] - mark.height * 3 // 2
    photo.paste((0, 0, 0), (left + 1, top + 1), mark.point([i // 2 for i in range(256)]))
    photo.paste((255, 255, 255), (left, top), mark)
    return photo


def window_of(stored: Image.Image, cut: Cut, size: Size) -> Image.Image:
    """Return what a cut shows, in the light it was painted in."""
    wide, high = stored.size
    left, top = cut.left * wide, cut.top * high
    right, bottom = left + cut.width * wide, top + cut.width * high
    if cut.slant:
        photo = _seen_from_the_side(stored, cut, size, (left, top, right, bottom))
    else:
        photo = stored.resize(size, Image.Resampling.BILINEAR, (left, top, right, bottom))
    return photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if cut.is_mirrored else photo


def _seen_from_the_side(
    stored: Image.Image, cut: Cut, size: Size, box: tuple[float, float, float, float]
) -> Image.Image:
    left, top, right, bottom = box
    # One edge is nearer: it shows less.
    less = abs(cut.slant) * (bottom - top)
    near, far = (less, 0.0) if cut.slant > 0 else (0.0, less)
    corners = (left, top + near, left, bottom - near, right, bottom - far, right, top + far)
    return stored.transform(size, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)


@cache
def _corners(size: Size) -> Image.Image:
    grey = Image.radial_gradient("L").point([round(CORNERS * (i / 255) ** 2.6) for i in range(256)])
    # The gradient is black in its middle and ends beyond the corners.
    return grey.resize(size, Image.Resampling.BILINEAR)


@cache
def _grain(size: Size) -> Image.Image:
    dice = random.Random("grain")
    noise = Image.frombytes("L", size, dice.randbytes(size[0] * size[1]))
    # A little coarser than a pixel.
    noise = noise.filter(ImageFilter.BoxBlur(0.6))
    noise = noise.point([round(128 + (i - 128) * GRAIN / 128) for i in range(256)])
    return Image.merge("RGB", (noise, noise, noise))


@cache
def _mark(width: int) -> Image.Image:
    """Return what says in the corner that this is a demo picture, as a mask."""
    with Image.open(STORED / MARK) as image:
        mark = image.convert("L")
    height = max(1, round(width * 0.02))
    small = mark.resize((round(mark.width * height / mark.height), height), Image.Resampling.BOX)
    return small.point([i * 7 // 10 for i in range(256)])


def _jpeg(photo: Image.Image) -> bytes:
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
