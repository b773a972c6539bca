"""What a list of reports may be narrowed to and sorted by. Read from a query string."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from grid_report import plain_characters
from grid_report.clock import PlainDate, read_instant
from grid_report.errors import Invalid
from grid_report.places.geo.reference import Reference
from grid_report.reports.clocks import Light
from grid_report.reports.lifecycle import OPEN, KeptState, State


class Sort(StrEnum):
    NEW = "new"
    DUE = "due"


@dataclass(frozen=True)
class ReportFilter:
    """Every field None or empty means: do not narrow."""

    states: frozenset[State] = frozenset()
    # One's own that wait for the proof, besides those of `states`; see `kept_queries.py`.
    kept: bool = False
    community: str | None = None
    street: str | None = None
    unit: str | None = None
    category: str | None = None
    light: Light | None = None
    mine: bool = False
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None
    unrouted: bool = False
    # Very many urgent ones of one rider: behind one row, or those behind this one.
    folds: bool = False
    fold: int | None = None
    sort: Sort = Sort.NEW

    @property
    def open_only(self) -> bool:
        """Tell whether only open reports can match, so that the small index serves."""
        return self.light is not None or (bool(self.states) and self.states <= OPEN)


MOST_WORDS = 100


def read(
    args: Mapping[str, str],
    *,
    places: Reference,
    zone: tzinfo,
    default_sort: Sort = Sort.NEW,
    with_kept: bool = False,
) -> ReportFilter:
    """Read a filter. Raises Invalid naming every value that is not known.

    `until` leaves its instant out; a plain date is the whole of that day in the zone. A code nobody has is a mistake to tell, not an empty list that looks like good news.
    """
    problems = Invalid()
    categories = places.categories
    names = [name for name in args.get("state", "").split(",") if name]
    kept = with_kept and (names == ["open"] or KeptState.KEPT in names)
    result = ReportFilter(
        states=_states([it for it in names if it != KeptState.KEPT or not kept], problems),
        kept=kept,
        community=_code(args, "community", places.communities, problems),
        street=_code(args, "street", places.streets, problems),
        unit=_code(args, "unit", places.units, problems),
        category=_code(
            args, "category", categories.by_code.keys() | categories.group_codes, problems
        ),
        light=_one(args, "light", Light, problems),
        mine=_flag(args, "mine", problems),
        words=_words(args.get("q", ""), problems),
        since=instant(args, "since", problems, zone=zone, plain=PlainDate.FIRST),
        until=instant(args, "until", problems, zone=zone, plain=PlainDate.AFTER),
        sort=_one(args, "sort", Sort, problems) or default_sort,
    )
    problems.raise_if_any()
    return result


def _states(names: list[str], problems: Invalid) -> frozenset[State]:
    if names == ["open"]:
        return frozenset(OPEN)
    if names == ["done"]:
        return frozenset(State) - OPEN
    try:
        return frozenset(State(name) for name in names)
    except ValueError:
        problems.add("state", "value-unknown")
        return frozenset()


def _code(
    args: Mapping[str, str], name: str, known: Container[str], problems: Invalid
) -> str | None:
    value = plain_characters.plain(args.get(name)) or None
    if value is not None and value not in known:
        problems.add(name, "value-unknown")
        return None
    return value


def _one(args: Mapping[str, str], name: str, kind: type, problems: Invalid):  # type: ignore[no-untyped-def]
    value = args.get(name) or None
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError:
        problems.add(name, "value-unknown")
        return None


FLAGS = {"": False, "0": False, "false": False, "no": False, "1": True, "true": True, "yes": True}


def _flag(args: Mapping[str, str], name: str, problems: Invalid) -> bool:
    value = FLAGS.get(args.get(name, "").lower())
    if value is None:
        problems.add(name, "value-unknown")
    return bool(value)


def _words(text: str, problems: Invalid) -> str:
    if "\x00" in text or len(text) > MOST_WORDS:
        problems.add("q", "text-too-long", most=MOST_WORDS)
        return ""
    return text.strip()


def instant(
    args: Mapping[str, str], name: str, problems: Invalid, *, zone: tzinfo, plain: PlainDate
) -> datetime | None:
    """Read an instant with its zone (RFC 3339), or a day of the county.

    A plus sign may have become a space.
    """
    text = plain_characters.plain(args.get(name)) or ""
    if not text:
        return None
    try:
        text = text.strip().replace(" ", "+") if "T" in text else text
        if "T" in text and datetime.fromisoformat(text).tzinfo is None:
            raise ValueError(text)
        value = read_instant(text, zone, plain=plain)
        if not 1970 <= value.year <= 9000:
            raise ValueError(text)
    except ValueError:
        problems.add(name, "instant-unreadable")
        return None
    return value
