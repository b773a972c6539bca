"""Reads of the journal: every event of the ledger with its transfers, for those who oversee."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import aliased

from grid_report import access
from grid_report.access import Actor
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.points.kinds import EventKind, Phase, Verdict
from grid_report.points.ledger.models import Account, Journal, Transfer
from grid_report.points.permissions import JOURNAL_READ

# Where a page ended: the instant of its last row, and the row.
Cursor = tuple[datetime, int]


@dataclass(frozen=True)
class JournalFilter:
    """Every field None or empty means: do not narrow. `account` is an account's holder."""

    kind: EventKind | None = None
    account: str = ""
    redemption: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Leg:
    """One transfer of an event: whole points from one account to another."""

    id: int
    route: str
    phase: Phase
    amount: int
    debit: str
    credit: str


@dataclass(frozen=True)
class Event:
    """One event of the ledger and its transfers."""

    id: int
    at: datetime
    kind: EventKind
    cause: str
    cause_id: str
    points: int
    rider_id: int | None
    actor_id: int | None
    approved_by_id: int | None
    community_code: str | None
    month: str | None
    rule: str | None
    tariff_version: str | None
    report_number: str | None
    redemption_ref: str | None
    reverses_id: int | None
    verdict: Verdict | None
    note: str
    legs: tuple[Leg, ...] = ()


EVENT: Final = (
    Journal.id,
    Journal.at,
    Journal.kind,
    Journal.cause_type,
    Journal.cause_id,
    Journal.points,
    Journal.rider_id,
    Journal.actor_id,
    Journal.approved_by_id,
    Journal.community_code,
    Journal.month,
    Journal.rule,
    Journal.tariff_version,
    Journal.report_number,
    Journal.redemption_ref,
    Journal.reverses_id,
    Journal.verdict,
    Journal.note,
)


def list_journal(
    wanted: JournalFilter, *, actor: Actor, before: Cursor | None = None, limit: int = 50
) -> tuple[Sequence[Event], Cursor | None]:
    """Return events newest first with their transfers, and where to go on if there are more.

    Two statements, whatever the number of rows. Raises Forbidden.
    """
    access.check(actor, JOURNAL_READ)
    query = select(*EVENT)
    if wanted.since is not None:
        query = query.where(Journal.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Journal.at < wanted.until)
    if wanted.kind is not None:
        query = query.where(Journal.kind == wanted.kind)
    if wanted.redemption:
        query = query.where(Journal.redemption_ref == wanted.redemption)
    if wanted.account:
        of_account = select(Account.id).where(Account.holder == wanted.account).scalar_subquery()
        legs = (
            select(Transfer.journal_id).where(Transfer.debit_account_id == of_account),
            select(Transfer.journal_id).where(Transfer.credit_account_id == of_account),
        )
        query = query.where(or_(*(Journal.id.in_(leg) for leg in legs)))
    if before is not None:
        query = query.where(tuple_(Journal.at, Journal.id) < tuple_(*before))
    newest_first = query.order_by(Journal.at.desc(), Journal.id.desc()).limit(limit + 1)
    rows = db.session.execute(newest_first).all()
    more, rows = len(rows) > limit, rows[:limit]
    legs_of = _legs(row.id for row in rows)
    events = [_event(row, legs_of) for row in rows]
    return events, (events[-1].at, events[-1].id) if more else None


def find_event(event_id: int, *, actor: Actor) -> Event:
    """Return one event with its transfers. Raises NotFound, Forbidden."""
    access.check(actor, JOURNAL_READ)
    row = db.session.execute(select(*EVENT).where(Journal.id == event_id)).one_or_none()
    if row is None:
        raise NotFound
    return _event(row, _legs([event_id]))


def _event(row: Any, legs_of: Mapping[int, Sequence[Leg]]) -> Event:
    return Event(*[*row, tuple(legs_of.get(row.id, ()))])


def _legs(event_ids: Iterable[int]) -> Mapping[int, Sequence[Leg]]:
    debit, credit = aliased(Account), aliased(Account)
    rows: Any = db.session.execute(
        select(
            Transfer.journal_id,
            Transfer.id,
            Transfer.route,
            Transfer.phase,
            Transfer.amount,
            debit.holder,
            credit.holder,
        )
        .join(debit, debit.id == Transfer.debit_account_id)
        .join(credit, credit.id == Transfer.credit_account_id)
        .where(Transfer.journal_id.in_(list(event_ids)))
        .order_by(Transfer.id)
    )
    found: dict[int, list[Leg]] = {}
    for journal_id, *leg in rows:
        found.setdefault(journal_id, []).append(Leg(*leg))
    return found
