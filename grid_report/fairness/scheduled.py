"""Finding what looks odd, a piece at a time.

Each piece reads on from its mark and moves it in the same transaction: killed in the middle it
begins there again, twice or at once it finds nothing new. Nothing here touches points or cases.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from grid_report.clock import Month
from grid_report.db import transaction, use_case
from grid_report.fairness import steps, trust
from grid_report.fairness.kinds import SignalKind, Trust
from grid_report.fairness.signals import acceptance, photo_metadata, photos_alike, velocity
from grid_report.fairness.signals.velocity import Stop
from grid_report.fairness.trust import Record
from grid_report.points.history import reversal_queries
from grid_report.reports.desk import review_queries
from grid_report.reports.desk.review_queries import SeenPhoto, SeenReport, SeenStep

PHOTOS_AT_ONCE = 50
REPORTS_AT_ONCE = 200
STEPS_AT_ONCE = 500
MOST_LIKE_ONE = 3


@dataclass(frozen=True)
class Searched:
    """How many rows were read, and how many signals were new."""

    read: int
    found: int


def trust_of(rider_ids: Collection[int]) -> dict[int, Trust]:
    """Return the level of each rider by what became of their reports."""
    outcomes = review_queries.outcomes_of(rider_ids)
    taken_back = reversal_queries.count_reversals(rider_ids)
    return {
        rider: trust.level(Record(*outcomes.get(rider, (0, 0)), taken_back.get(rider, 0)))
        for rider in rider_ids
    }


def find_all(
    *, zone: tzinfo, now: Callable[[], datetime], should_continue: Callable[[], bool] = lambda: True
) -> int:
    """Read on to the end, or until told to stop; return how many signals were new."""
    found = 0
    for find in (find_in_photos, find_in_reports, partial(find_in_acceptances, zone=zone)):
        while should_continue():
            searched = find(now=now())
            found += searched.found
            if not searched.read:
                break
    return found


@use_case
def find_in_photos(*, now: datetime) -> Searched:
    """Look at the next photos: like an earlier one, long before the report, or far from it."""
    with transaction() as session:
        mark = steps.lock_mark(session, "photos")
        batch = steps.settled(
            review_queries.photos_after(mark.up_to, PHOTOS_AT_ONCE), "added_at", now
        )
        if not batch:
            return Searched(0, 0)
        levels = trust_of({photo.rider_id for photo in batch})
        found = 0
        # What a unit hands in shows the same spot again, as it should.
        for photo in (one for one in batch if one.is_before):
            found += _by_metadata(session, photo, levels[photo.rider_id], now)
            found += _by_likeness(session, photo, levels[photo.rider_id], now)
        steps.forget_prints(session, steps.comparing_since(batch[-1].added_at))
        mark.up_to = batch[-1].id
    return Searched(len(batch), found)


def _by_metadata(session: Session, photo: SeenPhoto, level: Trust, now: datetime) -> int:
    found = 0
    about: dict[str, Any] = {"trust": level, "now": now}
    if photo_metadata.is_taken_long_before(photo.taken_gap_s):
        facts = {"seconds": photo.taken_gap_s, "photo": photo.name}
        found += steps.put_signal(
            session, SignalKind.PHOTO_OLD, str(photo.report_id), photo, facts=facts, **about
        )
    if photo_metadata.is_taken_far_off(
        photo.taken_off_m, photo.accuracy_m, place_is_known=photo.place_is_known
    ):
        facts = {"metres": photo.taken_off_m, "photo": photo.name}
        found += steps.put_signal(
            session, SignalKind.PHOTO_FAR, str(photo.report_id), photo, facts=facts, **about
        )
    return found


def _by_likeness(session: Session, photo: SeenPhoto, level: Trust, now: datetime) -> int:
    own = photos_alike.read_print(photo.dhash)
    if not photos_alike.says_something(own):
        return 0
    near = steps.near_photo_ids(session, own, since=steps.comparing_since(photo.added_at))
    others = {
        it.id: it
        for it in review_queries.photos_by_id(near)
        # Taken back and sent anew, nothing was reported twice.
        if it.report_id != photo.report_id and not it.is_withdrawn
    }
    prints = [(id_, photos_alike.read_print(it.dhash)) for id_, it in others.items()]
    found = 0
    for bits, id_ in photos_alike.closest(own, prints, MOST_LIKE_ONE):
        # Of the two it is about the one that was sent later, whichever came in first.
        first, second = sorted((others[id_], photo), key=lambda it: (it.sent_at, it.id))
        found += steps.put_signal(
            session,
            SignalKind.PHOTO_ALIKE,
            f"{min(first.report_id, second.report_id)}:{max(first.report_id, second.report_id)}",
            second,
            facts={
                "bits": bits,
                "seconds": int((second.sent_at - first.sent_at).total_seconds()),
                "photo": second.name,
                "other_photo": first.name,
            },
            trust=level if second is photo else trust_of({second.rider_id})[second.rider_id],
            now=now,
            other_report_id=first.report_id,
            other_rider_id=first.rider_id,
        )
    steps.file_print(session, photo.id, own, photo.added_at)
    return found


@use_case
def find_in_reports(*, now: datetime) -> Searched:
    """Look at the next reports: farther from the rider's last one than the time allows."""
    with transaction() as session:
        mark = steps.lock_mark(session, "reports")
        batch = steps.settled(
            review_queries.reports_after(mark.up_to, REPORTS_AT_ONCE), "came_at", now
        )
        if not batch:
            return Searched(0, 0)
        riders = {report.rider_id for report in batch}
        levels = trust_of(riders)
        since = min(report.sent_at for report in batch) - velocity.WINDOW
        until = max(report.came_at for report in batch)
        ways: dict[int, list[SeenReport]] = {rider: [] for rider in riders}
        for report in review_queries.reports_of(riders, since=since, until=until):
            if report.place_is_known:
                ways[report.rider_id].append(report)
        new, found = {report.id for report in batch}, 0
        for way in ways.values():
            for earlier, later in pairwise(way):
                # A kept report comes in after one that was sent later.
                is_new = later.id in new or earlier.id in new
                if is_new and later.sent_at - earlier.sent_at <= velocity.WINDOW:
                    found += _by_way(session, earlier, later, levels[later.rider_id], now)
        mark.up_to = batch[-1].id
    return Searched(len(batch), found)


def _by_way(
    session: Session, earlier: SeenReport, later: SeenReport, level: Trust, now: datetime
) -> int:
    leap = velocity.leap(_stop(earlier), _stop(later))
    if leap is None:
        return 0
    return steps.put_signal(
        session,
        SignalKind.TOO_FAST,
        f"{earlier.id}:{later.id}",
        later,
        facts={"metres": leap.away_m, "seconds": leap.seconds, "kmh": leap.kmh},
        trust=level,
        now=now,
        other_report_id=earlier.id,
    )


def _stop(it: SeenReport) -> Stop:
    return Stop(it.at, it.accuracy_m, it.taken_at, it.sent_at)


@use_case
def find_in_acceptances(*, zone: tzinfo, now: datetime) -> Searched:
    """Look at the next steps: accepted before anybody can have looked, or always by one person."""
    with transaction() as session:
        mark = steps.lock_mark(session, "steps")
        batch = steps.settled(review_queries.steps_after(mark.up_to, STEPS_AT_ONCE), "at", now)
        if not batch:
            return Searched(0, 0)
        accepted = [step for step in batch if step.accepted and step.actor_id is not None]
        levels = trust_of({step.rider_id for step in accepted})
        found = 0
        for step in accepted:
            took = acceptance.seconds_to_accept(step.sent_at, step.at)
            if took is not None:
                found += steps.put_signal(
                    session,
                    SignalKind.QUICK_ACCEPT,
                    f"{step.report_id}:{step.id}",
                    step,
                    facts={"seconds": took},
                    trust=levels[step.rider_id],
                    now=now,
                    worker_id=step.actor_id,
                )
        # The last acceptance of each rider: what it tips has the whole month before it.
        for step in {step.rider_id: step for step in accepted}.values():
            found += _by_acceptor(session, step, levels[step.rider_id], zone, now)
        mark.up_to = batch[-1].id
    return Searched(len(batch), found)


def _by_acceptor(
    session: Session, step: SeenStep, level: Trust, zone: tzinfo, now: datetime
) -> int:
    since = step.at - acceptance.WINDOW
    leaning = acceptance.leaning(
        review_queries.acceptors_of(step.rider_id, since=since, until=step.at)
    )
    if leaning is None or step.community_code is None:
        return 0
    by_one, of_others = review_queries.accepted_of_others(
        step.community_code, step.rider_id, leaning.acceptor_id, since=since, until=step.at
    )
    if acceptance.is_nothing_special(by_one, of_others):
        return 0
    return steps.put_signal(
        session,
        SignalKind.ONE_ACCEPTOR,
        # Once a month: the next acceptance would only say the same again.
        f"{step.rider_id}:{leaning.acceptor_id}:{Month.of(step.at, zone)}",
        step,
        facts={
            "by_one": leaning.by_one,
            "accepted": leaning.accepted,
            "days": acceptance.WINDOW.days,
            "others_by_one": by_one,
            "others": of_others,
        },
        trust=level,
        now=now,
        worker_id=leaning.acceptor_id,
    )
