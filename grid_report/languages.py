"""The languages of the site, and what is written once in each of them. Pure.

A name that administrators write is kept in a column a language, `name_zh` and `name_en`. Whoever
needs the columns or the fields of a form asks here; the few files that spell them are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# What administrators wrote, by the language it is written in: `{"zh_CN": "路灯", "en": "Lamp"}`.
Written = Mapping[str, str]


@dataclass(frozen=True)
class Language:
    """A language: how it is called, known to browsers, and writes days.

    `suffix` ends the names of columns that hold what is written in it (`name_zh`). `month` is
    Babel's pattern. `in_characters`: a sign says a word, so it needs little room. `plain_day`
    skips Babel, which is slow in long lists; empty: Babel writes it.
    """

    own_name: str
    html: str
    suffix: str
    asked_as: tuple[str, ...]
    month: str
    in_characters: bool = False
    plain_day: str = ""
    plain_day_this_year: str = ""
    # Between two sentences.
    space: str = ""


LANGUAGES: Final = {
    "zh_CN": Language(
        own_name="中文",
        html="zh-CN",
        suffix="zh",
        asked_as=("zh-CN", "zh"),
        month="y年M月",
        in_characters=True,
        plain_day="{0.year}年{0.month}月{0.day}日",
        plain_day_this_year="{0.month}月{0.day}日",
    ),
    "en": Language(
        own_name="English", html="en", suffix="en", asked_as=("en",), month="MMMM y", space=" "
    ),
}
# The first is spoken where neither person nor browser says.
DEFAULT: Final = next(iter(LANGUAGES))
CODE_OF: Final = {asked: code for code, it in LANGUAGES.items() for asked in it.asked_as}


@dataclass(frozen=True)
class Length:
    """How long a text may be: where a sign is a word, and where words are spelled."""

    characters: int
    letters: int

    def of(self, language: str) -> int:
        """Return how long it may be in a language."""
        return self.characters if LANGUAGES[language].in_characters else self.letters


def column(field: str, language: str) -> str:
    """Return the name of a column in a language: `name_en` for `name`."""
    return f"{field}_{LANGUAGES[language].suffix}"


def columns_by_language(field: str) -> dict[str, str]:
    """Return the name of a field's column for each language."""
    return {code: column(field, code) for code in LANGUAGES}


def columns(field: str) -> tuple[str, ...]:
    """Return the names of a field's columns, in the order of the languages."""
    return tuple(columns_by_language(field).values())


def written(it: object, field: str, language: str) -> str:
    """Return what administrators wrote in a language: `name_zh` or `name_en` for `name`."""
    text: str = getattr(it, column(field, language))
    return text


def written_in_all(it: object, field: str) -> dict[str, str]:
    """Return what administrators wrote, by language."""
    return {code: written(it, field, code) for code in LANGUAGES}


def chosen(texts: Written, language: str) -> str:
    """Return the text in a language; what is older than the language says the site's first one."""
    return texts.get(language) or texts.get(DEFAULT) or ""


def as_columns(field: str, texts: Written) -> dict[str, str]:
    """Return what is held by language by the names of its columns: `name_zh` and `name_en`."""
    return {column(field, code): texts[code] for code in LANGUAGES}


def in_all_languages(*texts: str) -> dict[str, str]:
    """Return texts given in the order of the languages by language; one is needed for each."""
    return dict(zip(LANGUAGES, texts, strict=True))


def following(language: str) -> str:
    """Return the language after this one, for whoever goes through them one by one."""
    codes = list(LANGUAGES)
    return codes[(codes.index(language) + 1) % len(codes)]
