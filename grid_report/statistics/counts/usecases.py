"""Public writes of the statistics: repairing a recount, and following new rules."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grid_report.clock import Month
from grid_report.db import db, insert_of, table_of, transaction, use_case
from grid_report.errors import Busy
from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics.counts import recount_queries, rules_queries, steps
from grid_report.statistics.counts.recount_queries import Recounted
from grid_report.statistics.measures import RULES
from grid_report.statistics.models import StatisticsRecount, StatisticsRules

logger = logging.getLogger(__name__)
TRIES: Final = 5


def recount_month(
    month: Month | None, *, places: Reference, county: County, now: datetime, repair: bool = True
) -> Recounted:
    """Count a month anew (None: what riders hold), and put right what the kept counts lack.

    Return what was lacking. Steps taken meanwhile are counted by themselves; a recount that
    overlaps another repair is thrown away and done again, a few times. Raises Busy.
    """
    for _ in range(TRIES):
        db.session.rollback()
        found = recount_queries.recount(db.engine, month, places=places, county=county)
        if not repair or _repair(found, now=now):
            break
    else:
        raise Busy
    if found.lacking and found.by_todays_rules:
        logger.warning(
            "statistics differed",
            extra={"month": recount_queries.name_of(month), "cells": len(found.lacking)},
        )
    return found


def follow_rules(
    *,
    places: Reference,
    county: County,
    now: datetime,
    should_continue: Callable[[], bool] = lambda: True,
) -> int:
    """Count every month anew that is not yet counted by today's rules; return how many were left.

    And what riders hold, which is no month's. Each is a transaction of its own: killed in the middle, the next call goes on where this
    one was. Until the last one is done nothing is shown (`counts.rules_queries.check`).
    """
    if rules_queries.is_done():
        db.session.rollback()
        return 0
    counted: list[Month | None] = [*reversed(rules_queries.every_month(county)), None]
    known = recount_queries.list_recounts()
    left = [it for it in counted if _rules_of(known.get(recount_queries.name_of(it))) != RULES]
    db.session.rollback()
    for done, month in enumerate(left):
        if not should_continue():
            return len(left) - done
        found = recount_month(month, places=places, county=county, now=now)
        logger.info(
            "counted by new rules",
            extra={
                "month": recount_queries.name_of(month),
                "cells": len(found.lacking),
                "left": len(left) - done - 1,
            },
        )
    _settle_rules(now=now)
    return 0


def _rules_of(counted: StatisticsRecount | None) -> int:
    return counted.rules if counted is not None else 0


@use_case
def _settle_rules(*, now: datetime) -> None:
    with transaction() as session:
        session.execute(
            update(StatisticsRules)
            .where(StatisticsRules.rules != RULES)
            .values(rules=RULES, since=now)
        )


def recount_due(
    *,
    places: Reference,
    county: County,
    every: timedelta,
    now: datetime,
    should_continue: Callable[[], bool] = lambda: True,
) -> int:
    """Count anew what is due: the newest two months, every month never counted, one of the others.

    Return in how many months anything differed.
    """
    if follow_rules(places=places, county=county, now=now, should_continue=should_continue):
        return 0
    this, known = Month.of(now, county.tz), recount_queries.list_recounts()
    # What riders hold is of every moment.
    newest: set[Month | None] = {this, this.plus(-1), None}
    months = {it for it in rules_queries.every_month(county) if it <= this}
    # A case of an older month still moves now and then: each of them has its turn, one a night.
    older = sorted((known[str(it)].counted_at, it) for it in months - newest if str(it) in known)
    if older and older[-1][0] <= now - every:
        newest.add(older[0][1])
    db.session.rollback()
    differed = 0
    for month in (*sorted({*months, this, this.plus(-1)}, reverse=True), None):
        last = known.get(recount_queries.name_of(month))
        if last is not None and (month not in newest or last.counted_at > now - every):
            continue
        if not should_continue():
            break
        found = recount_month(month, places=places, county=county, now=now)
        differed += bool(found.lacking)
    return differed


@use_case
def _repair(found: Recounted, *, now: datetime) -> bool:
    name = recount_queries.name_of(found.month)
    with transaction() as session:
        turn = _take_turn(session, name, now)
        if turn != found.turn:
            return False
        steps.add(session, found.lacking)
        by_rules = session.scalar(select(StatisticsRules.rules))
        session.execute(
            update(StatisticsRecount)
            .where(StatisticsRecount.month == name)
            .values(
                turn=turn + (1 if found.lacking else 0),
                counted_at=now,
                cells=found.cells,
                differences=len(found.lacking),
                rules=RULES,
                by_new_rules=by_rules != RULES,
            )
        )
    return True


_RECOUNTS: Final = table_of(StatisticsRecount)


def _take_turn(session: Session, month: str, now: datetime) -> int:
    """Take a month's row, made where it is missing; others wait. Return its turn."""
    statement = (
        insert_of(session, _RECOUNTS)
        .values(month=month, turn=0, counted_at=now, cells=0, differences=0, rules=RULES)
        .on_conflict_do_update(index_elements=[_RECOUNTS.c.month], set_={"turn": _RECOUNTS.c.turn})
        .returning(_RECOUNTS.c.turn)
    )
    return int(session.execute(statement).scalar_one())
