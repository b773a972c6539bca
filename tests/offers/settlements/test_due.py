"""The list of what is on no statement yet: the database keeps it, and the audit compares it."""

from __future__ import annotations

import pytest

from grid_report import schema
from grid_report.db import db
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from tests.offers.books import DAY, DECEMBER, END, HOUR, draw, lines, served
from tests.offers.shop import NOW, Shop
from tests.points.book import is_sqlite, run

pytestmark = pytest.mark.database

# Each trigger, and the table it is on.
TRIGGERS = {
    "redemptions_come_due": "redemptions",
    "statement_lines_are_due_no_more": "statement_lines",
}


def due(shop: Shop) -> int:
    return int(shop.book.value("SELECT COUNT(*) FROM statement_due"))


def found(shop: Shop) -> set[str]:
    return {it.check for it in shop.book.differences(END + 40 * DAY)}


def test_a_service_comes_due_when_it_is_final_and_goes_with_its_line(shop: Shop) -> None:
    for points in (80, 0):
        served(shop, points)
    assert due(shop) == 0
    redemptions_scheduled.settle_due(now=NOW + 4 * DAY)
    assert due(shop) == 2
    draw(END + HOUR)
    assert (due(shop), len(lines())) == (0, 2)
    assert found(shop) == set()


def test_a_row_that_is_gone_or_made_up_is_missed_by_the_audit(shop: Shop) -> None:
    paid = served(shop)
    redemptions_scheduled.settle_due(now=NOW + 4 * DAY)
    run(["DELETE FROM statement_due"])
    assert found(shop) == {"due-differs-from-lines"}
    again = (
        "INSERT INTO statement_due (redemption_id, provider_code, ended_at) SELECT id,"
        " {provider}, ended_at FROM redemptions WHERE ref = '{ref}'"
    )
    run([again.format(provider="'provider-02'", ref=paid.ref)])
    assert found(shop) == {"due-differs-from-lines"}
    run(["DELETE FROM statement_due", again.format(provider="provider_code", ref=paid.ref)])
    assert found(shop) == set()
    draw(END + HOUR)
    run([again.format(provider="provider_code", ref=paid.ref)])
    assert found(shop) == {"due-differs-from-lines"}
    # Whatever the list says, what has its line is drawn no second time.
    assert draw(END + 32 * DAY) == 0
    assert shop.book.value("SELECT COUNT(*) FROM statement_lines") == 1


@pytest.mark.parametrize("trigger", sorted(TRIGGERS))
def test_without_its_trigger_the_list_is_wrong_and_that_is_seen(shop: Shop, trigger: str) -> None:
    run([f"DROP TRIGGER {trigger}" + ("" if is_sqlite() else f" ON {TRIGGERS[trigger]}")])
    served(shop)
    redemptions_scheduled.settle_due(now=NOW + 4 * DAY)
    draw(END + HOUR)
    assert found(shop) == {"due-differs-from-lines"}


def test_services_from_before_the_list_come_due_with_the_migration(shop: Shop) -> None:
    first = served(shop).ref
    redemptions_scheduled.settle_due(now=NOW + 4 * DAY)
    draw(END + HOUR)
    late = served(shop, 20, at=END + DAY).ref
    redemptions_scheduled.settle_due(now=END + 5 * DAY)
    db.session.remove()
    schema.downgrade(db.engine, "0015")
    schema.upgrade(db.engine)
    assert due(shop) == 1
    draw(END + 32 * DAY)
    assert [line.ref for line in lines()] == [first]
    assert [line.ref for line in lines(DECEMBER)] == [late]
    assert found(shop) == set()
