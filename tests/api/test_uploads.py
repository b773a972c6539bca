"""Reports and steps from photos that came in parts before; and what became of a key."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, func, select

from grid_report import clock
from grid_report.access import Actor
from grid_report.db import db
from grid_report.media.resumable import usecases as uploads
from grid_report.media.resumable.models import KeptUpload, UploadPiece
from grid_report.media.resumable.protocol import REMEMBERED, WAITS
from grid_report.reports.models import Report, ReportPhoto
from grid_report.reports.sources import Source
from grid_report.reports.submission import usecases as submission_usecases
from tests.api.conftest import Program, Programs, problem
from tests.support.builders import STATION, Make, picture
from tests.support.parts import Phone

pytestmark = pytest.mark.database


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider()


@pytest.fixture
def asking(program: Programs, rider: Actor) -> Program:
    return program(rider)


@pytest.fixture
def phone(asking: Program) -> Phone:
    return Phone(asking.client, asking.token)


def report(asking: Program, *ids: str, key: str = "", **fields: Any) -> Any:
    data = {"category": "RD02", "community": STATION, "uploads": list(ids), **fields}
    headers = {"Idempotency-Key": key} if key else {}
    return asking.post("reports", data=data, headers=headers)


def names(number: str) -> list[str]:
    db.session.rollback()
    of_report = select(ReportPhoto.name).join(Report).where(Report.number == number)
    return list(db.session.scalars(of_report.order_by(ReportPhoto.id)))


def count(model: Any) -> int:
    db.session.rollback()
    return int(db.session.scalar(select(func.count()).select_from(model)) or 0)


def unused() -> int:
    db.session.rollback()
    waiting = select(func.count()).select_from(KeptUpload).where(KeptUpload.used_at.is_(None))
    return int(db.session.scalar(waiting) or 0)


def test_a_report_takes_its_photos_from_uploads_in_order(
    make: Make, asking: Program, phone: Phone
) -> None:
    pictures = [picture(seed) for seed in (1, 2, 3)]
    ids = [phone.sent(data) for data in pictures]
    wanted = [make.photo(seed).name for seed in (3, 1, 2)]
    made = report(asking, ids[2], ids[0], ids[1])
    assert made.status_code == 201, made.text
    assert names(made.json["number"]) == wanted
    assert unused() == 0
    # With commas between them, and files behind them.
    more = phone.sent(picture(4)), phone.sent(picture(5))
    files = [(io.BytesIO(picture(6)), "a.jpg")]
    mixed = report(asking, ",".join(reversed(more)), photos=files)
    assert names(mixed.json["number"]) == [make.photo(seed).name for seed in (5, 4, 6)]


def test_the_same_request_again_is_answered_although_its_uploads_are_used(
    asking: Program, phone: Phone
) -> None:
    key, ref = str(uuid.uuid4()), phone.sent(picture(1))
    first = report(asking, ref, key=key)
    again = report(asking, ref, key=key.upper())
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["number"] == first.json["number"]
    # Their bytes are gone by then, and that changes nothing.
    assert uploads.sweep(now=clock.now()) == 1
    assert count(UploadPiece) == 0
    assert report(asking, ref, key=key).json["number"] == first.json["number"]
    assert count(Report) == 1
    # Other words under the key are something else.
    problem(report(asking, ref, key=key, description="x"), 422, "idempotency-key-reused")
    # The same photo as a file is the same report.
    files = [(io.BytesIO(picture(1)), "a.jpg")]
    as_file = report(asking, key=key, photos=files)
    assert (as_file.status_code, as_file.json["number"]) == (201, first.json["number"])


def test_a_used_upload_is_used_once(asking: Program, phone: Phone) -> None:
    ref = phone.sent(picture(1))
    assert report(asking, ref, key=str(uuid.uuid4())).status_code == 201
    for key in ("", str(uuid.uuid4())):
        problem(report(asking, ref, key=key), 422, "invalid", "uploads")
    # All that is wrong is said at once.
    body = problem(report(asking, ref, "nonsense"), 422, "invalid", "uploads")
    assert len(body["errors"]["uploads"]) == 2
    assert count(Report) == 1


def test_unknown_foreign_and_unfinished_ones_are_named(
    make: Make, asking: Program, phone: Phone
) -> None:
    whole = phone.sent(picture(1))
    begun = phone.begin(100).headers["Location"].rpartition("/")[2]
    foreign = Phone(phone.client, make.token(make.rider())).sent(picture(2))
    said = []
    for bad in (begun, foreign, "nonsense", "x\x00", "a" * 5000):
        body = problem(report(asking, whole, bad), 422, "invalid", "uploads")
        said.append(body["errors"]["uploads"])
        assert "2" in body["errors"]["uploads"][0]
    # Somebody else's is like one that never was.
    assert said[1] == said[2] != said[0]
    assert unused() == 3
    problem(report(asking, *(str(n) for n in range(7))), 422, "invalid", "photos")


def test_what_is_no_picture_is_refused_and_stays(asking: Program, phone: Phone) -> None:
    ref = phone.sent(b"no picture at all")
    problem(report(asking, ref), 415, "not-a-picture", "photos")
    assert unused() == 1


def test_when_the_report_fails_its_uploads_wait_for_the_next_try(
    asking: Program, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, ref = str(uuid.uuid4()), phone.sent(picture(1))

    def dies(*_: Any, **__: Any) -> None:
        raise MemoryError

    # After the photo is durable and the upload marked, before anything is committed.
    monkeypatch.setattr(submission_usecases, "take_in", dies)
    assert report(asking, ref, key=key).status_code == 500
    monkeypatch.undo()
    assert (unused(), count(Report)) == (1, 0)
    assert report(asking, ref, key=key).status_code == 201
    assert unused() == 0


def test_somebody_faster_with_the_same_upload_is_noticed_in_the_transaction(
    asking: Program, phone: Phone, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref, media = phone.sent(picture(1)), make.app.extensions["grid_report"].media
    real = media.admit

    def slow(sent: Any) -> Any:
        photos = real(sent)
        monkeypatch.undo()
        assert report(asking, ref).status_code == 201
        return photos

    monkeypatch.setattr(media, "admit", slow)
    problem(report(asking, ref), 422, "invalid", "uploads")
    assert count(Report) == 1


def test_without_consent_no_upload_becomes_a_photo(
    make: Make, program: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = program(make.rider(consents=()))
    ref = Phone(asking.client, asking.token).sent(picture(1))

    def works(_: Any) -> None:
        raise AssertionError("a decoder worked for it")

    monkeypatch.setattr(make.app.extensions["grid_report"].media, "admit", works)
    problem(report(asking, ref), 422, "consent-needed", "photos")
    assert unused() == 1


@pytest.mark.parametrize("way", ["json", "form"])
def test_a_step_takes_its_photos_from_uploads(make: Make, program: Programs, way: str) -> None:
    worker = make.worker()
    case = make.accepted(worker)
    make.step(case, "start", worker)
    asking = program(worker)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    refs = [Phone(asking.client, asking.token).sent(picture(seed)) for seed in (1, 2)]

    def handle(step: str = "handle", headers: Any = key) -> Any:
        body = {"step": step, "note": "修好了", "uploads": refs}
        how = {"json": body} if way == "json" else {"data": body}
        return asking.post(f"reports/{case.number}/steps", headers=headers, **how)

    first, again = handle(), handle()
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert again.headers["Idempotent-Replayed"] == "true"
    after = [it for it in first.json["photos"] if it["kind"] == "after"]
    assert len(after) == 2
    assert unused() == 0
    problem(handle("note", None), 422, "invalid", "uploads")


def test_a_step_refused_leaves_its_uploads(make: Make, program: Programs) -> None:
    worker = make.worker()
    case = make.report()
    asking = program(worker)
    ref = Phone(asking.client, asking.token).sent(picture(1))
    answer = asking.step(case.number, "handle", note="x", uploads=[ref])
    assert answer.status_code == 409, answer.text
    assert unused() == 1


def test_used_ones_are_known_for_a_while_and_then_forgotten(asking: Program, phone: Phone) -> None:
    assert report(asking, phone.sent(picture(1))).status_code == 201
    now = clock.now()
    assert uploads.sweep(now=now + WAITS * 2) == 1
    assert (count(UploadPiece), count(KeptUpload)) == (0, 1)
    assert uploads.sweep(now=now + WAITS * 2) == 0
    assert uploads.sweep(now=now + REMEMBERED * 2) == 1
    assert count(KeptUpload) == 0


@pytest.fixture
def statements() -> Iterator[list[str]]:
    said: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SET")):
            said.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield said
    event.remove(db.engine, "before_cursor_execute", note)


def test_a_report_of_six_uploads_takes_three_statements_more_than_one_of_files(
    asking: Program, phone: Phone, statements: list[str]
) -> None:
    """What they are, all of their bytes, and that they are used: one each, the last with the report."""
    refs = [phone.sent(picture(seed)) for seed in range(6)]
    report(asking, photos=[(io.BytesIO(picture(20)), "a.jpg")])
    statements.clear()
    report(asking, photos=[(io.BytesIO(picture(seed)), "a.jpg") for seed in range(10, 16)])
    of_files = len(statements)
    statements.clear()
    assert report(asking, *refs).status_code == 201
    assert len(statements) - of_files == 3, statements


def test_a_key_tells_what_it_made(make: Make, program: Programs, rider: Actor) -> None:
    asking, key = program(rider), str(uuid.uuid4())
    problem(asking.get(f"keys/{key}"), 404, "not-found")
    sent = make.report(rider, key=key)
    for spelt in (key, key.upper(), key.replace("-", "")):
        assert asking.get(f"keys/{spelt}").json == {"report": sent.number, "redemption": None}
    worker, step = make.worker(), str(uuid.uuid4())
    make.step(sent, "accept", worker, key=step, category="RD02", severity=2)
    assert program(worker).get(f"keys/{step}").json["report"] == sent.number
    make.station()
    taken = make.redemption(rider, make.offer())
    by_key = asking.get(f"keys/{taken.key}").json
    assert by_key == {"report": None, "redemption": taken.ref}
    # Nobody else learns anything of it.
    for other in (make.rider(), worker, make.administrator()):
        problem(program(other).get(f"keys/{key}"), 404, "not-found")
        problem(program(other).get(f"keys/{taken.key}"), 404, "not-found")
    problem(asking.get(f"keys/{step}"), 404, "not-found")
    problem(asking.get("keys/nonsense"), 404, "not-found")


def test_the_key_of_a_report_that_is_kept_tells_its_number(make: Make, program: Programs) -> None:
    new, key = make.unproved(), str(uuid.uuid4())
    kept = make.report(new, key=key)
    assert program(new).get(f"keys/{key}").json["report"] == kept.number


def test_what_a_phone_kept_first_is_told_apart_from_what_a_program_sends(
    make: Make, asking: Program
) -> None:
    browser = make.signed_in(make.rider())
    token = browser.get("/session").get_json()["token"]
    form = {"category": "RD02", "community": STATION}
    sent = {
        Source.QUEUE: browser.post(
            "/api/v1/reports",
            data={**form, "photos": (io.BytesIO(picture()), "a.jpg")},
            headers={"X-CSRFToken": token, "Idempotency-Key": str(uuid.uuid4())},
        ),
        Source.API: asking.post(
            "reports", data={**form, "photos": (io.BytesIO(picture()), "a.jpg")}
        ),
    }
    for source, answer in sent.items():
        assert answer.status_code == 201
        number = (answer.json or {})["number"]
        assert db.session.scalar(select(Report.source).where(Report.number == number)) is source
