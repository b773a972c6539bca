"""A photo that a phone sent comes out upright, of the right size, and as pixels only."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from grid_report.media import sniff
from grid_report.media.decoding import recipe
from grid_report.media.decoding.messages import Cleaned, Job, Outcome
from grid_report.media.store.local import LocalStore
from grid_report.media.store.stores import Size
from tests.media.conftest import AdmitBytes, files_under
from tests.support import pictures

REAL = pictures.real_photos()

Pictures = tuple[Cleaned, Image.Image, Image.Image]
Clean = Callable[..., Pictures]


@pytest.fixture(autouse=True, scope="module")
def _prepared() -> Iterator[None]:
    kept = Image.MAX_IMAGE_PIXELS
    recipe.prepare()
    yield
    Image.MAX_IMAGE_PIXELS = kept


@pytest.fixture
def clean(tmp_path: Path) -> Clean:
    """Clean bytes in this process; return what is known of the photo and the two pictures."""

    def cleaned(data: bytes, side: int = 2048, **options: Any) -> Pictures:
        source = tmp_path / "sent"
        source.write_bytes(data)
        for name in ("main", "thumb"):
            (tmp_path / name).unlink(missing_ok=True)
        job = Job(str(source), str(tmp_path / "main"), str(tmp_path / "thumb"), **options)
        photo = recipe.clean(job, 80_000_000, side)
        main, thumb = (_picture((tmp_path / name).read_bytes()) for name in ("main", "thumb"))
        return photo, main, thumb

    return cleaned


def _picture(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def _near(one: Sequence[float], other: Sequence[float], by: float = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def _looks_like_the_scene(picture: Image.Image) -> bool:
    found = pictures.corners_of(picture)
    return all(_near(a, b, 40) for a, b in zip(found, pictures.CORNERS, strict=True))


@pytest.mark.parametrize("name", sorted(REAL))
def test_a_real_photo_keeps_its_look(clean: Clean, name: str) -> None:
    data = REAL[name].read_bytes()
    photo, main, thumb = clean(data)
    assert (photo.width, photo.height) == main.size
    assert max(thumb.size) <= recipe.THUMB_SIDE_PX
    assert main.format == thumb.format == "JPEG"
    assert main.mode == thumb.mode == "RGB"
    with Image.open(io.BytesIO(data)) as sent:
        wanted = sent.convert("RGB").resize(main.size)
    assert max(ImageStat.Stat(ImageChops.difference(main, wanted)).rms) < 12


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ((1, 1), (1, 1)),
        ((1024, 768), (1024, 768)),
        ((1025, 3), (1025, 3)),
        ((2048, 1536), (2048, 1536)),
        ((2049, 1537), (1025, 769)),
        ((4096, 3072), (2048, 1536)),
        ((4000, 3000), (2000, 1500)),
        ((3000, 4000), (1500, 2000)),
        ((8000, 6000), (2000, 1500)),
        ((12000, 300), (1500, 38)),
        ((20000, 80), (1250, 5)),
    ],
)
def test_a_jpeg_lands_between_1024_and_2048_without_resampling(
    clean: Clean, sent: tuple[int, int], stored: tuple[int, int]
) -> None:
    photo, main, thumb = clean(pictures.encoded(Image.new("RGB", sent, "teal"), "JPEG"))
    assert main.size == (photo.width, photo.height) == stored
    assert max(sent) <= 2048 or 1024 < max(stored) <= 2048
    assert max(thumb.size) <= 512
    assert min(max(stored), 257) <= max(thumb.size)


@pytest.mark.parametrize(("kind", "side"), [("JPEG", 1024), ("PNG", 1024), ("JPEG", 4096)])
def test_a_photo_is_kept_at_the_side_the_settings_say(clean: Clean, kind: str, side: int) -> None:
    sent = pictures.encoded(Image.new("RGB", (4096, 3072), "teal"), kind)
    _, main, _ = clean(sent, side=side)
    assert main.size == (side, side * 3 // 4)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize(("sent", "stored"), [((2048, 64), 2048), ((2050, 64), 1025)])
def test_other_kinds_land_there_too(
    clean: Clean, kind: str, sent: tuple[int, int], stored: int
) -> None:
    _, main, _ = clean(pictures.encoded(pictures.scene(sent), kind), alone=True)
    assert main.width == stored


@pytest.mark.parametrize("orientation", [None, *range(10)])
def test_a_photo_is_turned_upright(clean: Clean, orientation: int | None) -> None:
    data = pictures.camera_jpeg((640, 480), orientation=orientation)
    _, main, thumb = clean(data)
    assert main.size == (640, 480)
    assert _looks_like_the_scene(main)
    assert _looks_like_the_scene(thumb)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_other_kinds_are_turned_upright_too(clean: Clean, kind: str) -> None:
    sensor = pictures.scene((640, 480)).transpose(Image.Transpose.ROTATE_90)
    data = pictures.encoded(sensor, kind, exif=pictures.camera_exif(6))
    _, main, _ = clean(data, alone=True)
    assert main.size == (640, 480)
    assert _looks_like_the_scene(main)


@pytest.mark.parametrize(
    "tag",
    [(2, 2, b"6\0\0\0"), (3, 2, b"\6\0\6\0"), (7, 4, b"\6\0\0\0"), (11, 1, b"\0\0\xc0\x7f")],
    ids=["text", "two numbers", "bytes", "not a number"],
)
def test_an_orientation_of_another_type_is_none(clean: Clean, tag: tuple[int, int, bytes]) -> None:
    exif = pictures.one_tag_exif(0x0112, *tag)
    _, main, _ = clean(pictures.jpeg_with([pictures.exif_segment(exif)]))
    assert main.size == (640, 480)


def test_time_and_place_are_read(clean: Clean) -> None:
    photo, _, _ = clean(pictures.camera_jpeg((320, 240), lat=-33.5, lng=-70.25, offset="-03:30"))
    assert photo.taken_at == "2026-11-23T10:30:00"
    assert photo.taken_offset_min == -210
    assert (photo.lat, photo.lng) == pytest.approx((-33.5, -70.25))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_time_and_place_of_other_kinds_are_read(clean: Clean, kind: str) -> None:
    exif = pictures.camera_exif(1, lat=42.5, lng=124.0, taken_at="2026:11:23 10:30:00")
    photo, _, _ = clean(pictures.encoded(pictures.scene(), kind, exif=exif), alone=True)
    assert photo.taken_at == "2026-11-23T10:30:00"
    assert (photo.lat, photo.lng) == pytest.approx((42.5, 124.0))


@pytest.mark.parametrize(
    "said",
    [
        "0000:00:00 00:00:00",
        "2026:02:30 10:00:00",
        "2026:11:23 24:61:00",
        "1899:01:01 00:00:00",
        "9999:12:31 23:59:59",
        "２０２６:11:23 10:00:00",
        "2026:11:23",
        "yesterday",
        "",
    ],
)
def test_an_impossible_time_was_not_written(clean: Clean, said: str) -> None:
    photo, _, _ = clean(pictures.camera_jpeg((64, 48), taken_at=said))
    assert photo.taken_at is None


SCENE = pictures.scene((320, 240))
TURNED = [SCENE.rotate(180)]
ALPHA = SCENE.convert("RGBA")
JPEG = pictures.encoded(SCENE, "JPEG")
FORMATS = {
    "jpeg": lambda: pictures.encoded(SCENE, "JPEG"),
    "jpeg progressive": lambda: pictures.encoded(SCENE, "JPEG", progressive=True),
    "jpeg 4:4:4": lambda: pictures.encoded(SCENE, "JPEG", subsampling=0),
    "jpeg cmyk": lambda: pictures.encoded(SCENE.convert("CMYK"), "JPEG"),
    "jpeg restart markers": lambda: pictures.encoded(SCENE, "JPEG", restart_marker_rows=1),
    "mpo": lambda: pictures.encoded(SCENE, "MPO", save_all=True, append_images=TURNED),
    "png": lambda: pictures.encoded(SCENE, "PNG"),
    "png palette": lambda: pictures.encoded(SCENE.convert("P"), "PNG"),
    "png palette, see-through": lambda: pictures.encoded(
        SCENE.convert("P"), "PNG", transparency=255
    ),
    "png rgba": lambda: pictures.encoded(ALPHA, "PNG"),
    "png animated": lambda: pictures.encoded(SCENE, "PNG", save_all=True, append_images=TURNED),
    "webp": lambda: pictures.encoded(SCENE, "WEBP"),
    "webp lossless": lambda: pictures.encoded(SCENE, "WEBP", lossless=True),
    "webp rgba": lambda: pictures.encoded(ALPHA, "WEBP"),
    "webp animated": lambda: pictures.encoded(SCENE, "WEBP", save_all=True, append_images=TURNED),
    "heic": lambda: pictures.encoded(SCENE, "HEIF"),
    "heic rgba": lambda: pictures.encoded(ALPHA, "HEIF"),
}


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_every_accepted_kind_shows_the_same_scene(clean: Clean, kind: str) -> None:
    _, main, _ = clean(FORMATS[kind](), alone=True)
    assert main.size == (320, 240)
    assert _looks_like_the_scene(main)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16"])
def test_grey_pictures_keep_their_greys(clean: Clean, mode: str) -> None:
    steps = Image.new("L", (256, 64))
    steps.putdata([x for _ in range(64) for x in range(256)])
    if mode == "I;16":
        data = pictures.png(
            (256, 64),
            bits=16,
            colour=0,
            rows=b"".join(b"\0" + b"".join(bytes((x, x)) for x in range(256)) for _ in range(64)),
        )
    else:
        data = pictures.encoded(steps.convert(mode), "PNG")
    _, main, _ = clean(data)
    wanted = steps.convert("1").convert("L") if mode == "1" else steps
    assert ImageStat.Stat(ImageChops.difference(main.convert("L"), wanted)).rms[0] < 4 + 20 * (
        mode == "1"
    )


def test_sixteen_bit_colour_keeps_its_colours(clean: Clean) -> None:
    row = b"\0" + b"".join(bytes((200, 7, 100, 9, 50, 11)) for _ in range(32))
    _, main, _ = clean(pictures.png((32, 32), bits=16, colour=2, rows=row * 32))
    assert _near(pictures.colour_at(main, (16, 16)), (200, 100, 50))


@pytest.mark.parametrize("factor", [1, 4])
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB with a key", "16 bit with a key"])
def test_see_through_parts_become_white(clean: Clean, mode: str, factor: int) -> None:
    side = 2048 * factor
    if mode == "P":
        picture = Image.new("P", (side, 64), 1)
        picture.putpalette([0, 0, 0, 0, 0, 0])
        data = pictures.encoded(picture, "PNG", transparency=1)
    elif mode == "RGB with a key":
        data = pictures.encoded(Image.new("RGB", (side, 64)), "PNG", transparency=(0, 0, 0))
    elif mode == "16 bit with a key":
        key = pictures.chunk(b"tRNS", b"\0" * 6)
        data = pictures.png((side, 64), bits=16, colour=2, before=[key])
    else:
        data = pictures.encoded(Image.new(mode, (side, 64)), "PNG")
    _, main, _ = clean(data)
    assert main.getpixel((9, 9)) == (255, 255, 255)


def test_nothing_but_pixels_survives(admit_bytes: AdmitBytes, store: LocalStore) -> None:
    sent = pictures.camera_jpeg((800, 600), orientation=6)
    assert all(secret in sent for secret in pictures.SECRETS[:4])
    (photo,) = admit_bytes(sent)
    for size in Size:
        with store.open(photo.name, size) as file:
            data = file.read()
        assert not any(secret in data for secret in pictures.SECRETS)
        assert b"Exif" not in data
        assert b"ICC_PROFILE" not in data
        assert b"\xff\xfe" not in data[:600]
        with Image.open(io.BytesIO(data)) as kept:
            assert not kept.getexif()
            assert set(kept.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_metadata_of_other_kinds_does_not_survive(
    admit_bytes: AdmitBytes, store: LocalStore
) -> None:
    text = pictures.chunk(b"tEXt", b"Comment\0SECRET-TEXT")
    exif = pictures.camera_exif(1, lat=42.5, lng=124.0)
    picture = pictures.scene()
    profile = b"SECRET-PROFILE" * 20
    admit_bytes(
        pictures.png_with([text]),
        pictures.encoded(picture, "PNG", exif=exif, icc_profile=profile),
        pictures.encoded(picture, "WEBP", exif=exif, icc_profile=profile, xmp=b"SECRET-XMP"),
        pictures.encoded(picture, "HEIF", exif=exif, xmp=b"SECRET-XMP"),
    )
    stored = files_under(store.root)
    assert stored
    assert not any(secret in path.read_bytes() for path in stored for secret in pictures.SECRETS)


def test_the_name_is_the_hash_of_the_stored_picture(
    admit_bytes: AdmitBytes, store: LocalStore
) -> None:
    one, other = admit_bytes(
        pictures.camera_jpeg((640, 480)), pictures.camera_jpeg((640, 480), lat=1.0, lng=2.0)
    )
    with store.open(one.name, Size.MAIN) as file:
        data = file.read()
    assert hashlib.sha256(data).hexdigest() == one.name
    assert len(data) == one.byte_count
    assert one.name == other.name  # the same pixels, whatever else was sent with them


def test_the_difference_hash_finds_the_same_picture_again(clean: Clean) -> None:
    data = REAL["rocket.jpg"].read_bytes()
    again = pictures.encoded(Image.open(io.BytesIO(data)).resize((480, 320)), "JPEG", quality=60)
    other = REAL["coffee.png"].read_bytes()
    hashes = [int(clean(each)[0].dhash, 16) for each in (data, again, other)]
    assert (hashes[0] ^ hashes[1]).bit_count() <= 10 < (hashes[0] ^ hashes[2]).bit_count()
    assert all(len(clean(each)[0].dhash) == 16 for each in (data, other))


def test_a_cameras_time_becomes_an_instant(admit_bytes: AdmitBytes) -> None:
    with_offset, without = admit_bytes(
        pictures.camera_jpeg((64, 48), offset="+09:00"), pictures.camera_jpeg((64, 48), offset=None)
    )
    assert with_offset.taken_at == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    assert without.taken_at == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)  # Shanghai


def test_stored_pictures_are_baseline_with_halved_colour(
    admit_bytes: AdmitBytes, store: LocalStore
) -> None:
    (photo,) = admit_bytes(pictures.camera_jpeg((800, 600)))
    for size in Size:
        with store.open(photo.name, size) as file, Image.open(file) as kept:
            assert "progressive" not in kept.info
            assert [layer[1:3] for layer in vars(kept)["layer"]] == [(2, 2), (1, 1), (1, 1)]


def test_what_is_written_is_checked_once_more_before_it_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Should an encoder ever start to carry metadata over, photos are refused, not leaked."""
    save = Image.Image.save

    def leaky(picture: Image.Image, *args: Any, **options: Any) -> None:
        save(picture, *args, **options, comment=b"SECRET-COMMENT")

    monkeypatch.setattr(Image.Image, "save", leaky)
    (tmp_path / "sent").write_bytes(JPEG)
    job = Job(str(tmp_path / "sent"), str(tmp_path / "main"), str(tmp_path / "thumb"))
    with pytest.raises(recipe.Refused):
        recipe.clean(job, 80_000_000, 2048)


@pytest.mark.parametrize(
    ("data", "bare"),
    [
        (JPEG, True),
        (pictures.camera_jpeg((64, 48)), False),
        (pictures.jpeg_with([pictures.jpeg_segment(0xFE, b"comment")], JPEG), False),
        (pictures.jpeg_with([pictures.jpeg_segment(0xED, b"")], JPEG), False),
        (JPEG + b"x", False),
        (JPEG + JPEG, False),
        (JPEG[:-2], False),
        (pictures.encoded(SCENE, "JPEG", progressive=True), False),
        (b"", False),
        (b"\xff\xd8", False),
    ],
)
def test_a_bare_jpeg_is_told_from_one_with_more_in_it(data: bytes, bare: bool) -> None:
    assert sniff.is_bare_jpeg(data) is bare


def test_the_108_megapixels_of_a_cheap_phone_are_taken_at_a_scale(clean: Clean) -> None:
    grey = Image.new("L", (12000, 9000), 128)
    file = io.BytesIO()
    grey.save(file, "JPEG", quality=50)
    photo, main, thumb = clean(file.getvalue())
    assert (photo.width, photo.height) == main.size == (1500, 1125)
    assert max(thumb.size) <= recipe.THUMB_SIDE_PX


def test_what_cannot_be_decoded_at_a_scale_keeps_its_limit(clean: Clean) -> None:
    file = io.BytesIO()
    Image.new("L", (9000, 9000), 128).save(file, "JPEG", quality=50, progressive=True)
    with pytest.raises(recipe.Refused) as refusal:
        clean(file.getvalue(), alone=True)
    assert refusal.value.outcome is Outcome.TOO_MANY_PIXELS
