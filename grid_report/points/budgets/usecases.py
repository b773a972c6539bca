"""Writes of the points domain that stand alone; awards come with a report's step, in its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from sqlalchemy import select, text

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.steps import audit
from grid_report.clock import Month
from grid_report.db import db, transaction, use_case
from grid_report.errors import Invalid, NotFound
from grid_report.places.models import Community
from grid_report.points import ledger
from grid_report.points.causes import BUDGET_GRANTED, Cause
from grid_report.points.errors import LedgerFrozen, SecondPersonNeeded
from grid_report.points.kinds import IS_OPEN, UnpaidReason
from grid_report.points.ledger import accounts, freezes
from grid_report.points.ledger.models import Account
from grid_report.points.ledger.pending_models import PendingAward
from grid_report.points.outcomes import Award, Outcome
from grid_report.points.permissions import BUDGET_GRANT
from grid_report.points.policy import Terms, terms_of
from grid_report.points.signals import due_paid
from grid_report.settings import Settings

# Opened in one transaction: few enough that nobody waits long for the mint.
AT_ONCE: Final = 40
EMPTY: Final = (UnpaidReason.BUDGET_EMPTY, UnpaidReason.RESERVE_EMPTY)


@use_case
def grant_budget(
    community_code: str | None,
    month: Month,
    points: int,
    *,
    key: str,
    reason: str,
    actor: Actor,
    approved_by: Actor,
    terms: Terms,
    now: datetime,
) -> int | None:
    """Add points to a community's month, or to the county's reserve; twice with one key is once.

    Returns the entry, None when the key was used. Raises Forbidden, SecondPersonNeeded, Invalid,
    LedgerFrozen.
    """
    access.check(actor, BUDGET_GRANT)
    _needs_second(actor, approved_by)
    refused = Invalid()
    if points <= 0 or points > 1_000_000:
        refused.add("points", "points-out-of-range", most=1_000_000)
    if not reason.strip():
        refused.add("reason", "reason-missing")
    with transaction() as session:
        if community_code is not None and session.get(Community, community_code) is None:
            refused.add("community", "community-unknown")
        refused.raise_if_any()
        if community_code is not None:
            # Or the grant would stand in for the month's own budget.
            ledger.open_budget(
                session,
                community_code,
                month,
                points=terms.budget_per_month,
                reserve_points=terms.reserve(terms.budget_per_month),
                at=now,
            )
        entry_id = ledger.grant(
            session,
            community_code,
            month,
            points=points,
            cause=Cause(BUDGET_GRANTED, key),
            actor_id=actor.member_id,
            approved_by_id=approved_by.member_id,
            at=now,
            note=reason.strip(),
        )
        if entry_id is not None:
            audit(
                session,
                actor,
                "budget-granted",
                f"{community_code or 'county'}:{month}",
                now,
                points=points,
                approved_by=approved_by.member_id,
                entry=entry_id,
            )
        return entry_id


def _needs_second(actor: Actor, approved_by: Actor) -> None:
    if actor.member_id == approved_by.member_id:
        raise SecondPersonNeeded
    access.check(approved_by, BUDGET_GRANT)


def open_month_budgets(*, settings: Settings, now: datetime) -> int:
    """Open the present month's pools of all communities; return how many were not open yet.

    While the ledger is frozen none is opened; awards open a missing one by themselves.
    """
    terms = terms_of(settings)
    month = terms.month(now)
    codes = db.session.scalars(select(Community.code).order_by(Community.code)).all()
    keys = {accounts.budget(code, month).key: code for code in codes}
    there = set(db.session.scalars(select(Account.holder).where(Account.holder.in_(keys))))
    missing = [code for key, code in keys.items() if key not in there]
    opened = 0
    for some in _batches(missing):
        try:
            opened += _open_budgets(some, month, terms=terms, now=now)
        except LedgerFrozen:
            break
    return opened


def _batches(codes: Sequence[str]) -> Sequence[Sequence[str]]:
    return [codes[start : start + AT_ONCE] for start in range(0, len(codes), AT_ONCE)]


@use_case
def _open_budgets(codes: Sequence[str], month: Month, *, terms: Terms, now: datetime) -> int:
    budget = terms.budget_per_month
    with transaction() as session:
        return sum(
            ledger.open_budget(
                session,
                code,
                month,
                points=budget,
                reserve_points=terms.reserve(budget),
                at=now,
            )
            for code in codes
        )


def release_pending(*, settings: Settings, now: datetime) -> int:
    """Pay what waits, oldest first in each community, as far as this month's pools reach.

    Each payment is its own transaction; who is interested hears `signals.due_paid` in it.
    """
    terms = terms_of(settings)
    due = db.session.execute(
        select(PendingAward.community_code, PendingAward.id)
        .where(text(IS_OPEN))
        .order_by(PendingAward.community_code, PendingAward.id)
    ).all()
    paid = 0
    for _, rows in groupby(due, key=lambda row: row.community_code):
        for row in rows:
            try:
                award = _release(row.id, terms=terms, now=now)
            except NotFound:  # cancelled since it was listed
                continue
            if award.reason is UnpaidReason.FROZEN:
                return paid
            # The next one is younger: it does not jump the queue because it is smaller.
            if award.reason in EMPTY:
                break
            paid += award.outcome is Outcome.PAID and not award.already
    return paid


@use_case
def _release(due_id: int, *, terms: Terms, now: datetime) -> Award:
    with transaction() as session:
        award = ledger.pay_due(session, due_id, terms=terms, at=now)
        if award.outcome is Outcome.PAID and not award.already:
            due = session.get_one(PendingAward, due_id)
            due_paid.send(
                session,
                session=session,
                rider_id=due.rider_id,
                award=award,
                report_number=due.report_number,
                rule=due.rule,
                now=now,
            )
        return award


@use_case
def freeze_ledger(*, reason: str, now: datetime) -> None:
    """Stop all writing of events after a failed audit. Intake and decisions go on."""
    with transaction() as session:
        freezes.freeze(session, now, reason)
        audit(session, None, "ledger-frozen", "points", now, reason=reason[:200])


@use_case
def unfreeze_ledger(*, reason: str, actor: Actor, now: datetime) -> None:
    """Let events be written again, once the cause is known. Raises Forbidden."""
    access.check(actor, BUDGET_GRANT)
    with transaction() as session:
        freezes.unfreeze(session)
        audit(session, actor, "ledger-unfrozen", "points", now, reason=reason[:200])
