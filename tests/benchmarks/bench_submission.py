"""G2, G3 and G14 of the performance goals: what one POST of a report costs, and how many a second.

The whole request runs in process through the WSGI app, with a token, on a migrated SQLite file with
durable commits; the decoders are its child processes and warm. The bound is what no way of doing it
could save: decode with Pillow, encode both pictures, sync both files, once a photo.

CPU is that of this process and of the decoders together, wall is the clock. Rounds are paired:
whichever of the two comes first changes from round to round.

`python -m tests.benchmarks.bench_submission [rounds]`
"""

from __future__ import annotations

import io
import os
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import Engine, event
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.test import EnvironBuilder, run_wsgi_app

from grid_report import clock, create_app, settings
from grid_report.access import Actor
from grid_report.db import db
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.places.queries import reference
from grid_report.reports.commands import SubmitReport
from grid_report.reports.submission import usecases as submission_usecases
from tests.benchmarks.bench_photo import _photo
from tests.support.builders import STATION, Make
from tests.support.databases import fill

ROUNDS = 15
BATCH = 60
GOALS = {"G2": 1.5, "G3": 1.25, "G14": 8, "throughput": 100}


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure; rows of goal, what, value, bound, ratio, limit, met, unit, rounds."""
    rounds = max(9, rounds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = _app(folder)
        with app.app_context():
            bench = Bench(app, folder)
            rows = [
                *bench.photos("G2", 1, rounds),
                *bench.photos("G3", 3, rounds),
                bench.statements(),
                bench.without_photos(rounds),
                bench.throughput(rounds),
            ]
            db.session.remove()
            db.engine.dispose()
        app.extensions["grid_report"].media.close()
    return rows


def _app(folder: Path) -> Flask:
    url = f"sqlite:///{folder}/bench.sqlite"
    fill(url, folder)
    return create_app(
        settings.load(
            {"GRID_REPORT_ENV": "testing"},
            {
                "storage": {
                    "data": str(folder),
                    "database_url": url,
                    "photo_store": (folder / "photos").as_uri(),
                },
                "photos": {"processes": 0},
                "limits": {"reports_per_hour": 10**6, "reports_per_day": 10**6},
            },
        )
    )


class Bench:
    """An app with a rider, and a photo no other is like, as often as wanted."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.app, self.folder = app, folder
        make = Make(app)
        self.rider: Actor = make.rider()
        self.headers = make.token(self.rider)
        self.environ: dict[str, Any] = {}
        self.media = app.extensions["grid_report"].media
        self.base = Image.open(io.BytesIO(_photo((2048, 1536))))
        self.base.load()
        self.thumb = self.base.reduce(4)
        self.random = random.Random(1)

    def camera_photo(self) -> bytes:
        """Return the photo with a speck of its own: nothing may be known already."""
        picture = self.base.copy()
        picture.paste(
            Image.frombytes("RGB", (32, 32), self.random.randbytes(32 * 32 * 3)),
            (self.random.randrange(2000), self.random.randrange(1500)),
        )
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=90)
        return out.getvalue()

    def prepare(self, photos: list[bytes]) -> None:
        """Make a request ready; what a phone does costs the server nothing."""
        fields: list[tuple[str, Any]] = [("category", "RD02"), ("community", STATION)]
        fields += [("photos", FileStorage(io.BytesIO(data), "a.jpg")) for data in photos]
        self.environ = EnvironBuilder(
            "/api/v1/reports",
            method="POST",
            data=MultiDict(fields),
            headers=Headers({**self.headers, "Idempotency-Key": str(uuid.uuid4())}),
        ).get_environ()

    def send(self) -> None:
        """Send it through the WSGI app."""
        body, status, _ = run_wsgi_app(self.app.wsgi_app, self.environ, buffered=True)
        answer = b"".join(body)
        assert status.startswith("201"), (status, answer[:300])

    def bare(self, photos: list[bytes]) -> None:
        """Do what cannot be saved."""
        for at, data in enumerate(photos):
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
                for one, quality, kind in ((picture, 82, "main"), (self.thumb, 75, "thumb")):
                    with (self.folder / f"bound-{at}-{kind}").open("wb") as file:
                        one.save(file, "JPEG", quality=quality, subsampling="4:2:0")
                        file.flush()
                        os.fdatasync(file.fileno())

    def photos(self, goal: str, count: int, rounds: int) -> list[dict[str, Any]]:
        """Measure a POST of so many photos against the bare work on the same photos."""
        pairs: list[tuple[Cost, Cost]] = []
        for at in range(rounds + 1):
            photos = [self.camera_photo() for _ in range(count)]
            self.prepare(photos)
            steps: list[Callable[[], None]] = [self.send, partial(self.bare, photos)]
            costs = {}
            for index in (0, 1) if at % 2 else (1, 0):
                costs[index] = self.cost(steps[index])
            if at:  # the first round starts the decoders
                pairs.append((costs[0], costs[1]))
        what = "POST of one photo" if count == 1 else f"POST of {count} photos"
        limit = GOALS[goal]
        return [
            _row(goal, f"{what}, {kind}", [(a[at], b[at]) for a, b in pairs], limit)
            for at, kind in enumerate(("CPU", "wall"))
        ]

    def cost(self, step: Callable[[], None]) -> Cost:
        """Return milliseconds of CPU, the decoders' included, and of wall time."""
        cpu, wall = self.cpu_s(), time.perf_counter()
        step()
        return (self.cpu_s() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3

    def cpu_s(self) -> float:
        own = time.process_time()
        return own + sum(_cpu_of(pid) for pid in self.media.pool.pids())

    def statements(self) -> dict[str, Any]:
        """Count what a POST sends to the database, without what only frames it."""
        self.prepare([self.camera_photo() for _ in range(3)])
        with _statements() as seen:
            self.send()
        return {
            "goal": "G14",
            "what": "SQL statements of a POST of 3 photos",
            "value": len(seen),
            "bound": GOALS["G14"],
            "ratio": "",
            "limit": GOALS["G14"],
            "met": len(seen) <= GOALS["G14"],
            "unit": "statements",
            "rounds": 1,
        }

    def without_photos(self, rounds: int) -> dict[str, Any]:
        """Measure the part of a POST that is not the photos: everything against one bare commit."""
        admitted = self.media.admit([io.BytesIO(self.camera_photo())])
        wiring = self.app.extensions["grid_report"]
        self.app.extensions["grid_report"] = replace(wiring, media=Ready(admitted))
        pairs = []
        try:
            for _ in range(rounds * 5):
                self.prepare([b"not looked at"])
                pairs.append((self.cost(self.send)[0], self.cost(self.commit)[0]))
        finally:
            self.app.extensions["grid_report"] = wiring
        return _row("", "POST without its photo work, CPU, against a bare commit", pairs)

    def commit(self) -> None:
        """Commit one row durably, by the bare driver."""
        with db.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("CREATE TABLE IF NOT EXISTS bench (id INTEGER PRIMARY KEY)")
            raw.execute("INSERT INTO bench DEFAULT VALUES")
            raw.execute("COMMIT")

    def throughput(self, rounds: int) -> dict[str, Any]:
        """Count the use case's reports a second in one worker, with a photo that is stored already."""
        photos = tuple(self.media.admit([io.BytesIO(self.camera_photo())]))
        found = []
        for _ in range(rounds + 1):
            cpu, began = time.process_time(), time.perf_counter()
            for _ in range(BATCH):
                self.submit(photos)
            took = time.perf_counter() - began
            found.append((BATCH / took, BATCH / (time.process_time() - cpu)))
        wall = statistics.median(it[0] for it in found[1:])
        return {
            "goal": "",
            "what": "use case without photo work, one worker",
            "value": round(wall, 1),
            "bound": round(statistics.median(it[1] for it in found[1:]), 1),
            "ratio": "",
            "limit": GOALS["throughput"],
            "met": wall >= GOALS["throughput"],
            "unit": "a second (bound: by CPU time)",
            "rounds": rounds,
        }

    def submit(self, photos: tuple[AdmittedPhoto, ...]) -> None:
        """Run the use case once."""
        submission_usecases.submit_report(
            SubmitReport(
                key=str(uuid.uuid4()),
                category="RD02",
                lat=None,
                lng=None,
                datum="wgs84",
                community=STATION,
                photos=photos,
            ),
            actor=self.rider,
            places=reference(),
            settings=self.media.settings,
            now=clock.now(),
        )


Cost = tuple[float, float]


@dataclass(frozen=True)
class Ready:
    """Photos that were worked on before."""

    photos: list[AdmittedPhoto]

    def admit(self, _uploads: Sequence[object]) -> list[AdmittedPhoto]:
        """Return them."""
        return self.photos


def _cpu_of(pid: int) -> float:
    # The scheduler counts in nanoseconds; /proc/PID/stat in hundredths of a second.
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return 0.0


@contextmanager
def _statements(engine: Engine | None = None) -> Iterator[list[str]]:
    engine = engine or db.engine
    seen: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _row(
    goal: str, what: str, pairs: list[tuple[float, float]], limit: float | None = None
) -> dict[str, Any]:
    ratio = statistics.median(ours / bound for ours, bound in pairs)
    return {
        "goal": goal,
        "what": what,
        "value": round(statistics.median(ours for ours, _ in pairs), 2),
        "bound": round(statistics.median(bound for _, bound in pairs), 2),
        "ratio": round(ratio, 3),
        "limit": "" if limit is None else limit,
        "met": "" if limit is None else ratio <= limit,
        "unit": "ms",
        "rounds": len(pairs),
    }


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        print(row)
