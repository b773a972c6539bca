"""A pool, stores and one way to admit, for all tests of photos. No database is needed here."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from grid_report.media.decoding.pool import Pool
from grid_report.media.store.local import LocalStore
from grid_report.media.uploads.photos import AdmittedPhoto, admit
from grid_report.settings import Photos, load
from tests.media.faulty import FAULTY
from tests.support import pictures

ZONE = ZoneInfo("Asia/Shanghai")

AdmitBytes = Callable[..., list[AdmittedPhoto]]
Send = Callable[..., int]


@pytest.fixture(scope="session")
def limits() -> Photos:
    """The limits as delivered, with two decoders."""
    return load({}).photos.model_copy(update={"processes": 2})


@pytest.fixture(scope="session")
def pool(limits: Photos) -> Iterator[Pool]:
    """One pool for all tests: hostile files of one must not harm the next."""
    made = Pool(limits)
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "photos")


@pytest.fixture
def admit_bytes(pool: Pool, store: LocalStore, limits: Photos) -> AdmitBytes:
    """Admit files given as bytes."""

    def admitted(*files: bytes, **changed: object) -> list[AdmittedPhoto]:
        return admit(
            [io.BytesIO(file) for file in files],
            store=store,
            pool=pool,
            limits=limits.model_copy(update=changed),
            zone=ZONE,
        )

    return admitted


@pytest.fixture
def tight(limits: Photos) -> Photos:
    return limits.model_copy(
        update={"processes": 2, "cpu_seconds": 1, "wall_seconds": 3, "memory_mb": 256}
    )


@pytest.fixture
def faulty(tight: Photos) -> Iterator[Pool]:
    plain = pictures.encoded(pictures.scene((64, 48)), "JPEG")
    made = Pool(tight, boot=f"PLAIN = {plain!r}\n{FAULTY}")
    yield made
    made.close()


@pytest.fixture
def send(faulty: Pool, store: LocalStore, tight: Photos) -> Send:
    """Admit files to the faulty pool; return how many photos came out."""

    def sent(*files: bytes) -> int:
        streams = [io.BytesIO(file) for file in files]
        return len(admit(streams, store=store, pool=faulty, limits=tight, zone=ZONE))

    return sent


def files_under(folder: Path) -> list[Path]:
    """Return every file below a folder, also hidden ones."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
