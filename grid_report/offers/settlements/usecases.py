"""Statements: drawn when a month is over, confirmed by both sides, cleared once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, tzinfo

from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts.steps import audit
from grid_report.clock import Month
from grid_report.db import db, transaction, use_case
from grid_report.errors import Invalid, Stale
from grid_report.notify import outbox
from grid_report.offers.settlements import queries, steps
from grid_report.offers.settlements.lifecycle import (
    LineVerdict,
    Side,
    StatementState,
    StatementStep,
    check_silence,
    other_side,
    statement_move,
)
from grid_report.offers.settlements.models import Statement
from grid_report.offers.settlements.permissions import (
    STATEMENT_CONFIRM,
    STATEMENT_COUNTERSIGN,
    STATEMENT_DECIDE,
    STATEMENT_DISPUTE,
    STATEMENT_EXPLAIN,
    STATEMENT_QUERY,
    STATEMENT_STAND_IN,
)
from grid_report.points.errors import LedgerFrozen


def draw_due(
    *,
    zone: tzinfo,
    fen_per_point: int,
    now: datetime,
    should_continue: Callable[[], bool] = lambda: True,
) -> int:
    """Draw the statements of all months that are over; return how many.

    A settlement that came late, when its month was drawn already, goes on the next statement.
    """
    last = Month.of(now, zone).plus(-1)
    due = queries.first_unlisted(last.bounds(zone)[1])
    db.session.rollback()
    done = 0
    for provider_code, first in due:
        month = Month.of(first, zone)
        while month <= last and should_continue():
            done += _draw(provider_code, month, zone=zone, fen_per_point=fen_per_point, now=now)
            month = month.plus(1)
    return done


@use_case
def _draw(
    provider_code: str, month: Month, *, zone: tzinfo, fen_per_point: int, now: datetime
) -> bool:
    with transaction() as session:
        provider = steps.lock_provider(session, provider_code)
        statement = steps.open_for(
            session, provider, month, zone=zone, fen_per_point=fen_per_point, now=now
        )
        if statement is None:
            return False
        steps.move(session, statement, StatementStep.DRAW, side=Side.SYSTEM, actor=None, now=now)
        outbox.put_all(
            session,
            [
                outbox.row(
                    "statement_drawn",
                    to_role=(Role.STATION_STAFF, station),
                    about=statement.key,
                    facts=_facts(statement),
                    now=now,
                )
                for station in steps.stations_of(session, provider_code)
            ],
        )
        return True


def close_confirmed(*, now: datetime, should_continue: Callable[[], bool] = lambda: True) -> int:
    """Close what both sides confirmed while the ledger was frozen; return how many."""
    waiting = queries.waiting_to_close()
    db.session.rollback()
    done = 0
    for provider_code, month in waiting:
        if not should_continue():
            break
        try:
            done += _close(provider_code, month, now=now)
        except LedgerFrozen:
            break
    return done


@use_case
def _close(provider_code: str, month: str, *, now: datetime) -> bool:
    with transaction() as session:
        statement = steps.lock(session, provider_code, month)
        if statement.state is not StatementState.COUNTY_CONFIRMED:
            return False
        steps.move(session, statement, StatementStep.CLOSE, side=Side.SYSTEM, actor=None, now=now)
        return True


@use_case
def confirm(
    provider_code: str, month: Month, *, seen: int | None, actor: Actor, now: datetime
) -> Statement:
    """Confirm for the provider. A second time changes nothing.

    Raises NotFound, Forbidden, Stale, IllegalStatementStep.
    """
    with transaction() as session:
        statement = steps.lock(session, provider_code, str(month))
        access.check(
            actor,
            STATEMENT_CONFIRM,
            queries.facts_of(statement, steps.stations_of(session, provider_code)),
        )
        if statement.provider_confirmed_by_id == actor.member_id:
            return statement
        _check_seen(statement, seen)
        steps.move(
            session, statement, StatementStep.CONFIRM, side=Side.PROVIDER, actor=actor, now=now
        )
        audit(session, actor, "statement-confirmed", statement.key, now, points=statement.points)
        return statement


@use_case
def stand_in(
    provider_code: str,
    month: Month,
    words: str,
    *,
    seen: int | None,
    actor: Actor,
    now: datetime,
) -> Statement:
    """Confirm in place of a provider who stays silent, with a reason; somebody else countersigns.

    The history says who it was and why, and the provider is told; nothing about it is silent.
    A second time changes nothing.
    Raises NotFound, Forbidden, Invalid, Stale, IllegalStatementStep, ProviderHasTime.
    """
    with transaction() as session:
        statement = steps.lock(session, provider_code, str(month))
        stations = steps.stations_of(session, provider_code)
        access.check(actor, STATEMENT_STAND_IN, queries.facts_of(statement, stations))
        if statement.provider_confirmed_by_id == actor.member_id:
            return statement
        statement_move(statement.state, StatementStep.CONFIRM)
        _check_seen(statement, seen)
        if not words.strip():
            raise Invalid.field("words", "reason-missing")
        check_silence(steps.waiting_since(session, statement), now)
        steps.move(
            session,
            statement,
            StatementStep.CONFIRM,
            side=Side.COUNTY,
            actor=actor,
            now=now,
            words=words.strip(),
        )
        audit(
            session, actor, "statement-confirmed-for", statement.key, now, points=statement.points
        )
        _tell_the_provider(session, statement, "statement_confirmed_for", words, now)
        return statement


def _tell_the_provider(
    session: Session, statement: Statement, kind: str, words: str, now: datetime
) -> None:
    facts = {**_facts(statement), "words": words.strip()}
    outbox.put_all(
        session,
        [
            outbox.row(
                kind,
                to_role=(Role.STATION_STAFF, station),
                about=statement.key,
                facts=facts,
                now=now,
            )
            for station in steps.stations_of(session, statement.provider_code)
        ],
    )


@use_case
def countersign(
    provider_code: str, month: Month, *, seen: int | None, actor: Actor, now: datetime
) -> Statement:
    """Confirm for the county, which closes it: its points are burnt in the same transaction.

    While a failed audit freezes the ledger the confirmation stands, and a job closes it later.
    A second time changes nothing. Raises NotFound, Forbidden, Stale, IllegalStatementStep.
    """
    with transaction() as session:
        statement = steps.lock(session, provider_code, str(month))
        access.check(
            actor,
            STATEMENT_COUNTERSIGN,
            queries.facts_of(statement, steps.stations_of(session, provider_code)),
        )
        if statement.county_confirmed_by_id == actor.member_id:
            return statement
        _check_seen(statement, seen)
        steps.move(
            session, statement, StatementStep.COUNTERSIGN, side=Side.COUNTY, actor=actor, now=now
        )
        audit(
            session, actor, "statement-countersigned", statement.key, now, points=statement.points
        )
        # A frozen ledger refuses before anything is written.
        with suppress(LedgerFrozen):
            steps.move(
                session, statement, StatementStep.CLOSE, side=Side.SYSTEM, actor=None, now=now
            )
        return statement


@use_case
def dispute(
    provider_code: str,
    month: Month,
    ref: str,
    words: str,
    *,
    side: Side,
    county: str,
    actor: Actor,
    now: datetime,
) -> Statement:
    """Object to a line with a reason: the other side answers, then both confirm again.

    Raises NotFound, Forbidden, Invalid, IllegalStatementStep.
    """
    with transaction() as session:
        statement = steps.lock(session, provider_code, str(month))
        stations = steps.stations_of(session, provider_code)
        access.check(
            actor, ACTIONS[side, StatementStep.DISPUTE], queries.facts_of(statement, stations)
        )
        if (statement.disputed_ref, statement.disputed_by_id) == (ref, actor.member_id):
            return statement
        statement_move(statement.state, StatementStep.DISPUTE)
        problems = Invalid()
        if not steps.has_line(session, statement, ref):
            problems.add("ref", "statement-line-unknown")
        if not words.strip():
            problems.add("words", "reason-missing")
        problems.raise_if_any()
        steps.move(
            session,
            statement,
            StatementStep.DISPUTE,
            side=side,
            actor=actor,
            now=now,
            ref=ref,
            words=words.strip(),
        )
        audit(session, actor, "statement-disputed", statement.key, now, ref=ref)
        facts = {**_facts(statement), "ref": ref, "words": words.strip()}
        to = (
            [(Role.ADMINISTRATOR, county)]
            if other_side(side) is Side.COUNTY
            else [(Role.STATION_STAFF, station) for station in stations]
        )
        outbox.put_all(
            session,
            [
                outbox.row(
                    "statement_disputed", to_role=who, about=statement.key, facts=facts, now=now
                )
                for who in to
            ],
        )
        return statement


@use_case
def answer(
    provider_code: str,
    month: Month,
    words: str,
    verdict: LineVerdict | None,
    *,
    side: Side,
    seen: int | None,
    actor: Actor,
    now: datetime,
) -> Statement:
    """Answer what the other side objected to: the statement is to be confirmed again.

    Where a provider stays silent another administrator than the one who objected answers instead.
    Raises NotFound, Forbidden, Invalid, Stale, IllegalStatementStep, ProviderHasTime.
    """
    with transaction() as session:
        statement = steps.lock(session, provider_code, str(month))
        stations = steps.stations_of(session, provider_code)
        facts = queries.facts_of(statement, stations)
        # Whoever has no say on this side learns nothing of the state.
        access.check(actor, ACTIONS[side, StatementStep.DISPUTE], facts)
        statement_move(statement.state, StatementStep.ANSWER)
        stands_in = side is Side.COUNTY and statement.disputed_side is Side.COUNTY
        access.check(
            actor,
            STATEMENT_STAND_IN if stands_in else ACTIONS[side, StatementStep.ANSWER],
            facts,
        )
        _check_seen(statement, seen)
        problems = Invalid()
        if verdict is None:
            problems.add("verdict", "answer-needed")
        if not words.strip():
            problems.add("words", "reason-missing")
        problems.raise_if_any()
        if stands_in:
            check_silence(steps.waiting_since(session, statement), now)
            _tell_the_provider(session, statement, "statement_answered_for", words, now)
        ref = statement.disputed_ref
        steps.move(
            session,
            statement,
            StatementStep.ANSWER,
            side=side,
            actor=actor,
            now=now,
            words=words.strip(),
            verdict=verdict,
        )
        audit(
            session,
            actor,
            "statement-answered-for" if stands_in else "statement-answered",
            statement.key,
            now,
            ref=ref,
            verdict=verdict,
        )
        return statement


ACTIONS = {
    (Side.PROVIDER, StatementStep.DISPUTE): STATEMENT_DISPUTE,
    (Side.COUNTY, StatementStep.DISPUTE): STATEMENT_QUERY,
    (Side.PROVIDER, StatementStep.ANSWER): STATEMENT_EXPLAIN,
    (Side.COUNTY, StatementStep.ANSWER): STATEMENT_DECIDE,
}


def _check_seen(statement: Statement, seen: int | None) -> None:
    """Refuse to confirm what somebody else has sent back meanwhile. Raises Stale."""
    if seen is not None and seen != statement.version:
        raise Stale(seen, statement.version)


def _facts(statement: Statement) -> dict[str, str | int]:
    return {
        "month": statement.month,
        "provider": statement.provider_name,
        "points": statement.points,
    }
