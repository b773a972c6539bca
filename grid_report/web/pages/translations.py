"""Words in the reader's language: a catalogue a language, read once a process.

English has none: its sentences are what the templates hold.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from babel import support
from flask_babel import Domain

from grid_report.web.context import language

TRANSLATIONS: Final = Path(__file__).resolve().parents[2] / "translations"


class Words(Domain):
    """The catalogues, by our own language codes.

    Babel names a locale with its script (`zh_Hans_CN`), and would look for that folder.
    """

    def get_translations(self) -> support.Translations:
        """Return the words of the request's language."""
        return self.spoken_in(language())

    @staticmethod
    @cache
    def spoken_in(wanted: str) -> support.Translations:
        """Return the words of a language, read once a process."""
        found = support.Translations.load(TRANSLATIONS, [wanted], "messages")
        return found if isinstance(found, support.Translations) else support.Translations()
