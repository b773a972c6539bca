"""Random ways of cases through the lifecycle, over months, and the counts held against a recount."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import GridReportError
from grid_report.places.queries import reference
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.commands import RateReport
from grid_report.reports.lifecycle import MOVES, State, Step, steps_from
from grid_report.reports.models import Report
from grid_report.statistics.counts import recount_queries
from grid_report.statistics.counts.areas import Area, find_area
from tests.support.builders import PROPERTY, STATION, Make

BRIGHT = "211282001003"
# Most cases go their way; the others are what this is about, but not every second one.
FORWARD = frozenset({Step.ACCEPT, Step.DISPATCH, Step.START, Step.HANDLE, Step.PASS})
COUNTY = "211282"
START = datetime(2026, 4, 20, 3, tzinfo=UTC)
LEAST_GAP, MOST_GAP = timedelta(minutes=1), timedelta(days=9)


class World:
    """A few people and cases, and a clock that only goes forward.

    `forward`: how much likelier a step towards the end is than another.
    """

    def __init__(self, make: Make, seed: int, start: datetime, *, forward: int = 3) -> None:
        self.forward = forward
        self.make, self.seed, self.chance, self.now = make, seed, random.Random(seed), start
        self.riders = [make.rider() for _ in range(3)]
        self.workers = {STATION: make.worker(STATION), BRIGHT: make.worker(BRIGHT)}
        self.checkers = {STATION: make.worker(STATION), BRIGHT: make.worker(BRIGHT)}
        self.street = make.supervisor()
        self.handler = make.handler()
        self.photo = make.photo(seed)
        self.reports: list[Report] = []

    def play(self, steps: int) -> None:
        """Take so many steps, each at a later instant, each on a case chosen by chance."""
        for _ in range(steps):
            self.now += LEAST_GAP + (MOST_GAP - LEAST_GAP) * self.chance.random() ** 3
            if not self.reports or self.chance.random() < 0.25:
                self.reports.append(self._submit())
            else:
                self._step(self.make.fresh(self.chance.choice(self.reports[-8:])))

    def _submit(self) -> Report:
        category = self.chance.choice(["RD02", "RD01", "RD03"])
        community = self.chance.choice([STATION, BRIGHT])
        return self.make.report(
            self.chance.choice(self.riders),
            at=self.now,
            category=category,
            community=community,
            photos=(self.photo,),
        )

    def _step(self, report: Report) -> None:
        if report.state is State.CLOSED and self.chance.random() < 0.6 and report.rated_at is None:
            self._rate(report)
            return
        steps = steps_from(report.state)
        if not steps:
            return
        step = self.chance.choice([*steps, *(self.forward * [it for it in steps if it in FORWARD])])
        fresh = report.state is State.ACCEPTED and report.reopened_at is not None
        if fresh and self.chance.random() < 0.4:
            # Reopened, then somebody else's.
            step = Step.TRANSFER
        if report.followers and Step.WITHDRAW in steps and self.chance.random() < 0.5:
            # Of what several people saw, the first one leaves more often than by chance alone.
            step = Step.WITHDRAW
        more, actor = self._needs(step, report)
        try:
            self.make.step(report, step, actor, at=self.now, **more)
        except GridReportError:
            db.session.rollback()

    def _rate(self, report: Report) -> None:
        rider = next(it for it in self.riders if it.member_id == report.reporter_id)
        solved = self.chance.random() < 0.7
        casework_usecases.rate_report(
            report.number,
            RateReport(solved=solved, satisfied=solved and self.chance.random() < 0.7),
            actor=rider,
            now=self.now,
        )

    def _needs(self, step: Step, report: Report) -> tuple[dict[str, Any], Actor]:
        community = report.community_code or STATION
        worker = self.workers[community]
        rider = next(it for it in self.riders if it.member_id == report.reporter_id)
        other = BRIGHT if community == STATION else STATION
        later = max(self.now, report.fix_due) + timedelta(days=self.chance.randint(1, 40))
        open_ones = [it for it in self.reports if it.id != report.id]
        into = self.chance.choice(open_ones).number if open_ones else None
        by_unit = report.unit_code is not None and report.state is not State.ACCEPTED
        hands = self.handler if by_unit else worker
        needs: dict[Step, tuple[dict[str, Any], Actor]] = {
            Step.ACCEPT: (
                {"category": self.chance.choice(["RD02", "RD01"]), "severity": 2}, worker
            ),
            Step.REJECT: ({"reason": "不属于"}, worker),
            Step.ASK: ({"reason": "在哪"}, worker),
            Step.SUPPLEMENT: ({"note": "这里"}, rider),
            Step.WITHDRAW: ({}, rider),
            Step.MERGE: ({"into": into}, worker),
            Step.TRANSFER: (
                {"community": other, "reason": "归那边"},
                self.street if report.transfers else worker,
            ),
            Step.DISPATCH: ({"unit": PROPERTY}, worker),
            Step.RETURN: ({"reason": "不归我们"}, self.handler),
            Step.START: ({}, hands),
            Step.CONTROL: ({"note": "围好了"}, hands),
            Step.EXTEND: ({"deadline": later, "reason": "等料"}, self.street),
            Step.SUSPEND: (
                {"reason": "等开春", "review_on": (self.now + timedelta(days=20)).date()},
                self.street,
            ),
            Step.RESUME: ({}, self.street),
            Step.HANDLE: ({"note": "修好了", "photos": (self.photo,)}, hands),
            Step.PASS: ({}, self.checkers[community]),
            Step.FAIL: ({"reason": "没修好"}, self.checkers[community]),
            Step.REOPEN: ({"reason": "又坏了"}, self.street),
            Step.RECALL: ({"reason": "没动静"}, self.chance.choice([worker, self.street])),
            Step.CLARIFY: ({"note": "去看过了"}, worker),
            # Nobody's to ask for: it happens when a rider takes a lead back.
            Step.LEAD: ({}, rider),
        }  # fmt: skip
        return needs[step]

    def differences(self) -> dict[str, Any]:
        """Return by month what the kept counts lack."""
        county = self.make.settings.county
        found = {}
        for month in recount_queries.months_with_cases(county):
            db.session.rollback()
            lacking = recount_queries.recount(
                db.engine, month, places=reference(), county=county
            ).lacking
            if lacking:
                found[str(month)] = lacking
        return found


def month_of(make: Make, at: datetime) -> Month:
    """Return the month of an instant in the county."""
    return Month.of(at, make.settings.county.tz)


def this_month(make: Make) -> str:
    return str(Month.of(make.now, make.settings.county.tz))


def lived(
    make: Make,
    worker: Actor,
    handler: Actor,
    at: datetime,
    *,
    answered: datetime | None = None,
    handled: timedelta = timedelta(hours=1),
) -> Report:
    """Have a case filed, dispatched and handled; lengths count from the dispatch."""
    answered = answered or at + timedelta(minutes=20)
    report = make.report(at=at)
    make.step(report, "accept", worker, category="RD02", severity=2, at=answered)
    make.step(report, "dispatch", worker, unit=PROPERTY, at=answered)
    done = answered + handled
    make.step(report, "start", handler, at=done)
    return make.step(
        report, "handle", handler, note="修好了", photos=(make.photo(report.id),), at=done
    )


def county_of(make: Make) -> Area:
    found = find_area("", reference(), make.settings.county)
    assert found is not None
    return found


assert {step for _, step in MOVES} <= set(Step)
