"""A helper for tests of the ledger: people and pools to award to, and raw SQL that names refusals."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint, event, select, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.models import Member, RoleGrant, Standing
from grid_report.clock import Month
from grid_report.db import Base, db, transaction, use_case
from grid_report.places.models import Community, Street
from grid_report.points import ledger
from grid_report.points.audit import queries as audit_queries
from grid_report.points.audit.expected_triggers import TABLES
from grid_report.points.budgets import queries as budgets_queries
from grid_report.points.budgets.queries import MonthlyBudget
from grid_report.points.causes import Cause
from grid_report.points.kinds import Verdict
from grid_report.points.ledger.models import Account
from grid_report.points.outcomes import Award, Held, Moved, Reversal
from grid_report.points.policy import Terms
from grid_report.points.rates import Earning

T = TypeVar("T")

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
STATION, BRIGHT = "211282001001", "211282001003"
STREET = "211282001"
TERMS = Terms(ZoneInfo("Asia/Shanghai"), 3000, 20)
MONTH = TERMS.month(NOW)


class Book:
    """People, awards and questions to the ledger of one test."""

    def __init__(self) -> None:
        self.causes = itertools.count(1)
        with transaction() as session:
            if session.get(Street, STREET) is None:
                session.add(Street(code=STREET, name="新城街道"))
                session.flush()
            for code in (STATION, BRIGHT):
                if session.get(Community, code) is None:
                    session.add(Community(code=code, name=code, street_code=STREET))
        self.worker = self.member(Role.WORKER, STATION)
        self.admin = self.member(Role.ADMINISTRATOR, "211282")
        self.other_admin = self.member(Role.ADMINISTRATOR, "211282")

    def member(
        self, role: Role = Role.RIDER, place: str = "", standing: Standing = Standing.ACTIVE
    ) -> Actor:
        """Add a member with one role."""
        with transaction() as session:
            row = Member(
                name="某人",
                phone_lookup=None if standing is Standing.ERASED else f"p{next(self.causes)}",
                phone_proved_at=NOW,
                phone_proved_how="migration",
                phone_tail="",
                language="zh_CN",
                standing=standing,
                is_demo=False,
                created_at=NOW,
            )
            session.add(row)
            session.flush()
            session.add(RoleGrant(member_id=row.id, role=role, place=place, granted_at=NOW))
            return Actor(row.id, row.name, frozenset({Grant(role, place or None)}))

    def rider(self) -> int:
        """Add a rider and return the id."""
        return self.member().member_id

    def riders(self, count: int) -> list[int]:
        """Add many riders at once."""
        with transaction() as session:
            rows = [
                Member(
                    name="某人",
                    phone_lookup=f"p{next(self.causes)}",
                    phone_proved_at=NOW,
                    phone_proved_how="migration",
                    phone_tail="",
                    language="zh_CN",
                    standing=Standing.ACTIVE,
                    is_demo=False,
                    created_at=NOW,
                )
                for _ in range(count)
            ]
            session.add_all(rows)
            session.flush()
            session.add_all(
                RoleGrant(member_id=row.id, role=Role.RIDER, place="", granted_at=NOW)
                for row in rows
            )
            return [row.id for row in rows]

    @use_case
    def award(
        self,
        rider_id: int,
        points: int = 10,
        *,
        cause: str | Cause | None = None,
        severity: int | None = 1,
        community: str = STATION,
        terms: Terms = TERMS,
        at: datetime = NOW,
        **more: Any,
    ) -> Award:
        """Award in a transaction of its own, by default for a new accepted report."""
        if not isinstance(cause, Cause):
            cause = Cause("report-accepted", cause or f"KY-{next(self.causes):04d}")
        with transaction() as session:
            return ledger.award(
                session,
                rider_id,
                cause=cause,
                earning=Earning(points, more.pop("rule", "R1"), "2020-1"),
                community_code=community,
                terms=terms,
                at=at,
                actor_id=more.pop("actor_id", self.worker.member_id),
                severity=severity,
                report_number=cause.id,
                **more,
            )

    @use_case
    def do(self, function: Callable[..., T], *args: Any, **more: Any) -> T:
        """Call a function of the ledger in a transaction of its own."""
        with transaction() as session:
            return function(session, *args, **more)

    def hold(self, rider_id: int, ref: str = "R-1", points: int = 10, **more: Any) -> Held:
        """Hold points for a service of provider S1 until tomorrow."""
        at = more.pop("at", NOW)
        more = {"provider_code": "S1", "holds_until": at + timedelta(days=1), **more}
        return self.do(ledger.hold, rider_id, ref=ref, points=points, at=at, **more)

    def capture(self, ref: str = "R-1", **more: Any) -> Moved:
        """Take what is held, by the worker."""
        more = {"at": NOW, "actor_id": self.worker.member_id, **more}
        return self.do(ledger.capture, ref, **more)

    def release(self, ref: str = "R-1", **more: Any) -> Moved:
        """Give back what is held."""
        return self.do(ledger.release, ref, **{"at": NOW, **more})

    def noshow(self, ref: str = "R-1", penalty: int = 2, **more: Any) -> Moved:
        """Note that nobody came, in the station's community."""
        more = {"at": NOW, "community_code": STATION, **more}
        return self.do(ledger.noshow, ref, penalty_points=penalty, **more)

    def refund(self, ref: str = "R-1", **more: Any) -> Moved:
        """Give back what was taken, by the worker."""
        more = {"at": NOW, "actor_id": self.worker.member_id, **more}
        return self.do(ledger.refund, ref, **more)

    def settle(self, ref: str = "R-1", **more: Any) -> Moved:
        """Make what is left the provider's."""
        return self.do(ledger.settle, ref, **{"at": NOW, **more})

    def reverse(
        self, entry_id: int | None, verdict: Verdict = Verdict.HONEST, **more: Any
    ) -> Reversal:
        """Take an award back, decided by the two administrators."""
        assert entry_id is not None
        more = {
            "at": NOW + timedelta(days=1),
            "actor_id": self.admin.member_id,
            "approved_by_id": self.other_admin.member_id,
            **more,
        }
        return self.do(ledger.reverse, entry_id, verdict=verdict, **more)

    def expire(self, rider_id: int, at: datetime, community: str = STATION) -> Moved | None:
        """End what is over of a community's awards."""
        return self.do(ledger.expire, rider_id, community_code=community, at=at)

    def left(self, holder: str) -> int:
        """Return an account's balance, 0 when it is not open."""
        return self.balances([holder])[holder]

    @staticmethod
    def balances(names: Sequence[str]) -> dict[str, int]:
        """Return the balances of accounts, 0 for those that are not open."""
        db.session.rollback()
        rows = db.session.execute(
            select(Account.holder, Account.credits - Account.debits - Account.pending_debits).where(
                Account.holder.in_(names)
            )
        ).all()
        db.session.rollback()
        return dict.fromkeys(names, 0) | {str(holder): int(left) for holder, left in rows}

    def lots(self, rider_id: int) -> list[tuple[int, int]]:
        """Return a rider's lots as free and held points, oldest first."""
        db.session.rollback()
        rows = db.session.execute(
            text(
                "SELECT l.free, l.held FROM point_lots l JOIN point_accounts a"
                " ON a.id = l.account_id WHERE a.member_id = :m ORDER BY l.id"
            ),
            {"m": rider_id},
        ).all()
        db.session.rollback()
        return [(row.free, row.held) for row in rows]

    @staticmethod
    def differences(at: datetime = NOW) -> list[audit_queries.Difference]:
        """Run the audit."""
        db.session.rollback()
        return audit_queries.find_differences(db.engine, at)

    @staticmethod
    def value(statement: str, **values: Any) -> Any:
        """Read one value."""
        db.session.rollback()
        found = db.session.scalar(text(statement), values)
        db.session.rollback()
        return found


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements sent meanwhile."""
    sent: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            sent.append(" ".join(statement.split()))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def run(statements: Sequence[str], engine: Engine | None = None) -> None:
    """Run raw SQL in one transaction and commit it."""
    db.session.rollback()
    engine = (engine or db.engine).execution_options(grid_report_write=True)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def refusal_of(statements: Sequence[str], engine: Engine | None = None) -> str | None:
    """Run raw SQL that should fail and return the name of what refused it, None if nothing did."""
    try:
        run(statements, engine)
    except DBAPIError as error:
        name = name_of(error, statements, engine or db.engine)
        if name is None:
            raise
        return name
    return None


def name_of(error: DBAPIError, statements: Sequence[str], engine: Engine) -> str | None:
    """Return the guard an error of a database speaks of."""
    diag = getattr(error.orig, "diag", None)
    name: str | None
    if diag is not None:
        name = diag.constraint_name
    else:
        name = _sqlite_name(str(error.orig), statements, engine)
    for table in sorted(TABLES, key=len, reverse=True):
        name = name and name.removeprefix(f"ck_{table}_")
    return name


def _sqlite_name(message: str, statements: Sequence[str], engine: Engine) -> str | None:
    if message == "FOREIGN KEY constraint failed":
        return _broken_reference(statements, engine)
    found = re.fullmatch(r"(CHECK|UNIQUE) constraint failed: (.*)", message)
    if found is None:
        return message if re.fullmatch(r"[a-z_]+", message) else None
    if found[1] == "CHECK":
        return found[2]
    table = found[2].split(".")[0]
    columns = [part.split(".")[1] for part in found[2].split(", ")]
    for constraint in Base.metadata.tables[table].constraints:
        if isinstance(constraint, UniqueConstraint) and list(constraint.columns.keys()) == columns:
            return str(constraint.name)
    for index in Base.metadata.tables[table].indexes:
        if index.unique and list(index.columns.keys()) == columns:
            return str(index.name)
    return None


def _broken_reference(statements: Sequence[str], engine: Engine) -> str | None:
    """Ask SQLite which foreign key it was: it does not say by itself."""
    with engine.connect().execution_options(grid_report_write=True) as connection:
        work = connection.begin()
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for statement in statements:
            connection.exec_driver_sql(statement)
        # What is checked at once comes before what is checked at the commit.
        name = min(
            _names(connection), key=lambda found: found == "lots_equal_balance", default=None
        )
        work.rollback()
    return name


def _names(connection: Connection) -> Iterator[str]:
    for table, _rowid, _parent, number in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        columns = [
            row[3]
            for row in connection.exec_driver_sql(f"PRAGMA foreign_key_list({table})")
            if row[0] == number
        ]
        for constraint in Base.metadata.tables[table].constraints:
            if (
                isinstance(constraint, ForeignKeyConstraint)
                and list(constraint.column_keys) == columns
            ):
                yield str(constraint.name)


def is_sqlite() -> bool:
    """Tell which database the test runs on."""
    return db.engine.dialect.name == "sqlite"


def pool(community: str | None, month: Month) -> MonthlyBudget:
    """Return a community's pool of a month, or the county's reserve, as the budgets' page reads it."""
    if community is None:
        return budgets_queries.reserve(month)
    unopened = MonthlyBudget(str(month), 0, 0, 0, 0)
    return budgets_queries.list_pools(month, {community}).get(community, unopened)
