"""Scenes of a case with everybody it can concern: what leads up to a step, and the step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.members.usecases import revoke_role
from grid_report.places.queries import reference
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.commands import RateReport
from grid_report.reports.models import Report
from grid_report.reports.queries import find_report
from tests.support.builders import PROPERTY, STATION, Make

ELSEWHERE = "211282002001"
AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@dataclass
class Stage:
    """One case with everybody it can concern, at an instant that only goes on."""

    make: Make
    category: str
    now: datetime = AT
    lead: Any = None

    def __post_init__(self) -> None:
        make = self.make
        self.rider, self.other = make.rider(), make.rider()
        self.worker, self.second = make.worker(), make.worker()
        self.handler, self.street = make.handler(), make.supervisor()
        self.county = make.administrator()
        self.report = self._sent(self.rider)
        merged = self._sent(self.other)
        make.step(merged, "merge", self.worker, into=self.report.number, at=AT)
        self.merged = merged

    def _sent(self, rider: Actor, **more: Any) -> Report:
        return self.make.report(rider, at=AT, category=self.category, **more)

    def take(self, step: str, who: Actor, **more: Any) -> None:
        self.report = self.make.step(self.report, step, who, at=self.now, **more)

    def accepted(self) -> None:
        self.take("accept", self.worker, category=self.category, severity=2)

    def dispatched(self) -> None:
        self.accepted()
        self.take("dispatch", self.worker, unit=PROPERTY)

    def started(self) -> None:
        self.dispatched()
        self.take("start", self.handler)

    def handled(self) -> None:
        self.started()
        self.done(self.handler)

    def own(self) -> None:
        self.accepted()
        self.take("start", self.worker)

    def own_handled(self) -> None:
        self.own()
        self.done(self.worker)

    def done(self, who: Actor) -> None:
        self.take("handle", who, note="修好了", photos=(self.make.photo(),))

    def unrouted(self) -> None:
        self.report = self.make.report(
            self.rider, at=AT, category=self.category, community=None, lat=42.70, lng=124.60
        )

    def make_lights(self, at: datetime | None) -> None:
        assert at is not None
        casework_usecases.mark_lights(places=reference(), settings=self.make.settings, now=at)

    def alone(self) -> None:
        """Another case that nobody else reported."""
        self.report = self._sent(self.rider)

    def asked(self) -> None:
        self.take("ask", self.worker, reason="在哪")


Scene = tuple[Callable[[Stage], None], Callable[[Stage], None]]
UNTIL = date(2026, 12, 20)


def _yellow(it: Stage) -> None:
    it.make_lights(it.report.next_warn)


def _red(it: Stage) -> None:
    it.make_lights(it.report.next_due)


def _nothing(it: Stage) -> None:
    pass


def _alone(it: Stage) -> None:
    """Leave the community with one worker: the other looks after another one."""
    it.own()
    revoke_role(it.second.member_id, Grant(Role.WORKER, STATION), actor=it.county, now=it.now)


def _twice_returned(it: Stage) -> None:
    it.dispatched()
    it.take("return", it.handler, reason="不归我们")
    it.take("dispatch", it.worker, unit=PROPERTY)


def _closed(it: Stage) -> None:
    it.handled()
    it.take("pass", it.worker)


def _review(it: Stage) -> None:
    casework_usecases.tell_of_reviews(
        places=reference(), settings=it.make.settings, now=AT + timedelta(days=40)
    )


def _suspended(it: Stage) -> None:
    it.started()
    it.take("suspend", it.street, reason="等料", review_on=UNTIL)


def _merge(it: Stage) -> None:
    lead = it.make.report(it.make.rider(), at=AT, category=it.category)
    it.take("merge", it.worker, into=lead.number)


def _merge_elsewhere(it: Stage) -> None:
    lead = it.make.report(it.make.rider(), at=AT, category=it.category, community="211282001003")
    it.take("merge", it.street, into=lead.number)


def _answer(it: Stage) -> None:
    it.make.step(it.merged, "supplement", it.other, note="3 号楼", at=it.now)


def _three(it: Stage) -> None:
    """Let a third rider's report, which leads, be what the first and the second joined."""
    leaves = it.make.report(it.make.rider(), at=AT, category=it.category)
    it.take("merge", it.worker, into=leaves.number)
    it.lead = leaves


def _lead(it: Stage) -> None:
    rider = Actor(it.lead.reporter_id, "骑手", frozenset({Grant(Role.RIDER)}))
    it.make.step(it.lead, "withdraw", rider, at=it.now)


def _nine(it: Stage) -> None:
    for _ in range(9):
        it.make.report(it.rider, at=AT, category="RD01")


def _tenth(it: Stage) -> None:
    it.report = it.make.report(it.rider, at=AT, category="RD01")


def _rate(it: Stage) -> None:
    casework_usecases.rate_report(
        it.report.number, RateReport(solved=True, satisfied=True), actor=it.rider, now=it.now
    )


def _kept(it: Stage) -> None:
    it.rider = it.make.unproved(at=AT)
    it.report = it.make.report(it.rider, at=AT, category=it.category)


def _kept_far_off(it: Stage) -> None:
    it.rider = it.make.unproved(at=AT)
    it.report = it.make.report(
        it.rider, at=AT, category=it.category, community=None, lat=42.70, lng=124.60
    )


def _proved(it: Stage) -> None:
    number = it.report.number
    it.make.prove(it.rider, at=AT)
    it.report = find_report(number)


SCENES: dict[str, Scene] = {
    "submit": (_nothing, lambda it: setattr(it, "report", it._sent(it.rider))),
    "submit unrouted": (_nothing, Stage.unrouted),
    "assign": (Stage.unrouted, lambda it: it.take("assign", it.county, community=STATION)),
    "accept": (_nothing, Stage.accepted),
    "reject": (_nothing, lambda it: it.take("reject", it.worker, reason="不属于")),
    "ask": (_nothing, Stage.asked),
    "supplement": (Stage.asked, lambda it: it.take("supplement", it.rider, note="3 号楼")),
    "clarify": (Stage.asked, lambda it: it.take("clarify", it.worker, note="去看过了")),
    "supplement by another rider": (Stage.asked, _answer),
    "withdraw": (Stage.alone, lambda it: it.take("withdraw", it.rider)),
    "lead": (_three, _lead),
    "merge": (_nothing, _merge),
    "merge into another community's": (_nothing, _merge_elsewhere),
    "transfer": (
        Stage.accepted,
        lambda it: it.take("transfer", it.worker, community=ELSEWHERE, reason="归那边"),
    ),
    "dispatch": (Stage.accepted, lambda it: it.take("dispatch", it.worker, unit=PROPERTY)),
    "return": (Stage.dispatched, lambda it: it.take("return", it.handler, reason="不归我们")),
    "return for the second time": (
        _twice_returned, lambda it: it.take("return", it.handler, reason="不归我们"),
    ),
    "recall": (Stage.started, lambda it: it.take("recall", it.worker, reason="没动静")),
    "recall from the own handling": (
        Stage.own, lambda it: it.take("recall", it.street, reason="交给单位"),
    ),
    "start": (Stage.dispatched, lambda it: it.take("start", it.handler)),
    "start over the unit's head": (Stage.dispatched, lambda it: it.take("start", it.worker)),
    "control": (Stage.started, lambda it: it.take("control", it.handler, note="围好了")),
    "extend": (
        Stage.started,
        lambda it: it.take(
            "extend", it.street, deadline=AT + timedelta(days=9), reason="等料"
        ),
    ),
    "suspend": (
        Stage.started,
        lambda it: it.take("suspend", it.street, reason="等料", review_on=UNTIL),
    ),
    "resume": (_suspended, lambda it: it.take("resume", it.street)),
    "handle": (Stage.started, lambda it: it.done(it.handler)),
    "handle where nobody else can check": (_alone, lambda it: it.done(it.worker)),
    "handle of the own handling": (Stage.own, lambda it: it.done(it.worker)),
    "pass": (Stage.handled, lambda it: it.take("pass", it.worker)),
    "pass of the own handling": (Stage.own_handled, lambda it: it.take("pass", it.second)),
    "fail": (Stage.handled, lambda it: it.take("fail", it.worker, reason="没修好")),
    "fail of the own handling": (
        Stage.own_handled, lambda it: it.take("fail", it.second, reason="没修好"),
    ),
    "reopen": (_closed, lambda it: it.take("reopen", it.rider, reason="又坏了")),
    "urge": (_nothing, lambda it: it.take("urge", it.street, note="快")),
    "urge at the unit": (Stage.dispatched, lambda it: it.take("urge", it.street, note="快")),
    "note": (_nothing, lambda it: it.take("note", it.worker, note="记一下")),
    "rate": (_closed, _rate),
    "light turns yellow": (_nothing, _yellow),
    "light turns yellow at the unit": (Stage.dispatched, _yellow),
    "light turns yellow unrouted": (Stage.unrouted, _yellow),
    "light turns red": (_nothing, _red),
    "light turns red at the unit": (Stage.dispatched, _red),
    "light turns red unrouted": (Stage.unrouted, _red),
    "review day comes": (_suspended, _review),
    "a kept report goes": (_kept, _proved),
    "a kept report goes unrouted": (_kept_far_off, _proved),
    "a flood begins": (_nine, _tenth),
}  # fmt: skip
