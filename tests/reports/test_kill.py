"""kill −9 while reports come in: what was acknowledged is there, what was not is sent again.

A real gunicorn with real photos over HTTP. The socket it listens on belongs to the test, so a new
server takes over the queue of the dead one, as under `grid-report serve`.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import queue
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from grid_report import clock, serving
from grid_report.db import db
from grid_report.jobs.work import Duty, sweep_photos
from grid_report.media.local_store import LocalStore
from grid_report.media.stores import Size, read_file_name
from grid_report.notify.models import Message
from grid_report.points import audit
from grid_report.points.models import Journal
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import HistoryEntry, Report, ReportPhoto
from grid_report.settings import Settings
from tests.jobs.processes import ROOT, environ_of, wait_for
from tests.support.builders import STATION, Make
from tests.support.pictures import camera_exif, encoded, real_photos

pytestmark = [pytest.mark.database, pytest.mark.slow]

REPORTS, RIDERS, KILLS, SENDERS = 100, 20, 6, 8
# Every fourth report is accepted meanwhile: points are paid while the power fails.
ACCEPT_EVERY = 4
# One kill in so many takes a single worker; the others take the whole process group.
ONE_WORKER_IN = 4
SECONDS = 240


@dataclass
class Sending:
    """A request that is sent with one key until it is answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    wanted: int
    # Does not wait for the first answer: what was committed unheard is sent again.
    is_deaf: bool = False
    tries: int = 0
    answer: dict[str, Any] | None = None
    replayed: bool = False


@dataclass
class Senders:
    """Threads that send what waits, and put back what got no answer."""

    port: int
    waiting: queue.Queue[Sending] = field(default_factory=queue.Queue)
    answered: list[Sending] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    worker: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Send until told that it is over."""
        while not self.over.is_set():
            try:
                sending = self.waiting.get(timeout=0.05)
            except queue.Empty:
                continue
            sending.tries += 1
            try:
                status, replayed, body = self._post(sending)
            except (OSError, http.client.HTTPException):
                self.waiting.put(sending)
                continue
            if status == 503:
                time.sleep(0.1)
                self.waiting.put(sending)
            elif status != sending.wanted:
                self.refused.append(f"{status}: {body[:500]!r}")
            else:
                sending.answer, sending.replayed = json.loads(body), replayed
                self.answered.append(sending)
                self._go_on(sending)

    def _post(self, sending: Sending) -> tuple[int, bool, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", sending.path, sending.body, sending.headers)
            if sending.is_deaf and sending.tries == 1:
                time.sleep(0.2)
                raise ConnectionAbortedError("the rider went into a tunnel")
            answer = connection.getresponse()
            # Only what arrived whole was acknowledged; `read` raises when it did not.
            body = answer.read()
            return answer.status, answer.getheader("Idempotent-Replayed") == "true", body
        finally:
            connection.close()

    def _go_on(self, sending: Sending) -> None:
        """Have a worker accept some of the reports as soon as they are there."""
        assert sending.answer is not None
        number = str(sending.answer["number"])
        if sending.wanted == 201 and int(number[-4:]) % ACCEPT_EVERY == 0:
            self.waiting.put(acceptance(number, self.worker))

    def reports(self) -> list[Sending]:
        """Return the reports acknowledged so far."""
        return [sending for sending in list(self.answered) if sending.wanted == 201]


@dataclass
class Web:
    """gunicorn on a socket that outlives it; its log goes to a file."""

    listener: socket.socket
    environ: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    killed: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        """Start it as `grid-report serve` does."""
        fd = self.listener.fileno()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "grid_report.serving", "web", str(fd)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=self.environ,
                pass_fds=(fd,),
                start_new_session=True,
            )

    def kill(self) -> None:
        """End the whole process group at once; nobody it leaves behind lives on."""
        self.killed["group"] += 1
        self.end()

    def end(self) -> None:
        """Leave nothing behind."""
        assert self.process is not None
        assert self.process.stdin is not None
        group = psutil.Process(self.process.pid)
        family = [group, *group.children(recursive=True)]
        os.killpg(group.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process.stdin.close()
        # The decoders are in groups of their own: they notice that their worker is gone.
        wait_for(lambda: not any(_lives(process) for process in family), 15)

    def kill_one_worker(self, rng: random.Random) -> None:
        """End one web process; gunicorn starts another."""
        assert self.process is not None
        gunicorn = psutil.Process(self.process.pid)
        wait_for(lambda: bool(gunicorn.children()))
        self.killed["worker"] += 1
        with suppress(psutil.NoSuchProcess):
            rng.choice(gunicorn.children()).kill()


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@contextmanager
def web_on_a_socket(settings: Settings, folder: Path) -> Iterator[tuple[Web, int]]:
    figures = folder / "figures"
    figures.mkdir()
    environ = environ_of(
        settings,
        PROMETHEUS_MULTIPROC_DIR=str(figures),
        GRID_REPORT_SERVER__THREADS="8",
        # Seven starts: compiling the same modules each time would be most of the test.
        PYTHONDONTWRITEBYTECODE="",
        PYTHONPYCACHEPREFIX=str(ROOT / "var" / "bytecode"),
    )
    with serving.listen("127.0.0.1", 0) as listener:
        port = int(listener.getsockname()[1])
        web = Web(listener, environ, folder / "web.log")
        try:
            yield web, port
        finally:
            if web.process is not None and web.process.poll() is None:
                web.end()


def acceptance(number: str, worker: dict[str, str]) -> Sending:
    return Sending(
        f"/api/v1/reports/{number}/steps",
        {**worker, "Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"},
        json.dumps({"step": "accept", "category": "RD02", "severity": 2}).encode(),
        200,
    )


def photographs(rng: random.Random) -> Iterator[bytes]:
    """Yield real photographs as a phone sends them, each with a speck of its own."""
    names = ("rocket.jpg", "retina.jpg", "hubble_deep_field.jpg", "astronaut.png", "coffee.png")
    bases = [Image.open(real_photos()[name]).convert("RGB") for name in names]
    while True:
        picture = rng.choice(bases).copy()
        speck = Image.frombytes("RGB", (48, 48), rng.randbytes(48 * 48 * 3))
        picture.paste(speck, (rng.randrange(300), rng.randrange(200)))
        exif = camera_exif(rng.choice((1, 3, 6, 8)), lat=42.5466, lng=124.0382)
        yield encoded(picture, "JPEG", quality=90, exif=exif)


def submissions(make: Make, rng: random.Random) -> Iterator[Sending]:
    """Yield reports of one to three photos by twenty riders, five each: as many as an hour allows."""
    tokens = [make.token(make.rider()) for _ in range(RIDERS)]
    fresh = photographs(rng)
    seen: list[bytes] = []
    for at in range(REPORTS):
        photos = [next(fresh) for _ in range(rng.choice((1, 1, 2, 3)))]
        if at % 7 == 6:
            # Somebody else's photo again: one file, two rows.
            photos[0] = rng.choice(seen)
        seen += photos
        key = str(uuid.uuid4())
        boundary, body = encode_multipart(
            MultiDict(
                [
                    ("category", "RD02"),
                    ("community", STATION),
                    ("description", f"key {key}"),
                    *(("photos", FileStorage(io.BytesIO(data), "a.jpg")) for data in photos),
                ]
            )
        )
        kind = f"multipart/form-data; boundary={boundary}"
        headers = {**tokens[at % RIDERS], "Idempotency-Key": key, "Content-Type": kind}
        yield Sending("/api/v1/reports", headers, body, 201, is_deaf=at % 9 == 8)


def check_rows_have_files(store: LocalStore, seen: set[str]) -> None:
    """Every photo of a row can be opened, in both sizes, and is what its row says."""
    db.session.rollback()
    rows = db.session.execute(
        select(ReportPhoto.name, ReportPhoto.width, ReportPhoto.height, ReportPhoto.byte_count)
    ).all()
    for name, width, height, byte_count in rows:
        if name in seen:
            continue
        with store.open(name, Size.MAIN) as file:
            assert len(file.read()) == byte_count
            file.seek(0)
            with Image.open(file) as main:
                main.load()
                assert main.size == (width, height)
        with store.open(name, Size.THUMB) as file, Image.open(file) as thumb:
            thumb.load()
            assert max(thumb.size) <= 512
        seen.add(name)


def check_acknowledged(acknowledged: Sequence[Sending]) -> None:
    """Every acknowledged report has its row, its photos, its history and its news."""
    db.session.rollback()
    photos: dict[str, set[str]] = defaultdict(set)
    keys: dict[str, str] = {}
    for number, key, name in db.session.execute(
        select(Report.number, Report.key, ReportPhoto.name).join(
            ReportPhoto, ReportPhoto.report_id == Report.id
        )
    ):
        photos[number].add(name)
        keys[number] = key
    submitted = set(
        db.session.scalars(
            select(Report.number).join(
                HistoryEntry,
                (HistoryEntry.report_id == Report.id) & (HistoryEntry.step == Step.SUBMIT),
            )
        )
    )
    told = set(db.session.scalars(select(Message.about).where(Message.kind == "report_submitted")))
    for sending in acknowledged:
        assert sending.answer is not None
        number = sending.answer["number"]
        assert keys[number] == sending.headers["Idempotency-Key"]
        assert len(photos[number]) == len(sending.answer["photos"]) > 0
        assert number in submitted & told


def files_of(store: LocalStore) -> set[tuple[str, Size]]:
    found = (read_file_name(path.name) for path in store.root.glob("??/*"))
    return {it for it in found if it is not None}


def names_in_rows() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(select(ReportPhoto.name)))


def both(names: Collection[str]) -> set[tuple[str, Size]]:
    return {(name, size) for name in names for size in Size}


def sweep(settings: Settings, now: datetime) -> int:
    return sweep_photos(Duty(settings, lambda: now, lambda: True))


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    make: Make, settings: Settings, tmp_path: Path
) -> None:
    seed = int(os.environ.get("KILL_SEED", "0")) or random.randrange(1, 2**31)
    print(f"KILL_SEED={seed}")
    rng = random.Random(seed)
    store = make.app.extensions["grid_report"].media.store
    everything = list(submissions(make, rng))
    moments = sorted(rng.sample(range(2, REPORTS - 10), KILLS))
    seen: set[str] = set()
    with web_on_a_socket(settings, tmp_path) as (web, port):
        senders = Senders(port, worker=make.token(make.worker()))
        for sending in everything:
            senders.waiting.put(sending)
        threads = [threading.Thread(target=senders.run) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        try:
            web.start()
            for moment in moments:
                at = moment
                wait_for(lambda at=at: len(senders.reports()) >= at or senders.refused, SECONDS)
                time.sleep(rng.uniform(0, 0.15))
                if rng.randrange(ONE_WORKER_IN) == 0:
                    web.kill_one_worker(rng)
                    continue
                web.kill()
                # Nobody works now. This is what somebody finds after the power came back.
                check_acknowledged(senders.reports())
                check_rows_have_files(store, seen)
                web.start()
            accepted = REPORTS // ACCEPT_EVERY
            wait_for(
                lambda: len(senders.answered) == REPORTS + accepted or senders.refused, SECONDS
            )
        finally:
            senders.over.set()
            for thread in threads:
                thread.join(70)
    assert senders.refused == []
    acknowledged = senders.reports()
    again = [sending for sending in everything if sending.tries > 1]
    print(
        f"killed {dict(web.killed)}; {len(again)} sent again, of which"
        f" {sum(sending.replayed for sending in again)} had been committed unheard"
    )
    assert sum(web.killed.values()) == KILLS

    # Each key made exactly one report, and the numbers have no gap.
    db.session.rollback()
    rows = db.session.execute(select(Report.key, Report.number)).all()
    assert Counter(key for key, _ in rows) == Counter(
        sending.headers["Idempotency-Key"] for sending in everything
    )
    by_day: dict[str, list[int]] = defaultdict(list)
    for _, number in rows:
        day, _, last = number.rpartition("-")
        by_day[day].append(int(last))
    for numbers in by_day.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    check_acknowledged(acknowledged)
    check_rows_have_files(store, seen)

    # Who was accepted was paid once, and the books are in order.
    paid = dict(
        db.session.execute(
            select(Journal.report_number, func.count())
            .where(Journal.report_number.is_not(None))
            .group_by(Journal.report_number)
        ).all()
    )
    assert paid == {
        str(it.answer["number"]): 1 for it in senders.answered if it.wanted == 200 and it.answer
    }
    assert audit.find_differences(db.engine, clock.now()) == []
    url = make_url(settings.sqlalchemy_url)
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(str(url.database)) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        raw.close()

    # What the kills left behind goes, once it is old enough, and nothing else.
    orphan = make.photo().name
    kept = names_in_rows()
    left = {name for name, _ in files_of(store)} - kept
    assert orphan in left
    print(
        f"{len(left)} orphaned photos, {len(os.listdir(store.staging()))} folders on their way in"
    )
    now = clock.now()
    assert sweep(settings, now) == 0
    assert files_of(store) == both(kept) | {it for it in files_of(store) if it[0] in left}
    sweep(settings, now + timedelta(minutes=settings.jobs.orphan_minutes + 1))
    assert files_of(store) == both(kept)
    assert os.listdir(store.staging()) == []
    check_rows_have_files(store, set())
