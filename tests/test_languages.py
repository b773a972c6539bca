"""A language is one row of a table, and everything that depends on one reads it there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import CheckConstraint, Table

from grid_report import languages
from grid_report.accounts.models import Member
from grid_report.languages import DEFAULT, LANGUAGES, following, written
from grid_report.web.context import language
from tests.support.source import ROOT, modules


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


def test_nothing_but_the_table_and_the_open_data_names_a_language() -> None:
    # Files with a column a language are a promise of their own.
    may = {"languages", "statistics.open_data.routes", "demo.cast", "accounts.models"}
    found = {
        module.name
        for module in modules().values()
        if any(f'"{code}"' in module.path.read_text() for code in LANGUAGES)
    }
    assert found == may - {"accounts.models"}
    templates = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "templates").rglob("*.html")
        if any(f"language == {q}{code}{q}" in path.read_text() for code in LANGUAGES for q in "'\"")
    ]
    assert not templates
