"""Decides what is earned and has the ledger pay it, under the lock of the rider's account.

Sixteen acceptances at once queue at that lock, so none of them decides on sums another one is
about to change. Every decision is kept with its facts: a rider reads why, a dry run asks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from grid_report.clock import day_bounds
from grid_report.points import ledger
from grid_report.points.causes import Cause
from grid_report.points.kinds import UnpaidReason
from grid_report.points.ledger import accounts
from grid_report.points.outcomes import Award, Outcome
from grid_report.points.policy import Terms
from grid_report.points.rates import Earning
from grid_report.points.rewards import tariff_queries
from grid_report.points.rewards.caps import (
    CAPPED,
    NEVER_PAID,
    OUTSIDE_DAY,
    Cut,
    Decision,
    Earned,
    Facts,
    decide,
)
from grid_report.points.rewards.models import ClaimRow

WITHHELD: Final = {
    Cut.OVER_DAY_CAP: UnpaidReason.OVER_DAY_CAP,
    Cut.OVER_MONTH_CAP: UnpaidReason.OVER_MONTH_CAP,
    Cut.SAME_PLACE: UnpaidReason.SAME_PLACE,
    Cut.UNPROVED: UnpaidReason.UNPROVED,
}
OF_THE_ACCOUNT: Final = {
    UnpaidReason.STAFF: Cut.STAFF,
    UnpaidReason.SUSPENDED: Cut.SUSPENDED,
    UnpaidReason.GONE: Cut.GONE,
    UnpaidReason.UNPROVED: Cut.UNPROVED,
}


@dataclass(frozen=True)
class Occasion:
    """Something a rider may be thanked for. `since` chooses the tariff: when it was submitted."""

    rider_id: int
    cause: Cause
    facts: Facts
    community_code: str
    since: datetime
    actor_id: int | None
    report_number: str | None = None
    approved_by_id: int | None = None
    # Sent before the number was proved: said, and never paid.
    sent_unproved: bool = False


@dataclass(frozen=True)
class Thanks:
    """What became of an occasion; `award` is None where the rule says that nothing is paid."""

    occasion: Occasion
    decision: Decision
    award: Award | None

    @property
    def is_news(self) -> bool:
        """Whether points came, or are on the way, by this very call."""
        award = self.award
        return award is not None and not award.already and award.outcome is not Outcome.WITHHELD


def lock_riders(session: Session, rider_ids: Iterable[int]) -> None:
    """Make everybody else who decides about these riders wait; several in one order for all."""
    ids = sorted(set(rider_ids))
    mine, debts = [accounts.rider(one) for one in ids], [accounts.rider_debt(one) for one in ids]
    missing = set(mine) - accounts.lock(session, *mine, *debts).keys()
    if missing:
        accounts.lock_or_open(session, *missing)


def earn(
    session: Session, occasions: Sequence[Occasion], *, terms: Terms, at: datetime
) -> list[Thanks]:
    """Decide on occasions in turn and pay what they come to; written once whatever happens twice.

    The riders are locked. Never fails for want of budget, see `ledger.award`.
    """
    if not occasions:
        return []
    book = tariff_queries.current(session)
    sums = earned_so_far(session, {one.rider_id for one in occasions}, terms=terms, at=at)
    done, rows = [], []
    for occasion in occasions:
        version = book.at(occasion.since)
        before = sums.get(occasion.rider_id, Earned())
        decision = decide(version, occasion.facts, before)
        if decision.points == 0 and decision.cut is None:
            continue
        if occasion.sent_unproved and decision.cut not in NEVER_PAID:
            decision = replace(decision, points=0, cut=Cut.UNPROVED)
        award = None
        if decision.cut not in NEVER_PAID:
            award = _award(session, occasion, decision, version.code, terms=terms, at=at)
            if award.reason in OF_THE_ACCOUNT:
                decision = replace(decision, points=0, cut=OF_THE_ACCOUNT[award.reason])
        done.append(Thanks(occasion, decision, award))
        if award is None or not award.already:
            sums[occasion.rider_id] = before.plus(occasion.facts, decision.points)
            rows.append(_row(occasion, decision, version.code, at))
    if rows:
        session.execute(accounts.insert_once(session, ClaimRow).values(rows))
    return done


def earned_so_far(
    session: Session, rider_ids: Iterable[int], *, terms: Terms, at: datetime
) -> dict[int, Earned]:
    """Return what was decided for riders on the day and in the month of an instant."""
    first, end = terms.month(at).bounds(terms.zone)
    day, next_day = day_bounds(at, terms.zone)
    in_day = (
        (ClaimRow.at >= day)
        & (ClaimRow.at < next_day)
        & (func.coalesce(ClaimRow.severity, 0) != OUTSIDE_DAY)
    )
    rows = session.execute(
        select(
            ClaimRow.rider_id,
            func.coalesce(func.sum(case((in_day, ClaimRow.points), else_=0)), 0),
            func.sum(ClaimRow.points),
        )
        .where(
            ClaimRow.rider_id.in_(rider_ids),
            ClaimRow.at >= first,
            ClaimRow.at < end,
            ClaimRow.rule.in_(CAPPED),
        )
        .group_by(ClaimRow.rider_id)
    )
    return {rider: Earned(int(of_day), int(of_month)) for rider, of_day, of_month in rows}


def _award(
    session: Session,
    occasion: Occasion,
    decision: Decision,
    version: str,
    *,
    terms: Terms,
    at: datetime,
) -> Award:
    withheld = decision.points == 0
    assert decision.cut in WITHHELD or not withheld
    return ledger.award(
        session,
        occasion.rider_id,
        cause=occasion.cause,
        # What is withheld says how much it would have been.
        earning=Earning(
            decision.rate if withheld else decision.points, occasion.facts.rule, version
        ),
        community_code=occasion.community_code,
        terms=terms,
        at=at,
        actor_id=occasion.actor_id,
        severity=occasion.facts.severity,
        report_number=occasion.report_number,
        approved_by_id=occasion.approved_by_id,
        withheld=WITHHELD[decision.cut] if withheld and decision.cut is not None else None,
    )


def _row(occasion: Occasion, decision: Decision, version: str, at: datetime) -> dict[str, Any]:
    facts = occasion.facts
    return {
        "cause_type": occasion.cause.type,
        "cause_id": occasion.cause.id,
        "at": at,
        "rider_id": occasion.rider_id,
        "community_code": occasion.community_code,
        "rule": facts.rule,
        "tariff_version": version,
        "severity": facts.severity,
        "report_number": occasion.report_number,
        "nth": facts.nth,
        "after_closing_s": facts.after_closing_s,
        "rate": decision.rate,
        "halved": decision.halved,
        "points": decision.points,
        "cut": decision.cut,
    }
