"""No step of the ledger reads more because others lived before it: its guards look, never search.

Counted in steps of SQLite's machine, which PostgreSQL has none of; there the same indexes serve.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from grid_report.db import db, transaction
from grid_report.points import ledger
from grid_report.points.causes import Cause
from grid_report.points.kinds import EventKind, Verdict
from grid_report.points.ledger.models import Journal
from tests.points.book import BRIGHT, MONTH, NOW, STATION, TERMS, Book, is_sqlite
from tests.support.lengths import Length

pytestmark = pytest.mark.database

LATER = NOW + timedelta(days=400)


def strangers(book: Book, first: int, count: int) -> None:
    """Let others have lived: entries of every kind that guards look among."""
    rider = book.rider()
    with transaction() as session:
        session.execute(
            insert(Journal),
            [
                {
                    "kind": EventKind.SETTLE, "cause_type": "redemption-settled",
                    "cause_id": f"R-x{number}", "redemption_ref": f"R-x{number}", "at": NOW,
                    "points": 1, "note": "",
                }
                for number in range(first, first + count)
            ],
        )  # fmt: skip
    for number in range(first, first + count // 20):
        # In either pool, but most in another: a grant reads what its own gave this month.
        where = STATION if number % 10 == 0 else BRIGHT
        book.award(rider, 5, cause=f"KY-x{number}", community=where)
        book.hold(rider, f"R-y{number}", 2)
        book.capture(f"R-y{number}")
        book.hold(rider, f"R-z{number}", 1)
        book.release(f"R-z{number}")


def a_life(book: Book, tag: str, at: datetime) -> dict[str, Callable[[], Any]]:
    """Return one of each thing a rider's points go through, in an order that works."""
    rider = book.rider()
    entries: list[int | None] = []

    def award() -> None:
        entries.append(book.award(rider, 40, cause=f"KY-{tag}", severity=4).entry_id)

    return {
        "award": award,
        "award again": award,
        "hold": lambda: book.hold(rider, f"R-{tag}1", 10),
        "capture": lambda: book.capture(f"R-{tag}1", points=8),
        "refund": lambda: book.refund(f"R-{tag}1", points=2, key="a"),
        "settle": lambda: book.settle(f"R-{tag}1"),
        "second hold": lambda: book.hold(rider, f"R-{tag}2", 5),
        "release": lambda: book.release(f"R-{tag}2"),
        "third hold": lambda: book.hold(rider, f"R-{tag}3", 5),
        "noshow": lambda: book.noshow(f"R-{tag}3", 1),
        "clear": lambda: book.do(
            ledger.clear_statement, "S1", statement_key=f"S1:{tag}", points=2, at=NOW,
            actor_id=book.admin.member_id,
        ),
        "grant": lambda: book.do(
            ledger.grant, STATION, MONTH, points=5, cause=Cause("budget-granted", tag),
            actor_id=book.admin.member_id, approved_by_id=book.other_admin.member_id, at=NOW,
        ),
        "open": lambda: book.do(
            ledger.open_budget, STATION, TERMS.month(at), points=5, reserve_points=1, at=at
        ),
        "reverse": lambda: book.reverse(entries[0], Verdict.FRAUD),
        "expire": lambda: book.expire(rider, LATER, STATION),
    }  # fmt: skip


def steps_of(act: Callable[[], Any]) -> int:
    count = [0]

    def tick() -> int:
        count[0] += 1
        return 0

    db.session.rollback()
    raw: Any = db.session.connection().connection.dbapi_connection
    db.session.rollback()
    raw.set_progress_handler(tick, 10)
    act()
    raw.set_progress_handler(None, 0)
    return count[0]


def test_each_step_works_as_little_among_thousands_as_among_few(book: Book, length: Length) -> None:
    if not is_sqlite():
        pytest.skip("PostgreSQL does not count its steps")
    strangers(book, 0, 100)
    few = {name: steps_of(act) for name, act in a_life(book, "a", NOW + timedelta(days=40)).items()}
    strangers(book, 1000, length(1500, 4000))
    many = {
        name: steps_of(act) for name, act in a_life(book, "b", NOW + timedelta(days=80)).items()
    }
    # Ten machine steps a tick; an index may have grown by a level.
    grown = {name: (few[name], many[name]) for name in few if many[name] > few[name] * 1.3 + 15}
    assert not grown, (grown, few, many)
