"""The demo's objections and proposals: what a second person answers, some still to be answered.

Everything may be played again: what is objected to is chosen by time, and keys are always the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.demo.cast import BRIGHT, NEW_TOWN, STATION, Cast
from grid_report.places.queries import reference
from grid_report.points.causes import REPORT_ACCEPTED
from grid_report.points.ledger.models import Journal
from grid_report.points.objections import usecases as objections_usecases
from grid_report.points.objections.rules import Decision, ObjectionStep, Subject
from grid_report.points.policy import terms_of
from grid_report.points.proposals import usecases as proposals_usecases
from grid_report.points.proposals.rules import ProposalKind, Propose
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import HistoryEntry, Report
from grid_report.settings import Settings

Act = Callable[[datetime], object]
DAY: Final = timedelta(days=1)
# Whoever signs in as the first rider reads an answer; the street finds two to answer.
NEWCOMER: Final = 0
ANYBODY: Final = slice(2, None)
S: Final = ObjectionStep
# Whose decision, about a refused report or an award, how many days ago, the rider's words; and
# the street's answer after a day.
Plea = tuple[int | slice, Subject, float, str, tuple[ObjectionStep, str] | None]
# Of the refused reports the last but one: the last is objected to as well, later.
NOT_THE_LAST: Final = 0
PLEAS: Final[tuple[Plea, ...]] = (
    (ANYBODY, Subject.REPORT, 9, "照片里能看到位置和问题，请对照原图再看一次。",
        (S.UPHOLD, "看了原图，驳回有误。已请社区补发积分，谢谢你坚持。")),
    (NEWCOMER, Subject.ENTRY, 6, "当时路上车很多，我觉得应该按高一级给分。",
        (S.REJECT, "到现场看过，等级没有定错，积分不变。说得有道理的意见我们都会改，欢迎继续上报。")),
    (ANYBODY, Subject.REPORT, 2, "我每天路过，情况一直在，请再派人看一眼。", None),
    (ANYBODY, Subject.ENTRY, 0.4, "这处隐患差点让人摔倒，等级是不是定低了？", None),
)  # fmt: skip
GRANTED: Final = (BRIGHT, 800, "除雪周骑手上报多，资金池已用去八成")
GRANT: Final = (STATION, 1500, "冬季除雪保畅专项，增拨本月资金池")


class Appeals:
    """Says what is played about objections and proposals, and when."""

    def __init__(self, settings: Settings, people: Cast, at: datetime) -> None:
        self.settings, self.people, self.at = settings, people, at
        self.raised: dict[int, int] = {}

    def deeds(self) -> Iterator[tuple[datetime, Act]]:
        """Yield every objection, answer, proposal and decision with its time."""
        for number, (who, subject, days, words, answer) in enumerate(PLEAS):
            sent = self.at - days * DAY
            yield sent, self._object(number, who, subject, words)
            if answer is not None:
                yield sent + DAY, self._answer(number, *answer)
        decided = self.at - 8 * DAY
        yield decided, self._grant(*GRANTED, second=self.people.second_administrator)
        yield self.at - timedelta(hours=3), self._grant(*GRANT, second=None)

    def _object(self, number: int, who: int | slice, subject: Subject, words: str) -> Act:
        riders = self.people.riders[who] if isinstance(who, slice) else [self.people.riders[who]]

        def act(now: datetime) -> None:
            if subject is Subject.REPORT:
                rider, decision = _refused(riders, now, skip=number == NOT_THE_LAST)
            else:
                rider, decision = _awarded(riders, now)
            db.session.rollback()
            if rider is not None:
                self.raised[number] = objections_usecases.raise_objection(
                    decision, words=words, days=self.settings.points.objection_days,
                    actor=rider, places=reference(), now=now,
                )  # fmt: skip

        return act

    def _answer(self, number: int, step: ObjectionStep, words: str) -> Act:
        def act(now: datetime) -> None:
            if number in self.raised:
                objections_usecases.answer_objection(
                    self.raised[number], step, words=words,
                    actor=self.people.supervisor(STATION), now=now,
                )  # fmt: skip

        return act

    def _grant(self, community: str, points: int, reason: str, *, second: Actor | None) -> Act:
        zone, terms = self.settings.county.tz, terms_of(self.settings)

        def act(now: datetime) -> None:
            command = Propose(
                ProposalKind.GRANT,
                str(uuid.uuid5(uuid.NAMESPACE_URL, f"grant-{community}")),
                reason, points=points, community_code=community, month=str(Month.of(now, zone)),
            )  # fmt: skip
            put = proposals_usecases.propose(
                command, zone=zone, actor=self.people.administrator, now=now
            )
            if second is not None:
                later = now + timedelta(hours=2)
                proposals_usecases.approve(
                    put.proposal_id, note="情况属实，同意追加", actor=second, terms=terms, now=later
                )

        return act


Found = tuple[Actor | None, Decision]
NOTHING: Final[Found] = (None, Decision(Subject.REPORT, ""))


def _refused(riders: list[Actor], now: datetime, *, skip: bool) -> Found:
    """Find the newest report the new town's communities turned down by then, or the one before."""
    row = db.session.execute(
        select(Report.number, Report.reporter_id)
        .join(HistoryEntry, HistoryEntry.report_id == Report.id)
        .where(
            HistoryEntry.step == Step.REJECT,
            HistoryEntry.at < now,
            Report.street_code == NEW_TOWN,
            Report.reporter_id.in_([rider.member_id for rider in riders]),
        )
        .order_by(HistoryEntry.id.desc())
        .offset(int(skip))
        .limit(1)
    ).one_or_none()
    if row is None:
        return NOTHING
    return _by_id(riders, row.reporter_id), Decision(Subject.REPORT, row.number)


def _awarded(riders: list[Actor], now: datetime) -> Found:
    """Find the newest award for a report of the new town by then."""
    row = db.session.execute(
        select(Journal.id, Journal.rider_id)
        .join(Report, Report.number == Journal.report_number)
        .where(
            Journal.cause_type == REPORT_ACCEPTED,
            Journal.at < now,
            Report.street_code == NEW_TOWN,
            Journal.rider_id.in_([rider.member_id for rider in riders]),
        )
        .order_by(Journal.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return NOTHING
    return _by_id(riders, row.rider_id), Decision(Subject.ENTRY, str(row.id))


def _by_id(riders: list[Actor], member_id: int | None) -> Actor:
    return next(rider for rider in riders if rider.member_id == member_id)
