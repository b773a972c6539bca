"""By which rules the kept counts are counted, and how far a recount by new ones has come.

When the rules grow a number (`measures.RULES`), every month is counted anew once before anything is
shown: counts by old rules with steps counted by new ones on top are nobody's figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from sqlalchemy import func, select

from grid_report.clock import Month, months_between
from grid_report.db import db
from grid_report.errors import Busy
from grid_report.points.budgets import statistics_queries as points_figures
from grid_report.settings import County
from grid_report.statistics.counts.cells import HELD
from grid_report.statistics.counts.recount_queries import months_with_cases
from grid_report.statistics.measures import LIVE, RULES
from grid_report.statistics.models import StatisticsCell, StatisticsRecount, StatisticsRules

RETRY_AFTER_S: Final = 60
_RULES_NOW: Final = select(StatisticsRules.rules).where(StatisticsRules.id == 1)


@dataclass(eq=False)
class BeingCounted(Busy):
    """The months are being counted anew by new rules; nothing is shown until all of them are."""

    code: ClassVar[str] = "being-counted"
    retry_after_s: int = RETRY_AFTER_S
    done: int = 0


def is_done() -> bool:
    """Tell whether every kept count is counted by the rules of this program."""
    return db.session.scalar(_RULES_NOW) == RULES


def check() -> None:
    """Raise BeingCounted while months are still counted by older rules."""
    if is_done():
        return
    by_now = select(func.count()).where(StatisticsRecount.rules == RULES)
    raise BeingCounted(done=db.session.scalar(by_now) or 0)


def every_month(county: County) -> Sequence[Month]:
    """Return every month there are cases of, points moved in, or anything was ever counted of."""
    found = list(months_with_cases(county))
    found += [Month.of(it, county.tz) for it in points_figures.span()]
    kept = select(func.min(StatisticsCell.month), func.max(StatisticsCell.month)).where(
        StatisticsCell.version == LIVE, StatisticsCell.month != HELD
    )
    for name in db.session.execute(kept).one():
        if name is not None:
            found.append(Month.parse(name))
    return months_between(min(found), max(found)) if found else []
