"""Budgets, release, freeze and the commands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from grid_report.db import db
from grid_report.errors import Forbidden, Invalid
from grid_report.points.audit import queries as audit_queries
from grid_report.points.audit.cli import points_cli
from grid_report.points.budgets import usecases as budgets_usecases
from grid_report.points.causes import Cause
from grid_report.points.errors import LedgerFrozen, SecondPersonNeeded
from grid_report.points.history import queries as history_queries
from grid_report.points.kinds import UnpaidReason
from grid_report.points.outcomes import Outcome
from grid_report.points.policy import Terms
from grid_report.points.signals import ReportFact, due_paid
from grid_report.settings import Settings
from tests.points.book import MONTH, NOW, STATION, TERMS, Book, is_sqlite, pool, run

pytestmark = pytest.mark.database

SMALL = Terms(TERMS.zone, 30, 0)
NEXT_MONTH = datetime(2026, 12, 1, 0, 5, tzinfo=UTC)


def _grant(book: Book, points: int = 100, key: str = "k1", **more: Any) -> int | None:
    values: dict[str, Any] = {
        "actor": book.admin,
        "approved_by": book.other_admin,
        "reason": "冬季巡查",
        **more,
    }
    return budgets_usecases.grant_budget(
        STATION,
        MONTH,
        points,
        key=key,
        terms=TERMS,
        now=NOW,
        **values,
    )


def test_a_grant_comes_on_top_of_the_months_budget_and_once_a_key(book: Book) -> None:
    assert _grant(book) is not None
    assert _grant(book) is None
    assert pool(STATION, MONTH).granted == 3100
    assert book.value("SELECT COUNT(*) FROM audit_entries WHERE action = 'budget-granted'") == 1
    assert book.differences() == []


def test_a_grant_needs_two_administrators(book: Book) -> None:
    with pytest.raises(SecondPersonNeeded):
        _grant(book, approved_by=book.admin)
    one_of_them: list[dict[str, Any]] = [{"actor": book.worker}, {"approved_by": book.worker}]
    for who in one_of_them:
        with pytest.raises(Forbidden):
            _grant(book, **who)
    nothing: list[dict[str, Any]] = [{"points": 0}, {"points": -5}, {"reason": " "}]
    for wrong in nothing:
        with pytest.raises(Invalid):
            _grant(book, **wrong)
    assert pool(STATION, MONTH).granted == 0


def test_the_job_opens_every_community_once(book: Book, settings: Settings) -> None:
    book.award(book.rider())
    communities = book.value("SELECT COUNT(*) FROM communities")
    assert budgets_usecases.open_month_budgets(settings=settings, now=NOW) == communities - 1
    assert budgets_usecases.open_month_budgets(settings=settings, now=NOW) == 0
    assert pool(None, MONTH).granted == 600 * communities
    assert book.differences() == []


def test_what_waits_is_released_oldest_first_and_told(book: Book, settings: Settings) -> None:
    rider = book.rider()
    book.award(rider, 25, severity=3, terms=SMALL)
    for number in range(3):
        book.award(rider, 10, cause=f"KY-W{number}", terms=SMALL)
    told = []

    def hear(_session: object, **facts: object) -> None:
        told.append(facts["report_number"])

    with due_paid.connected_to(hear):
        assert budgets_usecases.release_pending(settings=settings, now=NOW) == 0
        assert budgets_usecases.release_pending(settings=settings, now=NEXT_MONTH) == 3
        assert budgets_usecases.release_pending(settings=settings, now=NEXT_MONTH) == 0
    assert told == ["KY-W0", "KY-W1", "KY-W2"]
    assert history_queries.balance(rider).available == 55
    assert book.differences(NEXT_MONTH) == []


def test_a_frozen_ledger_lets_cases_go_on_and_pays_afterwards(
    book: Book, settings: Settings
) -> None:
    rider = book.rider()
    budgets_usecases.freeze_ledger(reason="test", now=NOW)
    award = book.award(rider, 10)
    assert (award.outcome, award.reason) == (Outcome.OWED, UnpaidReason.FROZEN)
    assert history_queries.balance(rider).pending == 10
    with pytest.raises(LedgerFrozen):
        _grant(book)
    assert budgets_usecases.open_month_budgets(settings=settings, now=NOW) == 0
    assert budgets_usecases.release_pending(settings=settings, now=NOW) == 0
    assert book.differences() == []
    with pytest.raises(Forbidden):
        budgets_usecases.unfreeze_ledger(reason="done", actor=book.worker, now=NOW)
    budgets_usecases.unfreeze_ledger(reason="done", actor=book.admin, now=NOW)
    assert budgets_usecases.release_pending(settings=settings, now=NOW) == 1
    assert history_queries.balance(rider).available == 10


def test_the_audit_command_is_quiet_about_a_sound_ledger(app: Flask, book: Book) -> None:
    book.award(book.rider())
    db.session.remove()
    result = app.test_cli_runner().invoke(points_cli, ["audit"])
    assert (result.exit_code, result.output) == (0, "points: sound\n")


def test_the_audit_finds_a_forged_balance_freezes_and_fails(app: Flask, book: Book) -> None:
    rider = book.rider()
    book.award(rider)
    _without_guard(
        "point_accounts",
        "before_update",
        "UPDATE point_accounts SET credits = credits + 7, debits = debits + 7 WHERE kind = 'budget'",
    )
    checks = {d.check for d in book.differences()}
    assert checks == {"balance-differs-from-transfers", "guard-missing"}
    db.session.remove()
    runner = app.test_cli_runner()
    result = runner.invoke(points_cli, ["audit"])
    assert result.exit_code == 1
    assert "balance-differs-from-transfers: budget:" in result.stderr
    assert "frozen since" in runner.invoke(points_cli, ["freeze-status"]).output
    db.session.remove()
    assert book.award(rider).reason is UnpaidReason.FROZEN


def test_the_audit_finds_a_lot_that_lies(book: Book) -> None:
    book.award(book.rider())
    _without_guard("point_lots", "before_update", "UPDATE point_lots SET free = free - 1")
    checks = {d.check for d in book.differences()}
    assert checks == {"lot-differs-from-movements", "lots-differ-from-balance", "guard-missing"}


def test_the_audit_finds_an_event_without_its_transfer(book: Book) -> None:
    rider = book.rider()
    run(
        [
            "INSERT INTO point_journal (kind, cause_type, cause_id, at, points, rider_id,"
            " community_code, month, rule, tariff_version, note) VALUES ('award', 'x', '1',"
            f" '2026-11-23 04:00:00.000000', 10, {rider}, '{STATION}', '2026-11', 'R1', '1', '')"
        ]
    )
    checks = {d.check for d in book.differences()}
    assert checks == {"legs-differ-from-event", "award-without-its-lot"}


def test_accepted_reports_and_awards_must_match(book: Book) -> None:
    rider = book.rider()
    book.award(rider, cause="KY-1")
    book.award(rider, 5, cause=Cause("report-closed", "KY-1"), rule="R3")
    book.award(rider, cause="KY-2")
    facts = [
        ReportFact("KY-1", accepted=True, closed=True),
        ReportFact("KY-3", accepted=True, closed=False),
    ]
    db.session.rollback()
    found = audit_queries.compare_with_reports(db.session(), facts)
    assert {(d.check, d.about) for d in found} == {
        ("report-without-award", "report-accepted KY-3"),
        ("award-without-report", "report-accepted KY-2"),
    }


def _without_guard(table: str, guard: str, statement: str) -> None:
    """Do what a guard forbids, as somebody could who may change the schema."""
    name = f"{table}_{guard}"
    if is_sqlite():
        run([f"DROP TRIGGER {name}", statement])
    else:
        run([f"ALTER TABLE {table} DISABLE TRIGGER {name}", statement])


def test_the_list_of_guards_is_the_databases_own(book: Book) -> None:
    from grid_report.points.audit import expected_triggers

    dialect = db.engine.dialect.name
    with db.engine.connect() as connection:
        there = set(connection.scalars(text(audit_queries.TRIGGERS[dialect])))
    assert there == expected_triggers.expected(dialect)
