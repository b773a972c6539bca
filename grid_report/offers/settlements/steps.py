"""Writes on statements that take an open session and never commit.

Locks are taken in one order: provider, statement, then the ledger's accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Select, func, insert, literal, select
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import lock_one
from grid_report.offers.catalogue.models import Provider
from grid_report.offers.redemptions.models import Redemption
from grid_report.offers.settlements import queries
from grid_report.offers.settlements.lifecycle import (
    LineVerdict,
    Side,
    StatementState,
    StatementStep,
    statement_key,
    statement_move,
)
from grid_report.offers.settlements.models import Statement, StatementEntry, StatementLine
from grid_report.points import ledger
from grid_report.points.causes import REDEMPTION_SETTLED
from grid_report.workflow import enter


def lock_provider(session: Session, code: str) -> Provider:
    """Take a provider: nobody else draws a statement of theirs meanwhile. Raises NotFound."""
    return lock_one(session, Provider, Provider.code == code, key_share=True)


def lock(session: Session, provider_code: str, month: str) -> Statement:
    """Take a statement for deciding on it; others wait. Raises NotFound."""
    return lock_one(
        session,
        Statement,
        Statement.provider_code == provider_code,
        Statement.month == month,
    )


def open_for(
    session: Session,
    provider: Provider,
    month: Month,
    *,
    zone: tzinfo,
    fen_per_point: int,
    now: datetime,
) -> Statement | None:
    """Open a month's statement with a line for each settled service that is on none yet.

    None when there is such a statement already, or nothing to put on it.
    """
    ends_at = month.bounds(zone)[1]
    there = session.scalar(
        select(Statement.id).where(
            Statement.provider_code == provider.code, Statement.month == str(month)
        )
    )
    due = queries.unlisted(provider.code, ends_at)
    if there is not None or session.execute(due.limit(1)).one_or_none() is None:
        return None
    statement = Statement(
        key=statement_key(provider.code, str(month)),
        provider_code=provider.code,
        provider_name=provider.name,
        month=str(month),
        ends_at=ends_at,
        state=StatementState.OPEN,
        fen_per_point=fen_per_point,
        created_at=now,
    )
    session.add(statement)
    session.flush()
    _list(session, statement, due)
    row = session.execute(
        select(
            func.count(),
            func.count().filter(StatementLine.points == 0),
            func.coalesce(func.sum(StatementLine.points), 0),
        ).where(StatementLine.statement_id == statement.id)
    ).one()
    statement.services, statement.free_services, statement.points = (int(it) for it in row)
    return statement


def _list(session: Session, statement: Statement, due: Select[Any]) -> None:
    """Put what is due on a statement, in the order it was handed out in, without reading it here."""
    names = [column.name for column in due.selected_columns]
    session.execute(
        insert(StatementLine).from_select(
            [*names, "statement_id", "provider_code", "settled_type"],
            due.add_columns(
                literal(statement.id),
                literal(statement.provider_code),
                literal(REDEMPTION_SETTLED),
            ).order_by(Redemption.delivered_at, Redemption.id),
        )
    )


def move(
    session: Session,
    statement: Statement,
    step: StatementStep,
    *,
    side: Side,
    actor: Actor | None,
    now: datetime,
    ref: str = "",
    words: str = "",
    verdict: LineVerdict | None = None,
) -> StatementEntry:
    """Take a statement to where the table says, with what that needs, and its history.

    The only place that assigns `state`. Raises IllegalStatementStep, and what the ledger refuses.
    """
    target = statement_move(statement.state, step)
    if step is StatementStep.CLOSE:
        _clear(session, statement, now)
    came_from = enter(statement, target.to)
    actor_id = actor.member_id if actor else None
    match step:
        case StatementStep.DRAW:
            statement.version, statement.drawn_at = 1, now
        case StatementStep.CONFIRM:
            statement.provider_confirmed_by_id, statement.provider_confirmed_at = actor_id, now
        case StatementStep.COUNTERSIGN:
            statement.county_confirmed_by_id, statement.county_confirmed_at = actor_id, now
        case StatementStep.DISPUTE:
            statement.provider_confirmed_by_id = statement.provider_confirmed_at = None
            statement.disputed_ref, statement.disputed_side = ref, side
            statement.disputed_by_id = actor_id
        case StatementStep.ANSWER:
            ref = ref or statement.disputed_ref or ""
            statement.disputed_ref = statement.disputed_side = statement.disputed_by_id = None
        case StatementStep.CLOSE:
            statement.closed_at = now
    session.flush()
    entry = StatementEntry(
        statement_id=statement.id,
        step=step,
        from_state=came_from,
        to_state=target.to,
        at=now,
        actor_id=actor_id,
        side=side,
        ref=ref,
        words=words,
        verdict=verdict,
    )
    session.add(entry)
    session.flush()
    return entry


def _clear(session: Session, statement: Statement, now: datetime) -> None:
    """Burn what the statement pays; one of free services only never gets to the ledger."""
    if statement.points == 0:
        return
    moved = ledger.clear_statement(
        session,
        statement.provider_code,
        statement_key=statement.key,
        points=statement.points,
        at=now,
        actor_id=statement.county_confirmed_by_id,
    )
    statement.cleared_id = moved.entry_id


def has_line(session: Session, statement: Statement, ref: str) -> bool:
    """Tell whether a service is on a statement."""
    found = session.scalar(
        select(StatementLine.id).where(
            StatementLine.statement_id == statement.id, StatementLine.ref == ref
        )
    )
    return found is not None


def waiting_since(session: Session, statement: Statement) -> datetime:
    """Return since when a statement waits for whoever is next."""
    at = session.scalar(
        select(StatementEntry.at)
        .where(StatementEntry.statement_id == statement.id)
        .order_by(StatementEntry.id.desc())
        .limit(1)
    )
    return at or statement.created_at


def stations_of(session: Session, provider_code: str) -> Sequence[str]:
    """List the codes of a provider's stations, closed ones too: their month still counts."""
    return queries.station_codes(session, provider_code)
