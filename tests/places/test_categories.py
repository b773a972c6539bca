"""Categories: what is in season comes first, and which number to call."""

from __future__ import annotations

import csv
import io
import re
import runpy
from typing import Any

import pytest

from grid_report.errors import Invalid
from grid_report.places.geo.categories import (
    COLOURS,
    Categories,
    CategoryInfo,
    Emergency,
    call_row,
    in_season,
    numbers_to_call,
    seasonal,
)
from grid_report.places.tables import sheets
from grid_report.places.tables.sheet_problems import SheetError
from grid_report.places.usecases import CATEGORIES_FILE, COMMUNITIES, DEMO
from grid_report.settings import CONFIG

NO_NUMBERS = {"gas": "", "water": "", "heating": "", "lift_rescue": ""}


def category(code: str = "FS01", **more: Any) -> CategoryInfo:
    values: dict[str, Any] = {
        "code": code,
        "group_code": code[:2],
        "group_names": {"zh_CN": "组", "en": "Group"},
        "names": {"zh_CN": "名", "en": "Name"},
        "severity": 2,
        "accept_hours": 4.0,
        "control_hours": None,
        "deadline_hours": 24.0,
        "emergency": Emergency.NO,
        "call_first": (),
        "safety_tips": {"zh_CN": "", "en": ""},
        "unit_kind": "property",
        "helper_unit_kinds": (),
        "sensitive": False,
        "dedupe_radius_m": 20,
        "season": "all",
        "std_ref": "",
    }
    values.update(more)
    return CategoryInfo(**values)


@pytest.mark.parametrize(
    ("season", "inside", "outside"),
    [
        ("11-03", [11, 12, 1, 2, 3], [4, 7, 10]),
        ("05-09", [5, 7, 9], [4, 10, 12]),
        ("06-06", [6], [5, 7]),
        ("all", [], list(range(1, 13))),
    ],
)
def test_a_season_may_run_over_new_year(season: str, inside: list[int], outside: list[int]) -> None:
    assert [m for m in inside + outside if in_season(season, m)] == inside


def test_in_its_months_a_seasonal_category_comes_first_and_the_rest_keeps_its_order() -> None:
    three = (category("RD01"), category("RD02"), category("RD04", season="11-03"))
    assert [c.code for c in seasonal(three, 12)] == ["RD04", "RD01", "RD02"]
    assert [c.code for c in seasonal(three, 7)] == ["RD01", "RD02", "RD04"]


def test_groups_with_something_in_season_come_first() -> None:
    found = Categories([category("FS01"), category("RD01"), category("RD04", season="11-03")])
    assert [g.code for g in found.groups(1)] == ["RD", "FS"]
    assert [c.code for c in found.groups(1)[0].categories] == ["RD04", "RD01"]
    assert [g.code for g in found.groups(7)] == ["FS", "RD"]
    assert [g.code for g in found.groups()] == ["FS", "RD"]


def test_a_retired_category_is_known_but_no_longer_offered() -> None:
    found = Categories([category("FS01"), category("FS02", retired=True)])
    assert [c.code for c in found.groups()[0].categories] == ["FS01"]
    assert found.get("FS02").retired
    with pytest.raises(Invalid) as error:
        found.get_in_use("FS02")
    assert error.value.problems["category"][0].code == "category-retired"


@pytest.mark.parametrize(
    ("code", "problem"), [("XX99", "unknown"), ("", "missing"), (None, "missing")]
)
def test_an_unknown_category_names_the_field(code: str | None, problem: str) -> None:
    with pytest.raises(Invalid) as error:
        Categories([]).get(code)
    assert error.value.problems["category"][0].code == f"category-{problem}"


@pytest.mark.parametrize(
    ("call_first", "county", "numbers"),
    [
        ((), {}, ()),
        (("119",), {}, ("119",)),
        (("119", "gas"), {"gas": "024-111"}, ("119", "024-111")),
        (("119", "gas"), NO_NUMBERS, ("119", "12345")),
        (("lift_rescue", "119"), NO_NUMBERS, ("119", "12345")),
        (("lift_rescue", "119"), {"lift_rescue": "96333"}, ("96333", "119")),
        (("water",), {}, ("12345",)),
        (("water", "heating"), NO_NUMBERS, ("12345",)),
        (("gas", "119"), {"gas": " 119 "}, ("119",)),
    ],
)
def test_the_county_fills_in_its_numbers_and_12345_stands_in(
    call_first: tuple[str, ...], county: dict[str, str], numbers: tuple[str, ...]
) -> None:
    assert numbers_to_call(category(call_first=call_first), county) == numbers


# the files that are shipped


def rows() -> list[sheets.Row]:
    return sheets.read_sheet(
        CATEGORIES_FILE.read_text(encoding="utf-8"), sheets.CATEGORY, file="categories.csv"
    )


def test_the_shipped_categories_are_36_in_6_groups() -> None:
    assert len(rows()) == 36
    assert len({row["group_code"] for row in rows()}) == 6
    assert sum(row["emergency"] is Emergency.MUST for row in rows()) == 6


def test_every_safety_tip_is_there_in_both_languages() -> None:
    assert [r["code"] for r in rows() if bool(r["safety_tip_zh"]) != bool(r["safety_tip_en"])] == []


def test_whoever_must_call_first_finds_a_number() -> None:
    assert [r["code"] for r in rows() if r["emergency"] != "no" and not r["call_first"]] == []


def test_every_kind_of_unit_that_categories_name_is_in_the_demo() -> None:
    with (DEMO / "units.csv").open(encoding="utf-8") as file:
        there = {row["kind"] for row in csv.DictReader(file)}
    wanted = {row["unit_kind"] for row in rows()}
    wanted |= {kind for row in rows() for kind in row["helper_unit_kinds"].split("|") if kind}
    assert wanted - there == {"community"}  # the community's own hands are no unit


def test_every_shipped_sheet_can_be_read() -> None:
    for name, columns in (
        ("units.csv", sheets.UNIT),
        ("compounds.csv", sheets.COMPOUND),
        ("reference-points.csv", sheets.REFERENCE_POINT),
    ):
        assert sheets.read_sheet((DEMO / name).read_text(encoding="utf-8"), columns, file=name)
    text = (COMMUNITIES / "kaiyuan.csv").read_text(encoding="utf-8")
    assert len(sheets.read_sheet(text, sheets.COMMUNITY, file="kaiyuan.csv")) == 39


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("x,Gate,211282001001,0,42.5,124.0", "code"),
        ("gate-1,,211282001001,0,42.5,124.0", "name"),
        ("gate-1,Gate,21128200100,0,42.5,124.0", "community_code"),
        ("gate-1,Gate,211282001001,maybe,42.5,124.0", "self_managed"),
        ("gate-1,Gate,211282001001,0,124.0,42.5", "lat"),
        ("gate-1,Gate,211282001001,0,nan,124.0", "lat"),
        ("gate-1,Gate,211282001001,0,42.5", "lng"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(row: str, column: str) -> None:
    head = "code,name,community_code,self_managed,lat,lng\n"
    good = "gate-0,Gate,211282001001,0,42.5,124.0\n"
    with pytest.raises(SheetError) as error:
        sheets.read_sheet(head + good + row + "\n", sheets.COMPOUND, file="x.csv")
    [problem] = error.value.problems
    assert (problem.line, problem.column) == (3, column)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SheetError) as error:
        sheets.read_sheet("code,name\n", sheets.UNIT, file="x.csv")
    assert [(p.code, p.column) for p in error.value.problems] == [
        ("column-missing", "kind"),
        ("column-missing", "covers"),
    ]


def test_a_file_without_signs_says_nothing_of_them() -> None:
    rows = list(csv.reader(CATEGORIES_FILE.read_text(encoding="utf-8").splitlines()))
    text = io.StringIO()
    csv.writer(text).writerows(row[:20] for row in rows)
    read = sheets.read_sheet(text.getvalue(), sheets.CATEGORY, file="categories.csv")
    assert len(read) == len(rows) - 1
    lacking = {"icon", "group_icon", "asked_first", "short_zh", "short_en", "colour", "call_row"}
    assert not any(it.keys() & (lacking | {"synonyms_zh", "synonyms_en"}) for it in read)


def test_every_kind_of_the_shipped_file_has_a_short_name_of_its_own_and_a_colour() -> None:
    found = rows()
    for name in ("short_zh", "short_en"):
        assert len({it[name] for it in found}) == len(found)
    assert all(2 <= len(it["short_zh"]) <= 4 for it in found)
    assert {it["colour"] for it in found} <= set(COLOURS)
    assert [it["code"] for it in found if not it["synonyms_zh"] or not it["synonyms_en"]] == []


def test_who_has_to_be_called_first_stands_in_the_data_with_a_number() -> None:
    top = sorted((it for it in rows() if it["call_row"]), key=lambda it: it["call_row"])
    assert [it["short_zh"] for it in top] == ["着火", "漏气", "有人受伤"]
    assert [it["call_first"].split("|")[0] for it in top] == ["119", "119", "120"]


@pytest.mark.parametrize(
    ("column", "said", "kept"),
    [
        ("short_zh", "路面坑洼了", None), ("short_zh", "坑", None), ("short_zh", "", None),
        ("short_en", "Hole in the road", None), ("short_en", "Hole", "Hole"),
        ("synonyms_zh", "坑| 破路 ｜坑||", "坑|破路"), ("synonyms_en", "", ""),
        ("synonyms_zh", "坑" * 201, None), ("colour", "red", None), ("colour", "", "grey"),
        ("colour", "teal", "teal"), ("call_row", "first", None), ("call_row", "0", None),
        ("call_row", "2", 2), ("call_row", "", None),
        # What nobody sees, and what no phone dials.
        ("synonyms_zh", "坑\x00", None), ("name_zh", "坑\t洞", None), ("name_en", "a\u202eb", None),
        ("call_first", "gas|１１０", "gas|110"), ("call_first", "²", None),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_kind_is_named_by_its_column(
    column: str, said: str, kept: str | int | None
) -> None:
    text = io.StringIO()
    with CATEGORIES_FILE.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    read[0][column] = said
    writer = csv.DictWriter(text, list(read[0]))
    writer.writeheader()
    writer.writerows(read)
    if kept is None and said:
        with pytest.raises(SheetError) as error:
            sheets.read_sheet(text.getvalue(), sheets.CATEGORY, file="x.csv")
        assert [(it.line, it.column) for it in error.value.problems] == [(2, column)]
    elif column == "short_zh":
        with pytest.raises(SheetError):
            sheets.read_sheet(text.getvalue(), sheets.CATEGORY, file="x.csv")
    else:
        assert sheets.read_sheet(text.getvalue(), sheets.CATEGORY, file="x.csv")[0][column] == kept


def test_the_row_of_numbers_follows_its_ranks_and_leaves_out_whoever_has_none() -> None:
    kinds = [
        category("AA01", call_row=2, call_first=("119",)),
        category("AA02", call_row=1, call_first=("gas",)),
        category("AA03", call_row=3),
        category("AA04", call_first=("110",)),
    ]
    assert [it.code for it in call_row(kinds)] == ["AA02", "AA01"]


def test_a_kind_without_a_short_name_says_its_name_and_is_found_by_all_its_words() -> None:
    bare = category()
    assert (bare.short("zh_CN"), bare.short("en")) == ("名", "Name")
    named = category(shorts={"zh_CN": "坑", "en": "Hole"}, synonyms={"zh_CN": "洼|坑", "en": "pit"})
    assert named.short("zh_CN") == "坑"
    assert named.words() == ("坑", "Hole", "名", "Name", "洼", "pit")


def test_every_sign_of_the_shipped_file_is_drawn() -> None:
    rows = sheets.read_sheet(
        CATEGORIES_FILE.read_text(encoding="utf-8"), sheets.CATEGORY, file="categories.csv"
    )
    assert {it[name] for it in rows for name in ("icon", "group_icon")} <= _drawn()
    assert len({it["icon"] for it in rows}) == len(rows)


def test_every_sign_a_kind_had_by_code_is_drawn() -> None:
    versions = CONFIG.parent / "migrations" / "versions"
    known = runpy.run_path(str(versions / "0034_signs_of_categories.py"))
    build = CONFIG.parent / "grid_report" / "static" / "build.mjs"
    # They are drawn even where no file and no template names them.
    assert '"migrations/versions/0034_signs_of_categories.py"' in build.read_text(encoding="utf-8")
    assert {*known["ICONS"].values(), *known["GROUP_ICONS"].values()} <= _drawn()


def _drawn() -> set[str]:
    (sprite,) = (CONFIG.parent / "grid_report" / "static" / "build").glob("icons-*.svg")
    return set(re.findall(r'<symbol id="([^"]+)"', sprite.read_text(encoding="utf-8")))
