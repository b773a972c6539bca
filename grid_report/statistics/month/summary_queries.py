"""A month in a few sentences: which facts are worth telling, each with its numbers. Pure.

Words are in `templates/words/summary.txt`, one macro a code. Every number told stands in the
report; nothing is guessed, explained or rounded but percentages to one decimal as they are printed.
A month that still runs is compared with nothing: its cases have not had their time yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grid_report.rates import LEAST_BASE, Rate, change
from grid_report.statistics.counts.areas import AreaKind
from grid_report.statistics.counts.queries import Figures
from grid_report.statistics.measures import Facet, Measure, RateName
from grid_report.statistics.month.queries import MonthReport

# Rates that are looked at for what rose and what fell, and how far one must have moved to be told.
WATCHED: Final = (
    RateName.FILING_IN_TIME,
    RateName.HANDLING_IN_TIME,
    RateName.CLOSING_IN_TIME,
    RateName.CLOSING,
    RateName.REWORK,
    RateName.SOLVED,
    RateName.SATISFIED,
)
MOVED: Final = 0.03
MOST_MOVED: Final = 3
# How far from the whole a part must lie to stand out, and by what part of itself a kind must have
# risen or fallen to be told.
STANDS_OUT: Final = 0.1


@dataclass(frozen=True)
class Told:
    """One sentence: its code, and its numbers and codes of kinds, places and rates."""

    code: str
    facts: Mapping[str, Any]


def tell(report: MonthReport) -> Sequence[Told]:
    """Choose what is told of a month."""
    figures = report.figures
    if not any(
        figures.count(it) for it in (Measure.RECEIVED, Measure.SHOULD_HANDLE, Measure.CLOSINGS)
    ):
        return [Told("nothing", {})]
    told: list[Told] = []
    if report.is_running:
        told.append(Told("so-far", {}))
    told += _received(report)
    told += _late(report)
    moved = [] if report.is_running else list(_moved(figures, report.before))
    told += moved[:MOST_MOVED]
    told += _in_time(figures, moved[:MOST_MOVED])
    told += _kinds(figures, whole_only=report.is_running)
    told += [] if report.is_running else _kinds_moved(figures, report.before)
    told += _places(report)
    told += _rest(figures, moved[:MOST_MOVED])
    return told


def _received(report: MonthReport) -> Iterator[Told]:
    n, closings = report.figures.count(Measure.RECEIVED), report.figures.count(Measure.CLOSINGS)
    if report.is_running or report.before.is_empty():
        yield Told("received", {"n": n})
        yield Told("closings", {"n": closings})
        return
    before = report.before.count(Measure.RECEIVED)
    yield Told(f"received-{_way(n, before)}", {"n": n, "before": before})
    if not report.year_before.is_empty():
        yield Told("received-year", {"n": report.year_before.count(Measure.RECEIVED)})
    before = report.before.count(Measure.CLOSINGS)
    yield Told(f"closings-{_way(closings, before)}", {"n": closings, "before": before})


def _way(now: int, before: int) -> str:
    return "more" if now > before else "fewer" if now < before else "same"


def _late(report: MonthReport) -> Iterator[Told]:
    rate = report.figures.rate(RateName.OVERDUE)
    if rate.numerator:
        yield Told("overdue", {"n": rate.numerator, "due": rate.denominator})
        most = _single(
            (figures.count(Measure.OVERDUE_OPEN), area.code, figures.rate(RateName.OVERDUE))
            for area, figures in report.places
            if area.kind is AreaKind.COMMUNITY and len(report.places) > 1
        )
        if most is not None and most[1].denominator >= LEAST_BASE:
            place, found = most
            yield Told(
                "overdue-most", {"place": place, "n": found.numerator, "due": found.denominator}
            )
    elif rate.denominator:
        yield Told("overdue-none", {"due": rate.denominator})


def _moved(figures: Figures, before: Figures) -> Iterator[Told]:
    """Yield the rates that moved, the furthest first; only where both bases are large enough."""
    found = []
    for name in WATCHED:
        now, then = figures.rate(name), before.rate(name)
        if now.share is None or then.share is None:
            continue
        by = now.share - then.share
        if abs(by) >= MOVED and change(now, then) and _printed(now) != _printed(then):
            found.append((-abs(by), name, now, then, by))
    for _, name, now, then, by in sorted(found, key=lambda it: (it[0], it[1])):
        yield Told(
            "rate-rose" if by > 0 else "rate-fell",
            {
                "rate": name,
                **_numbers(now),
                **{f"before_{k}": v for k, v in _numbers(then).items()},
            },
        )


def _is_told(name: RateName, told: Sequence[Told]) -> bool:
    return any(it.facts["rate"] is name for it in told)


def _printed(rate: Rate) -> str:
    return rate.text


def _numbers(rate: Rate) -> dict[str, Any]:
    return {"part": rate.numerator, "base": rate.denominator, "percent": _printed(rate)}


def _in_time(figures: Figures, told: Sequence[Told]) -> Iterator[Told]:
    rate = figures.rate(RateName.HANDLING_IN_TIME)
    if not rate.denominator or _is_told(RateName.HANDLING_IN_TIME, told):
        return
    if rate.share is None:
        yield Told("in-time-few", {"part": rate.numerator, "base": rate.denominator})
    else:
        yield Told("in-time", _numbers(rate))


def _kinds(figures: Figures, *, whole_only: bool) -> Iterator[Told]:
    received = figures.count(Measure.RECEIVED)
    most = _single((n, key, n) for key, n in figures.by(Facet.CATEGORY, Measure.RECEIVED).items())
    if most is not None and most[1] >= LEAST_BASE:
        yield Told("kind-most", {"kind": most[0], "n": most[1], "all": received})
    if whole_only:
        return
    behind = _furthest(
        figures.rate(RateName.HANDLING_IN_TIME),
        (
            (key, figures.rate(RateName.HANDLING_IN_TIME, Facet.CATEGORY, key))
            for key in figures.keys(Facet.CATEGORY)
        ),
        -1,
    )
    if behind is not None:
        yield Told("kind-behind", {"kind": behind[0], **_numbers(behind[1])})


def _kinds_moved(figures: Figures, before: Figures) -> Iterator[Told]:
    """Yield the kind that rose most and the one that fell most, of those with a base to say so."""
    now, then = (it.by(Facet.CATEGORY, Measure.RECEIVED) for it in (figures, before))
    moved = {
        kind: now.get(kind, 0) - base
        for kind, base in then.items()
        if base >= LEAST_BASE and abs(now.get(kind, 0) - base) >= base * STANDS_OUT
    }
    for code, way in (("kind-rose", 1), ("kind-fell", -1)):
        most = _single((way * by, kind, kind) for kind, by in moved.items() if way * by > 0)
        if most is not None:
            kind = most[0]
            yield Told(code, {"kind": kind, "n": now.get(kind, 0), "before": then[kind]})


def _places(report: MonthReport) -> Iterator[Told]:
    places = [(area.code, it) for area, it in report.places if area.kind is AreaKind.COMMUNITY]
    if len(places) < 2:
        return
    received = report.figures.count(Measure.RECEIVED)
    most = _single(
        (figures.count(Measure.RECEIVED), code, figures.count(Measure.RECEIVED))
        for code, figures in places
    )
    if most is not None and most[1] >= LEAST_BASE:
        yield Told("place-most", {"place": most[0], "n": most[1], "all": received})
    if report.is_running:
        return
    whole = report.figures.rate(RateName.HANDLING_IN_TIME)
    rates = [(code, figures.rate(RateName.HANDLING_IN_TIME)) for code, figures in places]
    for code, way in (("place-behind", -1), ("place-ahead", 1)):
        found = _furthest(whole, rates, way)
        if found is not None:
            yield Told(code, {"place": found[0], **_numbers(found[1])})


def _rest(figures: Figures, told: Sequence[Told]) -> Iterator[Told]:
    for code, measure in (("suspended", Measure.SUSPENDED), ("reopened", Measure.REOPENED)):
        if n := figures.count(measure):
            yield Told(code, {"n": n})
    solved = figures.rate(RateName.SOLVED)
    if solved.share is not None and not _is_told(RateName.SOLVED, told):
        yield Told("solved", _numbers(solved))
    awarded = figures.count(Measure.AWARDED, Facet.POINTS)
    redeemed = figures.count(Measure.DELIVERED_POINTS, Facet.SERVICES)
    if awarded or redeemed:
        yield Told("points", {"awarded": awarded, "redeemed": redeemed})


def _single(found: Iterable[tuple[int, str, Any]]) -> tuple[str, Any] | None:
    """Return the one with the most; None where several share it: none of them stands out."""
    ordered = sorted(found, key=lambda it: -it[0])
    if not ordered or not ordered[0][0]:
        return None
    if len(ordered) > 1 and ordered[1][0] == ordered[0][0]:
        return None
    return ordered[0][1], ordered[0][2]


def _furthest(whole: Rate, parts: Iterable[tuple[str, Rate]], way: int) -> tuple[str, Rate] | None:
    """Return the one part furthest below (-1) or above (1) the whole, if it stands out."""
    if whole.share is None:
        return None
    far = [
        (way * (rate.share - whole.share), code, rate)
        for code, rate in parts
        if rate.share is not None
    ]
    far = [it for it in far if it[0] >= STANDS_OUT]
    far.sort(key=lambda it: (-it[0], it[1]))
    if not far or (len(far) > 1 and far[1][0] == far[0][0]):
        return None
    return far[0][1], far[0][2]
