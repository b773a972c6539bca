"""Real processes of this program for tests, and their environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from grid_report.settings import Settings
from tests.support import present

ROOT = Path(__file__).resolve().parents[2]


def environ_of(settings: Settings, **more: str) -> dict[str, str]:
    """Return the environment that gives a child the settings of a test."""
    # Only a site under test may have another time than the machine.
    is_testing = more.get("GRID_REPORT_ENV", "testing") == "testing"
    return {
        **os.environ,
        **(present.environ() if is_testing else {}),
        "GRID_REPORT_ENV": "testing",
        "GRID_REPORT_DATA": settings.storage.data,
        "GRID_REPORT_DATABASE_URL": settings.storage.database_url,
        "GRID_REPORT_PHOTO_STORE": settings.storage.photo_store,
        "GRID_REPORT_JOBS__LEASE_SECONDS": "2",
        "GRID_REPORT_JOBS__DELIVER_SECONDS": "1",
        **more,
    }


def start(words: list[str], environ: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a Python process of this program; its output goes to a file."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
        )


def end(process: subprocess.Popen[bytes], seconds: float = 15) -> int:
    """Stop a process the friendly way, else the hard one; return its code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    finally:
        if process.stdin:
            with suppress(OSError):
                process.stdin.close()


def wait_for(truth: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is true. Raises AssertionError when it does not become so."""
    until = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)
