"""First acceptance, rounds of a case, and the number of the rules that figures are counted by.

What a case was in rounds that are over is told from its history once, here. The kept counts stay as
they were counted, by rules 1: the job `recount-statistics` counts every month anew by the new rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0026"
down_revision = "0025"

AT_ONCE = 500
REOPENED = "reopened_at IS NOT NULL"
OLD_INDEXES = (
    ("ix_reports_reopened_at", ("reopened_at",)),
    ("ix_reports_community_reopened", ("community_code", "reopened_at")),
    ("ix_reports_street_reopened", ("street_code", "reopened_at")),
)
# The light turns yellow in the last quarter of the time, and half an hour before at the latest.
YELLOW_SHARE, YELLOW_LEAST = 0.25, timedelta(minutes=30)

REPORTS = sa.table(
    "reports",
    sa.column("id", BIG),
    *(sa.column(it, sa.String) for it in ("state", "category_code", "community_code")),
    *(sa.column(it, sa.Integer) for it in ("transfers", "reopenings", "stopped_s")),
    *(
        sa.column(it, UtcInstant())
        for it in (
            "created_at", "accepted_at", "first_accepted_at", "accept_due", "accept_from",
            "fix_due", "close_due", "next_due", "next_warn", "sort_due",
        )
    ),
    sa.column("accepted_in_time", sa.Boolean),
    sa.column("extensions_before", sa.Integer),
    sa.column("reworks_before", sa.Integer),
)  # fmt: skip
HISTORY = sa.table(
    "report_history",
    sa.column("id", BIG),
    sa.column("report_id", BIG),
    sa.column("step", sa.String),
    sa.column("role", sa.String),
    sa.column("at", UtcInstant()),
    sa.column("changes", sa.JSON),
)
CATEGORIES = sa.table(
    "categories",
    sa.column("code", sa.String),
    sa.column("accept_hours", sa.Float),
    sa.column("deadline_hours", sa.Float),
)
COMMUNITIES = sa.table(
    "communities", sa.column("code", sa.String), sa.column("street_code", sa.String)
)


def upgrade() -> None:
    for name in ("first_accepted_at", "accept_from"):
        op.add_column("reports", sa.Column(name, UtcInstant()))
    op.add_column("reports", sa.Column("accepted_in_time", sa.Boolean))
    for name in ("extensions_before", "reworks_before"):
        op.add_column("reports", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    rounds = _rounds()
    op.execute(
        "UPDATE reports SET first_accepted_at = accepted_at,"
        " accepted_in_time = (accepted_at <= accept_due) WHERE accepted_at IS NOT NULL"
    )
    _look_back(op.get_bind(), rounds)
    for name, _ in OLD_INDEXES:
        op.drop_index(name, "reports")
    _rules()


def _rounds() -> sa.Table:
    def code(name: str, of: str, size: int, *, nullable: bool = True) -> sa.Column[Any]:
        return sa.Column(name, sa.String(size), sa.ForeignKey(f"{of}.code"), nullable=nullable)

    rounds = op.create_table(
        "report_rounds",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("nth", sa.Integer, nullable=False),
        code("community_code", "communities", 12),
        code("street_code", "streets", 9),
        code("category_code", "categories", 8, nullable=False),
        code("unit_code", "units", 20),
        sa.Column("self_handled", sa.Boolean, nullable=False),
        sa.Column("dispatched_at", UtcInstant()),
        sa.Column("started_at", UtcInstant()),
        *(
            sa.Column(name, UtcInstant(), nullable=False)
            for name in ("handled_at", "closed_at", "fix_due", "close_due")
        ),
        sa.Column("extended", sa.Boolean, nullable=False),
        sa.Column("reworked", sa.Boolean, nullable=False),
        sa.Column("ended_at", UtcInstant(), nullable=False),
        sa.UniqueConstraint("report_id", "nth", name="a_round_once"),
        sa.CheckConstraint("nth >= 1", name="rounds_from_one"),
    )
    for name in ("fix_due", "close_due", "handled_at", "closed_at", "ended_at"):
        op.create_index(f"ix_report_rounds_{name}", "report_rounds", [name])
    for place in ("community", "street"):
        op.create_index(
            f"ix_report_rounds_{place}_ended", "report_rounds", [f"{place}_code", "ended_at"]
        )
    return rounds


def _rules() -> None:
    op.add_column(
        "statistics_freezes", sa.Column("rules", sa.Integer, nullable=False, server_default="1")
    )
    op.add_column(
        "statistics_recounts", sa.Column("rules", sa.Integer, nullable=False, server_default="1")
    )
    op.add_column(
        "statistics_recounts",
        sa.Column("by_new_rules", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "statistics_rules",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rules", sa.Integer, nullable=False),
        sa.Column("since", UtcInstant()),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    # Where nothing was ever counted there is nothing to count anew.
    op.execute(
        "INSERT INTO statistics_rules (id, rules) SELECT 1,"
        " CASE WHEN EXISTS (SELECT 1 FROM reports) THEN 1 ELSE 2 END"
    )


class _Life:
    """A case as its history tells it, step by step; `over` are the rounds that ended."""

    def __init__(
        self,
        began: datetime,
        category: str,
        community: str | None,
        hours: dict[str, tuple[float, float]],
        gap: timedelta,
    ) -> None:
        self.began, self.category, self.community = began, category, community
        self.hours, self.gap = hours, gap
        self.accept_from: datetime | None = None
        self.accepted_at: datetime | None = None
        self.first_accepted_at: datetime | None = None
        self.in_time: bool | None = None
        self.unit: str | None = None
        self.self_handled = False
        self.dispatched_at: datetime | None = None
        self.started_at: datetime | None = None
        self.handled_at: datetime | None = None
        self.closed_at: datetime | None = None
        self.stopped_at: datetime | None = None
        self.extensions = self.reworks = 0
        self.extensions_before = self.reworks_before = 0
        self.over: list[dict[str, Any]] = []
        self._wind(began)

    def _wind(self, start: datetime) -> None:
        accept, fix = self.hours[self.category]
        self.began, self.stood = start, timedelta(0)
        self.accept_due = start + timedelta(hours=accept)
        self.fix_due = start + timedelta(hours=fix)

    def take(self, step: str, role: str, at: datetime, changes: dict[str, Any]) -> None:
        """Follow one step."""
        self._go_on(step, at)
        if step in ("ask", "suspend"):
            self.stopped_at = at
        elif step == "accept":
            self._accept(at, changes)
        elif step in ("transfer", "assign"):
            self.community = _new(changes, "community") or self.community
            self.accepted_at = self.in_time = None
            self.unit, self.accept_from = None, at
            accept = timedelta(hours=self.hours[self.category][0])
            self.accept_due = min(at + accept, self.fix_due)
        elif step == "dispatch":
            self.unit = _new(changes, "unit") or self.unit
            self.dispatched_at, self.self_handled = at, False
        elif step == "return":
            self.unit = self.dispatched_at = None
        elif step == "start":
            self.started_at, self.self_handled = at, role != "handler"
            if self.self_handled and self.unit is not None:
                self.unit = self.dispatched_at = None
        elif step == "extend":
            self.fix_due = datetime.fromisoformat(_new(changes, "deadline"))
            self.extensions += 1
        elif step == "handle":
            self.handled_at = at
        elif step == "fail":
            self.handled_at = None
            self.reworks += 1
        elif step == "pass":
            self.closed_at = at
        elif step == "reopen":
            self._reopen(at)

    def _go_on(self, step: str, at: datetime) -> None:
        if self.stopped_at is None or step not in ("supplement", "resume", "reject", "withdraw"):
            return
        stood = max(at - self.stopped_at, timedelta(0))
        self.stopped_at = None
        # Kept in whole seconds, from which a category's new deadline is counted.
        self.stood += timedelta(seconds=int(stood.total_seconds()))
        self.fix_due += stood
        if self.accepted_at is None:
            self.accept_due += stood
            if self.accept_from is not None:
                self.accept_from += stood

    def _accept(self, at: datetime, changes: dict[str, Any]) -> None:
        self.accepted_at = at
        self.first_accepted_at = self.first_accepted_at or at
        self.in_time = at <= self.accept_due
        self.unit = _new(changes, "unit")
        category = _new(changes, "category")
        if category in self.hours and category != self.category:
            self.category = category
            self.fix_due = self.began + self.stood + timedelta(hours=self.hours[category][1])

    def _reopen(self, at: datetime) -> None:
        closed = self.closed_at or at
        self.over.append(
            {
                "nth": len(self.over) + 1,
                "community_code": self.community,
                "category_code": self.category,
                "unit_code": self.unit,
                "self_handled": self.self_handled,
                "dispatched_at": self.dispatched_at,
                "started_at": self.started_at,
                "handled_at": self.handled_at or closed,
                "closed_at": closed,
                "fix_due": self.fix_due,
                "close_due": self.fix_due + self.gap,
                "extended": self.extensions > self.extensions_before,
                "reworked": self.reworks > self.reworks_before,
                "ended_at": at,
            }
        )
        self.extensions_before, self.reworks_before = self.extensions, self.reworks
        self._wind(at)
        self.accepted_at, self.accept_from = at, None
        self.unit = self.dispatched_at = self.started_at = self.handled_at = self.closed_at = None
        self.self_handled = False


def _new(changes: dict[str, Any], name: str) -> Any:
    """Return what a step changed something to; None where it did not."""
    return (changes.get(name) or (None, None))[1]


def _look_back(connection: sa.Connection, rounds: sa.Table) -> None:
    hours = {
        code: (accept, fix)
        for code, accept, fix in connection.execute(
            sa.select(CATEGORIES.c.code, CATEGORIES.c.accept_hours, CATEGORIES.c.deadline_hours)
        )
    }
    streets = {
        it.code: it.street_code
        for it in connection.execute(sa.select(COMMUNITIES.c.code, COMMUNITIES.c.street_code))
    }
    for ids in _concerned(connection):
        steps: dict[int, list[Any]] = defaultdict(list)
        for row in connection.execute(
            sa.select(HISTORY).where(HISTORY.c.report_id.in_(ids)).order_by(HISTORY.c.id)
        ):
            steps[row.report_id].append(row)
        changed, over = [], []
        for report in connection.execute(sa.select(REPORTS).where(REPORTS.c.id.in_(ids))).all():
            life = _life_of(report, steps[report.id], hours)
            changed.append(_changes(report, life))
            over += [
                {"report_id": report.id, "street_code": streets.get(it["community_code"]), **it}
                for it in life.over
            ]
        connection.execute(
            sa.update(REPORTS)
            .where(REPORTS.c.id == sa.bindparam("report_id"))
            .values({name: sa.bindparam(name) for name in changed[0] if name != "report_id"}),
            changed,
        )
        if over:
            connection.execute(sa.insert(rounds), over)


def _concerned(connection: sa.Connection) -> Iterator[Sequence[int]]:
    """Yield the ids of the cases that were reopened, transferred or given to a community by hand."""
    ids = connection.scalars(
        sa.select(REPORTS.c.id)
        .where(sa.or_(REPORTS.c.reopenings > 0, REPORTS.c.transfers > 0))
        # Union: those assigned stand in the history only.
        .union(sa.select(HISTORY.c.report_id).where(HISTORY.c.step == "assign"))
    ).all()
    ids = sorted(ids)
    for at in range(0, len(ids), AT_ONCE):
        yield ids[at : at + AT_ONCE]


def _life_of(report: Any, steps: Sequence[Any], hours: dict[str, tuple[float, float]]) -> _Life:
    category, community = report.category_code, report.community_code
    # What it was at first: the old one of the first change.
    for name in ("category", "community"):
        changed = next((it.changes[name] for it in steps if it.changes.get(name)), None)
        if changed is not None:
            first = changed[0]
            category, community = (first, community) if name == "category" else (category, first)
    life = _Life(
        began=report.created_at,
        category=category if category in hours else report.category_code,
        community=community,
        hours=hours,
        gap=report.close_due - report.fix_due,
    )
    for it in steps:
        life.take(it.step, it.role, it.at, it.changes or {})
    return life


def _changes(report: Any, life: _Life) -> dict[str, Any]:
    changed = {
        "report_id": report.id,
        "first_accepted_at": life.first_accepted_at or report.accepted_at,
        "accepted_in_time": life.in_time,
        "accept_due": life.accept_due,
        "accept_from": life.accept_from,
        "accepted_at": life.accepted_at,
        "extensions_before": life.extensions_before,
        "reworks_before": life.reworks_before,
        "next_due": report.next_due,
        "next_warn": report.next_warn,
        "sort_due": report.sort_due,
    }
    if life.accept_from is None and life.over and report.accepted_at is not None:
        # Never moved: its own row says better than today's hours whether it was accepted in time.
        changed["accepted_in_time"] = report.accepted_at <= report.accept_due
    if (report.accepted_at is None) != (life.accepted_at is None):
        changed["accepted_at"] = report.accepted_at
    if report.state == "submitted" and report.next_due is not None:
        began = life.accept_from or life.began + life.stood
        due = life.accept_due
        changed["next_due"] = changed["sort_due"] = due
        changed["next_warn"] = due - max((due - began) * YELLOW_SHARE, YELLOW_LEAST)
    return changed


def downgrade() -> None:
    op.drop_table("statistics_rules")
    op.drop_column("statistics_recounts", "by_new_rules")
    op.drop_column("statistics_recounts", "rules")
    op.drop_column("statistics_freezes", "rules")
    # A second round knew when the first had been accepted, and whether that was in time.
    op.execute(
        "UPDATE reports SET accepted_at = (SELECT max(h.at) FROM report_history h"
        " WHERE h.report_id = reports.id AND h.step = 'accept'), accept_due ="
        " CASE WHEN accepted_in_time THEN accepted_at ELSE created_at END"
        " WHERE reopenings > 0 AND accepted_at IS NOT NULL AND EXISTS (SELECT 1 FROM"
        " report_history h WHERE h.report_id = reports.id AND h.step = 'accept')"
    )
    op.execute("DELETE FROM statistics_recounts")
    for name, columns in OLD_INDEXES:
        where = sa.text(REOPENED)
        op.create_index(name, "reports", list(columns), sqlite_where=where, postgresql_where=where)
    op.drop_table("report_rounds")
    for name in (
        "reworks_before", "extensions_before", "accepted_in_time", "accept_from",
        "first_accepted_at",
    ):  # fmt: skip
        op.drop_column("reports", name)
