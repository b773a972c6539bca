"""Compare the sentences of the templates with the message catalogues; fill in English.

`python tools/words.py` (with `.venv`'s Python) adds missing English sentences, which are the
msgids themselves, and lists what only a person can write. Exit code 1 when something is missing.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
TRANSLATIONS = ROOT / "grid_report" / "translations"
CHINESE, ENGLISH = "zh_CN", "en"

# What the app itself sets: a msgid is only found again when its white space comes out the same.
JINJA = {
    "extensions": "jinja2.ext.i18n,jinja2.ext.do,jinja2.ext.loopcontrols",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "newstyle_gettext": "true",
    "silent": "false",
}
# What readers of a catalogue need of its header; the rest of Babel's is boilerplate.
HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: en\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
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


def catalogue_files(language: str, translations: Path = TRANSLATIONS) -> Iterator[tuple[str, Path]]:
    """Yield each domain's name with its catalogue of a language, which need not be there."""
    for folder in sorted(path for path in translations.iterdir() if path.is_dir()):
        yield folder.name, folder / language / "LC_MESSAGES" / "messages.po"


def read(path: Path, language: str) -> Catalog:
    """Read a catalogue; a file that is not there is an empty one."""
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def texts(catalogue: Catalog) -> Texts:
    """Return msgid → translations, one a plural form."""
    return {_id(message.id): _tuple(message.string) for message in catalogue if message.id}


def all_texts(language: str, translations: Path = TRANSLATIONS) -> dict[str, Texts]:
    """Return every domain's msgids with their translations."""
    return {
        domain: texts(read(path, language))
        for domain, path in catalogue_files(language, translations)
    }


def fill_english(translations: Path = TRANSLATIONS) -> list[str]:
    """Write the msgid itself wherever an English sentence is missing; drop what Chinese dropped."""
    changed = []
    files = dict(catalogue_files(ENGLISH, translations))
    for domain, path in catalogue_files(CHINESE, translations):
        wanted = [message.id for message in read(path, CHINESE) if message.id]
        before = texts(read(files[domain], ENGLISH))
        after: Texts = {}
        english = Catalog(locale=ENGLISH, fuzzy=False)
        for message in wanted:
            forms = before.get(_id(message), ())
            own = forms and all(forms)
            after[_id(message)] = forms if own else _tuple(message)
            words = after[_id(message)]
            english.add(message, words if len(words) > 1 else words[0])
        if after != before:
            files[domain].parent.mkdir(parents=True, exist_ok=True)
            with files[domain].open("wb") as file:
                file.write(HEADER.encode())
                write_po(file, english, width=0, omit_header=True, sort_output=False)
            changed.append(domain)
    return changed


def faults(templates: Path = TEMPLATES, translations: Path = TRANSLATIONS) -> list[str]:
    """Return everything that is missing, left over or contradictory, one line each."""
    wanted = used(templates)
    found = []
    for language in (CHINESE, ENGLISH):
        by_domain = all_texts(language, translations)
        merged: dict[Id, dict[tuple[str, ...], list[str]]] = defaultdict(dict)
        for domain, known in by_domain.items():
            for message, forms in known.items():
                merged[message].setdefault(forms, []).append(domain)
                found += [
                    f"{language} {domain}: placeholders differ: {_show(message)}"
                    for form in forms
                    if form and _placeholders(form) - _placeholders(*_tuple(message))
                ]
                found += [
                    f"{language} {domain}: a placeholder is lost: {_show(message)}"
                    for form in forms
                    if form and isinstance(message, str) and not _kept(message, form)
                ]
                if message not in wanted:
                    found.append(f"{language} {domain}: used nowhere: {_show(message)}")
        for message, variants in merged.items():
            written = {forms: domains for forms, domains in variants.items() if any(forms)}
            if len(written) > 1:
                where = ", ".join(name for names in written.values() for name in names)
                found.append(f"{language} {where}: two translations: {_show(message)}")
        for message, places in wanted.items():
            if not any(forms and all(forms) for forms in merged.get(message, {})):
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
    """Fill in English, then list what is wrong."""
    for domain in fill_english():
        print(f"en {domain}: filled in")
    found = faults()
    print("\n".join(found) or "every sentence is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
