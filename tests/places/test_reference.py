"""Reference data: loaded once, cached a process, renewed by a stamp, shared by threads."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

from grid_report import clock
from grid_report.db import db, transaction
from grid_report.errors import Invalid, NotFound
from grid_report.places import queries, steps, usecases
from grid_report.places.geo.points import Point
from grid_report.places.geo.routing import MatchedBy
from grid_report.places.models import Boundary, Category, Stamp, Unit, UnitArea
from grid_report.places.tables.sheet_problems import Problem, SheetError
from grid_report.settings import Settings
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

STATION = "211282001001"
BRIGHT = "211282001003"
MIDDLE = Point(42.545, 124.04)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the statements sent to the database, without those that only frame them."""
    seen: list[str] = []

    def note(*about: Any) -> None:
        if not str(about[2]).startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(about[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def stamp() -> int:
    db.session.rollback()
    return db.session.scalars(select(Stamp.version).where(Stamp.name == "places")).one()


def load(settings: Settings) -> int:
    return usecases.load_reference(county_code=settings.county.code, now=clock.now())


def load_demo(settings: Settings) -> int:
    return usecases.load_demo_places(
        county_code=settings.county.code, extent=queries.cache().extent, now=clock.now()
    )


def rename(code: str, name: str) -> None:
    with transaction() as session:
        session.execute(update(Category).where(Category.code == code).values(name_zh=name))
        steps.renew_stamp(session)


def test_the_shipped_reference_data_is_there(app: Flask) -> None:
    found = queries.reference()
    assert len(found.communities) == 39
    assert len(found.streets) == 3
    assert len(found.categories.in_use) == 36
    station = found.community(STATION)
    assert station is not None
    assert (station.name, station.street_name) == ("站前社区", "新城街道")
    assert station.center is not None
    assert found.locate(station.center).community_code == STATION
    assert found.boundary_version is not None
    assert found.boundary_version.fictional


def test_an_unchanged_reference_costs_exactly_one_statement(app: Flask) -> None:
    first = queries.reference()
    for _ in range(3):
        with statements() as seen:
            assert queries.reference() is first
        assert len(seen) == 1


def test_loading_it_costs_as_many_statements_for_few_rows_as_for_many(app: Flask) -> None:
    with statements() as seen:
        queries.reference()
    assert len(seen) <= 13


def test_a_change_is_seen_at_the_next_call_without_a_restart(app: Flask) -> None:
    before = queries.reference()
    rename("RD02", "坑")
    after = queries.reference()
    assert after is not before
    assert after.categories.get("RD02").name("zh_CN") == "坑"
    assert before.categories.get("RD02").name("zh_CN") != "坑"


def answer_with_the_name(app: Flask, number: int, arguments: Any) -> list[str]:
    """Run in a process of its own: read, let the first one change it, read again."""
    before = queries.categories().get("RD02").name("zh_CN")
    if number == 0:
        rename("RD02", "新名")
    after = before
    until = time.monotonic() + 30
    while time.monotonic() < until:
        db.session.rollback()
        after = queries.categories().get("RD02").name("zh_CN")
        if after == "新名":
            break
        time.sleep(0.02)
    return [before, after]


def test_a_change_in_one_process_reaches_the_others(
    in_many_processes: Callable[..., list[Any]],
) -> None:
    results = in_many_processes(answer_with_the_name, 2)
    assert [after for _, after in results] == ["新名", "新名"]


def test_a_change_that_was_rolled_back_leaves_nothing_behind(app: Flask) -> None:
    before = queries.reference()

    def rename_and_fail() -> None:
        with transaction() as session:
            session.execute(update(Category).where(Category.code == "RD02").values(name_zh="坑"))
            steps.renew_stamp(session)
            assert queries.reference().categories.get("RD02").name("zh_CN") == "坑"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rename_and_fail()
    rename("RD01", "洞")
    after = queries.reference().categories
    assert after.get("RD02").name("zh_CN") == before.categories.get("RD02").name("zh_CN")
    assert after.get("RD01").name("zh_CN") == "洞"


def test_threads_meet_only_whole_versions(app: Flask, in_parallel: InParallel) -> None:
    def work(number: int) -> int:
        wrong = 0
        for turn in range(15):
            if number == 0:
                rename("RD02", f"坑{turn}")
            else:
                db.session.rollback()
                found = queries.reference()
                wrong += found.locate(MIDDLE).community_code != STATION
                wrong += len(found.categories.in_use) != 36
        return wrong

    assert in_parallel(work, 5) == [0] * 5
    db.session.rollback()
    assert queries.categories().get("RD02").name("zh_CN") == "坑14"


# loading the files


def test_loading_again_writes_nothing(app: Flask, settings: Settings) -> None:
    before = stamp()
    with statements() as seen:
        assert load(settings) == 0
    assert len(seen) == 1
    assert seen[0].startswith("SELECT")
    assert load_demo(settings) == 0
    assert stamp() == before


def test_what_an_administrator_changed_stays_while_the_files_stay(
    app: Flask, settings: Settings
) -> None:
    rename("RD02", "坑")
    load(settings)
    assert queries.categories().get("RD02").name("zh_CN") == "坑"


def test_a_changed_file_is_loaded_and_others_learn_of_it(
    app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = usecases.CATEGORIES_FILE.read_text(encoding="utf-8")
    changed = tmp_path / "categories.csv"
    changed.write_text(
        text.replace("Pothole, broken surface", "Hole in the road"), encoding="utf-8"
    )
    monkeypatch.setattr(usecases, "CATEGORIES_FILE", changed)
    before = queries.reference()
    assert load(settings) == 1
    assert queries.categories().get("RD02").name("en") == "Hole in the road"
    assert queries.reference() is not before
    assert load(settings) == 0


def test_a_file_without_signs_leaves_those_that_are_there(
    app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(csv.reader(usecases.CATEGORIES_FILE.read_text(encoding="utf-8").splitlines()))
    new = ["XX01", *next(row for row in rows if row[0] == "EN99")[1:]]
    older = tmp_path / "categories.csv"
    with older.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(row[:20] for row in (*rows, new))
    monkeypatch.setattr(usecases, "CATEGORIES_FILE", older)
    assert load(settings) == 1
    hole, own = (queries.categories().get(code) for code in ("RD02", "XX01"))
    assert (hole.icon, hole.group_icon, hole.asked_first) == ("road", "road", 1)
    assert (own.icon, own.group_icon, own.asked_first) == ("dots", "dots", None)
    assert (hole.short("zh_CN"), hole.colour) == ("路面坑洼", "brown")
    assert "坑" in hole.words()
    assert (own.short("en"), own.colour, own.call_row) == ("Other", "grey", None)


def test_another_county_gets_none_of_these_communities(app: Flask) -> None:
    assert usecases.load_reference(county_code="110101", now=clock.now()) == 0


def test_demo_boundaries_never_replace_what_is_there(app: Flask, settings: Settings) -> None:
    db.session.rollback()
    count = db.session.scalar(select(func.count()).select_from(Boundary))
    load_demo(settings)
    assert db.session.scalar(select(func.count()).select_from(Boundary)) == count


def test_a_category_is_retired_not_deleted(app: Flask) -> None:
    usecases.retire_category("EN99", now=clock.now())
    found = queries.categories()
    assert found.get("EN99").retired
    with pytest.raises(Invalid):
        found.get_in_use("EN99")
    with pytest.raises(NotFound):
        usecases.retire_category("XX00", now=clock.now())


# units


def test_the_unit_of_the_right_kind_and_the_smallest_area_is_proposed_first(app: Flask) -> None:
    found = [unit.code for unit in queries.reference().units_covering(STATION, "FS01")]
    assert found[:3] == ["property-01", "fire-01", "traffic_police-01"]
    assert "property-02" not in found
    assert "subdistrict-01" in found
    assert "subdistrict-02" not in found


def test_without_a_category_the_nearest_units_come_first(app: Flask) -> None:
    found = [unit.code for unit in queries.reference().units_covering(STATION)]
    assert found[:2] == ["property-01", "subdistrict-01"]


def test_of_one_kind_the_one_that_covers_least_comes_first(app: Flask, settings: Settings) -> None:
    csv = (
        "code,name,kind,covers\n"
        f"roads-local,甲,municipal,{STATION}\n"
        f"roads-two,乙,municipal,{STATION}|{BRIGHT}\n"
        "roads-street,丙,municipal,211282001\n"
    )
    assert usecases.load_units(csv.encode(), county_code=settings.county.code) == 7
    found = [unit.code for unit in queries.reference().units_covering(STATION, "RD02")]
    assert found[:4] == ["roads-local", "roads-two", "roads-street", "municipal-01"]


def test_in_a_self_managed_compound_no_property_firm_is_proposed_first(app: Flask) -> None:
    found = [
        unit.kind
        for unit in queries.reference().units_covering(STATION, "FS01", compound=f"{STATION}-03")
    ]
    assert found[0] == "fire"
    assert "property" in found


def test_only_units_in_use_that_cover_the_place_may_get_a_case(app: Flask) -> None:
    found = queries.reference()
    assert found.unit_covers("property-01", STATION)
    assert not found.unit_covers("property-01", BRIGHT)
    assert found.unit_covers("power-01", BRIGHT)
    assert found.unit_covers("subdistrict-01", BRIGHT)
    assert not found.unit_covers("subdistrict-02", BRIGHT)
    assert not found.unit_covers("nobody", STATION)
    assert not found.unit_covers("power-01", "999999999999")
    with transaction() as session:
        session.execute(
            update(Unit).where(Unit.code == "property-01").values(retired_at=clock.now())
        )
        steps.renew_stamp(session)
    assert not queries.reference().unit_covers("property-01", STATION)
    assert "property-01" not in [u.code for u in queries.reference().units_covering(STATION)]


def test_areas_a_unit_no_longer_covers_are_taken_away(app: Flask, settings: Settings) -> None:
    head = "code,name,kind,covers\n"
    county = settings.county.code
    usecases.load_units(f"{head}x1,甲,power,{STATION}|{BRIGHT}\n".encode(), county_code=county)
    assert usecases.load_units(f"{head}x1,甲,power,{BRIGHT}\n".encode(), county_code=county) == 1
    assert usecases.load_units(f"{head}x1,甲,power,{BRIGHT}\n".encode(), county_code=county) == 0
    db.session.rollback()
    rows = db.session.scalars(select(UnitArea.area_code).where(UnitArea.unit_code == "x1"))
    assert list(rows) == [BRIGHT]


def test_units_for_unknown_areas_are_refused_whole(app: Flask, settings: Settings) -> None:
    text = f"code,name,kind,covers\nx1,甲,power,{STATION}\nx2,乙,power,999999999\n"
    with pytest.raises(SheetError) as error:
        usecases.load_units(text.encode(), county_code=settings.county.code)
    assert error.value.problems == (Problem("area-unknown", 3, "covers", "999999999"),)
    assert queries.reference().unit("x1") is None


def test_compounds_and_points_of_unknown_communities_are_refused(app: Flask) -> None:
    head = "code,name,community_code,self_managed,lat,lng\n"
    rows = f"c1,甲,{STATION},0,42.5,124\nc2,乙,999999999999,0,42.5,124\n"
    with pytest.raises(SheetError) as error:
        usecases.load_compounds((head + rows).encode())
    unknown = ("community-unknown", 3, "community_code", "999999999999")
    assert error.value.problems == (Problem(*unknown),)
    assert queries.reference().compound("c1") is None
    text = f"name,community_code,lat,lng\n乙,{STATION},42.5,124\n甲,999999999999,42.5,124\n"
    with pytest.raises(SheetError) as error:
        usecases.load_reference_points(text.encode())
    assert error.value.problems == (Problem(*unknown),)


def test_new_compounds_and_points_route_at_once(app: Flask) -> None:
    far = Point(42.7, 124.3)
    assert queries.router().locate(far).matched_by is MatchedBy.NONE
    usecases.load_compounds(
        f"code,name,community_code,self_managed,lat,lng\nc1,甲,{BRIGHT},0,42.7,124.3\n".encode()
    )
    usecases.load_reference_points(
        f"name,community_code,lat,lng\n界碑,{STATION},42.701,124.3\n".encode()
    )
    found = queries.reference()
    assert found.locate(far, compound_code="c1").community_code == BRIGHT
    assert found.locate(far).community_code == STATION
    assert found.locate(far).matched_by is MatchedBy.NEAREST


def test_a_chosen_community_has_a_point_to_write_down(app: Flask) -> None:
    found = queries.reference()
    assert found.locate(found.stand_in(STATION)).community_code == STATION
    bare = replace(
        found,
        communities={code: replace(info, center=None) for code, info in found.communities.items()},
    )
    assert bare.stand_in(STATION) == bare.compounds_of(STATION)[0].point
    assert replace(bare, compounds={}).stand_in(STATION) == found.extent.center
