"""The cards at the top of a month: a figure, its fraction, and how it stands to before. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from grid_report.rates import Rate, change
from grid_report.statistics.counts.queries import EMPTY, Figures
from grid_report.statistics.measures import RATES, Measure, RateName

COUNTS: Final = (Measure.RECEIVED, Measure.CLOSINGS, Measure.RECALLED)
# What each of this month, the month before and the year before did not count yet.
Lacking = tuple[Collection[Measure], Collection[Measure], Collection[Measure]]
# The month is two sheets of paper: these are on them, all others on the screen and in the workbook.
ON_PAPER: Final = frozenset(
    {
        Measure.RECEIVED,
        Measure.CLOSINGS,
        RateName.FILING,
        RateName.FILING_IN_TIME,
        RateName.HANDLING_IN_TIME,
        RateName.CLOSING,
        RateName.OVERDUE,
        RateName.SOLVED,
        RateName.SATISFIED,
        RateName.DUPLICATES,
    }
)
# Lights are for lateness only. Shares below the first are red, below the second yellow; what is
# overdue the other way round.
IN_TIME: Final = frozenset({RateName.FILING_IN_TIME, RateName.HANDLING_IN_TIME})
# What is not over yet in a month that still runs: these may still be answered, handled, closed.
STILL_OPEN: Final = frozenset({Measure.RECEIVED, Measure.SHOULD_HANDLE, Measure.SHOULD_CLOSE})
RED_BELOW, YELLOW_BELOW = 0.8, 0.9
RED_ABOVE, YELLOW_ABOVE = 0.1, 0.03


@dataclass(frozen=True)
class Step:
    """How a figure stands to an earlier one; None where either has too small a base to say.

    `was` is the earlier one itself: a count, a percentage, minutes.
    """

    by: float | None
    is_better: bool | None = None
    was: float | None = None


@dataclass(frozen=True)
class Card:
    """One figure. `rate` is set for rates, `minutes` for lengths; `kind` is count, rate or time."""

    name: str
    kind: str
    number: int
    rate: Rate | None
    minutes: float | None
    p90: float | None
    before: Step
    year_before: Step
    light: str | None
    # The measure whose cases are behind it, and of a rate the one it is a part of.
    measure: Measure
    of: Measure | None = None
    # Of a running month: it holds what is due until its end, and is not yet like a whole one.
    is_early: bool = False
    # A version that was frozen before it was counted knows nothing of it.
    is_known: bool = True

    @property
    def is_printed(self) -> bool:
        """Tell whether it is on paper too."""
        return self.kind == "time" or self.name in ON_PAPER


def cards(
    now: Figures,
    before: Figures | None,
    year_before: Figures | None,
    *,
    is_running: bool = False,
    lacking: Lacking = ((), (), ()),
) -> Sequence[Card]:
    """Return the month's cards, counts first. An earlier month is None where nothing is known of it."""
    return [
        *(_count(it, now, (before, year_before), lacking, is_early=is_running) for it in COUNTS),
        *(_rate(name, now, before, year_before, is_running) for name in RateName),
        *(_time(name, now, before, year_before) for name in ("response", "handling")),
    ]


def _count(
    measure: Measure,
    now: Figures,
    beside: tuple[Figures | None, Figures | None],
    lacking: Lacking,
    *,
    is_early: bool,
) -> Card:
    number, is_known = now.count(measure), measure not in lacking[0]
    steps = [
        Step(None)
        if it is None or measure in without or not is_known
        else Step(number - it.count(measure), was=it.count(measure))
        for it, without in zip(beside, lacking[1:], strict=True)
    ]
    return Card(
        measure, "count", number, None, None, None, steps[0], steps[1], None, measure,
        is_early=is_early, is_known=is_known,
    )  # fmt: skip


def _rate(
    name: RateName,
    now: Figures,
    before: Figures | None,
    year_before: Figures | None,
    is_running: bool,
) -> Card:
    rate, rule = now.rate(name), RATES[name]
    steps = []
    for other in (before, year_before):
        was = other.rate(name) if other is not None else None
        by = change(rate, was) if was is not None else None
        if was is None or by is None:
            steps.append(Step(None))
            continue
        better = None if by == 0 or rule.more_is_better is None else by > 0
        better = better if rule.more_is_better or better is None else not better
        steps.append(Step(by, better, was=float(was.text)))
    is_early = is_running and rule.denominator in STILL_OPEN
    # Who still has until the end of the month is not late: no light, and nothing to hold against.
    light = None if is_early and name is not RateName.OVERDUE else light_of(name, rate)
    return Card(
        name, "rate", rate.numerator, rate, None, None, steps[0], steps[1],
        light, rule.numerator, rule.denominator, is_early,
    )  # fmt: skip


def light_of(name: RateName, rate: Rate) -> str | None:
    """Return the light of a rate that is about lateness; None for the others, and small bases."""
    if rate.share is None:
        return None
    if name in IN_TIME:
        return _light(rate.share < RED_BELOW, rate.share < YELLOW_BELOW)
    if name is RateName.OVERDUE:
        return _light(rate.share > RED_ABOVE, rate.share > YELLOW_ABOVE)
    return None


def _light(is_red: bool, is_yellow: bool) -> str:
    return "red" if is_red else "yellow" if is_yellow else "green"


def _time(name: str, now: Figures, before: Figures | None, year_before: Figures | None) -> Card:
    times = [
        it.response() if name == "response" else it.handling()
        for it in (now, before or EMPTY, year_before or EMPTY)
    ]
    medians = [it.median for it in times]
    steps = [
        Step(None)
        if medians[0] is None or it is None
        else Step(medians[0] - it, None if medians[0] == it else medians[0] < it, was=it)
        for it in medians[1:]
    ]
    measure = Measure.RESPONDED if name == "response" else Measure.FINISHED
    return Card(
        name, "time", times[0].number, None, medians[0], times[0].p90, steps[0], steps[1],
        None, measure,
    )  # fmt: skip
