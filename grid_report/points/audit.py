"""Recomputes everything the ledger stores from its transfers, and compares.

Each check is a query that returns what is wrong; none returns anything on a sound ledger. All of
them look at one snapshot, so that awards made meanwhile do not show as differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, bindparam, select, text, union
from sqlalchemy.orm import Session

from grid_report.db import UtcInstant
from grid_report.points import guards
from grid_report.points.causes import REPORT_ACCEPTED, REPORT_CLOSED
from grid_report.points.dues import Unpaid
from grid_report.points.models import Journal
from grid_report.points.signals import ReportFact, differences, report_facts


@dataclass(frozen=True)
class Difference:
    """A check that failed, and on what."""

    check: str
    about: str


CHECKS: Final = {
    "balance-differs-from-transfers": """
        WITH d AS (
          SELECT t.debit_account_id AS id,
            SUM(CASE WHEN t.phase IN ('single', 'post') THEN t.amount ELSE 0 END) AS debits,
            SUM(CASE t.phase WHEN 'pending' THEN t.amount WHEN 'single' THEN 0
                ELSE -h.amount END) AS pending
          FROM point_transfers t LEFT JOIN point_transfers h ON h.id = t.pending_id
          GROUP BY t.debit_account_id),
        c AS (
          SELECT credit_account_id AS id, SUM(amount) AS credits FROM point_transfers
          WHERE phase IN ('single', 'post') GROUP BY credit_account_id)
        SELECT a.holder FROM point_accounts a
        LEFT JOIN d ON d.id = a.id LEFT JOIN c ON c.id = a.id
        WHERE a.credits <> COALESCE(c.credits, 0) OR a.debits <> COALESCE(d.debits, 0)
          OR a.pending_debits <> COALESCE(d.pending, 0)""",
    "account-overdrawn": """
        SELECT holder FROM point_accounts WHERE kind NOT IN ('mint', 'rider_debt')
          AND credits - debits - pending_debits < 0""",
    "supply-differs-from-mint": """
        SELECT 'all accounts' FROM (
          SELECT SUM(credits - debits) AS total FROM point_accounts) a WHERE total <> 0""",
    "lot-differs-from-movements": """
        SELECT CAST(l.id AS VARCHAR) FROM point_lots l LEFT JOIN (
          SELECT lot_id, SUM(free_delta) AS free, SUM(held_delta) AS held
          FROM point_lot_movements GROUP BY lot_id) m ON m.lot_id = l.id
        WHERE l.free <> COALESCE(m.free, 0) OR l.held <> COALESCE(m.held, 0)""",
    "lots-differ-from-balance": """
        SELECT a.holder FROM point_accounts a LEFT JOIN (
          SELECT account_id, SUM(free + held) AS total, SUM(held) AS held
          FROM point_lots GROUP BY account_id) l ON l.account_id = a.id
        WHERE a.lots_total <> COALESCE(l.total, 0) OR a.lots_held <> COALESCE(l.held, 0)
          OR (a.kind = 'rider' AND (a.credits - a.debits <> COALESCE(l.total, 0)
            OR a.pending_debits <> COALESCE(l.held, 0)))""",
    "movements-differ-from-transfer": """
        SELECT CAST(t.id AS VARCHAR) FROM point_transfers t LEFT JOIN (
          SELECT transfer_id, ABS(SUM(free_delta + held_delta)) AS moved,
            ABS(SUM(held_delta)) AS held
          FROM point_lot_movements GROUP BY transfer_id) m ON m.transfer_id = t.id
        WHERE 'rider' IN (t.debit_kind, t.credit_kind)
          AND t.amount <> COALESCE(CASE WHEN t.phase IN ('single', 'post') THEN m.moved
            ELSE m.held END, 0)""",
    "legs-differ-from-event": """
        SELECT j.cause_type || ' ' || j.cause_id FROM point_journal j LEFT JOIN (
          SELECT journal_id, SUM(amount) AS total FROM point_transfers GROUP BY journal_id) t
          ON t.journal_id = j.id WHERE j.points <> COALESCE(t.total, 0)""",
    "award-without-its-lot": """
        SELECT j.cause_type || ' ' || j.cause_id FROM point_journal j
        LEFT JOIN point_transfers t ON t.journal_id = j.id
        LEFT JOIN point_lots l ON l.transfer_id = t.id
        WHERE j.kind = 'award' AND l.id IS NULL""",
    "reversed-more-than-awarded": """
        SELECT o.cause_type || ' ' || o.cause_id FROM point_journal o JOIN (
          SELECT s.reverses_id, SUM(t.amount) AS total FROM point_journal s
          JOIN point_transfers t ON t.journal_id = s.id
          WHERE s.reverses_id IS NOT NULL GROUP BY s.reverses_id) r ON r.reverses_id = o.id
        WHERE r.total > o.points""",
    "hold-past-its-deadline": """
        SELECT CAST(t.id AS VARCHAR) FROM point_transfers t
        LEFT JOIN point_transfers r ON r.pending_id = t.id
        WHERE t.phase = 'pending' AND r.id IS NULL AND t.holds_until < :now""",
    "paid-and-still-due": """
        SELECT u.cause_type || ' ' || u.cause_id FROM point_unpaid u
        JOIN point_journal j ON j.cause_type = u.cause_type AND j.cause_id = u.cause_id
        WHERE u.journal_id IS NULL OR u.journal_id <> j.id""",
    "budget-opened-twice": """
        SELECT cause_id FROM point_journal WHERE cause_type = 'budget-opened'
        GROUP BY cause_id HAVING COUNT(*) > 1""",
}
TRIGGERS: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'point%'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    " AND tgname LIKE 'point%'",
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
            *_others(session),
        ]


def _stored(session: Session, now: datetime) -> Iterator[Difference]:
    for check, query in CHECKS.items():
        statement = text(query)
        values = {}
        if ":now" in query:
            statement = statement.bindparams(bindparam("now", type_=UtcInstant()))
            values = {"now": now}
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
