"""Drawing the month's sample, and what people make of signals and samples."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, tzinfo

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid, NotFound
from grid_report.fairness import queries, sampling, steps
from grid_report.fairness.errors import AlreadyJudged
from grid_report.fairness.kinds import Finding, SignalState
from grid_report.fairness.permissions import FAIRNESS_JUDGE, FAIRNESS_READ, Subject
from grid_report.notify import outbox
from grid_report.places.geo.reference import Reference

logger = logging.getLogger(__name__)

# With the morning's coffee: nothing here is urgent, and a message apiece would be turned off.
TOLD_FROM_HOUR = 8
TOLD_AT_ONCE = 500


@use_case
def draw_sample(
    month: Month, *, zone: tzinfo, places: Reference, now: datetime, seed: str = ""
) -> int:
    """Draw the sample of a month that is over, once; return how many reports it holds.

    Without a seed it is drawn by chance; only the demo, which is the same every time, has one.
    Drawn again it is left as it is: 0. Raises Invalid while the month goes on.
    """
    if now < month.bounds(zone)[1]:
        raise Invalid.field("month", "month-not-over")
    name, seed = str(month), seed or sampling.new_seed(str(month))
    with transaction() as session:
        population = queries.accepted_in(month, zone, places)
        if not steps.begin_draw(session, name, seed, len(population), now):
            return 0
        drawn = queries.draw_from(population, seed)
        streets = {code: info.street_code for code, info in places.communities.items()}
        steps.add_sampled(session, name, drawn, streets, now)
    logger.info("sample drawn", extra={"month": name, "reports": len(drawn)})
    return len(drawn)


@use_case
def tell_of_signals(*, zone: tzinfo, county: str, now: datetime) -> int:
    """Tell each street once a day, from eight in the morning on, how many signals are new.

    What no street answers for goes to the county. Returns how many were told. One transaction
    moves the marks and writes the messages: twice, at once or killed in the middle, it is one day's.
    """
    local = now.astimezone(zone)
    if local.hour < TOLD_FROM_HOUR:
        return 0
    with transaction() as session:
        last_day = steps.lock_mark(session, "told-on-day")
        if last_day.up_to >= local.date().toordinal():
            return 0
        mark, new, more = steps.lock_mark(session, "told"), Counter[str | None](), True
        while more:
            found, more = steps.new_open_by_street(session, mark, now, TOLD_AT_ONCE)
            new.update(found)
        for street, count in sorted(new.items(), key=lambda one: one[0] or ""):
            outbox.put(
                session,
                "signals_found",
                to_role=(Role.SUPERVISOR, street) if street else (Role.ADMINISTRATOR, county),
                about=str(local.date()),
                facts={"found": count},
                now=now,
            )
        if new:
            last_day.up_to = local.date().toordinal()
        return new.total()


@use_case
def judge_signal(
    signal_id: int, state: SignalState | None, words: str, *, actor: Actor, now: datetime
) -> None:
    """Dismiss a signal or follow it up, once, with words for the latter.

    It changes nothing else: a reversal is proposed and a case noted by people, elsewhere.
    Raises NotFound, Forbidden, Invalid, AlreadyJudged.
    """
    with transaction() as session:
        signal = steps.lock_signal(session, signal_id)
        _check(actor, queries.subject_of_signal(signal))
        if state not in (SignalState.DISMISSED, SignalState.FOLLOWED_UP):
            raise Invalid.field("judgement", "answer-needed")
        if state is SignalState.FOLLOWED_UP and not words:
            raise Invalid.field("words", "note-needed")
        if signal.state is not SignalState.OPEN:
            if (signal.judged_by_id, signal.state, signal.words) == (actor.member_id, state, words):
                return
            raise AlreadyJudged
        signal.state, signal.words = state, words
        signal.judged_by_id, signal.judged_at = actor.member_id, now
    logger.info("signal judged", extra={"signal_id": signal_id, "state": state.value})


@use_case
def judge_sampled(
    sampled_id: int, finding: Finding | None, words: str, *, actor: Actor, now: datetime
) -> str:
    """Agree with an acceptance or not, once, with words for the latter; return the sample's month.

    Raises NotFound, Forbidden, Invalid, AlreadyJudged.
    """
    with transaction() as session:
        sampled = steps.lock_sampled(session, sampled_id)
        _check(actor, queries.subject_of_sampled(sampled))
        if finding is None:
            raise Invalid.field("judgement", "answer-needed")
        if finding is Finding.DISAGREE and not words:
            raise Invalid.field("words", "note-needed")
        if sampled.finding is not None:
            before = sampled.judged_by_id, sampled.finding, sampled.words
            if before != (actor.member_id, finding, words):
                raise AlreadyJudged
            return sampled.month
        sampled.finding, sampled.words = finding, words
        sampled.judged_by_id, sampled.judged_at = actor.member_id, now
    logger.info("sample judged", extra={"sampled_id": sampled_id, "finding": finding.value})
    return sampled.month


def _check(actor: Actor, subject: Subject) -> None:
    if not access.allowed(actor, FAIRNESS_READ, subject):
        raise NotFound
    access.check(actor, FAIRNESS_JUDGE, subject)
