"""Thirteen months of a county at work, written down as counts: what a printed page has to hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert

from grid_report.clock import Month
from grid_report.db import table_of, transaction
from grid_report.places.geo.reference import Reference
from grid_report.statistics.counts.durations import EDGES
from grid_report.statistics.measures import CASE_COUNTS, LIVE, Facet, Measure
from grid_report.statistics.models import StatisticsCell

# Of each that came in so many in a hundred; the others as a case is counted that went its way.
PARTS = {
    Measure.URGENT: 4, Measure.ACCEPTED_IN_TIME: 83, Measure.REJECTED: 6, Measure.WITHDRAWN: 1,
    Measure.MERGED: 7, Measure.HANDLED_IN_TIME: 74, Measure.EXTENDED: 5, Measure.SUSPENDED: 1,
    Measure.CLOSED_IN_TIME: 71, Measure.REWORKED: 3, Measure.REOPENED: 2, Measure.OVERDUE_OPEN: 0,
    Measure.ANSWERS: 50, Measure.SOLVED: 43, Measure.SATISFIED: 37, Measure.RECEIVED: 100,
}  # fmt: skip
# In the last month the larger communities are the slower ones.
SLOW = (Measure.ACCEPTED_IN_TIME, Measure.HANDLED_IN_TIME, Measure.CLOSED_IN_TIME, Measure.SOLVED)
COUNTED = (*CASE_COUNTS, Measure.FINISHED)


def put_down(months: list[Month], places: Reference, county: str, *, least: int) -> None:
    """Write the live counts of some months, the last of them whole.

    The first community has `least` reports, the others more and more.
    """
    with transaction() as session:
        session.execute(
            insert(table_of(StatisticsCell)),
            [
                it
                for nth, month in enumerate(months)
                for it in _of_month(
                    str(month), nth, places, county, least, is_last=month == months[-1]
                )
            ],
        )


def _of_month(
    month: str, nth: int, places: Reference, county: str, least: int, *, is_last: bool
) -> Iterator[dict[str, Any]]:
    sums: dict[tuple[str, Facet, str, Measure], int] = {}

    def count(code: str, facet: Facet, key: str, measure: Measure, n: int) -> None:
        for area in (county, places.communities[code].street_code, code):
            where = (area, facet, key, measure)
            sums[where] = sums.get(where, 0) + n

    keys_of = _keys(places)
    if not is_last:
        keys_of = {it: keys_of[it] for it in (Facet.ALL, Facet.CATEGORY)}
    for rank, code in enumerate(sorted(places.communities)):
        received = least + rank * 5 + nth * 3
        for facet, keys in keys_of.items():
            # The first of them have more than the last.
            weights = [len(keys) - at for at in range(len(keys))]
            if is_last and facet is Facet.CATEGORY:
                # Other kinds than before, so that there is something to tell.
                weights.reverse()
            for key, weight in zip(keys, weights, strict=True):
                part = received * weight // sum(weights)
                if facet in (Facet.HOUR, Facet.WEEKDAY, Facet.SOURCE):
                    count(code, facet, key, Measure.RECEIVED, part)
                elif facet in (Facet.RESPONSE, Facet.HANDLING):
                    of = Measure.ACCEPTED if facet is Facet.RESPONSE else Measure.FINISHED
                    count(code, facet, key, of, part)
                else:
                    is_whole = is_last or facet is Facet.ALL
                    for measure in COUNTED if is_whole else (Measure.RECEIVED,):
                        share = PARTS.get(measure, 86)
                        if is_last and measure in SLOW:
                            share -= rank
                        count(code, facet, key, measure, part * share // 100)
        count(code, Facet.SERVICES, "", Measure.DELIVERED, 12)
    for (area, facet, key, measure), n in sums.items():
        if n:
            where = {"month": month, "version": LIVE, "area": area, "facet": facet.value}
            yield {**where, "key": key, "measure": measure.value, "also": "", "n": n}


def _keys(places: Reference) -> dict[Facet, list[str]]:
    return {
        Facet.ALL: [""],
        Facet.CATEGORY: sorted(places.categories.by_code),
        Facet.UNIT: ["self", *sorted(places.units)],
        Facet.HOUR: [f"{hour:02d}" for hour in range(24)],
        Facet.WEEKDAY: [str(day) for day in range(1, 8)],
        Facet.SOURCE: ["page", "queue", "api"],
        Facet.RESPONSE: [str(it) for it in EDGES],
        Facet.HANDLING: [str(it) for it in EDGES],
    }
