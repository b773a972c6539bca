"""Photos in parts: what the protocol says, what is kept of a cut, who may have how much."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from grid_report import clock
from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.media.resumable import queries, usecases
from grid_report.media.resumable.errors import WrongOffset
from grid_report.media.resumable.models import KeptUpload, UploadPiece
from grid_report.media.resumable.protocol import PIECE_BYTES, WAITS, NewUpload, pieces
from tests.support.builders import Make
from tests.support.parallel import in_threads
from tests.support.parts import PART, VERSION, CutOff, Phone, checksum, metadata

pytestmark = pytest.mark.database

DATA = bytes(range(256)) * 4300  # 1.1 MB


@pytest.fixture
def phone(make: Make) -> Phone:
    return Phone(make.app.test_client(), make.token(make.rider()))


def rows(model: Any = UploadPiece) -> int:
    db.session.rollback()
    return int(db.session.scalar(select(func.count()).select_from(model)) or 0)


def stored() -> bytes:
    db.session.rollback()
    return b"".join(db.session.scalars(select(UploadPiece.data).order_by(UploadPiece.at)))


def test_a_photo_comes_in_parts(phone: Phone) -> None:
    key = str(uuid.uuid4())
    begun = phone.begin(len(DATA), key)
    assert (begun.status_code, begun.headers["Tus-Resumable"], begun.data) == (201, "1.0.0", b"")
    at = begun.headers["Location"]
    assert phone.kept(at) == 0
    first = phone.go_on(at, DATA[:300_000], 0)
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "300000")
    asked = phone.ask("HEAD", at, {})
    assert asked.headers["Upload-Length"] == str(len(DATA))
    assert asked.headers["Cache-Control"] == "no-store"
    said = metadata(kind="photo", filename="a.jpg", key=key)
    assert asked.headers["Upload-Metadata"] == said
    assert phone.go_on(at, DATA[300_000:], 300_000).headers["Upload-Offset"] == str(len(DATA))
    assert stored() == DATA
    db.session.rollback()
    sizes = db.session.scalars(select(func.length(UploadPiece.data))).all()
    assert max(sizes) == PIECE_BYTES


def test_what_is_spoken_is_said(phone: Phone) -> None:
    for headers in ({}, {"Tus-Resumable": "0.2"}):
        answer = phone.ask("OPTIONS", "uploads", headers)
        assert answer.status_code == 200
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Extension"] == "creation,termination,checksum"
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
        assert answer.headers["Tus-Max-Size"] == str(15 * 1024 * 1024)


def test_another_version_is_told_which_one_works(phone: Phone) -> None:
    at = phone.begin(100).headers["Location"]
    for method, path in (("POST", "uploads"), ("HEAD", at), ("PATCH", at), ("DELETE", at)):
        for version in ("0.2.2", ""):
            answer = phone.ask(method, path, {"Tus-Resumable": version})
            assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0"), method
            assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert phone.kept(at) == 0


def test_a_lost_answer_makes_no_second_upload(phone: Phone) -> None:
    key = str(uuid.uuid4())
    first, again = phone.begin(100, key), phone.begin(100, key.upper())
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.headers["Location"] == again.headers["Location"]
    assert rows(KeptUpload) == 1
    other = phone.begin(101, key)
    assert (other.status_code, list(other.get_json()["errors"])) == (422, ["key"])


def test_the_same_key_of_another_member_is_another_upload(make: Make, phone: Phone) -> None:
    other, key = Phone(phone.client, make.token(make.worker())), str(uuid.uuid4())
    assert phone.begin(9, key).headers["Location"] != other.begin(9, key).headers["Location"]


@pytest.mark.parametrize(
    ("length", "said", "status", "field"),
    [
        ("", None, 422, "upload_length"),
        ("-1", None, 422, "upload_length"),
        ("0", None, 422, "upload_length"),
        ("٣", None, 422, "upload_length"),
        ("9" * 40, None, 422, "upload_length"),
        (str(15 * 1024 * 1024 + 1), None, 413, None),
        ("9", "", 422, "key"),
        ("9", "kind", 422, "key"),
        ("9", "kind !!!", 422, "upload_metadata"),
        ("9", "key YQ==,key YQ==", 422, "upload_metadata"),
        ("9", metadata(kind="photo", key="x"), 422, "key"),
        ("9", metadata(kind="photo", key="é"), 422, "key"),
        ("9", metadata(key=str(uuid.UUID(int=1))), 422, "kind"),
        ("9", metadata(kind="video", key=str(uuid.UUID(int=1))), 415, None),
        ("9", "a " + "a" * 2000, 422, "upload_metadata"),
    ],
)
def test_what_cannot_be_begun_is_refused_by_name(
    phone: Phone, length: str, said: str | None, status: int, field: str | None
) -> None:
    said = metadata(kind="photo", key=str(uuid.UUID(int=1))) if said is None else said
    # The header itself would not be sent with letters outside Latin-1.
    length = length.encode().decode("latin-1")
    answer = phone.ask("POST", "uploads", {"Upload-Length": length, "Upload-Metadata": said})
    assert answer.status_code == status, answer.text
    assert field is None or field in answer.get_json()["errors"]
    assert (answer.headers.get("Tus-Max-Size") == str(15 * 1024 * 1024)) == (status == 413)
    assert rows(KeptUpload) == 0


def test_a_cut_at_two_thirds_goes_on_from_the_last_whole_piece(phone: Phone) -> None:
    at = phone.begin(len(DATA)).headers["Location"]
    cut = len(DATA) * 68 // 100
    phone.go_on(at, DATA, 0, arrives=cut)
    kept = phone.kept(at)
    assert kept == cut // PIECE_BYTES * PIECE_BYTES > 0
    assert phone.go_on(at, DATA[kept:], kept).status_code == 204
    assert stored() == DATA


def test_pieces_as_small_as_a_phone_sends_them_are_kept(phone: Phone) -> None:
    at = phone.begin(len(DATA)).headers["Location"]
    step = 64 * 1024
    for offset in range(0, len(DATA), step):
        phone.go_on(at, DATA[offset : offset + step], offset, arrives=step // 2)
        assert phone.kept(at) == offset or len(DATA) - offset < step
        if phone.kept(at) == offset:
            assert phone.go_on(at, DATA[offset : offset + step], offset).status_code == 204
    assert stored() == DATA


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1])
def test_pieces_are_whole_or_not_there(size: int) -> None:
    data = b"x" * size

    def reading(arrives: int, step: int) -> Any:
        left = bytearray(data[:arrives])

        def read(want: int) -> bytes:
            taken = bytes(left[: min(want, step)])
            del left[: len(taken)]
            return taken

        return read

    for step in (10_007, PIECE_BYTES * 2):
        assert b"".join(pieces(reading(size, step), size)) == data
        assert all(len(it) <= PIECE_BYTES for it in pieces(reading(size, step), size))
        if size:
            short = b"".join(pieces(reading(size - 1, step), size))
            assert len(short) == (size - 1) // PIECE_BYTES * PIECE_BYTES


def test_bytes_go_on_only_where_they_ended(phone: Phone) -> None:
    at = phone.begin(1000).headers["Location"]
    assert phone.go_on(at, b"x" * 100, 0).status_code == 204
    for offset in (0, 99, 101, 1000):
        answer = phone.go_on(at, b"y" * 100, offset)
        assert (answer.status_code, answer.get_json()["facts"]) == (409, {"kept": 100})
    odd = phone.go_on(at, b"y", 100, Upload_Offset="-1")
    assert (odd.status_code, list(odd.get_json()["errors"])) == (422, ["upload_offset"])
    assert phone.go_on(at, b"y", 100, Content_Type="image/jpeg").status_code == 415
    assert phone.go_on(at, b"y" * 901, 100).status_code == 413
    assert (phone.kept(at), stored()) == (100, b"x" * 100)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_that_changed_on_the_way_are_not_kept(phone: Phone, algorithm: str) -> None:
    at, data = phone.begin(5000).headers["Location"], b"x" * 4000
    wrong = phone.go_on(at, data, 0, Upload_Checksum=checksum(data + b".", algorithm))
    assert (wrong.status, phone.kept(at)) == ("460 Checksum Mismatch", 0)
    assert wrong.get_json()["code"] == "upload-checksum-wrong"
    right = phone.go_on(at, data, 0, Upload_Checksum=checksum(data, algorithm))
    assert (right.status_code, phone.kept(at)) == (204, 4000)


@pytest.mark.parametrize("said", ["", "md5 YQ==", "sha1", "sha1 YQ==", "sha1 !", "sha256 é"])
def test_a_checksum_nobody_can_read_is_refused(phone: Phone, said: str) -> None:
    at = phone.begin(10).headers["Location"]
    assert phone.go_on(at, b"x" * 10, 0, Upload_Checksum=said).status_code == 400
    assert phone.kept(at) == 0


def test_with_a_checksum_there_is_one_piece(phone: Phone) -> None:
    at, data = phone.begin(len(DATA)).headers["Location"], DATA[: PIECE_BYTES + 1]
    assert phone.go_on(at, data, 0, Upload_Checksum=checksum(data)).status_code == 413
    assert phone.kept(at) == 0
    assert phone.go_on(at, data[:-1], 0, Upload_Checksum=checksum(data[:-1])).status_code == 204


def test_somebody_elses_upload_is_not_there(make: Make, phone: Phone) -> None:
    at = phone.begin(10).headers["Location"]
    for other in (make.rider(), make.worker()):
        stranger = Phone(phone.client, make.token(other))
        assert stranger.ask("HEAD", at, {}).status_code == 404
        assert stranger.go_on(at, b"x", 0).status_code == 404
        assert stranger.ask("DELETE", at, {}).status_code == 404
    nobody = make.member(Grant(Role.STATION_STAFF, make.station()))
    assert Phone(phone.client, make.token(nobody)).begin(10).status_code == 403
    assert phone.kept(at) == 0


def test_an_upload_given_up_is_gone_with_its_bytes(phone: Phone) -> None:
    at = phone.begin(10).headers["Location"]
    phone.go_on(at, b"x" * 5, 0)
    assert phone.ask("DELETE", at, {}).status_code == 204
    assert phone.ask("HEAD", at, {}).status_code == 404
    assert phone.ask("DELETE", at, {}).status_code == 404
    assert (rows(), rows(KeptUpload)) == (0, 0)


def test_a_browser_needs_its_csrf_token(make: Make) -> None:
    browser = make.signed_in(make.rider())
    headers = {**VERSION, "Upload-Length": "9", "Upload-Metadata": metadata(kind="photo")}
    assert browser.post("/api/v1/uploads", headers=headers).status_code == 400
    refused = browser.patch("/api/v1/uploads/x", headers={**VERSION, "Content-Type": PART})
    assert refused.status_code == 400


def limited(make: Make, **limits: int) -> None:
    services = make.app.extensions["grid_report"]
    changed = services.settings.model_copy(
        update={"limits": services.settings.limits.model_copy(update=limits)}
    )
    object.__setattr__(services, "settings", changed)


def test_what_waits_without_a_report_has_a_limit(make: Make, phone: Phone) -> None:
    limited(make, uploads_waiting=2)
    first = phone.begin(10).headers["Location"]
    key = str(uuid.uuid4())
    assert phone.begin(10, key).status_code == 201
    refused = phone.begin(10)
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too-many-uploads")
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    # Asked for again it is no third one, others have their own, and one given up makes room.
    assert phone.begin(10, key).status_code == 201
    assert Phone(phone.client, make.token(make.rider())).begin(10).status_code == 201
    phone.ask("DELETE", first, {})
    assert phone.begin(10).status_code == 201


def test_what_waits_has_a_limit_of_bytes(make: Make, phone: Phone) -> None:
    limited(make, uploads_waiting_mb=2)
    megabyte = 1024 * 1024
    assert phone.begin(megabyte).status_code == 201
    assert phone.begin(megabyte + 1).status_code == 429
    assert phone.begin(megabyte).status_code == 201
    assert phone.begin(1).status_code == 429


def test_nobody_gets_past_the_limit_by_asking_at_once(make: Make, app: Flask) -> None:
    rider = make.rider()
    limits = make.settings.limits.model_copy(update={"uploads_waiting": 2})
    db.session.remove()

    def begin(_: int) -> str:
        said = NewUpload(str(uuid.uuid4()), 10, "")
        return usecases.begin(said, actor=rider, limits=limits, now=clock.now())

    got = in_threads(app, begin, 6)
    assert sum(isinstance(it, str) for it in got) == 2, got
    assert rows(KeptUpload) == 2


def test_the_same_begun_at_once_is_one(make: Make, app: Flask) -> None:
    rider, said = make.rider(), NewUpload(str(uuid.uuid4()), 10, "")
    db.session.remove()
    got = in_threads(
        app,
        lambda _: usecases.begin(said, actor=rider, limits=make.settings.limits, now=clock.now()),
        6,
    )
    assert len(set(got)) == 1, got


def test_of_two_at_once_one_is_kept_and_the_other_is_told(app: Flask, phone: Phone) -> None:
    at = phone.begin(100).headers["Location"]
    db.session.rollback()
    upload_id = db.session.scalars(select(KeptUpload.id)).one()
    db.session.remove()
    got = in_threads(app, lambda n: usecases.keep_piece(upload_id, at=0, data=bytes([n]) * 60), 5)
    assert sum(it is None for it in got) == 1, got
    assert sum(isinstance(it, WrongOffset) for it in got) == 4
    assert (phone.kept(at), len(set(stored()))) == (60, 1)


def test_no_transaction_is_open_while_bytes_come_in(phone: Phone) -> None:
    at = phone.begin(len(DATA)).headers["Location"]
    held: list[bool] = []

    class Body(CutOff):
        def readinto(self, buffer: Any) -> int:
            held.append(db.session().in_transaction())
            return super().readinto(buffer)

    more = {"wsgi.input": Body(DATA), "wsgi.input_terminated": True}
    answer = phone.ask(
        "PATCH",
        at,
        {"Upload-Offset": "0", "Content-Type": PART},
        environ_overrides={**more, "CONTENT_LENGTH": str(len(DATA))},
    )
    assert answer.status_code == 204
    assert len(held) >= len(DATA) // PIECE_BYTES
    assert not any(held)


def test_killed_between_two_pieces_the_first_is_kept(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, real, calls = phone.begin(len(DATA)).headers["Location"], usecases.keep_piece, [0]

    def dying(upload_id: int, *, at: int, data: bytes) -> None:
        calls[0] += 1
        if calls[0] > 2:
            raise MemoryError
        real(upload_id, at=at, data=data)

    monkeypatch.setattr(usecases, "keep_piece", dying)
    assert phone.go_on(at, DATA, 0).status_code == 500
    monkeypatch.undo()
    assert phone.kept(at) == 2 * PIECE_BYTES
    assert phone.go_on(at, DATA[2 * PIECE_BYTES :], 2 * PIECE_BYTES).status_code == 204
    assert stored() == DATA


def test_what_nothing_claims_goes_after_a_week(phone: Phone) -> None:
    old = phone.begin(10).headers["Location"]
    phone.go_on(old, b"x" * 10, 0)
    now = clock.now()
    almost = now + WAITS - timedelta(minutes=1)
    assert usecases.sweep(now=almost) == 0
    assert queries.list_over(now=almost, after=0, limit=9) == []
    assert phone.kept(old) == 10
    assert (
        usecases.sweep(now=now + WAITS + timedelta(minutes=1), should_continue=lambda: False) == 0
    )
    assert usecases.sweep(now=now + WAITS + timedelta(minutes=1)) == 1
    assert phone.ask("HEAD", old, {}).status_code == 404
    assert (rows(), rows(KeptUpload)) == (0, 0)
    with pytest.raises(NotFound):
        usecases.keep_piece(1, at=0, data=b"x")
