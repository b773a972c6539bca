"""Who judges: the street and the county, never one's own, never what one decided oneself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from grid_report import access
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid, NotFound
from grid_report.fairness import queries, usecases
from grid_report.fairness.errors import AlreadyJudged
from grid_report.fairness.kinds import Finding, SignalState
from grid_report.fairness.models import Sampled, Signal
from grid_report.fairness.permissions import FAIRNESS_READ, FAIRNESS_TRUST, Subject
from grid_report.reports.models import Report
from tests.fairness.conftest import Review
from tests.support.builders import BRIGHT, STATION, STREET, Make

pytestmark = pytest.mark.database

DISMISSED, FOLLOWED_UP = SignalState.DISMISSED, SignalState.FOLLOWED_UP


def odd(make: Make, review: Review, rider: Actor | None = None) -> tuple[Report, int]:
    """Have an old photo found in a report of the station's community."""
    photo = review.photo(taken_at=make.now - timedelta(days=2))
    report = make.report(rider, photos=(photo,))
    review.find()
    return report, review.signals("photo_old")[-1].id


def judge(
    signal_id: int, actor: Actor, make: Make, state: Any = DISMISSED, words: str = ""
) -> None:
    usecases.judge_signal(signal_id, state, words, actor=actor, now=make.now)


def test_the_street_says_what_it_is_and_the_first_words_stay(make: Make, review: Review) -> None:
    _, signal_id = odd(make, review)
    street, county = make.supervisor(), make.administrator()
    judge(signal_id, street, make, FOLLOWED_UP, "问过骑手")
    # Sent again it is the same; anything else, by anybody, comes too late.
    judge(signal_id, street, make, FOLLOWED_UP, "问过骑手")
    for actor, state, words in (
        (county, FOLLOWED_UP, "问过骑手"),
        (street, DISMISSED, "问过骑手"),
        (street, FOLLOWED_UP, "别的"),
    ):
        with pytest.raises(AlreadyJudged):
            judge(signal_id, actor, make, state, words)
    (signal,) = review.signals()
    assert (signal.state, signal.judged_by_id, signal.words) == (
        FOLLOWED_UP, street.member_id, "问过骑手",
    )  # fmt: skip
    assert signal.judged_at == make.now


def test_following_up_and_disagreeing_need_words(make: Make, review: Review) -> None:
    _, signal_id = odd(make, review)
    street = make.supervisor()
    with pytest.raises(Invalid) as refused:
        judge(signal_id, street, make, FOLLOWED_UP)
    assert set(refused.value.problems) == {"words"}
    for nothing in (None, SignalState.OPEN):
        with pytest.raises(Invalid) as refused:
            judge(signal_id, street, make, nothing)
        assert set(refused.value.problems) == {"judgement"}
    review.accepted(make.worker())
    review.draw()
    (sampled,) = review.sampled()
    with pytest.raises(Invalid) as refused:
        usecases.judge_sampled(sampled.id, Finding.DISAGREE, "", actor=street, now=make.now)
    assert set(refused.value.problems) == {"words"}


def test_who_may_judge_by_role_and_place(make: Make, review: Review) -> None:
    report, signal_id = odd(make, review)
    for actor, error in (
        (make.supervisor("211282002"), NotFound),
        (make.worker(), NotFound),
        (make.handler(), NotFound),
        (make.rider(), NotFound),
        (make.auditor(), Forbidden),
    ):
        with pytest.raises(error):
            judge(signal_id, actor, make)
    judge(signal_id, make.administrator(), make)
    with pytest.raises(NotFound):
        judge(signal_id + 99, make.administrator(), make)
    assert report.id == review.signals()[0].report_id


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_nobody_sees_or_judges_a_signal_about_an_own_report(
    make: Make, review: Review, role: Role
) -> None:
    place = STREET if role is Role.SUPERVISOR else make.settings.county.code
    rider = make.member(Grant(Role.RIDER))
    _, signal_id = odd(make, review, rider)
    both = Actor(rider.member_id, rider.name, frozenset({Grant(role, place)}))
    with pytest.raises(NotFound):
        judge(signal_id, both, make)
    listed = queries.list_signals(both, state=None, kind=None, community=None)
    assert not listed.items
    refused_by("nobody_judges_oneself", Signal, signal_id, both)


@pytest.mark.parametrize("step", ["accept", "reject"])
def test_nobody_judges_a_report_they_decided_on(make: Make, review: Review, step: str) -> None:
    report, signal_id = odd(make, review)
    both = make.member(Grant(Role.SUPERVISOR, STREET), Grant(Role.WORKER, STATION))
    more = {"reason": "x"} if step == "reject" else {"category": "RD02", "severity": 2}
    make.step(report, step, both, **more)
    with pytest.raises(Forbidden):
        judge(signal_id, both, make)
    refused_by("who_decided_does_not_judge", Signal, signal_id, both)
    judge(signal_id, make.supervisor(), make)


def test_who_checked_the_repair_may_judge_the_report(make: Make, review: Review) -> None:
    worker, handler, street = make.worker(), make.handler(), make.supervisor()
    report, signal_id = odd(make, review)
    make.step(report, "accept", worker, category="RD02", severity=2)
    make.step(report, "dispatch", worker, unit="property-01")
    make.step(report, "start", handler)
    make.step(report, "handle", handler, note="已修好", photos=(make.photo(),))
    make.step(report, "pass", street)
    judge(signal_id, street, make)


def test_nobody_judges_likeness_to_a_report_they_decided_on(make: Make, review: Review) -> None:
    both = make.member(Grant(Role.SUPERVISOR, STREET), Grant(Role.WORKER, STATION))
    review.accepted(both, photos=(review.photo(),))
    make.report(photos=(review.photo(1),))
    assert review.find() == 1
    signal_id = review.signals()[0].id
    with pytest.raises(Forbidden):
        judge(signal_id, both, make)
    refused_by("who_decided_does_not_judge", Signal, signal_id, both)


def refused_by(guard: str, table: Any, row_id: int, actor: Actor) -> None:
    """Try to judge past the program, and see which guard of the database refuses."""
    db.session.rollback()
    verdict = {"state": "dismissed"} if table is Signal else {"finding": "agree"}
    with pytest.raises(DBAPIError, match=guard):
        db.session.execute(
            update(table.__table__)
            .where(table.__table__.c.id == row_id)
            .values(
                judged_by_id=actor.member_id,
                judged_at=select(
                    table.__table__.c.found_at if table is Signal else table.__table__.c.drawn_at
                )
                .where(table.__table__.c.id == row_id)
                .scalar_subquery(),
                **verdict,
            )
        )
    db.session.rollback()


def test_a_judgement_stays_whatever_writes(make: Make, review: Review) -> None:
    _, signal_id = odd(make, review)
    judge(signal_id, make.supervisor(), make)
    refused_by("a_judgement_stays", Signal, signal_id, make.administrator())


def test_a_sampled_report_is_not_judged_by_its_acceptor_or_its_rider(
    make: Make, review: Review
) -> None:
    both = make.member(Grant(Role.SUPERVISOR, STREET), Grant(Role.WORKER, STATION))
    rider = make.rider()
    review.accepted(both, rider)
    month = review.draw()
    (sampled,) = review.sampled()
    with pytest.raises(Forbidden):
        usecases.judge_sampled(sampled.id, Finding.AGREE, "", actor=both, now=make.now)
    own = Actor(rider.member_id, "", frozenset({Grant(Role.SUPERVISOR, STREET)}))
    with pytest.raises(NotFound):
        usecases.judge_sampled(sampled.id, Finding.AGREE, "", actor=own, now=make.now)
    assert queries.next_to_judge(both, str(month), 0) is None
    refused_by("nobody_judges_oneself", Sampled, sampled.id, own)
    # The CHECK and the trigger forbid the same; whichever comes first says so.
    refused_by(
        "nobody_judges_an_own_acceptance|who_decided_does_not_judge", Sampled, sampled.id, both
    )
    street = make.supervisor()
    assert queries.next_to_judge(street, str(month), 0) == sampled.id
    usecases.judge_sampled(sampled.id, Finding.AGREE, "", actor=street, now=make.now)
    usecases.judge_sampled(sampled.id, Finding.AGREE, "", actor=street, now=make.now)
    with pytest.raises(AlreadyJudged):
        usecases.judge_sampled(sampled.id, Finding.DISAGREE, "x", actor=street, now=make.now)
    refused_by("a_judgement_stays", Sampled, sampled.id, make.administrator())


def test_the_list_holds_what_access_lets_one_read(make: Make, review: Review) -> None:
    odd(make, review)
    make.report(community=BRIGHT, photos=(review.photo(taken_at=make.now - timedelta(days=3)),))
    review.find()
    people = [
        make.supervisor(),
        make.supervisor("211282002"),
        make.worker(),
        make.administrator(),
        make.auditor(),
    ]
    for actor in people:
        page = queries.list_signals(actor, state=None, kind=None, community=None)
        may = {
            one.id
            for one in review.signals()
            if access.allowed(actor, FAIRNESS_READ, queries.subject_of_signal(one))
        }
        assert {one.id for one in page.items} == may


def test_only_the_street_sees_how_far_a_rider_is_trusted() -> None:
    about = Subject(STREET, frozenset({7}))
    for role, place, sees in (
        (Role.SUPERVISOR, STREET, True),
        (Role.SUPERVISOR, "211282002", False),
        (Role.ADMINISTRATOR, "211282", False),
        (Role.AUDITOR, "211282", False),
        (Role.WORKER, STATION, False),
        (Role.RIDER, None, False),
    ):
        actor = Actor(1, "", frozenset({Grant(role, place)}))
        assert access.allowed(actor, FAIRNESS_TRUST, about) is sees
    own = Actor(7, "", frozenset({Grant(Role.SUPERVISOR, STREET)}))
    assert not access.allowed(own, FAIRNESS_TRUST, about)
