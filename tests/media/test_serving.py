"""A photo is handed out with headers that let a browser keep it, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask, Response

from grid_report import clock
from grid_report.errors import NotFound
from grid_report.media.serving import photo_response
from tests.media.test_stores import ONE, pair


@pytest.fixture
def get(store):
    """Ask for a photo; return the answer."""
    store.put([pair(store, ONE, b"x" * 1000)])
    app = Flask("photos")

    @app.get("/<name>/<size>")
    def show(name: str, size: str) -> Response:
        return photo_response(name, size, store=store)

    @app.errorhandler(NotFound)
    def absent(_: NotFound) -> tuple[str, int]:
        return "", 404

    return lambda path, **headers: app.test_client().get(path, headers=headers)


def test_a_photo_comes_as_what_it_is(get):
    with get(f"/{ONE}/main") as answer:
        assert answer.status_code == 200
        assert answer.data.startswith(b"main xxx")
        assert answer.content_type == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Length"] == "1005"
        assert answer.headers["ETag"] == f'"{ONE}-main"'
        said = {part.strip() for part in answer.headers["Cache-Control"].split(",")}
        assert said == {"private", "max-age=31536000", "immutable"}
        assert answer.headers["Content-Disposition"] == f'inline; filename="{ONE[:12]}-main.jpg"'
    with get(f"/{ONE}/thumb") as thumb:
        assert thumb.data.startswith(b"thumb xxx")
        assert thumb.headers["ETag"] == f'"{ONE}-thumb"'


@pytest.mark.parametrize("tag", [f'"{ONE}-main"', f'"other", "{ONE}-main"', "*"])
def test_a_browser_that_has_it_is_told_so_without_reading(get, store, monkeypatch, tag):
    monkeypatch.setattr(store, "open", None)
    with get(f"/{ONE}/main", **{"If-None-Match": tag}) as answer:
        assert answer.status_code == 304
        assert answer.data == b""
        assert answer.headers["ETag"] == f'"{ONE}-main"'
        assert "immutable" in answer.headers["Cache-Control"]


def test_the_tag_of_the_other_size_is_not_this_one(get):
    with get(f"/{ONE}/main", **{"If-None-Match": f'"{ONE}-thumb"'}) as answer:
        assert answer.status_code == 200


def test_a_part_can_be_asked_for(get):
    with get(f"/{ONE}/main", Range="bytes=0-3") as answer:
        assert answer.status_code == 206
        assert answer.data == b"main"


@pytest.mark.parametrize(
    "path", [f"/{'0' * 64}/main", f"/{ONE}/huge", "/..%2f..%2fetc/main", f"/{ONE}%00/main"]
)
def test_what_is_not_there_is_not_found(get, path):
    with get(path) as answer:
        assert answer.status_code == 404


def test_a_date_alone_does_not_decide(get):
    since = (clock.now() + timedelta(days=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with get(f"/{ONE}/main", **{"If-Modified-Since": since}) as answer:
        assert answer.status_code == 200
