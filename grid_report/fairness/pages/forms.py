"""What the review's pages send: filters, a month, a judgement."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from grid_report.clock import Month
from grid_report.errors import Invalid
from grid_report.fairness.kinds import SignalKind, SignalState
from grid_report.web.text import clean, read_text

MOST_WORDS: Final = 1000
LAST_YEAR: Final = 9000
ALL: Final = "all"

K = TypeVar("K", bound=StrEnum)


@dataclass(frozen=True)
class Wanted:
    """Which signals a list shall hold; by default the open ones of every kind and place."""

    state: SignalState | None
    kind: SignalKind | None
    community: str | None


def read_filters(args: Mapping[str, str], communities: Container[str]) -> Wanted:
    """Read the filters of the list. Raises Invalid naming the field."""
    problems = Invalid()
    state: SignalState | None = SignalState.OPEN
    if args.get("state"):
        state = None if args["state"] == ALL else _one(args, "state", SignalState, problems)
    kind = _one(args, "kind", SignalKind, problems)
    community = args.get("community") or None
    if community is not None and community not in communities:
        problems.add("community", "value-unknown")
    problems.raise_if_any()
    return Wanted(state, kind, community)


def _one(args: Mapping[str, str], name: str, kind: type[K], problems: Invalid) -> K | None:
    value = args.get(name)
    if not value:
        return None
    try:
        return kind(value)
    except ValueError:
        problems.add(name, "value-unknown")
        return None


def read_month(text: str | None, default: Month) -> Month:
    """Read a month. Raises Invalid."""
    if not text:
        return default
    month = Month.parse(text)
    if month.year > LAST_YEAR:
        raise Invalid.field("month", "month-unreadable")
    return month


def read_judgement(values: Mapping[str, str], kind: type[K]) -> tuple[K | None, str]:
    """Read what somebody makes of it, and the words. Nothing chosen is None. Raises Invalid."""
    problems = Invalid()
    words = read_text(values, "words", most=MOST_WORDS, problems=problems)
    chosen = clean(values.get("judgement"))
    try:
        judgement = kind(chosen) if chosen else None
    except ValueError:
        problems.add("judgement", "value-unknown")
        judgement = None
    problems.raise_if_any()
    return judgement, words
