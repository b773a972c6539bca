"""Photos as files in 256 folders under one root."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from grid_report import clock
from grid_report.errors import NotFound
from grid_report.media.errors import PhotoStoreUnavailable
from grid_report.media.store.stores import (
    Pair,
    Size,
    Stored,
    checked,
    checked_note,
    file_name,
    read_file_name,
)

STAGING = ".staging"
NOTES = ".notes"


class LocalStore:
    """Photos on a disk of this machine."""

    wants_durable_files = True

    def __init__(self, root: Path) -> None:
        self.root = root

    def staging(self) -> Path:
        folder = self.root / STAGING
        with _writing():
            # The mode counts for the last folder of a path only.
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def put(self, pairs: Sequence[Pair]) -> None:
        # The files' content is on disk already; renaming makes them appear whole or not at all,
        # and the folder's own sync makes the names last.
        with _writing():
            folders = set()
            for pair in pairs:
                folder = self._folder(pair.name)
                if self._make(folder):
                    folders.add(self.root)
                pair.thumb.rename(folder / file_name(pair.name, Size.THUMB))
                pair.main.rename(folder / file_name(pair.name, Size.MAIN))
                folders.add(folder)
            for folder in folders:
                _sync(folder)

    def open(self, name: str, size: Size) -> BinaryIO:
        with _reading():
            return self._path(name, size).open("rb")

    def exists(self, name: str) -> bool:
        with _reading():
            return self._path(name, Size.MAIN).is_file()

    def delete(self, name: str, *, if_before: datetime | None = None) -> bool:
        removed = [self._remove(self._path(name, size), if_before) for size in Size]
        return any(removed)

    def list_before(self, instant: datetime) -> Iterator[Stored]:
        before = clock.by_machine(instant).timestamp()
        with _reading():
            for folder in _entries(self.root):
                if len(folder.name) != 2 or not folder.is_dir(follow_symlinks=False):
                    continue
                for file in sorted(_entries(Path(folder.path)), key=lambda file: file.name):
                    known = read_file_name(file.name)
                    if not known:
                        continue
                    try:
                        seen = file.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # another sweep was quicker
                    if seen.st_mtime < before:
                        at = clock.from_machine(datetime.fromtimestamp(seen.st_mtime, UTC))
                        yield Stored(*known, byte_count=seen.st_size, modified_at=at)

    def check(self) -> None:
        probe = self.staging() / f"check-{uuid.uuid4().hex}"
        with _writing():
            probe.touch(exist_ok=False)
            probe.unlink()

    def read_note(self, path: str) -> bytes | None:
        try:
            with _reading():
                return self._note(path).read_bytes()
        except NotFound:
            return None

    def write_note(self, path: str, content: bytes, *, only_new: bool = False) -> bool:
        draft = self.staging() / f"note-{uuid.uuid4().hex}"
        note = self._note(path)
        with _writing():
            try:
                with draft.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                note.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
                if only_new:
                    os.link(draft, note)
                else:
                    draft.rename(note)
                _sync(note.parent)
            except FileExistsError:
                return False
            finally:
                draft.unlink(missing_ok=True)
        return True

    def drop_note(self, path: str) -> None:
        with _writing():
            self._note(path).unlink(missing_ok=True)

    def list_notes(self, folder: str) -> list[str]:
        with _writing():
            return [entry.name for entry in _entries(self._note(folder))]

    def _note(self, path: str) -> Path:
        return self.root / NOTES / checked_note(path)

    def _folder(self, name: str) -> Path:
        return self.root / checked(name)[:2]

    def _path(self, name: str, size: Size) -> Path:
        return self._folder(name) / file_name(name, size)

    @staticmethod
    def _make(folder: Path) -> bool:
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            return False
        return True

    def _remove(self, path: Path, if_before: datetime | None) -> bool:
        """Remove one file, unless somebody stored the same photo again just now."""
        before = None if if_before is None else clock.by_machine(if_before).timestamp()
        aside = self.staging() / f"gone-{uuid.uuid4().hex}"
        with _reading():
            try:
                # Taken aside first: what is looked at after that is what is removed.
                path.rename(aside)
            except FileNotFoundError:
                return False
            # Gone meanwhile: another sweep cleared it from there, which it does to old files only.
            with contextlib.suppress(FileNotFoundError):
                if before is not None and aside.stat().st_mtime >= before:
                    with contextlib.suppress(FileExistsError):  # a newer copy is there: as good
                        os.link(aside, path)
                        _sync(path.parent)
                    aside.unlink()
                    return False
                aside.unlink()
            return True


@contextmanager
def _writing() -> Iterator[None]:
    """Turn what a disk may say into what callers know."""
    try:
        yield
    except OSError as error:
        raise PhotoStoreUnavailable from error


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound from error
    except OSError as error:
        raise PhotoStoreUnavailable from error


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
