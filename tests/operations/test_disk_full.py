"""A data disk that is full: workers live, pages are read, and the log says one sentence."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from grid_report import create_app
from grid_report.db import db
from grid_report.settings import Settings
from grid_report.web.http import metrics
from tests.conftest import test_settings
from tests.jobs.processes import wait_for
from tests.support.builders import Make
from tests.support.databases import SqliteDatabases
from tests.support.lengths import Length
from tests.support.site import page, site

DISK_MB = 24


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a small disk of this test's own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(folder)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount command here")
    if done.returncode:
        pytest.skip(f"a disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(folder: Path) -> Path:
    """Fill a disk to the last byte; return what takes the room."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while file.write(b"\0" * size):
                    pass
    return filler


@pytest.mark.slow
def test_a_full_disk_stops_what_writes_and_nothing_else(
    disk: Path, tmp_path: Path, length: Length
) -> None:
    data = disk / "site"
    data.mkdir()
    (tmp_path / "template").mkdir()
    settings: Settings = test_settings(SqliteDatabases(tmp_path / "template").fresh(data), data)
    app = create_app(settings)
    with app.app_context():
        make = Make(app)
        signed_in = make.token(make.rider())
        db.session.remove()
        db.engine.dispose()
    with site(settings, tmp_path / "log") as running:
        line = "".join(f"{name}: {value}\r\n" for name, value in signed_in.items()).encode()
        inbox = page("/inbox", "en")[:-2] + line + b"\r\n"
        reading = [inbox, page("/sign-in", "zh-CN")] * 4
        assert {answer.status for answer in running.at_once(reading)} == {200}
        workers = {worker.pid for worker in running.workers()}
        filler = fill_up(disk)
        said_before = len(running.said().splitlines())
        # As many kinds of figures as there are routes: their files have to grow, too.
        for rule in sorted({rule.rule for rule in app.url_map.iter_rules() if not rule.arguments}):
            assert running.ask(rule, headers=signed_in).status != 500, rule
        for _ in range(length(5, 25)):
            assert {answer.status for answer in running.at_once(reading)} == {200}
        refused = [
            running.ask(
                "/api/v1/tokens",
                method="POST",
                body='{"phone": "13922220001", "password": "not the password"}',
                headers={"Content-Type": "application/json", "Accept-Language": "en"},
            )
            for _ in range(20)
        ]
        assert {answer.status for answer in refused} == {503}
        assert all('"disk-full"' in answer.text for answer in refused)
        assert {answer.headers["Retry-After"] for answer in refused} == {"60"}
        assert running.get("/healthz") == 200
        ready = running.ask("/readyz")
        assert (ready.status, '"database":"failed"' in ready.text.replace(" ", "")) == (503, True)
        assert {worker.pid for worker in running.workers()} == workers, "a worker died"
        said = [
            text
            for text in running.said().splitlines()[said_before:]
            if '"logger": "grid_report.requests"' not in text
        ]
        assert "Traceback" not in "\n".join(said)
        # Two workers and the scheduler, each once; and that the scheduler stops leading.
        plain = [text for text in said if "nothing can be written" in text]
        assert 1 <= len(plain) <= 3, "\n".join(said)
        assert len(said) <= 8, "\n".join(said)
        filler.unlink()
        wait_for(lambda: running.get("/readyz") == 200, 20)
        again = running.ask(
            "/api/v1/tokens",
            method="POST",
            body='{"phone": "13922220001", "password": "not the password"}',
            headers={"Content-Type": "application/json"},
        )
        assert again.status == 401


def test_figures_are_reserved_before_they_are_mapped_and_move_to_memory_on_a_full_disk(
    disk: Path,
) -> None:
    # What it is made from has no types.
    kept: Any = metrics.ReservedDict(str(disk / "counter_1.db"))
    kept.write_value("first", 1.0, 0.0)
    found = os.stat(disk / "counter_1.db")
    assert found.st_blocks * 512 >= found.st_size == metrics.FIRST_BYTES
    fill_up(disk)
    # Far more than was reserved; unreserved, the first of them would end this process.
    for number in range(6000):
        kept.write_value(f"a figure with a long name, number {number:040}", 2.0, 0.0)
    assert kept.read_value("first") == (1.0, 0.0)
    assert sum(value for _, value, _ in kept.read_all_values()) == 1 + 2 * 6000
    kept.close()
    other: Any = metrics.ReservedDict(str(disk / "counter_2.db"))
    other.write_value("second", 3.0, 0.0)
    assert other.read_value("second") == (3.0, 0.0)
    assert not (disk / "counter_2.db").exists()
