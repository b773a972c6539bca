"""Files as nobody should send them: what becomes of each, exactly."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from grid_report.errors import GridReportError, TooLarge
from grid_report.media.decoding.pool import Pool
from grid_report.media.errors import (
    NotAPicture,
    PictureBroken,
    PictureTooLarge,
    TooManyPhotos,
)
from grid_report.media.store.local import LocalStore
from grid_report.media.store.stores import Size
from grid_report.media.uploads.photos import admit
from grid_report.settings import Photos
from tests.media.conftest import ZONE, AdmitBytes, files_under
from tests.media.hostile import CASES, PHP, SCRIPT, Taken, gif, plain
from tests.support.pictures import encoded, scene, truncated


@pytest.mark.parametrize("name", CASES)
def test_what_becomes_of_it(name: str, admit_bytes: AdmitBytes, store: LocalStore) -> None:
    make, expected = CASES[name]
    if isinstance(expected, Taken):
        (photo,) = admit_bytes(make())
        assert (photo.width, photo.height) == expected.size
        assert photo.position == expected.position
        for size in Size:
            with store.open(photo.name, size) as file:
                data = file.read()
            assert PHP not in data
            assert SCRIPT not in data
            assert b"evil.php" not in data
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
                assert picture.format == "JPEG"
        return
    with pytest.raises(GridReportError) as refusal:
        admit_bytes(make())
    assert type(refusal.value) is expected
    assert refusal.value.facts["number"] == 1
    assert files_under(store.root) == []


def test_there_are_more_than_forty_of_them() -> None:
    assert len(CASES) > 100


def test_after_all_that_the_decoders_still_work(admit_bytes: AdmitBytes) -> None:
    assert len(admit_bytes(plain(), plain())) == 2


@pytest.mark.parametrize(
    "file_name",
    [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/cron.d/evil",
        "photo.jpg\0.php",
        "gpj.\u202eexe",
        "照片.jpg",
        "a" * 5000 + ".jpg",
        "",
        ".",
        "con",
        "photo.heic",
        "photo.svg",
        "photo.php",
        "%2e%2e%2fphoto.jpg",
        "<img src=x onerror=alert(1)>.jpg",
    ],
)
@pytest.mark.parametrize("mime", ["image/svg+xml", "text/html", "image/jpeg", "no/such thing"])
def test_the_name_and_type_sent_play_no_part(
    file_name: str, mime: str, pool: Pool, store: LocalStore, limits: Photos, tmp_path: Path
) -> None:
    sent = FileStorage(io.BytesIO(plain()), filename=file_name, content_type=mime)
    (photo,) = admit([sent], store=store, pool=pool, limits=limits, zone=ZONE)
    assert (photo.width, photo.height) == (640, 480)
    assert {path.name for path in files_under(tmp_path)} == {
        f"{photo.name}-main.jpg",
        f"{photo.name}-thumb.jpg",
    }


def test_a_file_over_the_limit_is_refused_before_it_is_read_whole(
    pool: Pool, store: LocalStore, limits: Photos
) -> None:
    class Endless:
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"\xff" * size

    endless = Endless()
    with pytest.raises(PictureTooLarge) as refusal:
        admit([io.BytesIO(plain()), endless], store=store, pool=pool, limits=limits, zone=ZONE)
    assert isinstance(refusal.value, TooLarge)
    assert refusal.value.facts == {"limit_mb": limits.max_file_mb, "number": 2}
    assert endless.given < (limits.max_file_mb + 1) * 1024 * 1024
    assert files_under(store.root) == []


def test_a_file_of_exactly_the_limit_is_looked_at(admit_bytes: AdmitBytes) -> None:
    padded = plain().ljust(1024 * 1024, b"\0")
    assert admit_bytes(padded, max_file_mb=1)
    with pytest.raises(PictureTooLarge):
        admit_bytes(padded + b"\0", max_file_mb=1)


def test_when_one_of_three_is_refused_none_is_kept(
    admit_bytes: AdmitBytes, store: LocalStore
) -> None:
    others = encoded(scene((320, 240)), "JPEG"), encoded(scene((200, 100)), "PNG")
    with pytest.raises(PictureBroken) as refusal:
        admit_bytes(others[0], truncated(plain(), 0.5), others[1])
    assert refusal.value.number == 2
    assert files_under(store.root) == []
    assert len(admit_bytes(*others)) == 2


def test_when_several_are_refused_the_first_is_named(admit_bytes: AdmitBytes) -> None:
    with pytest.raises(NotAPicture) as refusal:
        admit_bytes(plain(), gif(), truncated(plain(), 0.5))
    assert refusal.value.number == 2


def test_more_photos_than_allowed_are_refused_unread(
    admit_bytes: AdmitBytes, limits: Photos
) -> None:
    with pytest.raises(TooManyPhotos):
        admit_bytes(*[b""] * (limits.max_files + 1))


def test_no_photos_are_no_photos(admit_bytes: AdmitBytes, store: LocalStore) -> None:
    assert admit_bytes() == []
    assert files_under(store.root) == []


def test_a_line_that_breaks_during_the_upload_leaves_nothing(
    pool: Pool, store: LocalStore, limits: Photos
) -> None:
    class Breaking:
        def read(self, size: int = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        admit([Breaking()], store=store, pool=pool, limits=limits, zone=ZONE)
    assert files_under(store.root) == []
    assert not any(Path(store.staging()).iterdir())
