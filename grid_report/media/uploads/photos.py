"""From what was sent to photos that are durable: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from importlib.util import find_spec
from io import FileIO
from pathlib import Path
from typing import Protocol, runtime_checkable

from grid_report.media.decoding.arrivals import arrival, take_in
from grid_report.media.errors import (
    HeicNotReadable,
    NotAPicture,
    PhotoStoreUnavailable,
    PictureBroken,
    PictureTooLarge,
    PictureTooManyPixels,
    TooManyPhotos,
)
from grid_report.media.decoding.messages import Cleaned, Job, Outcome
from grid_report.media.decoding.pool import Pool
from grid_report.media.store.stores import Pair, Store
from grid_report.settings import Photos

_CHUNK_BYTES = 256 * 1024
_MEGABYTE = 1024 * 1024


@runtime_checkable
class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int = -1, /) -> bytes: ...


class Upload(Protocol):
    """A file of a form, as werkzeug hands it over. Its name and type are never looked at."""

    @property
    def stream(self) -> Readable: ...


@dataclass(frozen=True)
class AdmittedPhoto:
    """A cleaned photo whose files are durable, ready for its row."""

    name: str
    width: int
    height: int
    byte_count: int
    dhash: str
    # What the camera wrote, as flags: hostile, never proof.
    taken_at: datetime | None = None
    position: tuple[float, float] | None = None


def admit(
    uploads: Sequence[Upload | Readable],
    *,
    store: Store,
    pool: Pool,
    limits: Photos,
    zone: tzinfo,
) -> list[AdmittedPhoto]:
    """Check, clean and store photos, in the order sent; when one is refused none is stored.

    `zone` is where a camera's clock is taken to be when it did not say. When this returns the
    files are on disk; a crash before their rows are committed leaves orphans for the sweep.
    Raises TooManyPhotos, PictureTooLarge, NotAPicture, PictureBroken, PictureTooManyPixels,
    PicturesBusy, PhotoStoreUnavailable.
    """
    if len(uploads) > limits.max_files:
        raise TooManyPhotos(limit=limits.max_files)
    if not uploads:
        return []
    with ExitStack() as open_files:
        folder = open_files.enter_context(arrival(store.staging()))
        jobs = [_job(folder, at, durable=store.wants_durable_files) for at in range(len(uploads))]
        # The cheap check of every file comes before the dear one of any.
        for at, upload in enumerate(uploads):
            try:
                file, source = take_in(Path(jobs[at].source))
            except OSError as error:
                raise PhotoStoreUnavailable from error
            open_files.enter_context(file)
            jobs[at] = replace(jobs[at], source=source)
            _spool(upload, file, limits, number=at + 1)
        cleaned = _clean_all(jobs, pool, limits)
        store.put(
            [
                Pair(photo.name, Path(job.main), Path(job.thumb))
                for photo, job in zip(cleaned, jobs, strict=True)
            ]
        )
        return [_admitted(photo, zone) for photo in cleaned]


def _job(folder: Path, at: int, *, durable: bool) -> Job:
    return Job(
        source=str(folder / f"{at}.sent"),
        main=str(folder / f"{at}.main"),
        thumb=str(folder / f"{at}.thumb"),
        durable=durable,
    )


def _spool(upload: Upload | Readable, file: FileIO, limits: Photos, number: int) -> None:
    """Copy what was sent to a file, as far as it may go. Nothing said about its size is believed."""
    stream = upload if isinstance(upload, Readable) else upload.stream
    left = limits.max_file_mb * _MEGABYTE
    while chunk := stream.read(_CHUNK_BYTES):
        left -= len(chunk)
        if left < 0:
            raise PictureTooLarge(limit_mb=limits.max_file_mb, number=number)
        try:
            left_over = memoryview(chunk)
            while left_over:
                left_over = left_over[file.write(left_over) :]
        except OSError as error:
            raise PhotoStoreUnavailable from error


def reads_heic() -> bool:
    """Tell whether HEIC photos are welcome: their decoder is an extra, for its licence."""
    return find_spec("pillow_heif") is not None


def _clean_all(jobs: Sequence[Job], pool: Pool, limits: Photos) -> list[Cleaned]:
    if len(jobs) == 1:
        return [_clean(jobs[0], pool, limits, 1)]
    with ThreadPoolExecutor(min(len(jobs), pool.size), "photos") as threads:
        waiting = [
            threads.submit(_clean, job, pool, limits, number)
            for number, job in enumerate(jobs, start=1)
        ]
        try:
            return [one.result() for one in waiting]
        finally:
            threads.shutdown(wait=True, cancel_futures=True)


def _clean(job: Job, pool: Pool, limits: Photos, number: int) -> Cleaned:
    answer = pool.clean(job)
    if answer.outcome is Outcome.CLEANED and answer.cleaned is not None:
        return answer.cleaned
    match answer.outcome:
        case Outcome.NOT_A_PICTURE:
            raise NotAPicture(number, heic=reads_heic())
        case Outcome.HEIC_NOT_READABLE:
            raise HeicNotReadable(number)
        case Outcome.TOO_MANY_PIXELS:
            raise PictureTooManyPixels(number, limit_megapixels=limits.max_pixels // 1_000_000)
        case Outcome.STORAGE_FAILED:
            raise PhotoStoreUnavailable
        case _:
            raise PictureBroken(number)


def _admitted(photo: Cleaned, zone: tzinfo) -> AdmittedPhoto:
    return AdmittedPhoto(
        name=photo.name,
        width=photo.width,
        height=photo.height,
        byte_count=photo.byte_count,
        dhash=photo.dhash,
        taken_at=_instant(photo, zone),
        position=None if photo.lat is None or photo.lng is None else (photo.lat, photo.lng),
    )


def _instant(photo: Cleaned, zone: tzinfo) -> datetime | None:
    if photo.taken_at is None:
        return None
    east = photo.taken_offset_min
    where = zone if east is None else timezone(timedelta(minutes=east))
    return datetime.fromisoformat(photo.taken_at).replace(tzinfo=where).astimezone(UTC)
