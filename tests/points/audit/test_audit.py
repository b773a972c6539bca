"""The audit finds what should never be: each of its checks on a ledger that was tampered with."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from grid_report.db import db
from grid_report.points.audit import rebuild_queries
from grid_report.points.audit.check_queries import CHECKS
from grid_report.points.audit.cli import points_cli
from grid_report.points.kinds import Verdict
from tests.points.book import Book, is_sqlite, run
from tests.points.proof.ablation import all_guards
from tests.points.proof.attacks import build_world
from tests.points.proof.raw import (
    AT,
    CHARGING,
    DEBT,
    EXPIRING,
    EXPIRY,
    REPAY,
    REPAYING,
    REVERSAL,
    TAKE_OWED,
    TAKING_OWED,
    UNGRANT,
    UNGRANTING,
    account,
    due,
    event,
    leg,
    move,
    owed,
)

pytestmark = pytest.mark.database


@pytest.fixture
def world(book: Book) -> dict[str, Any]:
    """A ledger with one of everything, and then without its triggers."""
    names = build_world(book)
    assert book.differences() == []
    assert rebuild_queries.find_mismatches(db.engine) == []
    for guard in {g.where: g for g in all_guards() if g.is_trigger}.values():
        on = "" if is_sqlite() else f" ON {_table_of(guard.where)}"
        run([f"DROP TRIGGER {guard.where}{on}"])
    return names


def _table_of(trigger: str) -> str:
    return str(
        Book.value(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgname = :name",
            name=trigger,
        )
    )


TAMPERED = [
    ("balance-differs-from-transfers", "UPDATE point_accounts SET credits = credits + 1, debits = debits + 1 WHERE id = {mine}"),
    ("account-overdrawn", ""),
    ("supply-differs-from-mint", "UPDATE point_accounts SET credits = credits + 1 WHERE id = {pool}"),
    ("lot-differs-from-movements", "UPDATE point_lots SET free = free - 1 WHERE id = {lot}"),
    ("lots-differ-from-balance", "UPDATE point_lots SET free = free - 1 WHERE id = {lot}"),
    ("movements-differ-from-transfer", "DELETE FROM point_lot_movements WHERE transfer_id = {penalty}"),
    ("legs-differ-from-event", "UPDATE point_journal SET points = 26 WHERE id = {entry}"),
    ("award-without-its-lot", "DELETE FROM point_lot_movements WHERE lot_id = {their_lot}; DELETE FROM point_lots WHERE id = {their_lot}"),
    ("reversed-more-than-awarded", "UPDATE point_journal SET points = 3 WHERE id = {capture}; UPDATE point_journal SET reverses_id = {capture} WHERE id = (SELECT MIN(id) FROM point_journal WHERE kind = 'reversal')"),
    ("paid-and-still-due", due(cause_type="'report-accepted'", cause_id="'KY-1'")),
    ("decision-differs-from-ledger", "INSERT INTO point_claims (cause_type, cause_id, at, rider_id, community_code, rule, tariff_version, severity, nth, rate, halved, points) VALUES ('report-accepted', 'KY-9', {at}, {rider1}, '211282001001', 'R1', '2020-1', 2, 1, 15, 1 = 0, 15)"),
    ("budget-opened-twice", ""),
    ("hold-resolved-for-another", "UPDATE point_journal SET redemption_ref = 'R-0' WHERE id = {capture}"),
    ("redemption-without-its-hold", "UPDATE point_journal SET redemption_ref = 'R-0' WHERE id = {capture}"),
    ("escrow-differs-from-captures", "UPDATE point_journal SET points = 19 WHERE id = {capture}"),
    ("settled-and-something-left", "UPDATE point_journal SET points = 4 WHERE kind = 'settle'"),
    ("provider-differs-from-statements", "UPDATE point_journal SET points = 4 WHERE kind = 'settle'"),
    ("lot-got-back-more-than-it-paid", "UPDATE point_lot_movements SET kind = 'refund', free_delta = 30, held_delta = 0 WHERE transfer_id = (SELECT id FROM point_transfers WHERE journal_id = {capture})"),
    ("debt-without-fraud", "; ".join([account(**DEBT), event(**REVERSAL), leg(**CHARGING)])),
    ("more-than-half-repaid", "; ".join([account(**DEBT), event(**{**REPAY, "id": 9001}), leg(**{**REPAYING, "amount": 14}), move(free_delta=-14)])),
    ("honest-mistake-took-another-lot", "UPDATE point_lot_movements SET lot_id = {other_lot} WHERE transfer_id = (SELECT min(t.id) FROM point_transfers t WHERE t.event = 'reversal')"),
    ("expired-before-its-end", "; ".join([account(kind="'expired'", member_id="NULL", community_code="'211282001001'"), event(**{**EXPIRY, "at": AT}), leg(**EXPIRING), move()])),
    ("more-owed-than-awarded", owed(points=41)),
    ("more-taken-than-owed", "; ".join([event(**TAKE_OWED), leg(**TAKING_OWED), move(lot_id="{owing_lot}", free_delta=-4)])),
    ("owed-and-not-taken", owed()),
    ("met-by-more-than-came-back", "; ".join([owed(), event(**{**TAKE_OWED, "cause_id": "'0'"}), leg(**TAKING_OWED), move(lot_id="{owing_lot}", free_delta=-4)])),
    ("closed-pool-not-empty", "; ".join([event(**UNGRANT), leg(**{**UNGRANTING, "amount": 1})])),
]  # fmt: skip


@pytest.mark.parametrize(("check", "sql"), [it for it in TAMPERED if it[1]])
def test_the_audit_finds_what_was_tampered_with(
    world: dict[str, Any], book: Book, check: str, sql: str
) -> None:
    run(sql.format(at=AT, **world).split("; "))
    assert check in {it.check for it in book.differences()}


def test_every_check_is_known() -> None:
    """Two are kept by a CHECK and a key as well, which stay when the triggers are gone."""
    assert {check for check, sql in TAMPERED if not sql} == {
        "account-overdrawn",
        "budget-opened-twice",
    }
    assert {check for check, _ in TAMPERED} == set(CHECKS)


def test_the_replay_finds_a_figure_that_is_wrong(
    world: dict[str, Any], book: Book, app: Flask
) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(points_cli, ["rebuild", "--check"]).exit_code == 0
    assert runner.invoke(points_cli, ["rebuild"]).exit_code == 2
    run([f"UPDATE point_accounts SET credits = credits + 1 WHERE id = {world['pool']}"])
    told = runner.invoke(points_cli, ["rebuild", "--check"])
    assert told.exit_code == 1
    assert "credits: stored" in told.output
    run([f"UPDATE point_lots SET held = 9 WHERE id = {world['lot']}"])
    assert {it.about for it in rebuild_queries.find_mismatches(db.engine)} >= {
        f"lot:{world['lot']}"
    }


def test_an_entry_is_explained_from_the_report_to_the_meal(book: Book, app: Flask) -> None:
    rider = book.rider()
    award = book.award(rider, 25, cause="KY-7", severity=3)
    held = book.hold(rider, "R-7", 12)
    taken = book.capture("R-7")
    book.reverse(award.entry_id, Verdict.FRAUD)
    runner = app.test_cli_runner()
    why = runner.invoke(points_cli, ["explain", str(award.entry_id)]).output
    for said in ("report-accepted KY-7", "R1 of 2020-1", "severity: 3", "0 free, 0 held of 25"):
        assert said in why
    assert f"see entry {taken.entry_id}: capture 12" in why
    paid = runner.invoke(points_cli, ["explain", str(taken.entry_id)]).output
    assert f"(award {award.entry_id}, KY-7)" in paid
    assert f"see entry {held.entry_id}: hold 12" in paid
    missing = runner.invoke(points_cli, ["explain", "999999"])
    assert missing.exit_code == 1
    assert "no entry" in missing.output
