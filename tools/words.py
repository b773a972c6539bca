"""Compare the sentences of the templates with the message catalogues.

`python tools/words.py` (with `.venv`'s Python) lists what is missing, left over or misses a
placeholder; English is what the templates say. Exit code 1 when something is wrong.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
TRANSLATIONS = ROOT / "grid_report" / "translations"

# What the app itself sets: a msgid is only found again when its white space comes out the same.
JINJA = {
    "extensions": "jinja2.ext.i18n,jinja2.ext.do,jinja2.ext.loopcontrols",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "newstyle_gettext": "true",
    "silent": "false",
}
# %(name)s with any conversion; %% is a percent sign and no placeholder.
PLACEHOLDER = re.compile(r"%\((\w+)\)[sdif]|%%")

Id = str | tuple[str, ...]
Texts = dict[Id, tuple[str, ...]]


def used(templates: Path = TEMPLATES) -> dict[Id, set[str]]:
    """Return every msgid of the templates with the files that use it."""
    found: dict[Id, set[str]] = defaultdict(set)
    for path in sorted([*templates.rglob("*.html"), *templates.rglob("*.txt")]):
        for _, message, _, _ in extract_from_file(
            "jinja2.ext:babel_extract", path, DEFAULT_KEYWORDS, (), JINJA
        ):
            # A plural comes as (singular, plural); a msgid that is no literal cannot be kept.
            found[message].add(path.relative_to(templates.parent).as_posix())
    return dict(found)


def catalogue_files(translations: Path = TRANSLATIONS) -> Iterator[tuple[str, Path]]:
    """Yield each language that has a catalogue, with its file. English is what the templates say."""
    for folder in sorted(path for path in translations.iterdir() if path.is_dir()):
        yield folder.name, folder / "LC_MESSAGES" / "messages.po"


def read(path: Path, language: str) -> Catalog:
    """Read a catalogue; a file that is not there is an empty one."""
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def texts(catalogue: Catalog) -> Texts:
    """Return msgid → translations, one a plural form."""
    return {_id(message.id): _tuple(message.string) for message in catalogue if message.id}


def all_texts(translations: Path = TRANSLATIONS) -> dict[str, Texts]:
    """Return by language its msgids with their translations."""
    return {
        language: texts(read(path, language)) for language, path in catalogue_files(translations)
    }


def faults(templates: Path = TEMPLATES, translations: Path = TRANSLATIONS) -> list[str]:
    """Return everything that is missing or left over, one line each."""
    wanted = used(templates)
    found = []
    for language, known in all_texts(translations).items():
        for message, forms in known.items():
            found += [
                f"{language}: placeholders differ: {_show(message)}"
                for form in forms
                if form and _placeholders(form) - _placeholders(*_tuple(message))
            ]
            found += [
                f"{language}: a placeholder is lost: {_show(message)}"
                for form in forms
                if form and isinstance(message, str) and not _kept(message, form)
            ]
            if message not in wanted:
                found.append(f"{language}: used nowhere: {_show(message)}")
        for message, places in wanted.items():
            forms = known.get(message, ())
            if not (forms and all(forms)):
                found.append(f"{language}: no translation: {_show(message)} ({min(places)})")
    return sorted(found)


def _id(message: object) -> Id:
    return tuple(message) if isinstance(message, list | tuple) else str(message)


def _tuple(message: object) -> tuple[str, ...]:
    return tuple(message) if isinstance(message, list | tuple) else (str(message),)


def _placeholders(*forms: str) -> set[str]:
    return {name for form in forms for name in PLACEHOLDER.findall(form) if name}


def _kept(message: str, form: str) -> bool:
    return _placeholders(message) <= _placeholders(form)


def _show(message: Id) -> str:
    return " | ".join(_tuple(message)).replace("\n", "\\n")


def main() -> int:
    """List what is wrong."""
    found = faults()
    print("\n".join(found) or "every sentence is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
