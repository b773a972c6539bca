"""The counts of a large set: made by the program's own recount, half of the past months frozen."""

from __future__ import annotations

import logging
import sys
import time
from typing import Final

from grid_report import clock
from grid_report.clock import Month
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.statistics.counts import recount_queries
from grid_report.statistics.counts import usecases as counts_usecases
from grid_report.statistics.month import usecases as month_usecases
from tests.support.builders import Make
from tests.support.sets.bulk import filling

FROZEN: Final = 6


def say(words: str) -> None:
    """Say how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def recount(make: Make, *, anew: bool = True) -> None:
    """Count every month anew, as the program does; or only those never counted."""
    county, known = make.settings.county, recount_queries.list_recounts()
    # That nothing was counted before is no news.
    logging.getLogger(counts_usecases.__name__).setLevel(logging.ERROR)
    # A set of older rules is counted by today's first.
    counts_usecases.follow_rules(places=reference(), county=county, now=clock.now())
    for month in (*recount_queries.months_with_cases(county), None):
        name = recount_queries.name_of(month)
        if name in known and not anew:
            continue
        counts_usecases.recount_month(month, places=reference(), county=county, now=clock.now())
        say(f"counted {name}")
    db.session.remove()


def freeze(make: Make, this: Month) -> None:
    """Freeze the newest months that are over, and have one case in twenty change after."""
    county, actor = make.settings.county, make.administrator()
    for n in range(1, FROZEN + 1):
        month_usecases.freeze_month(
            this.plus(-n), actor=actor, seen_version=0, reason="", places=reference(),
            county=county, now=clock.now(),
        )  # fmt: skip
    db.session.remove()
    with filling(("statistics_corrections",)) as bulk:
        for n in range(1, FROZEN + 1):
            month = this.plus(-n)
            first, last = (bulk.instant(str(int(it.timestamp()))) for it in month.bounds(county.tz))
            bulk.run(
                "INSERT INTO statistics_corrections (month, version, about, about_id, area, at,"
                f" changes) SELECT '{month}', 1, 'case', id, community_code, closed_at,"
                " '{\"closed\": 1}' FROM reports WHERE closed_at IS NOT NULL AND community_code IS NOT NULL"
                f" AND created_at >= {first} AND created_at < {last} AND id % 20 = 0"
            )
    say("frozen")
