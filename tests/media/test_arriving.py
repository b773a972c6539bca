"""What was sent, with its metadata, does not outlive the process that took it in."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from flask import Flask

from grid_report.media.decoding import arrivals
from grid_report.media.decoding.arrivals import arrival, clear_left_behind
from grid_report.media.errors import PhotoStoreUnavailable, PictureTooLarge
from grid_report.media.store import opening
from grid_report.media.store.local import LocalStore
from tests.media.conftest import AdmitBytes, files_under
from tests.media.faulty import soon
from tests.support import pictures
from tests.support.builders import Make

ROOT = Path(__file__).resolve().parents[2]

# Takes a photo in with a decoder that never answers, as a server does when it is killed.
TAKING_IN = textwrap.dedent(
    """
    import io, sys
    from pathlib import Path
    from grid_report.media.decoding import arrivals as arriving
    from grid_report.media.uploads import photos
    from grid_report.media.store.local import LocalStore
    from grid_report.media.decoding.pool import Pool
    from grid_report.settings import load
    from tests.media.faulty import FAULTY
    if sys.argv[2] == "by name":
        arriving.os.access = lambda *_: False
    limits = load({}).photos.model_copy(update={"processes": 1, "wall_seconds": 600})
    photos.admit(
        [io.BytesIO(b"HANG        GPS: 42.54, 124.04")],
        store=LocalStore(Path(sys.argv[1])),
        pool=Pool(limits, boot=FAULTY), limits=limits, zone=None,
    )
    """
)


def killed(store: LocalStore, how: str) -> list[bytes]:
    """Kill a process while a decoder has its photo; return what files it left."""
    process = subprocess.Popen([sys.executable, "-c", TAKING_IN, str(store.root), how], cwd=ROOT)
    try:
        assert soon(lambda: any(store.root.rglob("*.hangs")), 60)
        # A start beside it leaves its folder alone.
        assert clear_left_behind(store.staging()) == 0
        assert any(store.root.rglob("*.hangs"))
    finally:
        process.kill()
        process.wait()
    return [path.read_bytes() for path in files_under(store.root)]


def test_what_was_sent_is_gone_with_the_process_that_is_killed(store: LocalStore) -> None:
    left = killed(store, "without a name")
    assert left
    assert not any(b"GPS" in content for content in left)
    assert soon(lambda: clear_left_behind(store.staging()) == 1)
    assert list(store.staging().iterdir()) == []


def test_where_a_name_is_needed_the_next_start_clears_it_away(store: LocalStore) -> None:
    left = killed(store, "by name")
    assert any(b"GPS" in content for content in left)
    assert soon(lambda: clear_left_behind(store.staging()) == 1)
    assert files_under(store.root) == []


@pytest.mark.database
def test_a_start_clears_what_killed_processes_left(app: Flask, make: Make) -> None:
    store = app.extensions["grid_report"].media.store
    dead = store.staging() / "in-dead"
    dead.mkdir()
    (dead / "0.sent").write_bytes(b"GPS")
    with arrival(store.staging()) as living:
        assert opening.why_not(now=make.now) == ""
        assert list(store.staging().iterdir()) == [living]
    assert list(store.staging().iterdir()) == []


def test_a_decoder_reads_a_file_that_has_no_name(
    store: LocalStore, admit_bytes: AdmitBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways: list[str] = []
    take_in = arrivals.take_in

    def noted(path: Path) -> tuple[io.FileIO, str]:
        found = take_in(path)
        ways.append(found[1])
        list(path.parent.iterdir())
        return found

    monkeypatch.setattr("grid_report.media.uploads.photos.take_in", noted)
    sent = pictures.encoded(pictures.scene((320, 240)), "JPEG")
    assert len(admit_bytes(sent, sent)) == 2
    assert [way.rpartition("/")[0] for way in ways] == [f"/proc/{os.getpid()}/fd"] * 2
    assert list(store.staging().iterdir()) == []


def test_nothing_stays_open_or_lies_about_when_a_photo_is_refused(
    store: LocalStore, admit_bytes: AdmitBytes
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(PictureTooLarge):
        admit_bytes(bytes(2 << 20), max_file_mb=1)
    assert len(os.listdir("/proc/self/fd")) == before
    assert files_under(store.root) == []


def test_a_disk_that_is_full_is_said_so(
    store: LocalStore, admit_bytes: AdmitBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.FileIO):
        def write(self, *_: object) -> int:
            raise OSError(28, "no space left")

    def take_in(path: Path) -> tuple[io.FileIO, str]:
        return Full(path, "x+b"), str(path)

    monkeypatch.setattr("grid_report.media.uploads.photos.take_in", take_in)
    with pytest.raises(PhotoStoreUnavailable):
        admit_bytes(b"anything")
    assert files_under(store.root) == []
