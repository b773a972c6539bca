"""Freezing a month: one transaction, once, by the version shown."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.steps import audit
from grid_report.clock import Month, local_day
from grid_report.db import transaction, use_case
from grid_report.errors import Conflict, Invalid
from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics.counts import rules_queries
from grid_report.statistics.month import freeze_steps
from grid_report.statistics.permissions import STATISTICS_FREEZE

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class MonthStillRuns(Conflict):
    """A month can be frozen when it is over."""

    code: ClassVar[str] = "month-still-runs"
    month: str


@dataclass(eq=False)
class FrozenMeanwhile(Conflict):
    """Somebody froze the month since the page was shown."""

    code: ClassVar[str] = "frozen-meanwhile"
    version: int


@use_case
def freeze_month(
    month: Month,
    *,
    actor: Actor,
    seen_version: int,
    reason: str,
    places: Reference,
    county: County,
    now: datetime,
) -> int:
    """Close a month: keep its counts as the next version. Return the version.

    `seen_version` is the newest version the actor saw (0 for none): of two who freeze at once the
    second is told. Raises Forbidden, MonthStillRuns, FrozenMeanwhile, Invalid.
    """
    access.check(actor, STATISTICS_FREEZE)
    rules_queries.check()
    if month >= Month.of(now, county.tz):
        raise MonthStillRuns(str(month))
    with transaction() as session:
        freeze_steps.hold_counts(session)
        newest = freeze_steps.newest_version(session, month)
        if newest != seen_version:
            raise FrozenMeanwhile(newest)
        if newest and not reason.strip():
            # A second version explains itself.
            raise Invalid.field("reason", "reason-needed")
        freeze_steps.freeze(
            session,
            month,
            newest + 1,
            by_id=actor.member_id,
            reason=reason.strip(),
            places=places,
            county=county,
            now=now,
        )
        audit(session, actor, "statistics-frozen", str(month), now, version=newest + 1)
    logger.info("month frozen", extra={"month": str(month), "version": newest + 1})
    return newest + 1


@use_case
def freeze_due(*, places: Reference, county: County, day: int, now: datetime) -> int:
    """Freeze the month before, from that day on, where nobody has; return how many that were."""
    month = Month.of(now, county.tz).plus(-1)
    if day == 0 or local_day(now, county.tz).day < day or not rules_queries.is_done():
        return 0
    with transaction() as session:
        freeze_steps.hold_counts(session)
        if freeze_steps.newest_version(session, month) or not freeze_steps.has_counts(
            session, month
        ):
            return 0
        freeze_steps.freeze(
            session, month, 1, by_id=None, reason="", places=places, county=county, now=now
        )
        audit(session, None, "statistics-frozen", str(month), now, version=1)
    logger.info("month frozen", extra={"month": str(month), "version": 1})
    return 1
