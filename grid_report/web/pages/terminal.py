"""Sentences for a terminal and a log, in every language: there is no reader to ask."""

from __future__ import annotations

from typing import Any

from grid_report.languages import LANGUAGES
from grid_report.settings import ROOT
from grid_report.web.pages.translations import TRANSLATIONS


def say(code: str, /, **facts: Any) -> str:
    """Return a sentence of `templates/words/serving.txt` in every language: no app, no reader yet."""
    from babel.support import NullTranslations, Translations
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    lines = []
    for language in LANGUAGES:
        words = Environment(
            loader=FileSystemLoader(ROOT / "templates"),
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            autoescape=False,  # noqa: S701 - for a terminal
        )
        found: NullTranslations = Translations.load(TRANSLATIONS, [language])
        words.install_gettext_translations(found, newstyle=True)  # type: ignore[attr-defined]
        macro = getattr(words.get_template("words/serving.txt").module, code)
        line = " ".join(str(macro(**facts)).split())
        if line not in lines:
            lines.append(line)
    return "\n".join(lines)
