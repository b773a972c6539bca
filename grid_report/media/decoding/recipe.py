"""Decode, clean, encode: from what a phone sent to two files that hold pixels and nothing else.

Runs in a child process (`child.py`), because decoders crash. Measured: a resize costs more than
the codec, so nothing is resampled. A JPEG is decoded
at a power-of-two scale and the thumbnail is an integer reduction of the result.
"""

from __future__ import annotations

import hashlib
import os
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

from PIL import Image, ImageChops, JpegImagePlugin

from grid_report.media import sniff
from grid_report.media.decoding import exif as camera
from grid_report.media.decoding.messages import Cleaned, Job, Outcome
from grid_report.media.sniff import JpegLayout, Kind

THUMB_SIDE_PX: Final = 512
MAIN_QUALITY: Final = 82
THUMB_QUALITY: Final = 75
# Above this a picture that cannot be decoded at a scale needs a place of its own.
ALONE_ABOVE_PIXELS: Final = 16_000_000
# A JPEG that is decoded at a scale may have so many times the pixels of other pictures.
SCALED_TIMES: Final = 3
# Rows flattened at a time, times the reduction: bounds memory, keeps the strip in the cache.
_STRIP_ROWS: Final = 64
_SCALES: Final = (1, 2, 4, 8)
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What a decoder leaves where data is missing: zero coefficients, so the middle of every channel.
_MIDDLE: Final = 128


class Refused(Exception):
    """The picture is not taken; `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def prepare() -> None:
    """Load the decoders once. HEIC only where the extra is installed."""
    # Our own limit is checked before any pixel is loaded, and it is stricter.
    Image.MAX_IMAGE_PIXELS = None
    Image.init()
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.register_heif_opener(thumbnails=False)


def clean(job: Job, max_pixels: int, side: int) -> Cleaned:
    """Write the main picture, its long side `side` pixels at most, and its thumbnail.

    Raises Refused; MemoryError when decoding needs more than is allowed; OSError when reading the
    file that was sent, or writing, fails.
    """
    with Path(job.source).open("rb") as file:
        try:
            main, facts = _decoded(file, max_pixels, side, alone=job.alone)
            thumb = main.reduce(_factor(main.size, THUMB_SIDE_PX))
        except (Refused, MemoryError):
            raise
        except Exception as error:  # whatever a decoder raises, the picture is what is wrong
            raise Refused(Outcome.BROKEN) from error
    _write(main, job.main, MAIN_QUALITY, durable=job.durable, optimize=False)
    _write(thumb, job.thumb, THUMB_QUALITY, durable=job.durable, optimize=True)
    content = _check_bare(job.main)
    _check_bare(job.thumb)
    return Cleaned(
        name=hashlib.sha256(content).hexdigest(),
        width=main.width,
        height=main.height,
        byte_count=len(content),
        dhash=dhash(thumb),
        **facts,
    )


def dhash(picture: Image.Image) -> str:
    """Return the 64-bit difference hash as 16 hex digits; near-duplicates differ in few bits."""
    # Shrunk before it is made grey, and in two steps: other ways cost two to four times as much.
    small = picture.resize((9, 8), Image.Resampling.BOX, reducing_gap=2.0)
    grey = small.convert("L").tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            at = row * 9 + column
            bits = bits << 1 | (grey[at] < grey[at + 1])
    return f"{bits:016x}"


def _decoded(
    file: BinaryIO, max_pixels: int, side: int, *, alone: bool
) -> tuple[Image.Image, dict[str, Any]]:
    head = file.read(sniff.HEAD_BYTES)
    kind = sniff.kind_of(head)
    if kind is None:
        raise Refused(Outcome.NOT_A_PICTURE)
    if kind is Kind.HEIF and "HEIF" not in Image.OPEN:
        raise Refused(Outcome.HEIC_NOT_READABLE)
    layout = sniff.jpeg_layout(file) if kind is Kind.JPEG else None
    if kind is Kind.WEBP:
        _check_pixels(sniff.webp_size(head) or (0, 0), max_pixels)
    if kind is Kind.HEIF and not alone:
        raise Refused(Outcome.NEEDS_TO_BE_ALONE)
    file.seek(0)
    # Asked for directly, the JPEG decoder does not go looking for more pictures in the file.
    sent = (
        JpegImagePlugin.JpegImageFile(file)
        if kind is Kind.JPEG
        else Image.open(file, formats=(kind.value,))
    )
    with sent:
        scalable = layout is not None and not layout.in_scans
        # The 108 megapixels of a cheap phone, decoded at an eighth, take the memory of two.
        _check_pixels(sent.size, max_pixels * SCALED_TIMES if scalable else max_pixels)
        if sent.width * sent.height > ALONE_ABOVE_PIXELS and not scalable and not alone:
            raise Refused(Outcome.NEEDS_TO_BE_ALONE)
        if kind is Kind.JPEG:
            _draft(sent, side)
        sent.load()
        if (
            layout is not None
            and _looks_unfinished(sent)
            and _is_unfinished(file, sent, layout, side)
        ):
            raise Refused(Outcome.BROKEN)
        turn, facts = _facts(sent)
        upright = _pixels_only(sent, _factor(sent.size, side))
    return (upright.transpose(turn) if turn is not None else upright), facts


def _check_pixels(size: tuple[int, int], max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise Refused(Outcome.TOO_MANY_PIXELS)


def _factor(size: tuple[int, int], side_px: int) -> int:
    """Return the smallest integer reduction that brings the long side to `side_px` or less."""
    return max(1, -(-max(size) // side_px))


def _draft(sent: Image.Image, side: int) -> None:
    """Have a JPEG decoded at the scale that brings its long side to `side` or little below it."""
    scale = next((s for s in _SCALES if -(-max(sent.size) // s) <= side), _SCALES[-1])
    if scale > 1:
        sent.draft(None, (max(1, sent.width // scale), max(1, sent.height // scale)))


def _facts(sent: Image.Image) -> tuple[Image.Transpose | None, dict[str, Any]]:
    """Read the metadata once: how the camera was held, when and where it was."""
    try:
        exif = sent.getexif()
        held = exif.get(camera.ORIENTATION)
    except Exception:  # broken metadata does not make a broken picture
        return None, {}
    turn = _TURNS.get(held) if isinstance(held, int) else None
    taken, spot = camera.taken_at(exif), camera.position(exif)
    facts: dict[str, Any] = {}
    if taken:
        facts |= {"taken_at": taken[0].isoformat(), "taken_offset_min": taken[1]}
    if spot:
        facts |= {"lat": spot[0], "lng": spot[1]}
    return turn, facts


def _pixels_only(sent: Image.Image, factor: int) -> Image.Image:
    """Return the picture as RGB on white, reduced by an integer, with nothing hanging on to it.

    Re-encoding alone would keep the comment. Profiles are dropped, not applied: a conversion costs
    more than the rest of the recipe, for hues a hazard does not need.
    """
    if sent.mode == "RGB" and factor == 1 and not sent.has_transparency_data:
        # The one case that is not copied: it is the usual one, and fresh memory costs more than
        # the copy itself. `_check_bare` makes sure of the result in every case.
        sent.info = {}
        return sent
    width, height = sent.size
    fresh = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = factor * _STRIP_ROWS
    for top in range(0, height, rows):
        strip = _on_white(sent.crop((0, top, width, min(top + rows, height))))
        fresh.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return fresh


def _on_white(strip: Image.Image) -> Image.Image:
    if strip.mode.startswith("I"):
        # 16-bit grey: a plain conversion clips everything above 255 to white.
        strip.info.pop("transparency", None)
        return strip.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if not strip.has_transparency_data:
        return strip.convert("RGB")
    seen = strip.convert("RGBA")
    white = Image.new("RGB", strip.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white


def _looks_unfinished(sent: Image.Image) -> bool:
    """Say whether the last pixel is exactly what a decoder leaves where data is missing."""
    last = sent.getpixel((sent.width - 1, sent.height - 1))
    return last == _MIDDLE or (isinstance(last, tuple) and set(last) == {_MIDDLE})


def _is_unfinished(file: BinaryIO, sent: Image.Image, layout: JpegLayout, side: int) -> bool:
    """Say whether data is missing although the file ends as it should.

    The decoder paints the rest grey and tells nobody. So give it more data than there was: if
    that changes the picture, the picture had not been complete.
    """
    if layout.in_scans:
        return False
    file.seek(0)
    data = file.read()
    end = sniff.scan_end(data, layout.scan_at)
    longer = data[:end] + bytes(range(1, 200)) * 40 + data[end:]
    with JpegImagePlugin.JpegImageFile(BytesIO(longer)) as again:
        _draft(again, side)
        try:
            again.load()
        except OSError:
            return True
        return ImageChops.difference(sent, again).getbbox() is not None


def _check_bare(path: str) -> bytes:
    """Return a written file's content; raise Refused when it holds more than a picture."""
    content = Path(path).read_bytes()
    if not sniff.is_bare_jpeg(content):
        raise Refused(Outcome.BROKEN)
    return content


def _write(picture: Image.Image, path: str, quality: int, *, durable: bool, optimize: bool) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        picture.save(file, "JPEG", quality=quality, subsampling="4:2:0", optimize=optimize)
        file.flush()
        if durable:
            os.fdatasync(file.fileno())
