"""A file of streets is looked at before it is taken, and taken whole or not at all."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from grid_report import clock
from grid_report.accounts.models import AuditEntry
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.places import queries as places_queries
from grid_report.places.basemap import archives, queries, usecases
from grid_report.places.basemap.byte_ranges import Span
from grid_report.places.basemap.models import Basemap, BasemapPiece
from grid_report.places.cli import places_cli
from grid_report.places.geo.routing import Extent

DEMO = usecases.DEMO_FILE.read_bytes()
COUNTY = Extent(123.7225, 42.1157, 124.8161, 42.8896)
BY = ("--attribution", "某测绘院", "--approval", "辽S(2026)7号")


def changed(at: int, content: bytes) -> bytes:
    """Return the demo's file with some bytes of its head replaced."""
    return DEMO[:at] + content + DEMO[at + len(content) :]


def degrees(*sides: float) -> bytes:
    return struct.pack("<4i", *(round(it * 1e7) for it in sides))


# What is wrong, and where in the head it stands: the layout of PMTiles, version 3.
WRONG = {
    "basemap-no-archive": [b"", b"PMTiles", DEMO[:100], b"{}" * 100, gzip.compress(DEMO)],
    "basemap-version": [changed(7, b"\x02"), changed(7, b"\x04")],
    "basemap-no-vectors": [changed(99, bytes([kind])) for kind in (0, 2, 3, 255)],
    "basemap-packed": [changed(97, b"\x03"), changed(98, b"\x04"), changed(98, b"\x00")],
    "basemap-cut-off": [DEMO[:-1], DEMO[:127], changed(64, b"\xff" * 8), changed(8, b"\xff" * 8)],
    "basemap-zooms": [changed(101, b"\x0c"), changed(100, b"\x0f"), changed(100, b"\xff\x00")],
    "basemap-no-tiles": [
        changed(80, bytes(8)), changed(127, b"no gzip"), changed(16, (3).to_bytes(8, "little")),
        changed(97, b"\x01")[:127] + b"\x00" + DEMO[128:],
    ],
    "basemap-elsewhere": [
        changed(102, degrees(116, 39, 117, 40)), changed(102, degrees(123.7, 42.1, 124.2, 42.9)),
        changed(102, degrees(124.8, 42.8, 123.7, 42.1)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("code", WRONG)
def test_what_is_no_map_of_the_county_is_refused_with_the_reason(code: str) -> None:
    for number, content in enumerate(WRONG[code]):
        with pytest.raises(Invalid) as refused:
            archives.examine(BytesIO(content), county=COUNTY)
        assert [it.code for it in refused.value.problems["file"]] == [code], f"{code} {number}"


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", len(DEMO) - 1)
    with pytest.raises(Invalid) as refused:
        archives.examine(BytesIO(DEMO), county=COUNTY)
    assert refused.value.problems["file"][0].code == "basemap-too-large"


def test_the_demos_streets_are_such_a_file() -> None:
    found = archives.examine(BytesIO(DEMO), county=COUNTY)
    assert (found.byte_count, found.min_zoom, found.max_zoom) == (len(DEMO), 11, 14)
    assert found.extent == COUNTY


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(places_cli, list(arguments))
    return result.exit_code, result.output


def kept(table: Any) -> int:
    found = db.session.scalar(select(func.count()).select_from(table)) or 0
    db.session.rollback()
    return int(found)


@pytest.mark.database
def test_a_file_is_loaded_in_pieces_and_takes_the_place_of_the_one_before(
    app: Flask, tmp_path: Path
) -> None:
    first, second = tmp_path / "one.pmtiles", tmp_path / "two.pmtiles"
    first.write_bytes(DEMO)
    second.write_bytes(DEMO + b"more" * queries.PIECE_BYTES)
    assert run(app, "load-basemap", str(first), *BY)[0] == 0
    before = queries.find_streets()
    assert before is not None
    code, out = run(app, "load-basemap", str(second), *BY)
    assert (code, f"{second.stat().st_size} bytes, zoom 11 to 14" in out) == (0, True)
    found = queries.find_streets()
    assert found is not None
    assert (found.attribution, found.approval) == ("某测绘院", "辽S(2026)7号")
    assert found.digest != before.digest
    whole = queries.bytes_of(found.id, Span(0, found.byte_count - 1))
    assert b"".join(whole) == second.read_bytes()
    assert (kept(Basemap), kept(BasemapPiece)) == (1, 5)
    acts = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert acts[-2:] == ["basemap.load"] * 2
    assert run(app, "drop-basemap")[0] == 0
    assert (kept(Basemap), kept(BasemapPiece)) == (0, 0)
    assert run(app, "drop-basemap") == (1, "Error: no streets are loaded\n")


@pytest.mark.database
def test_without_maker_or_approval_number_nothing_is_loaded(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "one.pmtiles"
    file.write_bytes(DEMO)
    code, out = run(app, "load-basemap", str(file))
    assert code == 1
    assert "Say who made the map" in out
    assert "审图号" in out
    for words in (BY[:2], BY[2:], (*BY[:2], "--approval", "none"), ("--attribution", " ", *BY[2:])):
        assert run(app, "load-basemap", str(file), *words)[0] == 1, words
    file.write_bytes(DEMO[:-1])
    code, out = run(app, "load-basemap", str(file), *BY)
    assert (code, "cut off" in out) == (1, True)
    assert (kept(Basemap), kept(BasemapPiece)) == (0, 0)


class Torn(BytesIO):
    """A file whose disk fails in the middle."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= queries.PIECE_BYTES * 40:
            raise OSError("the disk is gone")
        return super().read(size)


@pytest.mark.database
def test_a_load_that_was_cut_off_shows_nothing_and_is_cleared_away_by_the_next(app: Flask) -> None:
    county, now = places_queries.cache().extent, clock.now()
    assert usecases.load_demo_basemap(attribution="虚构", county=county, now=now)
    before = queries.find_streets()
    db.session.rollback()
    more = DEMO + b"x" * queries.PIECE_BYTES * 60
    said = {"source": "x", "attribution": "某测绘院", "approval": "辽S(2026)7号"}
    with pytest.raises(OSError, match="disk"):
        usecases.load_basemap(Torn(more), county=county, now=now, **said)
    assert queries.find_streets() == before
    assert kept(Basemap) == 2
    assert not usecases.load_demo_basemap(attribution="虚构", county=county, now=now)
    usecases.load_basemap(BytesIO(DEMO), county=county, now=now, **said)
    assert (kept(Basemap), kept(BasemapPiece)) == (1, 1)


class Overtaken(BytesIO):
    """A file whose load another one overtakes in the middle."""

    def __init__(self, content: bytes, then: Callable[[], None]) -> None:
        super().__init__(content)
        self.then: Callable[[], None] | None = then

    def read(self, size: int | None = -1) -> bytes:
        if self.then and self.tell() >= queries.PIECE_BYTES * 40:
            then, self.then = self.then, None
            then()
        return super().read(size)


@pytest.mark.database
@pytest.mark.parametrize("pieces", [60, 41])
def test_a_load_that_another_one_overtook_says_so_and_changes_nothing(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    """Two hands at two desks: the one who came last has the map, the other one reads why not."""
    second, first = tmp_path / "two.pmtiles", tmp_path / "one.pmtiles"
    second.write_bytes(DEMO)
    first.write_bytes(DEMO)

    def overtake() -> None:
        assert run(app, "load-basemap", str(second), *BY)[0] == 0

    slow = Overtaken(DEMO + b"x" * queries.PIECE_BYTES * pieces, overtake)
    opens = Path.open
    monkeypatch.setattr(Path, "open", lambda it, *how: slow if it == first else opens(it, *how))
    code, out = run(app, "load-basemap", str(first), *BY)
    assert (code, "another load" in out) == (1, True), out
    found = queries.find_streets()
    assert found is not None
    assert found.byte_count == len(DEMO)
    db.session.rollback()
    assert (kept(Basemap), kept(BasemapPiece)) == (1, 1)
