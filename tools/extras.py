"""What is installed only where it is wanted: `./run --with postgres,s3,heic`, hash-locked as the rest.

The lock of the tests holds every extra beside the versions of the run lock. The packages of an
extra are taken from there, so there is one lock and nothing that could differ from it.
"""

import re
import tomllib
from collections.abc import Iterable

from tools.paths import ROOT, RUN_LOCK, STATE, TEST_LOCK, put_stamp, stamped
from tools.show import Problem

KEPT = STATE / "extras"
LOCKED = STATE / "requirements-with-extras.txt"
# What the tests need is not for people who run the site.
NOT_OFFERED = ("test",)
NONE = "none"


def known() -> dict[str, list[str]]:
    """Return each extra there is with the packages it asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    return {
        name: [_name(line) for line in wanted]
        for name, wanted in sorted(extras.items())
        if name not in NOT_OFFERED
    }


def taken_from(words: list[str]) -> tuple[list[str] | None, list[str]]:
    """Return the extras `--with` names, None without it, and the other words. Raises Problem."""
    names: list[str] | None = None
    others: list[str] = []
    given = iter(words)
    for word in given:
        if word != "--with" and not word.startswith("--with="):
            others.append(word)
            continue
        text = next(given, "") if word == "--with" else word.removeprefix("--with=")
        names = [*(names or []), *(name for name in re.split(r"[,\s]+", text) if name)]
        if not names:
            raise _unknown("--with")
    for name in names or []:
        if name not in known() and name != NONE:
            raise _unknown(name)
    return names, others


def _unknown(name: str) -> Problem:
    return Problem(
        f"没有叫 {name} 的附加功能。",
        f"There is no extra called {name}.",
        [f"./run --with {','.join(known())}", f"./run --with {NONE}"],
    )


def kept() -> list[str]:
    """Return the extras of this checkout: those of every `--with` so far."""
    return sorted(set(stamped(KEPT).split()) & known().keys())


def keep(names: Iterable[str] | None) -> None:
    """Add extras to those of this checkout; `none` forgets the ones before it."""
    if names is None:
        return
    wanted = set(kept())
    for name in names:
        wanted = set() if name == NONE else wanted | {name}
    put_stamp(KEPT, " ".join(sorted(wanted)))


def lock_of(names: Iterable[str]) -> str:
    """Return the run lock with the packages of some extras and all they need."""
    blocks = _blocks(TEST_LOCK.read_text(encoding="utf-8"))
    run = _blocks(RUN_LOCK.read_text(encoding="utf-8"))
    wanted = {package for name in names for package in known()[name]}
    while more := {
        package
        for package, text in blocks.items()
        if package not in wanted
        and wanted & set(re.findall(r"#\s+(?:via )?([a-z0-9][\w.-]*)", text))
    }:
        wanted |= more
    return "".join([*run.values(), *(blocks[name] for name in sorted(wanted - run.keys()))])


def _blocks(lock: str) -> dict[str, str]:
    """Return each package's lines of a lock."""
    found = re.findall(r"^([a-z0-9][\w.-]*)(==[^\n]*\n(?:[ \t]+[^\n]*\n)*)", lock, re.M)
    return {name: name + rest for name, rest in found}


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")
