"""The languages of the site. The first is spoken where neither person nor browser says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Language:
    """A language: how it is called, known to browsers, and writes days.

    `suffix` ends the names of columns that hold what is written in it (`name_zh`). `month` is
    Babel's pattern. `plain_day` skips Babel, which is slow in long lists; empty: Babel writes it.
    """

    own_name: str
    html: str
    suffix: str
    asked_as: tuple[str, ...]
    month: str
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
        plain_day="{0.year}年{0.month}月{0.day}日",
        plain_day_this_year="{0.month}月{0.day}日",
    ),
    "en": Language(
        own_name="English", html="en", suffix="en", asked_as=("en",), month="MMMM y", space=" "
    ),
}
DEFAULT: Final = next(iter(LANGUAGES))
CODE_OF: Final = {asked: code for code, it in LANGUAGES.items() for asked in it.asked_as}


def written(it: object, field: str, language: str) -> str:
    """Return what administrators wrote in a language: `name_zh` or `name_en` for `name`."""
    text: str = getattr(it, f"{field}_{LANGUAGES[language].suffix}")
    return text


def written_in_all(it: object, field: str) -> dict[str, str]:
    """Return what administrators wrote, by language."""
    return {code: written(it, field, code) for code in LANGUAGES}


def following(language: str) -> str:
    """Return the language after this one, for whoever goes through them one by one."""
    codes = list(LANGUAGES)
    return codes[(codes.index(language) + 1) % len(codes)]
