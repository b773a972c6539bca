"""The file of streets is handed out as phones read it: some bytes here, some there."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from grid_report import clock
from grid_report.db import db
from grid_report.places import queries as places_queries
from grid_report.places.basemap import queries, usecases
from grid_report.places.basemap.byte_ranges import Span, asked_for
from tests.support.builders import Make

PIECE = queries.PIECE_BYTES
# More than two pieces, each unlike the others.
CONTENT = usecases.DEMO_FILE.read_bytes() + bytes(range(256)) * (PIECE // 200)
LENGTH = len(CONTENT)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", Span(0, 0)),
        ("bytes=0-50", Span(0, 50)),
        ("bytes=90-", Span(90, 99)),
        ("bytes=90-1000", Span(90, 99)),
        ("bytes=-10", Span(90, 99)),
        ("bytes=-1000", Span(0, 99)),
        ("bytes=99-99", Span(99, 99)),
        ("bytes=100-", None),
        ("bytes=100-200", None),
        ("bytes=-0", None),
        *((text, Span(0, 99, is_whole=True)) for text in (
            None, "", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b",
            "bytes=1-2 3", "bytes=٣-٤", "bytes=-5-7", "bytes=" + "9" * 40 + "-",
        )),
    ],
)  # fmt: skip
def test_one_range_is_read_and_all_else_asks_for_the_whole(
    header: str | None, wanted: Span | None
) -> None:
    assert asked_for(header, 100) == wanted
    assert wanted is None or wanted.length == wanted.last - wanted.first + 1


def load() -> str:
    """Load a file of streets and return its address."""
    usecases.load_basemap(
        BytesIO(CONTENT),
        source="streets.pmtiles",
        attribution="某测绘院",
        approval="辽S(2026)7号",
        county=places_queries.cache().extent,
        now=clock.now(),
    )
    found = queries.find_streets()
    assert found is not None
    db.session.rollback()
    return f"/map/streets/{found.digest}.pmtiles"


def ask(browser: FlaskClient, address: str, **headers: str) -> Any:
    return browser.get(address, headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.database
def test_phones_get_the_bytes_they_ask_for_and_may_keep_them(make: Make) -> None:
    address, browser = load(), make.signed_in(make.rider())
    assert LENGTH > 2 * PIECE
    for first, last in ((0, 126), (PIECE - 3, PIECE + 3), (9, LENGTH - 2), (PIECE, 2 * PIECE - 1)):
        part = ask(browser, address, Range=f"bytes={first}-{last}")
        assert part.status_code == 206
        assert part.data == CONTENT[first : last + 1]
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{LENGTH}"
        assert part.content_length == last - first + 1
    whole = ask(browser, address)
    assert (whole.status_code, whole.data == CONTENT) == (200, True)
    for answer in (part, whole):
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert "immutable" in answer.headers["Cache-Control"]
        assert "private" in answer.headers["Cache-Control"]
        assert not answer.headers["ETag"].startswith("W/")
        assert "Content-Encoding" not in answer.headers
    beyond = ask(browser, address, Range=f"bytes={LENGTH}-")
    assert (beyond.status_code, beyond.data) == (416, b"")
    assert beyond.headers["Content-Range"] == f"bytes */{LENGTH}"
    assert "immutable" not in beyond.headers["Cache-Control"]


@pytest.mark.database
def test_a_part_goes_only_with_the_file_the_phone_has_begun(make: Make) -> None:
    address, browser = load(), make.signed_in(make.rider())
    tag = ask(browser, address, Range="bytes=0-9").headers["ETag"]
    same = ask(browser, address, Range="bytes=0-9", If_Range=tag)
    assert (same.status_code, len(same.data)) == (206, 10)
    for other in ('"another"', "Mon, 16 Nov 2026 02:00:00 GMT"):
        whole = ask(browser, address, Range="bytes=0-9", If_Range=other)
        assert (whole.status_code, len(whole.data)) == (200, LENGTH), other
    known = ask(browser, address, If_None_Match=tag)
    assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", tag)
    head = browser.head(address, headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.data, head.content_length) == (206, b"", 10)
    assert browser.head(address).content_length == LENGTH


@pytest.mark.database
def test_guests_and_old_addresses_get_nothing(make: Make) -> None:
    address, browser = load(), make.signed_in(make.rider())
    assert make.app.test_client().get(address).status_code == 303
    for wrong in (address.replace(".pmtiles", "x.pmtiles"), "/map/streets/.pmtiles"):
        assert browser.get(wrong).status_code == 404
    usecases.drop_basemap(now=clock.now())
    assert browser.get(address).status_code == 404
