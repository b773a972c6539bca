"""A language is one row of a table, and everything that depends on one reads it there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import CheckConstraint, Table

from grid_report import languages
from grid_report.accounts.models import Member
from grid_report.languages import CODE_OF, DEFAULT, LANGUAGES, following, written
from grid_report.offers.settlements.queries import Line, Sum
from grid_report.web.context import language
from tests.support.source import ROOT


def test_one_goes_through_every_language_and_comes_back() -> None:
    seen, one = [], DEFAULT
    for _ in LANGUAGES:
        seen.append(one)
        one = following(one)
    assert (seen, one) == (list(LANGUAGES), DEFAULT)


def test_what_administrators_wrote_is_found_by_the_ending_of_its_name() -> None:
    it = SimpleNamespace(name_zh="路灯", name_en="Street lamp")
    assert [written(it, "name", code) for code in LANGUAGES] == ["路灯", "Street lamp"]
    assert languages.written_in_all(it, "name") == {"zh_CN": "路灯", "en": "Street lamp"}


@pytest.mark.parametrize(
    ("header", "spoken"),
    [
        ("zh-CN,zh;q=0.9", "zh_CN"),
        ("zh", "zh_CN"),
        ("en-GB,en;q=0.8", "en"),
        ("fr;q=0.9,en;q=0.4", "en"),
        ("fr", DEFAULT),
        ("", DEFAULT),
    ],
)
def test_a_browser_is_answered_in_the_language_it_asks_for(
    app: Flask, header: str, spoken: str
) -> None:
    with app.test_request_context("/", headers={"Accept-Language": header}):
        assert language() == spoken


def test_the_database_knows_the_languages_of_the_table() -> None:
    table = Member.__table__
    assert isinstance(table, Table)
    (known,) = (one for one in table.constraints if str(one.name).endswith("language_known"))
    assert isinstance(known, CheckConstraint)
    said = str(known.sqltext)
    assert said == f"language IN ({', '.join(repr(code) for code in LANGUAGES)})"


# With a language more in the table, before anything that reads it is imported.
ONE_MORE = """
import json
from dataclasses import replace
from datetime import datetime

from grid_report import languages

languages.LANGUAGES["fr"] = replace(
    languages.LANGUAGES["en"], html="fr", suffix="fr", asked_as=("fr",)
)
from grid_report.accounts.models import Member
from grid_report.errors import Invalid
from grid_report.notify import kinds
from grid_report.offers import forms
from grid_report.offers.catalogue.models import Offer
from grid_report.offers.settlements.models import StatementLine
from grid_report.places.models import Category
from grid_report.places.tables.sheets import CATEGORY
from grid_report.statistics.open_data import routes
from grid_report.web.refused_words import TYPED

tables = [it.__table__ for it in (Category, Offer, StatementLine)]
problems = Invalid()
try:
    forms.read_offer({"title_zh": "a", "title_en": "b"}, [], {}, photo=None, problems=problems)
except Invalid as error:
    problems = error
texts = dict.fromkeys(languages.LANGUAGES, "x")
print(json.dumps({
    "columns": {it.name: sorted(c.name for c in it.columns if c.name.endswith("_fr")) for it in tables},
    "lengths": [Category.__table__.c[it].type.length for it in ("group_fr", "name_fr")],
    "required": [it for it in problems.problems if it.startswith("title")],
    "sheet": [it for it in CATEGORY if it.endswith("_fr")],
    "typed": sorted(it for it in TYPED if it.endswith("_fr")),
    "told": sorted(kinds.facts_for("redemption_expired", {"title": texts, "points": 1})),
    "open": [routes._code(*it) for it in routes._columns(languages.LANGUAGES)][6:10],
    "members": [str(c.sqltext) for c in Member.__table__.constraints if c.name == "language_known"
                or str(c.name).endswith("_language_known")],
}))
"""


def test_one_language_more_is_asked_for_kept_and_told_everywhere() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ONE_MORE], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert not done.returncode, done.stderr
    assert json.loads(done.stdout) == {
        "columns": {
            "categories": ["group_fr", "name_fr", "safety_tip_fr", "short_fr", "synonyms_fr"],
            "offers": ["description_fr", "title_fr"],
            "statement_lines": ["title_fr"],
        },
        "lengths": [60, 80],
        "required": ["title_fr"],
        "sheet": ["group_fr", "name_fr", "safety_tip_fr", "short_fr", "synonyms_fr"],
        "typed": ["description_fr", "title_fr"],
        "told": ["points", "title_en", "title_fr", "title_zh"],
        "open": ["group_code", "group_zh", "group_en", "group_fr"],
        "members": ["language IN ('zh_CN', 'en', 'fr')"],
    }


def test_what_is_older_than_a_language_says_the_first_one() -> None:
    assert languages.chosen({DEFAULT: "路灯", "en": "Lamp"}, "en") == "Lamp"
    assert languages.chosen({DEFAULT: "路灯"}, "en") == "路灯"
    assert languages.chosen({DEFAULT: "路灯", "en": ""}, "en") == "路灯"
    assert not languages.chosen({}, "en")
    older = {DEFAULT: "热饭"}
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert Line(1, "R-1", "", older, at, at, 5, None, 1).title("en") == "热饭"
    assert Sum(older, 1, 0, 5).title("en") == "热饭"


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_is_printed_small_goes_by_how_a_language_is_written(app: Flask, code: str) -> None:
    client = app.test_client()
    client.set_cookie("language", code)
    page = client.get("/sign-in").text
    is_spelled = not LANGUAGES[code].in_characters
    assert f'<html lang="{LANGUAGES[code].html}"{" data-spelled" * is_spelled} data-theme' in page
    styles = [path.read_text() for path in (ROOT / "grid_report/static/css").rglob("*.css")]
    assert any("[data-spelled] ." in text for text in styles)


def test_texts_by_language_and_their_columns_are_the_same_texts() -> None:
    texts = languages.in_all_languages("路灯", "Lamp")
    assert texts == {"zh_CN": "路灯", "en": "Lamp"}
    assert languages.as_columns("name", texts) == {"name_zh": "路灯", "name_en": "Lamp"}
    assert languages.columns("name") == ("name_zh", "name_en")
    assert [languages.Length(characters=4, letters=6).of(it) for it in LANGUAGES] == [4, 6]
    with pytest.raises(ValueError, match="shorter"):
        languages.in_all_languages("路灯")


# What a language more has to be written into, beside its catalogue, its name in the other one and a
# migration; CONTRIBUTING counts them.
SPELLED_IN = {
    "grid_report/languages.py",
    "templates/words/languages.txt",
    "config/categories.csv",
    # The county's name; a setting is a field, a value and a line.
    "grid_report/settings_sections.py",
    "config/default.toml",
    "config/README.md",
    # What programs are promised stands there word for word.
    "grid_report/places/shapes.py",
    "grid_report/demo/goods.py",
}
# Written as a clock of 24 hours, whoever reads.
NO_READERS_LANGUAGE = {"grid_report/static/js/voucher.mjs"}
KINDS_OF_FILE = {".py", ".html", ".txt", ".css", ".mjs", ".js", ".csv", ".toml", ".md"}


def spells_a_language(text: str) -> bool:
    """Tell whether a text ends a name in a language, names one by its code, or has one text each."""
    suffixes = "|".join(it.suffix for it in LANGUAGES.values())
    codes = "|".join({*LANGUAGES, *(it.html for it in LANGUAGES.values()), *CODE_OF})
    return bool(
        re.search(rf"[a-z]_({suffixes})\b", text, re.IGNORECASE)
        or re.search(rf"""["']({codes})["']|\bmacro ({codes})\b""", text)
        or re.search(r"(?<!def )\bin_all_languages\(\*?[\w\"']", text)
    )


def product_files() -> Iterator[Path]:
    for folder in ("grid_report", "templates", "config"):
        for path in sorted((ROOT / folder).rglob("*")):
            parts = path.relative_to(ROOT).parts
            if path.suffix in KINDS_OF_FILE and not {"build", "translations"} & set(parts):
                yield path


def test_what_spells_a_language_is_counted() -> None:
    # Why a decision was made, and how the table came to be.
    told = {"grid_report/DECISIONS.md"}
    found = {
        path.relative_to(ROOT).as_posix()
        for path in product_files()
        if spells_a_language(path.read_text(encoding="utf-8"))
    }
    assert found - told == SPELLED_IN | NO_READERS_LANGUAGE
    row = re.search(
        r"^\| a language \|.*\| (\d+) \|$",
        (ROOT / ".github/CONTRIBUTING.md").read_text(),
        re.MULTILINE,
    )
    assert row is not None
    assert [it for it in SPELLED_IN if f"`{it}`" not in row[0]] == []
    # And two catalogues and a migration.
    assert int(row[1]) == len(SPELLED_IN) + 3


@pytest.mark.parametrize(
    ("text", "spells"),
    [
        ("offer.title_zh", True),
        ("NAME_EN", True),
        ("by_code['en']", True),
        ('lang="zh-CN"', True),
        ("{% macro zh_CN() %}", True),
        ('in_all_languages("茶", "Tea")', True),
        ("in_all_languages(*names)", True),
        ("titles_enough and open", False),
        ("def in_all_languages(*texts: str)", False),
    ],
)
def test_a_spelled_language_is_seen(text: str, spells: bool) -> None:
    assert spells_a_language(text) is spells
