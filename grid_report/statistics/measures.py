"""Every figure by name: what is counted, and which counts make a rate. Pure.

Names, units and notes in both languages are in `templates/words/figures.txt`, by the same names.
The formulas are those of the national practice (GB/T 30428).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grid_report.rates import Rate

# The counts that follow the cases; frozen versions count from one.
LIVE: Final = 0
# The number of the rules below and in `counts/cells.py`: it grows when they come to count the same cases
# differently. 1: a reopening took a closing out of its month, and a transfer an acceptance.
# 2: `grid_report/DECISIONS.md`, rounds and first acceptance.
RULES: Final = 2


class Facet(StrEnum):
    """By what a count is broken down; the key within it is a code, an hour, a length…"""

    ALL = ""
    CATEGORY = "category"
    UNIT = "unit"
    HOUR = "hour"
    WEEKDAY = "weekday"
    SOURCE = "source"
    # Who reported, so that riders can be counted; never shown, never frozen.
    RIDER = "rider"
    # What waits to be handled, by the month and the day of its deadline (`counts.cells.due_names`): what
    # is overdue is made of it. Never shown, never frozen.
    DUE = "due"
    DUE_CATEGORY = "due_cat"
    DUE_UNIT = "due_unit"
    # Distributions: the key is the rounded length in minutes (`durations.py`).
    RESPONSE = "response"
    HANDLING = "handling"
    # The same to the minute, of what is longer than two hours; looked up a step at a time.
    RESPONSE_MINUTES = "response_m"
    HANDLING_MINUTES = "handling_m"
    SERVICES = "services"
    OFFER = "offer"
    STATION = "station"
    POINTS = "points"
    # What moved riders' points, by kind of event: the roll-forward is made of it (`counts.live_queries.points`).
    # Never shown, never frozen.
    MOVED = "moved"
    PEOPLE = "people"


# Facets that other figures are made of.
HIDDEN: Final = frozenset({Facet.RIDER, Facet.DUE, Facet.DUE_CATEGORY, Facet.DUE_UNIT, Facet.MOVED})


# Frozen like the others, and never read whole.
DETAILS: Final = frozenset({Facet.RESPONSE_MINUTES, Facet.HANDLING_MINUTES})


class Measure(StrEnum):
    """What is counted. The group says which instant of a case decides its month."""

    # By the month a report was first submitted in.
    RECEIVED = "received"
    URGENT = "urgent"
    ACCEPTED = "accepted"
    ACCEPTED_IN_TIME = "accepted_in_time"
    DISPATCHED = "dispatched"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    # Answered for the first time, by whichever community: what the time to a first answer is of.
    RESPONDED = "responded"
    RESPONSE_S = "response_s"
    # By the fix deadline, or by the handling before it.
    SHOULD_HANDLE = "should_handle"
    HANDLED = "handled"
    HANDLED_IN_TIME = "handled_in_time"
    EXTENDED = "extended"
    OVERDUE_OPEN = "overdue_open"
    SUSPENDED = "suspended"
    # By the close deadline, or by the closing before it.
    SHOULD_CLOSE = "should_close"
    CLOSED = "closed"
    CLOSED_IN_TIME = "closed_in_time"
    REWORKED = "reworked"
    # By the instant itself.
    FINISHED = "finished"
    HANDLING_S = "handling_s"
    CLOSINGS = "closings"
    REOPENED = "reopened"
    RECALLED = "recalled"
    ANSWERS = "answers"
    SOLVED = "solved"
    SATISFIED = "satisfied"
    # Services: by asking, by handing out, by the end.
    RESERVED = "reserved"
    DELIVERED = "delivered"
    DELIVERED_POINTS = "delivered_points"
    REFUNDED = "refunded"
    REFUNDED_POINTS = "refunded_points"
    NO_SHOWS = "no_shows"
    # Points and people: kept as they move or looked up (`counts/live_queries.py`), and frozen with a month.
    GRANTED = "granted"
    AWARDED = "awarded"
    EXPIRED = "expired"
    # How what riders hold came to be what it is at a month's end (`counts.live_queries.points`).
    OPENING = "opening"
    EARNED = "earned"
    REDEEMED = "redeemed"
    GIVEN_BACK = "given_back"
    TAKEN_BACK = "taken_back"
    LIABILITY = "liability"
    ON_HOLD = "on_hold"
    DEBTS = "debts"
    APPLICATIONS = "applications"
    CARDS_ISSUED = "cards_issued"
    RIDERS = "riders"
    CONSENTS = "consents"
    CONSENTS_WITHDRAWN = "consents_withdrawn"
    ERASURES = "erasures"


# What a breakdown by place, category or handler is made of.
CASE_COUNTS: Final = (
    Measure.RECEIVED,
    Measure.URGENT,
    Measure.ACCEPTED,
    Measure.ACCEPTED_IN_TIME,
    Measure.DISPATCHED,
    Measure.REJECTED,
    Measure.WITHDRAWN,
    Measure.MERGED,
    Measure.SHOULD_HANDLE,
    Measure.HANDLED,
    Measure.HANDLED_IN_TIME,
    Measure.EXTENDED,
    Measure.OVERDUE_OPEN,
    Measure.SUSPENDED,
    Measure.SHOULD_CLOSE,
    Measure.CLOSED,
    Measure.CLOSED_IN_TIME,
    Measure.REWORKED,
    Measure.CLOSINGS,
    Measure.REOPENED,
    Measure.ANSWERS,
    Measure.SOLVED,
    Measure.SATISFIED,
)


# What began to be counted later: versions frozen before do not know it, and never show it.
LATER: Final = frozenset({Measure.RECALLED})
# The roll-forward of points: opening + earned - redeemed + given back - expired - taken back is
# what riders hold at the month's end; what is on hold is in it, debts are beside it.
ROLLED: Final = (
    Measure.OPENING,
    Measure.EARNED,
    Measure.REDEEMED,
    Measure.GIVEN_BACK,
    Measure.EXPIRED,
    Measure.TAKEN_BACK,
    Measure.LIABILITY,
)
BESIDE_ROLLED: Final = (Measure.ON_HOLD, Measure.DEBTS)
POINTS: Final = (Measure.GRANTED, Measure.AWARDED, *ROLLED, *BESIDE_ROLLED)


# Every measure under what decides its month, as the page of definitions lists them.
HELP: Final[Mapping[str, tuple[Measure, ...]]] = {
    "received": (
        Measure.RECEIVED,
        Measure.URGENT,
        Measure.ACCEPTED,
        Measure.ACCEPTED_IN_TIME,
        Measure.DISPATCHED,
        Measure.REJECTED,
        Measure.WITHDRAWN,
        Measure.MERGED,
        Measure.RESPONDED,
        Measure.RESPONSE_S,
    ),
    "handling": (
        Measure.SHOULD_HANDLE,
        Measure.HANDLED,
        Measure.HANDLED_IN_TIME,
        Measure.EXTENDED,
        Measure.OVERDUE_OPEN,
        Measure.SUSPENDED,
    ),
    "closing": (
        Measure.SHOULD_CLOSE,
        Measure.CLOSED,
        Measure.CLOSED_IN_TIME,
        Measure.REWORKED,
    ),
    "instant": (
        Measure.FINISHED,
        Measure.HANDLING_S,
        Measure.CLOSINGS,
        Measure.REOPENED,
        Measure.RECALLED,
        Measure.ANSWERS,
        Measure.SOLVED,
        Measure.SATISFIED,
    ),
    "services": (
        Measure.RESERVED,
        Measure.DELIVERED,
        Measure.DELIVERED_POINTS,
        Measure.REFUNDED,
        Measure.REFUNDED_POINTS,
        Measure.NO_SHOWS,
        Measure.APPLICATIONS,
        Measure.CARDS_ISSUED,
    ),
    "points": POINTS,
    "people": (
        Measure.RIDERS,
        Measure.CONSENTS,
        Measure.CONSENTS_WITHDRAWN,
        Measure.ERASURES,
    ),
}


class Unit(StrEnum):
    """What one of a count is; rates are in percent of their denominator."""

    CASES = "cases"
    SECONDS = "seconds"
    SERVICES = "services"
    POINTS = "points"
    PEOPLE = "people"
    TIMES = "times"


_OTHER_UNITS: Final[Mapping[Measure, Unit]] = {
    Measure.RESPONSE_S: Unit.SECONDS,
    Measure.HANDLING_S: Unit.SECONDS,
    **dict.fromkeys(HELP["services"], Unit.SERVICES),
    Measure.DELIVERED_POINTS: Unit.POINTS,
    Measure.REFUNDED_POINTS: Unit.POINTS,
    **dict.fromkeys(HELP["points"], Unit.POINTS),
    **dict.fromkeys(HELP["people"], Unit.PEOPLE),
    Measure.RECALLED: Unit.TIMES,
    Measure.CONSENTS: Unit.TIMES,
    Measure.CONSENTS_WITHDRAWN: Unit.TIMES,
}
UNITS: Final[Mapping[Measure, Unit]] = {it: _OTHER_UNITS.get(it, Unit.CASES) for it in Measure}


class RateName(StrEnum):
    """The rates of the national practice, and those of the riders' answers."""

    FILING = "filing"
    DISPATCHING = "dispatching"
    FILING_IN_TIME = "filing_in_time"
    HANDLING = "handling"
    HANDLING_IN_TIME = "handling_in_time"
    CLOSING = "closing"
    CLOSING_IN_TIME = "closing_in_time"
    REWORK = "rework"
    EXTENSION = "extension"
    OVERDUE = "overdue"
    SOLVED = "solved"
    SATISFIED = "satisfied"
    DUPLICATES = "duplicates"


@dataclass(frozen=True)
class RateRule:
    """A rate: numerator over denominator. `more_is_better` chooses what an arrow means."""

    numerator: Measure
    denominator: Measure
    more_is_better: bool | None = True


RATES: Final[Mapping[RateName, RateRule]] = {
    RateName.FILING: RateRule(Measure.ACCEPTED, Measure.RECEIVED),
    RateName.DISPATCHING: RateRule(Measure.DISPATCHED, Measure.ACCEPTED),
    RateName.FILING_IN_TIME: RateRule(Measure.ACCEPTED_IN_TIME, Measure.ACCEPTED),
    RateName.HANDLING: RateRule(Measure.HANDLED, Measure.SHOULD_HANDLE),
    RateName.HANDLING_IN_TIME: RateRule(Measure.HANDLED_IN_TIME, Measure.SHOULD_HANDLE),
    RateName.CLOSING: RateRule(Measure.CLOSED, Measure.SHOULD_CLOSE),
    RateName.CLOSING_IN_TIME: RateRule(Measure.CLOSED_IN_TIME, Measure.SHOULD_CLOSE),
    RateName.REWORK: RateRule(Measure.REWORKED, Measure.SHOULD_CLOSE, more_is_better=False),
    RateName.EXTENSION: RateRule(Measure.EXTENDED, Measure.SHOULD_HANDLE, more_is_better=False),
    RateName.OVERDUE: RateRule(Measure.OVERDUE_OPEN, Measure.SHOULD_HANDLE, more_is_better=False),
    RateName.SOLVED: RateRule(Measure.SOLVED, Measure.ANSWERS),
    RateName.SATISFIED: RateRule(Measure.SATISFIED, Measure.ANSWERS),
    RateName.DUPLICATES: RateRule(Measure.MERGED, Measure.RECEIVED, more_is_better=None),
}


# A composite some cities print: weights in percent; those against which less is better count
# what is left to the whole. A preset, to be edited; never shown below the least base.
COMPOSITE: Final[Mapping[RateName, int]] = {
    RateName.HANDLING: 30,
    RateName.HANDLING_IN_TIME: 20,
    RateName.REWORK: 20,
    RateName.OVERDUE: 20,
    RateName.EXTENSION: 10,
}


def composite(rates: Mapping[RateName, Rate], weights: Mapping[RateName, int]) -> float | None:
    """Weigh rates into one score from 0 to 100, one decimal; None where any has too small a base."""
    whole = sum(weights.values())
    if whole <= 0:
        return None
    score = 0.0
    for name, weight in weights.items():
        share = rates[name].share
        if share is None:
            return None
        score += weight * (share if RATES[name].more_is_better else 1 - share)
    return round(score * 100 / whole, 1)
