"""Two hundred lives of cases, played through the use cases, with every state they were in on the way.

What `big_set.py` makes millions of. Lives are dealt out by number, so that each set holds the same
shares: of 200 three are never handled, seven turned down, five taken back, five merged, two wait
for the spring, six were given more time, four handled twice, three reopened; the others are closed,
and two in five of them answered about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from grid_report.access import Actor
from grid_report.db import db
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.commands import RateReport
from grid_report.reports.models import Report
from tests.support.builders import PROPERTY, STATION, STREET, Make

LIVES: Final = 200
CATEGORIES: Final = ("RD02", "RD01", "RD03", "UT01", "EN01", "FS04")
# No later state: it is what the case is in for good.
FOR_GOOD: Final = 1 << 40


@dataclass(frozen=True)
class People:
    """Who takes part."""

    riders: tuple[Actor, ...]
    worker: Actor
    checker: Actor
    street: Actor
    handler: Actor


class Lives:
    """Plays lives, and keeps a copy of the row of each after every step, with its stretch of time."""

    def __init__(self, make: Make, start: datetime) -> None:
        self.make, self.start = make, start
        self.photo = make.photo(1)
        self.people = People(
            tuple(make.rider() for _ in range(4)), make.worker(STATION), make.worker(STATION), make.supervisor(STREET),
            make.handler(),
        )  # fmt: skip
        self.now = start

    def play(self, lives: int = LIVES) -> None:
        """Live so many lives; `lived` holds their states then."""
        run(
            "CREATE TABLE lived AS SELECT r.*, 0 AS life, CAST(0 AS BIGINT) AS since_s,"
            " CAST(0 AS BIGINT) AS until_s FROM reports r WHERE 1 = 0"
        )
        for number in range(lives):
            self._live(number, self.start + timedelta(minutes=47 * number + number % 13))
        run("CREATE INDEX of_lives ON lived (life)")

    def _rider(self, n: int) -> Actor:
        # Several: nobody may report more than a few a day.
        return self.people.riders[n % len(self.people.riders)]

    def _live(self, n: int, at: datetime) -> None:
        self.now = at
        category = CATEGORIES[n % len(CATEGORIES)]
        report = self.make.report(
            self._rider(n), at=at, category=category, photos=(self.photo,), place_note="东门旁"
        )
        self._keep(n, report, is_new=True)
        if n == 0:
            return
        it = _Life(self, n, report, category)
        it.live()

    def _keep(self, life: int, report: Report, *, is_new: bool = False) -> None:
        values = {"id": report.id, "life": life, "at": int(self.now.timestamp())}
        if not is_new:
            run(
                f"UPDATE lived SET until_s = :at WHERE life = :life AND until_s = {FOR_GOOD}",
                values,
            )
        run(f"INSERT INTO lived SELECT r.*, :life, :at, {FOR_GOOD} FROM reports r WHERE id = :id", values)  # fmt: skip


class _Life:
    def __init__(self, lives: Lives, number: int, report: Report, category: str) -> None:
        self.lives, self.n, self.report, self.category = lives, number, report, category

    def _step(self, after: timedelta, step: str, actor: Actor, **more: Any) -> None:
        self.lives.now += after
        self.lives.make.step(self.report, step, actor, at=self.lives.now, **more)
        self.lives._keep(self.n, self.report)

    def live(self) -> None:
        """Take the steps of this number, none sooner than an hour after the one before it."""
        n, who = self.n, self.lives.people
        soon = timedelta(minutes=10 + n * 7 % 90)
        if n in range(3, 10):
            return self._step(soon, "reject", who.worker, reason="不属于")
        if n in range(10, 15):
            return self._step(soon, "withdraw", self.lives._rider(n))
        self._step(soon, "accept", who.worker, category=self.category, severity=1 + n % 4)
        if n in range(15, 20):
            into = self.lives.make.fresh(self.report).id - n + 1
            number = db.session.get_one(Report, into).number
            db.session.rollback()
            return self._step(soon, "merge", who.worker, into=number)
        if n == 1:
            return None
        # An hour at least: copies are sent out up to an hour sooner.
        self._step(soon + timedelta(hours=1), "dispatch", who.worker, unit=PROPERTY)
        if n == 2:
            return None
        self._step(soon + timedelta(hours=1), "start", who.handler)
        if n in (20, 21):
            review_on = (self.lives.now + timedelta(days=60)).date()
            return self._step(soon, "suspend", who.street, reason="等开春", review_on=review_on)
        if n in range(22, 28):
            due = self.lives.make.fresh(self.report).fix_due + timedelta(days=3)
            self._step(soon, "extend", who.street, deadline=due, reason="等料")
        self._handle(timedelta(hours=2 + n * 11 % 60))
        if n in range(28, 32):
            self._step(soon, "fail", who.checker, reason="没修好")
            self._handle(timedelta(hours=5))
        self._step(timedelta(hours=3 + n % 20), "pass", who.checker)
        if n in range(32, 35):
            self._step(timedelta(days=3), "reopen", who.street, reason="又坏了")
            self._step(soon + timedelta(hours=1), "dispatch", who.worker, unit=PROPERTY)
            self._step(soon + timedelta(hours=1), "start", who.handler)
            self._handle(timedelta(hours=9))
            self._step(timedelta(hours=6), "pass", who.checker)
        if n % 5 < 2:
            self._rate(timedelta(hours=8), solved=n % 7 > 0)
        return None

    def _handle(self, after: timedelta) -> None:
        more: Mapping[str, Any] = {"note": "修好了", "photos": (self.lives.photo,)}
        self._step(after, "handle", self.lives.people.handler, **more)

    def _rate(self, after: timedelta, *, solved: bool) -> None:
        self.lives.now += after
        casework_usecases.rate_report(
            self.report.number,
            RateReport(solved=solved, satisfied=solved and self.n % 3 > 0),
            actor=self.lives._rider(self.n),
            now=self.lives.now,
        )
        self.lives._keep(self.n, self.report)


def run(statement: str, values: Mapping[str, Any] | None = None) -> int:
    """Run and commit one statement, past everything that guards the tables; return its rows."""
    with db.engine.begin() as connection:
        return connection.execute(text(statement), dict(values or {})).rowcount
