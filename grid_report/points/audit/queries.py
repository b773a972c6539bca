"""Recomputes everything the ledger stores from its transfers, and compares.

Each check is a query that returns what is wrong; none returns anything on a sound ledger. All of
them look at one snapshot, so that awards made meanwhile do not show as differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy import Engine, bindparam, func, select, text, union
from sqlalchemy.orm import Session

from grid_report.db import UtcInstant
from grid_report.points.audit import expected_triggers
from grid_report.points.audit.check_queries import CHECKS, RECENT, WARNINGS
from grid_report.points.causes import REPORT_ACCEPTED, REPORT_CLOSED
from grid_report.points.ledger.models import Journal, LotMovement, Transfer
from grid_report.points.ledger.pending_models import AuditMark, PendingAward
from grid_report.points.signals import ReportFact, differences, report_facts


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


@dataclass(frozen=True)
class Marks:
    """The newest rows of a snapshot: where the next night's look begins."""

    transfer: int = 0
    movement: int = 0
    journal: int = 0


# Rows with smaller numbers may be committed after larger ones: these are looked at again.
OVERLAP: Final = 1000


def find_differences(engine: Engine, _now: datetime | None = None) -> list[Difference]:
    """Run every check on one snapshot of the database; an empty list is a sound ledger.

    Nothing of it depends on the time: whatever only comes late is a warning.
    """
    with _snapshot(engine) as session:
        return [
            *_run(session, CHECKS),
            *_guards(session),
            *_references(session),
            *_reports(session),
            *_others(session),
        ]


def find_recent(engine: Engine, since: Marks) -> tuple[list[Difference], Marks]:
    """Check what was written after the marks, and all that it touched; return the new marks."""
    with _snapshot(engine) as session:
        newest = session.execute(
            select(
                select(func.coalesce(func.max(Transfer.id), 0)).scalar_subquery(),
                select(func.coalesce(func.max(LotMovement.id), 0)).scalar_subquery(),
                select(func.coalesce(func.max(Journal.id), 0)).scalar_subquery(),
            )
        ).one()
        values = {
            name: max(0, getattr(since, name) - OVERLAP)
            for name in ("transfer", "movement", "journal")
        }
        return [*_run(session, RECENT, values), *_guards(session)], Marks(*newest)


def find_warnings(engine: Engine, now: datetime) -> list[Difference]:
    """Name what a job should have done a day ago: late, and nothing else is wrong with it."""
    with _snapshot(engine) as session:
        found = []
        for check, query in WARNINGS.items():
            statement = text(query).bindparams(bindparam("yesterday", type_=UtcInstant()))
            rows = session.scalars(statement, {"yesterday": now - timedelta(days=1)})
            found += [Difference(check, str(about)) for about in rows]
        return found


def marks_kept(session: Session) -> AuditMark:
    """Return the row that says how far the audit has come."""
    return session.scalars(select(AuditMark)).one()


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Session]:
    level = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.connect().execution_options(**level) as connection, Session(connection) as session:
        yield session


def _run(
    session: Session, checks: Mapping[str, str], values: Mapping[str, int] = MappingProxyType({})
) -> Iterator[Difference]:
    for check, query in checks.items():
        asked = {name: value for name, value in values.items() if f":{name}" in query}
        for about in session.scalars(text(query), asked):
            yield Difference(check, str(about))


def _guards(session: Session) -> Iterator[Difference]:
    dialect = session.get_bind().dialect.name
    there = set(session.scalars(text(TRIGGERS[dialect])))
    for name in sorted(expected_triggers.expected(dialect) - there):
        yield Difference("guard-missing", name)


def _references(session: Session) -> Iterator[Difference]:
    # PostgreSQL cannot hold such a row; SQLite can, when a program did not ask for foreign keys.
    if session.get_bind().dialect.name != "sqlite":
        return
    for table in expected_triggers.TABLES:
        for row in session.execute(text(f"PRAGMA foreign_key_check({table})")):
            yield Difference("row-without-its-parent", f"{row[0]} {row[1]} -> {row[2]}")


def _reports(session: Session) -> Iterator[Difference]:
    answers = [facts for _, facts in report_facts.send(session, session=session)]
    for facts in answers:
        yield from compare_with_reports(session, facts)


def _others(session: Session) -> Iterator[Difference]:
    for _, found in differences.send(session, session=session):
        yield from (Difference(check, about) for check, about in found)


def compare_with_reports(session: Session, facts: Iterable[ReportFact]) -> Iterator[Difference]:
    """Find accepted or closed reports without an award (or a reason), and the other way round."""
    written: dict[str, set[str]] = {}
    for kind in (REPORT_ACCEPTED, REPORT_CLOSED):
        written[kind] = set(
            session.scalars(
                union(
                    select(Journal.cause_id).where(Journal.cause_type == kind),
                    select(PendingAward.cause_id).where(PendingAward.cause_type == kind),
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
