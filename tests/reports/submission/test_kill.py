"""kill −9 while reports come in: what was acknowledged is there, what was not is sent again.

A real gunicorn with real photos over HTTP. The socket it listens on belongs to the test, so a new
server takes over the queue of the dead one, as under `grid-report serve`.
"""

from __future__ import annotations

import io
import os
import random
import sqlite3
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from grid_report import clock
from grid_report.db import db
from grid_report.jobs.work import JobContext, sweep_photos
from grid_report.media.store import owner
from grid_report.media.store.local import LocalStore
from grid_report.media.store.stores import Size, read_file_name
from grid_report.media.upkeep import queries as media_queries
from grid_report.notify.models import Message
from grid_report.points.audit import queries as audit_queries
from grid_report.points.ledger.models import Journal
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import HistoryEntry, Report, ReportPhoto
from grid_report.settings import Settings
from tests.jobs.processes import wait_for
from tests.reports.submission.killing import ACCEPT_EVERY, Senders, Sending, web_on_a_socket
from tests.support.builders import STATION, Make
from tests.support.lengths import Length
from tests.support.pictures import camera_exif, encoded, real_photos

pytestmark = [pytest.mark.database, pytest.mark.slow]

# Five reports of each rider are as many as an hour allows.
EACH, SENDERS = 5, 8
# One kill in so many takes a single worker; the others take the whole process group.
ONE_WORKER_IN = 4
SECONDS = 240


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


def submissions(make: Make, rng: random.Random, riders: int) -> Iterator[Sending]:
    """Yield reports of one to three photos, five of each rider."""
    tokens = [make.token(make.rider()) for _ in range(riders)]
    fresh = photographs(rng)
    seen: list[bytes] = []
    for at in range(riders * EACH):
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
        headers = {**tokens[at % riders], "Idempotency-Key": key, "Content-Type": kind}
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
    return sweep_photos(JobContext(settings, lambda: now, lambda: True))


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    make: Make, settings: Settings, tmp_path: Path, length: Length
) -> None:
    seed = int(os.environ.get("KILL_SEED", "0")) or random.randrange(1, 2**31)
    print(f"KILL_SEED={seed}")
    rng = random.Random(seed)
    store = make.app.extensions["grid_report"].media.store
    everything = list(submissions(make, rng, riders=length(8, 20)))
    reports, kills = len(everything), length(3, 6)
    moments = sorted(rng.sample(range(2, reports - 10), kills))
    seen: set[str] = set()
    with web_on_a_socket(settings, tmp_path) as (web, port):
        senders = Senders(port, worker=make.token(make.worker()))
        for sending in everything:
            senders.waiting.put(sending)

        def reached(reports: int) -> bool:
            return len(senders.reports()) >= reports or bool(senders.refused)

        threads = [threading.Thread(target=senders.run) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        try:
            web.start()
            for moment in moments:
                wait_for(partial(reached, moment), SECONDS)
                time.sleep(rng.uniform(0, 0.15))
                if rng.randrange(ONE_WORKER_IN) == 0:
                    web.kill_one_worker(rng)
                    continue
                web.kill()
                # Nobody works now. This is what somebody finds after the power came back.
                check_acknowledged(senders.reports())
                check_rows_have_files(store, seen)
                web.start()
            accepted = reports // ACCEPT_EVERY
            wait_for(
                lambda: len(senders.answered) == reports + accepted or bool(senders.refused),
                SECONDS,
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
    assert sum(web.killed.values()) == kills

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
    assert audit_queries.find_differences(db.engine, clock.now()) == []
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
    # Dozens of kills in one store are far more than any brake lets pass.
    settings = settings.model_copy(
        update={"photos": settings.photos.model_copy(update={"brake_floor": 10_000})}
    )
    owner.claim(store, media_queries.installation_key(), now=now)
    assert sweep(settings, now) == 0
    assert files_of(store) == both(kept) | {it for it in files_of(store) if it[0] in left}
    old = now + timedelta(minutes=settings.jobs.orphan_minutes + 1)
    sweep(settings, old)
    assert files_of(store) == both(kept | left)
    sweep(settings, old + timedelta(days=settings.photos.unknown_days))
    assert files_of(store) == both(kept)
    assert os.listdir(store.staging()) == []
    check_rows_have_files(store, set())
