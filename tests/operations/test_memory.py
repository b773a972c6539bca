"""What a rush leaves behind in the memory of a worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grid_report.settings import Settings
from tests.support.lengths import Length
from tests.support.site import Site, site

pytestmark = pytest.mark.slow

RUSH = 44


def sign_in(number: int) -> bytes:
    """Return a sign-in by a number nobody has: it costs the same hash."""
    body = json.dumps({"phone": f"139{number:08d}", "password": "not the password"}).encode()
    return (
        b"POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    ) + body


def megabytes(running: Site) -> float:
    (worker,) = running.workers()
    return float(worker.memory_info().rss / 1024**2)


def test_a_worker_is_no_larger_after_rushes_of_sign_ins(
    settings: Settings, tmp_path: Path, length: Length
) -> None:
    with site(settings, tmp_path / "log", GRID_REPORT_SERVER__WORKERS="1") as running:
        # What is made for good at the first request is not what a rush leaves behind.
        assert [answer.status for answer in running.at_once([sign_in(0)])] == [401]
        before = megabytes(running)
        for rush in range(1, length(2, 5)):
            answers = running.at_once([sign_in(rush * 1000 + number) for number in range(RUSH)])
            assert [answer.status for answer in answers] == [401] * RUSH
        after = megabytes(running)
        print(f"worker: {before:.0f} MB before, {after:.0f} MB after")
        assert after <= before * 1.2
