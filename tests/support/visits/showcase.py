"""The picture at the top of the README: a phone beside the desk, made of two screenshots."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1400, 800)
GROUND = (238, 233, 224)
EDGE = (28, 38, 48)
MOST_BYTES = 200 * 1024
_SMOOTH = 4  # masks are drawn this many times larger, then shrunk


def compose(desk: bytes, phone: bytes) -> bytes:
    """Return one PNG: the desk behind, the phone in front on its right."""
    picture = Image.new("RGB", SIZE, GROUND)
    _put(picture, _fitted(desk, width=1150), at=(36, 64), radius=14, frame=0)
    _put(picture, _fitted(phone, width=312), at=(1040, 84), radius=34, frame=9)
    for colours in (256, 192, 128, 96, 64):
        file = io.BytesIO()
        flat = picture.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        flat.save(file, "PNG", optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


def _fitted(shot: bytes, *, width: int) -> Image.Image:
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    height = round(image.height * width / image.width)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    large = Image.new("L", (size[0] * _SMOOTH, size[1] * _SMOOTH), 0)
    box = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, radius * _SMOOTH, fill=255)
    return large.resize(size, Image.Resampling.LANCZOS)


def _put(
    picture: Image.Image, shot: Image.Image, *, at: tuple[int, int], radius: int, frame: int
) -> None:
    outer = (shot.width + 2 * frame, shot.height + 2 * frame)
    shade = Image.new("L", picture.size, 0)
    shade.paste(_rounded(outer, radius), (at[0] - frame, at[1] - frame + 10))
    shade = shade.filter(ImageFilter.GaussianBlur(16)).point(lambda level: level * 2 // 5)
    picture.paste(EDGE, (0, 0), shade)
    if frame:
        picture.paste(EDGE, (at[0] - frame, at[1] - frame), _rounded(outer, radius))
    picture.paste(shot, at, _rounded(shot.size, max(radius - frame, 0)))
