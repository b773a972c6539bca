"""Recomputes everything the ledger stores from its transfers, and compares.

Each check is a query that returns what is wrong; none returns anything on a sound ledger. All of
them look at one snapshot, so that awards made meanwhile do not show as differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, bindparam, select, text, union
from sqlalchemy.orm import Session

from grid_report.db import UtcInstant
from grid_report.points import guards
from grid_report.points.audit_checks import CHECKS
from grid_report.points.causes import REPORT_ACCEPTED, REPORT_CLOSED
from grid_report.points.dues import Unpaid
from grid_report.points.models import Journal
from grid_report.points.signals import ReportFact, report_facts


@dataclass(frozen=True)
class Difference:
    """A check that failed, and on what."""

    check: str
    about: str


TRIGGERS: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND (name LIKE 'point%' OR name LIKE 'tariff%')",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    " AND (tgname LIKE 'point%' OR tgname LIKE 'tariff%')",
}


def find_differences(engine: Engine, now: datetime) -> list[Difference]:
    """Run every check on one snapshot of the database; an empty list is a sound ledger."""
    level = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.connect().execution_options(**level) as connection, Session(connection) as session:
        return [
            *_stored(session, now),
            *_guards(session),
            *_references(session),
            *_reports(session),
        ]


def _stored(session: Session, now: datetime) -> Iterator[Difference]:
    for check, query in CHECKS.items():
        statement = text(query)
        values = {}
        if ":yesterday" in query:
            # The job that resolves them may be late for a while.
            statement = statement.bindparams(bindparam("yesterday", type_=UtcInstant()))
            values = {"yesterday": now - timedelta(days=1)}
        for about in session.scalars(statement, values):
            yield Difference(check, str(about))


def _guards(session: Session) -> Iterator[Difference]:
    dialect = session.get_bind().dialect.name
    there = set(session.scalars(text(TRIGGERS[dialect])))
    for name in sorted(guards.expected(dialect) - there):
        yield Difference("guard-missing", name)


def _references(session: Session) -> Iterator[Difference]:
    # PostgreSQL cannot hold such a row; SQLite can, when a program did not ask for foreign keys.
    if session.get_bind().dialect.name != "sqlite":
        return
    for table in guards.TABLES:
        for row in session.execute(text(f"PRAGMA foreign_key_check({table})")):
            yield Difference("row-without-its-parent", f"{row[0]} {row[1]} -> {row[2]}")


def _reports(session: Session) -> Iterator[Difference]:
    answers = [facts for _, facts in report_facts.send(session, session=session)]
    for facts in answers:
        yield from compare_with_reports(session, facts)


def compare_with_reports(session: Session, facts: Iterable[ReportFact]) -> Iterator[Difference]:
    """Find accepted or closed reports without an award (or a reason), and the other way round."""
    written: dict[str, set[str]] = {}
    for kind in (REPORT_ACCEPTED, REPORT_CLOSED):
        written[kind] = set(
            session.scalars(
                union(
                    select(Journal.cause_id).where(Journal.cause_type == kind),
                    select(Unpaid.cause_id).where(Unpaid.cause_type == kind),
                )
            )
        )
    for fact in facts:
        for kind, happened in ((REPORT_ACCEPTED, fact.accepted), (REPORT_CLOSED, fact.closed)):
            if happened and fact.number not in written[kind]:
                yield Difference("report-without-award", f"{kind} {fact.number}")
            if happened:
                written[kind].discard(fact.number)
    for kind, left in written.items():
        for number in sorted(left):
            yield Difference("award-without-report", f"{kind} {number}")
