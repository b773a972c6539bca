"""Finding: once a cause, in pieces, twice or at once or killed in the middle; nothing else moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.fairness import scheduled as fairness_scheduled
from grid_report.fairness.kinds import SignalState, Trust
from grid_report.fairness.models import Mark, Print
from grid_report.points.ledger.models import Journal
from grid_report.reports.models import HistoryEntry
from tests.fairness.conftest import Review
from tests.support.builders import STATION, STREET, Make, Spot
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

HERE: Spot = {"lat": 42.5460025, "lng": 124.0408182, "community": None}
THERE: Spot = {"lat": 42.3, "lng": 123.9, "community": None}


def test_the_same_photo_of_another_rider_is_found_once(make: Make, review: Review) -> None:
    before = make.now - timedelta(days=2)
    first = make.report(photos=(review.photo(),), at=before)
    second = make.report(photos=(review.photo(10),))
    assert review.find() == 1
    (signal,) = review.signals()
    assert (signal.kind, signal.state) == ("photo_alike", SignalState.OPEN)
    assert (signal.report_id, signal.other_report_id) == (second.id, first.id)
    assert (signal.rider_id, signal.other_rider_id) == (second.reporter_id, first.reporter_id)
    assert (signal.community_code, signal.street_code) == (STATION, STREET)
    assert signal.facts["bits"] == 10
    assert signal.facts["seconds"] == pytest.approx(2 * 86400, abs=60)
    assert review.find() == 0
    assert len(review.signals()) == 1


def test_photos_eleven_bits_apart_are_two(make: Make, review: Review) -> None:
    make.report(photos=(review.photo(),))
    make.report(photos=(review.photo(11),))
    assert review.find() == 0


def test_after_ninety_days_a_photo_is_compared_no_more(make: Make, review: Review) -> None:
    make.report(photos=(review.photo(),), at=make.now - timedelta(days=91))
    make.report(photos=(review.photo(),))
    assert review.find() == 0
    # Its keys went with the pass that left it behind.
    assert db.session.scalar(select(func.count()).select_from(Print)) == 4


def test_taken_back_and_sent_anew_is_not_twice(make: Make, review: Review) -> None:
    rider = make.rider()
    first = make.report(rider, photos=(review.photo(),))
    make.step(first, "withdraw", rider)
    make.report(rider, photos=(review.photo(),))
    assert review.find() == 0


def test_photos_of_one_report_and_photos_without_edges_are_not_compared(
    make: Make, review: Review
) -> None:
    make.report(photos=(review.photo(), review.photo(1)))
    blank = replace(make.photo(), dhash="0" * 16)
    make.report(photos=(blank,))
    make.report(photos=(blank,))
    assert review.find() == 0


def test_a_unit_that_shows_the_same_spot_again_is_not_odd(make: Make, review: Review) -> None:
    worker, handler = make.worker(), make.handler()
    report = review.accepted(worker, photos=(review.photo(),))
    make.step(report, "dispatch", worker, unit="property-01")
    make.step(report, "start", handler)
    make.step(report, "handle", handler, note="已修好", photos=(review.photo(2),))
    assert review.find() == 0


def test_a_photo_of_days_ago_and_one_from_elsewhere_are_found_once_a_report(
    make: Make, review: Review
) -> None:
    old = make.now - timedelta(days=3)
    away = (HERE["lat"] + 0.03, HERE["lng"])
    make.report(photos=tuple(make.photo() for _ in range(2)), **HERE)
    photos = tuple(review.photo(0, taken_at=old, position=away) for _ in range(2))
    make.report(photos=photos, **HERE)
    # A chosen community has no position to measure from.
    make.report(photos=(review.photo(30 // 3 + 1, position=away),))
    assert review.find() == 2
    assert {one.kind.value: one.facts for one in review.signals()} == {
        "photo_old": {"seconds": pytest.approx(3 * 86400, abs=60), "photo": photos[0].name},
        "photo_far": {"metres": pytest.approx(3336, abs=10), "photo": photos[0].name},
    }


def test_two_places_that_nobody_reaches_in_time_are_found(make: Make, review: Review) -> None:
    rider = make.rider()
    first = make.report(rider, at=make.now - timedelta(minutes=5), **HERE)
    make.report(at=make.now - timedelta(minutes=2), **THERE)
    second = make.report(rider, at=make.now, **THERE)
    make.report(rider, at=make.now + timedelta(hours=1), **HERE)
    assert review.find(90) == 1
    (signal,) = review.signals()
    assert (signal.kind, signal.report_id, signal.other_report_id) == (
        "too_fast", second.id, first.id,
    )  # fmt: skip
    assert signal.facts["seconds"] == 300
    assert signal.facts["kmh"] > 60
    # Nobody answers for the second spot: it is the county's to look at.
    assert signal.street_code is None


def test_an_acceptance_at_once_is_found(make: Make, review: Review) -> None:
    worker, sent = make.worker(), make.now - timedelta(hours=1)
    quick = make.report(at=sent)
    make.step(quick, "accept", worker, at=sent + timedelta(seconds=19), category="RD02", severity=2)
    slow = make.report(at=sent)
    make.step(slow, "accept", worker, at=sent + timedelta(seconds=20), category="RD02", severity=2)
    assert review.find() == 1
    (signal,) = review.signals()
    assert (signal.kind, signal.report_id, signal.worker_id) == (
        "quick_accept", quick.id, worker.member_id,
    )  # fmt: skip
    assert signal.facts == {"seconds": 19}


def lean(make: Make, review: Review, *, others_by_the_same: bool) -> None:
    """Have ten cases of one rider accepted by one worker, and ten of others by somebody."""
    rider, favourite, colleague = make.rider(), make.worker(), make.worker()
    others, photo = [make.rider(), make.rider()], make.photo()
    for number in range(10):
        at = make.now - timedelta(days=20) + timedelta(days=number)
        review.accepted(favourite, rider, at=at, photos=(photo,))
        by = favourite if others_by_the_same else colleague
        review.accepted(by, others[number % 2], at=at, photos=(photo,))


def test_one_acceptor_for_all_of_a_riders_cases_is_found_once_a_month(
    make: Make, review: Review
) -> None:
    lean(make, review, others_by_the_same=False)
    assert review.find() == 1
    (signal,) = review.signals("one_acceptor")
    assert signal.facts == {
        "by_one": 10, "accepted": 10, "days": 30, "others_by_one": 0, "others": 10,
    }  # fmt: skip
    assert signal.trust == Trust.HIGH
    assert review.find() == 0


def test_the_only_one_on_duty_is_not_odd(make: Make, review: Review) -> None:
    lean(make, review, others_by_the_same=True)
    assert review.find() == 0


def test_looking_at_once_finds_each_thing_once(
    make: Make, review: Review, in_parallel: InParallel
) -> None:
    for day in range(6):
        make.report(photos=(review.photo(day),), at=make.now - timedelta(days=day + 1))
    found = in_parallel(lambda _: review.find(), 4)
    assert sum(found) == len(review.signals()) == len({one.cause for one in review.signals()})
    assert sum(found) > 0
    assert db.session.scalar(select(func.count()).select_from(Print)) == 24


def test_killed_before_the_commit_nothing_is_kept_and_all_is_found_again(
    make: Make, review: Review
) -> None:
    make.report(photos=(review.photo(),), at=make.now - timedelta(days=1))
    make.report(photos=(review.photo(1),))

    def cut(_connection: Any) -> None:
        raise KeyboardInterrupt

    event.listen(db.engine, "commit", cut)
    try:
        with pytest.raises(KeyboardInterrupt):
            review.find()
    finally:
        event.remove(db.engine, "commit", cut)
    assert not review.signals()
    assert not db.session.scalar(select(func.count()).select_from(Mark))
    assert review.find() == 1


def test_in_small_pieces_the_same_is_found(
    make: Make, review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness_scheduled, "PHOTOS_AT_ONCE", 1)
    for day in range(4):
        make.report(photos=(review.photo(day),), at=make.now - timedelta(days=9 - day))
    assert review.find() == len(review.signals("photo_alike")) > 0


def test_what_came_in_a_moment_ago_waits(make: Make, review: Review) -> None:
    """A row with a smaller id may not be committed yet; passed over, it would never be read."""
    make.report(photos=(review.photo(),), at=make.now - timedelta(days=1))
    make.report(photos=(review.photo(1),), at=make.now)
    assert review.find(minutes=1) == 0
    assert review.find(minutes=3) == 1


def test_finding_changes_neither_a_case_nor_the_ledger(make: Make, review: Review) -> None:
    worker = make.worker()
    make.accepted(worker, photos=(review.photo(),))
    make.accepted(worker, photos=(review.photo(1),))

    def rows() -> list[int | None]:
        return [
            db.session.scalar(select(func.count()).select_from(table))
            for table in (Journal, HistoryEntry)
        ]

    before = rows()
    assert review.find() == 3
    assert rows() == before


def test_trust_is_that_of_the_rider_when_it_was_found(make: Make, review: Review) -> None:
    worker, rider = make.worker(), make.rider()
    for day in range(5):
        refused = make.report(rider, at=make.now - timedelta(days=day + 2))
        make.step(refused, "reject", worker, reason="不在范围内")
    make.report(rider, photos=(review.photo(taken_at=make.now - timedelta(days=2)),))
    assert review.find() == 1
    assert review.signals()[0].trust == Trust.LOW
    assert Grant(Role.RIDER) in rider.grants
