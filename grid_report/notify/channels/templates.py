"""The operator's table of registered texts: kind × channel → template and what stands in its fields. Pure.

A channel says nothing in words of its own: each field of a registered text holds one of the
variables below, or words the operator registered with it. What has no row is not offered.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from grid_report.notify.kinds import KINDS, Kind, Screen
from grid_report.notify.outgoing import Outgoing

COLUMNS: Final = ("kind", "channel", "template", "fields")
# A character no database keeps and no gateway takes is none of a template's either.
_TEMPLATE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FIELD: Final = re.compile(r"([a-z_]+?)([0-9]{0,2})", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"\{([a-z_]+)\}")


class TableError(ValueError):
    """The table cannot be used; the message says in which row, and why."""


@dataclass(frozen=True)
class Template:
    """A registered text: what the gateway knows it by, and each field with what stands in it."""

    id: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Variable:
    """What a field may hold: which kinds bring it, and how it is written for whom."""

    brought_by: Callable[[Kind], bool]
    write: Callable[[Outgoing, tzinfo], str]


def _fact(name: str, write: Callable[[Any, tzinfo], str]) -> Variable:
    return Variable(lambda kind: name in kind.needs, lambda it, zone: write(it.facts[name], zone))


def _instant(text: str, zone: tzinfo) -> str:
    return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _day(text: str, zone: tzinfo) -> str:
    if "T" in text:
        return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d")
    return date.fromisoformat(text).isoformat()


# Names, places, categories and what people wrote are none of these: they show on locked screens.
VARIABLES: Final[Mapping[str, Variable]] = {
    "number": Variable(lambda kind: kind.screen is Screen.REPORT, lambda it, _: it.about),
    "at": Variable(lambda _: True, lambda it, zone: _instant(it.created_at.isoformat(), zone)),
    "due": _fact("due", _instant),
    "until": _fact("until", _day),
    "last_day": _fact("last_day", _day),
    "points": _fact("points", lambda points, _: str(points)),
}


@dataclass(frozen=True)
class Fields:
    """What a channel's fields may hold, by the word a field's name begins with.

    `kinds` names the variables of each word and how long words of the operator's own may be; None
    stands for every word. `more` are variables only this channel has.
    """

    kinds: Mapping[str, tuple[frozenset[str], int]] | None = None
    longest: int = 35
    more: Mapping[str, Callable[[Kind], bool]] = field(default_factory=dict)

    def takes(self, name: str) -> tuple[frozenset[str], int] | None:
        """Return what a field may hold, and how many characters; None: there is no such field."""
        found = _FIELD.fullmatch(name)
        if found is None:
            return None
        if self.kinds is None:
            return frozenset(VARIABLES) | self.more.keys(), self.longest
        return self.kinds.get(found[1])


Table = Mapping[tuple[str, str], Template]


def read(path: str, channels: Mapping[str, Fields]) -> Table:
    """Read the table of a file. Raises TableError naming file and row."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise TableError(f"{path}: cannot be read as UTF-8 ({type(error).__name__})") from error
    return parse(text, channels, name=path)


def parse(text: str, channels: Mapping[str, Fields], *, name: str = "table") -> Table:
    """Read the table from text. Raises TableError."""
    rows = csv.reader(text.splitlines(), strict=True)
    found: dict[tuple[str, str], Template] = {}
    try:
        for number, cells in enumerate(rows, start=1):
            if number == 1:
                _check_head(cells)
            elif any(cells):
                key, template = _row(cells, channels)
                if key in found:
                    raise TableError(f"{key[0]} has a row for {key[1]} already")
                found[key] = template
    except (TableError, csv.Error) as error:
        raise TableError(f"{name}, row {rows.line_num}: {error}") from None
    return found


def _check_head(cells: list[str]) -> None:
    if [cell.strip() for cell in cells] != list(COLUMNS):
        raise TableError(f"the columns are {', '.join(COLUMNS)}")


def _row(cells: list[str], channels: Mapping[str, Fields]) -> tuple[tuple[str, str], Template]:
    if len(cells) != len(COLUMNS):
        raise TableError(f"{len(COLUMNS)} cells are wanted, not {len(cells)}")
    kind, channel, template, fields = (cell.strip() for cell in cells)
    if channel not in channels:
        raise TableError(f"there is no channel {channel!r}; there are {', '.join(channels)}")
    known = KINDS.get(kind)
    if known is None:
        raise TableError(f"there is no kind {kind!r}")
    if not known.at_once | known.on_demand:
        raise TableError(f"{kind} is told in the inbox alone")
    if not _TEMPLATE.fullmatch(template):
        raise TableError(f"{template!r} is no id of a template")
    read_fields: dict[str, str] = {}
    for name, value in _fields(fields):
        if name in read_fields:
            raise TableError(f"{name} stands there twice")
        _check(kind, known, name, value, channels[channel])
        read_fields[name] = value
    return (kind, channel), Template(template, read_fields)


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, (it.strip() for it in text.split("|"))):
        name, equals, value = (it.strip() for it in part.partition("="))
        if not (name and equals and value):
            raise TableError(f"{part!r}: name={{variable}} or name=words is wanted")
        yield name, value


def _check(kind: str, known: Kind, name: str, value: str, fields: Fields) -> None:
    takes = fields.takes(name)
    if takes is None:
        raise TableError(f"there is no field {name!r} on this channel")
    variables, longest = takes
    variable = _VARIABLE.fullmatch(value)
    if variable is None:
        if "{" in value or "}" in value or not value.isprintable():
            raise TableError(f"{name}: {value!r} is neither one variable nor words alone")
        if len(value) > longest:
            raise TableError(f"{name}: {value!r} is longer than {longest} characters")
        return
    called = variable[1]
    if called not in VARIABLES and called not in fields.more:
        there = ", ".join([*VARIABLES, *fields.more])
        raise TableError(f"{name}: there is no variable {called!r}; there are {there}")
    if called not in variables:
        raise TableError(f"{name}: a field of this sort does not take {{{called}}}")
    brings = fields.more.get(called) or VARIABLES[called].brought_by
    if not brings(known):
        raise TableError(f"{name}: {kind} does not bring {{{called}}}")


def filled(
    template: Template,
    message: Outgoing,
    zone: tzinfo,
    more: Mapping[str, Callable[[], str]] | None = None,
) -> dict[str, str]:
    """Return each field with what stands in it for a message."""
    found = {}
    for name, value in template.fields.items():
        variable = _VARIABLE.fullmatch(value)
        if variable is None:
            found[name] = value
        elif more and variable[1] in more:
            found[name] = more[variable[1]]()
        else:
            found[name] = VARIABLES[variable[1]].write(message, zone)
    return found
