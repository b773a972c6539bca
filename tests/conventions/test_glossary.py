"""The glossary: each term once, in the words of the screen, at a place that is there."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest

from tests.support.source import PACKAGE
from tools import words

ROW = re.compile(
    r"^\| (?P<chinese>[^|]+) \| (?P<term>[^|]+) \| (?P<meaning>[^|]+) \| \[(?P<said>[^\]]+)\]\((?P<where>[^)]+)\) \|$"
)
HEAD = 2


@cache
def rows() -> list[dict[str, str]]:
    lines = [
        line
        for line in (PACKAGE / "GLOSSARY.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ][HEAD:]
    found = [ROW.match(line) for line in lines]
    assert all(found), [line for line, it in zip(lines, found, strict=True) if it is None]
    return [it.groupdict() for it in found if it is not None]


def test_each_term_stands_once_and_so_does_each_word_of_the_screen() -> None:
    terms = Counter(row["term"] for row in rows())
    assert len(terms) > 40
    assert [it for it, n in terms.items() if n > 1] == []
    chinese = Counter(row["chinese"] for row in rows() if row["chinese"] != "–")
    assert [it for it, n in chinese.items() if n > 1] == []


def test_each_place_is_there_and_said_as_it_is() -> None:
    assert [row["where"] for row in rows() if not (PACKAGE / row["where"]).exists()] == []
    assert [row["where"] for row in rows() if row["said"] != row["where"]] == []


def test_each_chinese_word_is_one_that_pages_say() -> None:
    said = "".join(form for forms in words.all_texts()["zh_CN"].values() for form in forms)
    assert [it for row in rows() if (it := row["chinese"]) != "–" and it not in said] == []


@pytest.mark.parametrize("word", ["expir", "notif", "permit", "settlement", "idempot"])
def test_whoever_looks_for_the_usual_word_finds_a_file_of_that_name(word: str) -> None:
    assert [
        path for path in PACKAGE.rglob("*") if word in path.name and "__pycache__" not in path.parts
    ]
