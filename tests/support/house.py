"""Which floor each room is on, and what kind of file each file is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from tests.support.source import Module, modules

CORE = {
    "settings": 0,
    "settings_sections": -1,
    "errors": 0,
    "rates": 0,
    "workflow": 1,
    "plain_characters": 0,
    "languages": 0,
    "clock": 1,
    "db": 1,
    "access": 1,
}
CORE |= {"connections": 0, "troubles": 1}
# A room knows the rooms with a lower number; those with the same number are strangers.
ROOMS = {
    "web": 2,
    "accounts": 3,
    "media": 4,
    "places": 4,
    "points": 5,
    "notify": 5,
    "reports": 6,
    "offers": 6,
    "fairness": 7,
    "oversight": 7,
    "statistics": 7,
    "jobs": 8,
    "demo": 8,
}
TOP = {"", "application", "api", "permissions", "cli", "schema", "serving", "bench"}
OUTSIDE = {"jobs", "demo"}

# What a file is, by the last word of its name; a name without such a word is a rule.
BY_WORD = {
    "models": "models",
    "steps": "steps",
    "queries": "queries",
    "usecases": "usecases",
    "scheduled": "usecases",
    "forms": "border",
    "routes": "border",
    "api": "border",
    # What calls take and answer: an answer of a higher room may hold a shape of a lower one.
    "shapes": "shapes",
    "views": "border",
    "cli": "border",
    "workbook": "border",
    "channel": "border",
}
# Rooms within whose files are named by what they do to the ledger.
BY_ROOM = {"points.ledger": "steps"}
# The others, with what they are; no more than fifteen.
BY_NAME = {
    "accounts.failure_metrics": "wiring",
    "accounts.members.place_names": "wiring",
    "accounts.numbers.messenger": "wiring",
    "accounts.numbers.sms_gateway": "wiring",
    "accounts.policy": "wiring",
    "media.kit": "border",
    "media.store.opening": "border",
    "notify.channels.registry": "border",
    "notify.delivery": "border",
    "notify.outbox": "steps",
    "notify.wechat.gateway": "wiring",
    "places.boundaries.open_cases": "wiring",
    "statistics.exports.workbook_sheets": "border",
    "statistics.exports.workbook_summary": "border",
}
MOST_EXCEPTIONS = 15
# How many files a folder may hold, beside `__init__`.
MOST_FILES = 16
# Folders that hold more today; each number may only fall.
TOO_FULL: dict[str, int] = {}


def kind_of(name: str) -> str:
    """Say what kind of file a module of a domain is."""
    room, _, rest = name.partition(".")
    if room in OUTSIDE:
        return BY_WORD.get(rest, "border") if room == "jobs" else "border"
    # `admin_routes` are routes as well.
    plain = re.split(r"[._]", rest)[-1]
    known = BY_NAME.get(name) or BY_ROOM.get(name) or BY_WORD.get(plain)
    return known or BY_ROOM.get(name.rpartition(".")[0], "rules")


def own_imports(module: Module) -> Iterator[tuple[str, str | None, int]]:
    """Yield which module of the package a module imports, which name of it, and where."""
    known = modules()
    for found in module.imports:
        if found.module in known and found.module != module.name:
            yield found.module, found.name, found.line


def within(name: str) -> str:
    """Return the room within that a module lies in, or the room itself for what lies in no other."""
    parts = name.split(".")
    inner = ".".join(parts[:2])
    is_room = len(parts) > 2 or (modules()[name].path.name == "__init__.py" and len(parts) == 2)
    return inner if is_room else parts[0]


def arrows_within() -> dict[str, dict[str, str]]:
    """Return which room within knows which other of the same room, and by which import.

    Pages and calls of a room show all of it, so what they import says nothing; nobody below them
    may.
    """
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for module in modules().values():
        if module.room not in ROOMS or module.room in OUTSIDE:
            continue
        if kind_of(module.name) in {"border", "shapes"}:
            continue
        for target, _, line in own_imports(module):
            if target.split(".")[0] == module.room and within(target) != within(module.name):
                found[within(module.name)].setdefault(within(target), f"{module.at}:{line}")
    return found
