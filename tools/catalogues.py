"""Compile the message catalogues named on the command line. Run with `.venv`'s Python (Babel)."""

import os
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_one(source: Path) -> list[str]:
    """Write the .mo beside a .po; return what is wrong with it (missing placeholders and such)."""
    locale = source.parent.parent.name
    with source.open("rb") as file:
        catalogue = read_po(file, locale=locale, abort_invalid=True)
    wrong = [
        f"{source}:{message.lineno}: {error}"
        for message, errors in catalogue.check()
        for error in errors
    ]
    target = source.with_suffix(".mo")
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    with draft.open("wb") as file:
        write_mo(file, catalogue)
    draft.replace(target)
    return wrong


def main(sources: list[str]) -> int:
    """Compile all; report every mistake, not only the first."""
    wrong: list[str] = []
    for source in map(Path, sources):
        try:
            wrong += compile_one(source)
        except Exception as error:
            wrong.append(f"{source}: {error}")
    print("\n".join(wrong) or f"{len(sources)} catalogues")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
