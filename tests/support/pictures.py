"""Pictures as phones send them, and files as nobody should send them: all made here, as bytes."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

# Planted in metadata, looked for in what was stored.
SECRETS = (b"SECRET-PHONE", b"SECRET-COMMENT", b"SECRET-PROFILE", b"SECRET-XMP", b"SECRET-TEXT")

# The upright scene has these in its corners: top left, top right, bottom left, bottom right.
# Degrees, minutes and seconds, each over something.
Rationals = tuple[tuple[int, int], ...]

CORNERS = ((220, 30, 30), (30, 180, 30), (30, 30, 220), (230, 220, 30))

_PUT_DOWN = {  # how the sensor lay when the tag says so: the inverse of turning upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def scene(size: tuple[int, int] = (640, 480), mode: str = "RGB") -> Image.Image:
    """Draw a street with a hole in it; each corner has a colour of its own."""
    width, height = size
    picture = Image.new("RGB", size, (150, 160, 170))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height // 2, width, height), fill=(96, 94, 92))
    for x in range(0, width, max(8, width // 40)):
        draw.line((x, height // 2, x + width // 8, height), fill=(110 + x % 60, 104, 100), width=2)
    draw.ellipse(
        (width // 3, height * 6 // 10, width * 2 // 3, height * 8 // 10), fill=(20, 20, 22)
    )
    across, down = max(1, width // 6), max(1, height // 6)
    places = ((0, 0), (width - across, 0), (0, height - down), (width - across, height - down))
    for colour, (left, top) in zip(CORNERS, places, strict=True):
        draw.rectangle((left, top, left + across, top + down), fill=colour)
    return picture.convert(mode)


def corners_of(picture: Image.Image) -> list[tuple[int, ...]]:
    """Return a colour from inside each corner, in the order of CORNERS."""
    width, height = picture.size
    left, right, top, bottom = width // 16, width * 15 // 16, height // 16, height * 15 // 16
    rgb = picture.convert("RGB")
    places = ((left, top), (right, top), (left, bottom), (right, bottom))
    return [colour_at(rgb, place) for place in places]


def colour_at(picture: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    """Return the colour of one pixel of a picture in colour."""
    found = picture.getpixel(place)
    assert isinstance(found, tuple)
    return found


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Encode a picture as Pillow would."""
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
        if "exif" in options:  # only as bytes is the orientation also written where HEIF wants it
            options["exif"] = options["exif"].tobytes()
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def camera_jpeg(
    size: tuple[int, int] = (2048, 1536),
    *,
    orientation: int | None = 1,
    lat: float | None = 42.5466,
    lng: float | None = 124.0382,
    taken_at: str | None = "2026:11:23 10:30:00",
    offset: str | None = "+08:00",
    **options: Any,
) -> bytes:
    """Make a JPEG as a phone writes it: with place, time, model, comment and colour profile.

    `size` is that of the upright scene. Each keyword may be None, for a phone that leaves it out.
    """
    upright = scene(size)
    sensor = upright.transpose(_PUT_DOWN[orientation]) if orientation in _PUT_DOWN else upright
    exif = camera_exif(orientation, lat=lat, lng=lng, taken_at=taken_at, offset=offset)
    options = {
        "quality": 90,
        "comment": b"SECRET-COMMENT",
        "icc_profile": b"SECRET-PROFILE" * 20,
        "xmp": b"<x:xmpmeta>SECRET-XMP</x:xmpmeta>",
        **options,
    }
    return encoded(sensor, "JPEG", exif=exif, **options)


def camera_exif(
    orientation: int | None = 1,
    *,
    lat: float | None = None,
    lng: float | None = None,
    taken_at: str | None = None,
    offset: str | None = None,
) -> Image.Exif:
    """Return what a phone writes about a picture."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Secret", "SECRET-PHONE"
    if orientation is not None:
        exif[0x0112] = orientation
    photo = exif.get_ifd(0x8769)
    if taken_at is not None:
        photo[0x9003] = taken_at
    if offset is not None:
        photo[0x9011] = offset
    if lat is not None and lng is not None:
        exif.get_ifd(0x8825).update(
            {
                1: "N" if lat >= 0 else "S",
                2: _degrees(abs(lat)),
                3: "E" if lng >= 0 else "W",
                4: _degrees(abs(lng)),
            }
        )
    return exif


def _degrees(value: float) -> tuple[float, float, float]:
    minutes = (value - int(value)) * 60
    return float(int(value)), float(int(minutes)), (minutes - int(minutes)) * 60


def real_photos() -> dict[str, Path]:
    """Return the photographs that scikit-image brings along, by file name."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    names = (
        "rocket.jpg",
        "retina.jpg",
        "hubble_deep_field.jpg",
        "astronaut.png",
        "chelsea.png",
        "coffee.png",
        "motorcycle_left.png",
        "camera.png",
        "horse.png",
        "page.png",
    )
    return {name: folder / name for name in names}


# Files as nobody should send them.


def chunk(name: bytes, body: bytes) -> bytes:
    """Make one PNG chunk, checksum and all."""
    crc = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


def png(
    size: tuple[int, int],
    *,
    bits: int = 8,
    colour: int = 2,
    before: Iterable[bytes] = (),
    rows: bytes | None = None,
    claimed: tuple[int, int] | None = None,
) -> bytes:
    """Make a PNG by hand; `claimed` is what its header says, whatever its data hold."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    stride = 1 + (size[0] * channels * bits + 7) // 8
    data = rows if rows is not None else b"\0" * (stride * size[1])
    header = struct.pack(">IIBBBBB", *(claimed or size), bits, colour, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            *before,
            chunk(b"IDAT", zlib.compress(data, 9)),
            chunk(b"IEND", b""),
        )
    )


def png_with(chunks: Iterable[bytes], picture: Image.Image | None = None) -> bytes:
    """Put chunks right behind the header of an ordinary PNG."""
    plain = encoded(picture or scene(), "PNG")
    return plain[:33] + b"".join(chunks) + plain[33:]


def jpeg_segment(marker: int, body: bytes) -> bytes:
    """Make one JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_with(segments: Iterable[bytes], plain: bytes | None = None) -> bytes:
    """Put segments right behind the start of an ordinary JPEG."""
    plain = plain or encoded(scene(), "JPEG")
    return plain[:2] + b"".join(segments) + plain[2:]


def jpeg_claiming(size: tuple[int, int], plain: bytes | None = None) -> bytes:
    """Return a JPEG whose header lies about its size."""
    data = bytearray(plain or encoded(scene(), "JPEG"))
    at = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in {0xC0, 0xC2})
    data[at + 5 : at + 9] = struct.pack(">HH", size[1], size[0])
    return bytes(data)


def exif_segment(tiff: bytes) -> bytes:
    """Wrap a TIFF structure as the Exif segment of a JPEG."""
    return jpeg_segment(0xE1, b"Exif\0\0" + tiff)


def one_tag_exif(tag: int, kind: int, count: int, value: bytes) -> bytes:
    """Build Exif of a single tag, of whatever type and value."""
    entry = struct.pack("<HHI4s", tag, kind, count, value)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry + struct.pack("<I", 0)


def gps_exif(lat: Rationals, lng: Rationals, refs: bytes = b"NE") -> bytes:
    """Build Exif by hand with any numerators and denominators, also ones no library would write."""
    order = struct.Struct("<HHII")
    gps_at, data_at = 26, 26 + 2 + 4 * 12 + 4
    entries: list[tuple[int, int, int, bytes | Rationals]] = [
        (1, 2, 2, refs[:1]),
        (2, 5, 3, lat),
        (3, 2, 2, refs[1:]),
        (4, 5, 3, lng),
    ]
    ifd0 = struct.pack("<H", 1) + order.pack(0x8825, 4, 1, gps_at) + struct.pack("<I", 0)
    ifd, data = struct.pack("<H", 4), b""
    for tag, kind, count, value in entries:
        if isinstance(value, bytes):
            ifd += struct.pack("<HHI4s", tag, kind, count, value.ljust(4, b"\0"))
        else:
            ifd += order.pack(tag, kind, count, data_at + len(data))
            data += b"".join(struct.pack("<II", *pair) for pair in value)
    return b"II*\0\x08\0\0\0" + ifd0 + ifd + struct.pack("<I", 0) + data


def webp_claiming(size: tuple[int, int]) -> bytes:
    """Return an extended WebP whose canvas is of any size, with next to nothing in it."""
    plain = encoded(scene((16, 16)), "WEBP")[12:]
    canvas = (size[0] - 1).to_bytes(3, "little") + (size[1] - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + canvas + plain
    return b"RIFF" + struct.pack("<I", len(body)) + body


def progressive_scans(size: tuple[int, int], times: int) -> bytes:
    """Return a progressive JPEG whose last scan comes many times: little to send, long to decode."""
    data = encoded(Image.new("RGB", size, (90, 80, 70)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    return data[:last] + scan * times + b"\xff\xd9"


def truncated(data: bytes, keep: float, *, ending: bytes = b"") -> bytes:
    """Cut a file short; `ending` makes it look whole again."""
    return data[: int(len(data) * keep)] + ending
