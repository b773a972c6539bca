"""The audit runs by itself: new rows every night, all of them once a week, and it tells of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grid_report.db import db
from grid_report.notify.models import Message
from grid_report.points.audit import queries as audit_queries
from grid_report.points.audit import usecases as audit_usecases
from grid_report.points.audit.cli import points_cli
from grid_report.points.budgets import usecases as budgets_usecases
from grid_report.points.history import queries as history_queries
from grid_report.points.ledger.models import Freeze
from grid_report.points.ledger.pending_models import AuditMark
from grid_report.settings import Settings
from tests.points.book import NOW, TERMS, Book, is_sqlite, run
from tests.points.proof.ablation import all_guards

pytestmark = pytest.mark.database

# Half past two in the night, in the county.
NIGHT = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def audited(at: datetime) -> int:
    done = audit_usecases.audit_nightly(zone=TERMS.zone, now=at)
    db.session.rollback()
    return done


def told() -> list[dict[str, Any]]:
    db.session.rollback()
    query = select(Message.facts).where(Message.kind == "audit_found").order_by(Message.id)
    return list(db.session.scalars(query))


def mark() -> AuditMark:
    db.session.rollback()
    return db.session.scalars(select(AuditMark)).one()


def is_frozen() -> bool:
    db.session.rollback()
    return db.session.scalar(select(Freeze.frozen_at)) is not None


def without_triggers(table: str) -> None:
    for guard in {g.where: g for g in all_guards() if g.is_trigger}.values():
        if guard.where.startswith(table):
            run([f"DROP TRIGGER {guard.where}" + ("" if is_sqlite() else f" ON {table}")])


def test_a_booking_past_its_deadline_is_a_warning_and_freezes_nothing(
    app: Flask, book: Book
) -> None:
    rider = book.rider()
    book.award(rider, 25, severity=3)
    book.hold(rider, points=10)
    late = NIGHT + 3 * DAY
    assert book.differences() == []
    assert [it.check for it in audit_queries.find_warnings(db.engine, late)] == [
        "hold-past-its-deadline"
    ]
    assert audit_queries.find_warnings(db.engine, NOW + DAY) == []
    assert audited(late) == 1
    assert not is_frozen()
    assert [(it["differences"], it["warnings"]) for it in told()] == [(0, 1)]
    # The same is told of once, and what is over no more.
    assert audited(late + DAY) == 1
    assert len(told()) == 1
    book.release(at=late + DAY)
    assert audited(late + 2 * DAY) == 1
    assert len(told()) == 1
    assert app.test_cli_runner().invoke(points_cli, ["audit"]).exit_code == 0


def test_the_command_names_what_is_late_and_does_not_fail_for_it(app: Flask, book: Book) -> None:
    rider = book.rider()
    book.award(rider, 25, severity=3)
    # Long past by any clock of a test.
    book.hold(rider, points=10, holds_until=NOW - 3000 * DAY)
    said = app.test_cli_runner().invoke(points_cli, ["audit"])
    assert said.exit_code == 0
    assert "warning, a job is late: hold-past-its-deadline" in said.output
    assert "points: sound" in said.output
    assert not is_frozen()


def test_a_night_is_audited_once_and_only_what_is_new(book: Book) -> None:
    rider = book.rider()
    book.award(rider)
    assert [audited(NIGHT + timedelta(hours=hour)) for hour in (0, 1, 20, 23)] == [1, 0, 0, 0]
    first = mark().transfer_id
    assert first > 0
    assert mark().replayed_at == NIGHT
    book.award(rider)
    assert audited(NIGHT + DAY) == 1
    assert mark().transfer_id > first
    assert mark().replayed_at == NIGHT
    assert audited(NIGHT + 7 * DAY) == 1
    assert mark().replayed_at == NIGHT + 7 * DAY
    assert told() == []


def test_a_night_finds_what_was_tampered_with_since_and_freezes(
    book: Book, settings: Settings
) -> None:
    rider, other = book.rider(), book.rider()
    book.award(rider)
    audited(NIGHT)
    book.award(other, cause="KY-late")
    without_triggers("point_accounts")
    run(
        [
            "UPDATE point_accounts SET credits = credits + 1, debits = debits + 1"
            " WHERE kind = 'budget' AND community_code IS NOT NULL"
        ]
    )
    assert audited(NIGHT + DAY) == 1
    assert is_frozen()
    assert "balance-differs-from-transfers" in told()[0]["words"]
    assert told()[0]["differences"] > 0
    # The mark stays where it was, so that the next night sees it again; it is told of once.
    kept = mark().transfer_id
    audited(NIGHT + 2 * DAY)
    assert (mark().transfer_id, len(told())) == (kept, 1)


def test_once_a_week_it_finds_what_no_night_looks_at(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "OVERLAP", 0)
    rider = book.rider()
    old = book.award(rider).entry_id
    audited(NIGHT)
    without_triggers("point_journal")
    without_triggers("point_lots")
    run([f"UPDATE point_journal SET points = 11 WHERE id = {old}"])
    nightly, _ = audit_queries.find_recent(db.engine, audit_queries.Marks(10**9, 10**9, 10**9))
    assert "legs-differ-from-event" not in {it.check for it in nightly}
    audited(NIGHT + 7 * DAY)
    assert is_frozen()


def test_what_waited_in_a_freeze_goes_by_itself_after_it(book: Book, settings: Settings) -> None:
    rider = book.rider()
    book.award(rider, 25, severity=3)
    book.hold(rider, points=10)
    budgets_usecases.freeze_ledger(reason="test", now=NOW)
    # What gives back has not waited; what gives out has.
    book.release()
    book.award(rider, 10)
    assert history_queries.balance(rider).pending == 10
    assert budgets_usecases.release_pending(settings=settings, now=NOW) == 0
    budgets_usecases.unfreeze_ledger(reason="mended", actor=book.admin, now=NOW)
    assert budgets_usecases.release_pending(settings=settings, now=NOW) == 1
    balance = history_queries.balance(rider)
    assert (balance.available, balance.held, balance.pending) == (35, 0, 0)
    assert book.differences() == []
