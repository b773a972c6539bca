"""A photo is handed out with headers that let a browser keep it, and nobody else."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, Response
from werkzeug.test import TestResponse

from grid_report import clock
from grid_report.errors import NotFound
from grid_report.media.errors import PhotoDamaged
from grid_report.media.photo_views import photo_response
from grid_report.media.store.local import LocalStore
from grid_report.media.store.stores import Pair, Size, Store
from tests.media.test_stores import any_store, s3_endpoint, s3_url
from tests.support import pictures

__all__ = ["any_store", "s3_endpoint", "s3_url"]

MAIN = pictures.encoded(pictures.scene((320, 240)), "JPEG")
THUMB = pictures.encoded(pictures.scene((64, 48)), "JPEG")
ONE = hashlib.sha256(MAIN).hexdigest()


def put(store: Store) -> None:
    """Store a photo whose name is its digest."""
    made = Pair(ONE, store.staging() / "main", store.staging() / "thumb")
    made.main.write_bytes(MAIN)
    made.thumb.write_bytes(THUMB)
    store.put([made])


Get = Callable[..., TestResponse]


@pytest.fixture
def get(store: Store) -> Get:
    """Ask for a photo; return the answer."""
    put(store)
    app = Flask("photos")

    @app.get("/<name>/<size>")
    def show(name: str, size: str) -> Response:
        return photo_response(name, size, store=store, byte_count=len(MAIN), thorough=True)

    @app.errorhandler(NotFound)
    def absent(_: NotFound) -> tuple[str, int]:
        return "", 404

    return lambda path, **headers: app.test_client().get(path, headers=headers)


def test_a_photo_comes_as_what_it_is(get: Get) -> None:
    with get(f"/{ONE}/main") as answer:
        assert answer.status_code == 200
        assert answer.data == MAIN
        assert answer.content_type == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Length"] == str(len(MAIN))
        assert answer.headers["ETag"] == f'"{ONE}-main"'
        said = {part.strip() for part in answer.headers["Cache-Control"].split(",")}
        assert said == {"private", "max-age=31536000", "immutable"}
        assert answer.headers["Content-Disposition"] == f'inline; filename="{ONE[:12]}-main.jpg"'
    with get(f"/{ONE}/thumb") as thumb:
        assert thumb.data == THUMB
        assert thumb.headers["ETag"] == f'"{ONE}-thumb"'


@pytest.mark.parametrize("tag", [f'"{ONE}-main"', f'"other", "{ONE}-main"', "*"])
def test_a_browser_that_has_it_is_told_so_without_reading(
    get: Get, store: LocalStore, monkeypatch: pytest.MonkeyPatch, tag: str
) -> None:
    monkeypatch.setattr(store, "open", None)
    with get(f"/{ONE}/main", **{"If-None-Match": tag}) as answer:
        assert answer.status_code == 304
        assert answer.data == b""
        assert answer.headers["ETag"] == f'"{ONE}-main"'
        assert "immutable" in answer.headers["Cache-Control"]


def test_the_tag_of_the_other_size_is_not_this_one(get: Get) -> None:
    with get(f"/{ONE}/main", **{"If-None-Match": f'"{ONE}-thumb"'}) as answer:
        assert answer.status_code == 200


def test_a_part_can_be_asked_for(get: Get) -> None:
    with get(f"/{ONE}/main", Range="bytes=0-3") as answer:
        assert answer.status_code == 206
        assert answer.data == MAIN[:4]


@pytest.mark.parametrize(
    "path", [f"/{'0' * 64}/main", f"/{ONE}/huge", "/..%2f..%2fetc/main", f"/{ONE}%00/main"]
)
def test_what_is_not_there_is_not_found(get: Get, path: str) -> None:
    with get(path) as answer:
        assert answer.status_code == 404


def test_a_date_alone_does_not_decide(get: Get) -> None:
    since = (clock.now() + timedelta(days=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with get(f"/{ONE}/main", **{"If-Modified-Since": since}) as answer:
        assert answer.status_code == 200


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


def damage(store: Store, size: Size, content: bytes) -> None:
    """Let a file of the store hold something else than what was put there."""
    made = Pair(ONE, store.staging() / "main", store.staging() / "thumb")
    made.main.write_bytes(content if size is Size.MAIN else MAIN)
    made.thumb.write_bytes(content if size is Size.THUMB else THUMB)
    store.put([made])


# What went wrong, and whether it shows without reading the whole file.
MAIN_DAMAGE = {
    "one bit": (flipped(MAIN, len(MAIN) // 2), False),
    "cut off": (MAIN[:-500], True),
    "longer": (MAIN + b"x", True),
    "empty": (b"", True),
    "zeros": (bytes(len(MAIN)), True),
    "another photo": (THUMB, True),
}


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("what", MAIN_DAMAGE)
def test_damaged_bytes_are_never_handed_out_when_they_are_looked_at(
    any_store: Store, what: str, thorough: bool, caplog: pytest.LogCaptureFixture
) -> None:
    content, always = MAIN_DAMAGE[what]
    damage(any_store, Size.MAIN, content)
    app = Flask("photos")
    with app.test_request_context("/"):
        ask = functools.partial(
            photo_response, ONE, "main", store=any_store, byte_count=len(MAIN), thorough=thorough
        )
        if thorough or always:
            with pytest.raises(PhotoDamaged):
                ask()
            named = [vars(r)["photo"] for r in caplog.records if r.getMessage() == "photo damaged"]
            assert named == [ONE]
        else:
            ask().close()
        # The other file of the photo is whole.
        photo_response(ONE, "thumb", store=any_store, thorough=True).close()


@pytest.mark.parametrize(
    ("content", "always"),
    [
        (THUMB[:-9], True),
        (b"", True),
        (THUMB[:700] + bytes(8192) + THUMB[-2:], False),
        (THUMB[:600] + b"\xff\xc4\xff\xff" + THUMB[600:], False),
    ],
)
def test_a_damaged_thumbnail_is_seen_by_its_structure(
    store: LocalStore, content: bytes, always: bool
) -> None:
    damage(store, Size.THUMB, content)
    with Flask("photos").test_request_context("/"):
        for thorough in (True, False):
            if thorough or always:
                with pytest.raises(PhotoDamaged):
                    photo_response(ONE, "thumb", store=store, thorough=thorough)
