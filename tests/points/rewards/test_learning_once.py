"""Thanks for learning: three tries at the quiz a day, and points once a person, not an account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from grid_report import clock, schema
from grid_report.access import Actor
from grid_report.accounts.models import Member
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.db import db, transaction
from grid_report.points.errors import QuizTriesUsed, SentUnproved
from grid_report.points.history import queries as history_queries
from grid_report.points.learning import usecases as learning_usecases
from grid_report.points.learning.handbook import EDITION, QUIZ, UNITS
from grid_report.points.policy import terms_of
from grid_report.points.proposals import usecases as proposals_usecases
from grid_report.points.proposals.rules import ProposalKind, Propose
from grid_report.points.proposals.steps import put
from grid_report.points.rewards import queries as rewards_queries
from grid_report.points.rewards.models import LearningMark
from grid_report.reports.casework import recheck_usecases
from grid_report.reports.models import Report
from tests.points.tariff.test_admin_pages import browser
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database

PHONE = "13933330077"
RIGHT = {question: answer for question, _, answer in QUIZ}
# A Monday in Shanghai: 23:50, ten minutes before the next day's tries.
LATE = datetime(2026, 11, 23, 15, 50, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


def answer(
    make: Make, rider: Actor, answers: dict[str, str], now: datetime = LATE
) -> learning_usecases.Answered:
    return learning_usecases.answer_quiz(
        answers, actor=rider, terms=terms_of(make.settings), most_tries=3, now=now
    )


def available(rider: Actor) -> int:
    db.session.rollback()
    found = history_queries.balance(rider.member_id).available
    db.session.rollback()
    return found


def learn_everything(make: Make, rider: Actor, now: datetime | None = None) -> None:
    for unit in (*UNITS, None):
        learning_usecases.award_learning(
            unit, actor=rider, terms=terms_of(make.settings), now=now or clock.now()
        )


def test_the_quiz_may_be_tried_three_times_a_day_of_the_county(make: Make) -> None:
    rider, other = make.rider(), make.rider()
    for _ in range(3):
        assert answer(make, rider, {}).wrong == list(RIGHT)
    with pytest.raises(QuizTriesUsed) as refused:
        answer(make, rider, RIGHT)
    assert refused.value.retry_after_s == 600
    assert datetime.fromisoformat(refused.value.next_at) == MIDNIGHT
    # A refused try is none: midnight comes no later for it, and the others have their own.
    with pytest.raises(QuizTriesUsed):
        answer(make, rider, RIGHT)
    assert answer(make, other, RIGHT).award is not None
    assert available(rider) == 0
    assert answer(make, rider, RIGHT, MIDNIGHT).wrong == []
    assert available(rider) == 10


def test_whoever_passed_goes_on_practising_without_tries(make: Make) -> None:
    rider = make.rider()
    for _ in range(5):
        assert answer(make, rider, RIGHT).wrong == []
    assert available(rider) == 10


def test_the_page_says_when_the_next_try_is_and_the_address_refuses(make: Make) -> None:
    client = browser(make, make.rider())
    for _ in range(3):
        assert client.post("/handbook/quiz", data={}).status_code == 422
    page = client.post("/handbook/quiz", data=RIGHT)
    assert page.status_code == 429
    assert 0 < int(page.headers["Retry-After"]) <= 24 * 3600
    for text_shown in (page.text, client.get("/handbook/quiz").text):
        assert "今天的 3 次机会已经用完" in text_shown
        assert "00:00 起可以再试" in text_shown
        assert 'type="radio"' not in text_shown


def test_a_number_that_moves_to_another_account_is_not_thanked_again(make: Make) -> None:
    first, second = make.rider(phone=PHONE), make.rider()
    learn_everything(make, first)
    assert available(first) == 5 * len(UNITS) + 10
    numbers_usecases.give_number(
        second.member_id, PHONE, take=True, actor=make.administrator(), policy=make.policy,
        now=clock.now(),
    )  # fmt: skip
    learn_everything(make, second)
    assert available(second) == 0
    cuts = {row.cut for row in rewards_queries.list_nothing(second.member_id)}
    assert cuts == {"same_person"}
    # A lesson of the future is one for both.
    learning_usecases.award_learning(
        None, actor=second, terms=terms_of(make.settings), now=clock.now(), edition="2027-1"
    )
    assert available(second) == 10
    # Who has no number any more is nobody that could be told from another.
    learning_usecases.award_learning(
        None, actor=first, terms=terms_of(make.settings), now=clock.now(), edition="2027-1"
    )
    assert available(first) == 5 * len(UNITS) + 10


def test_a_number_that_comes_back_after_its_account_was_erased_is_known(make: Make) -> None:
    first = make.rider(phone=PHONE)
    learn_everything(make, first)
    with transaction() as session:
        session.execute(
            update(Member)
            .where(Member.id == first.member_id)
            .values(standing="erased", phone_lookup=None, phone_sealed=None)
        )
    again = make.rider(phone=PHONE)
    learn_everything(make, again)
    assert available(again) == 0


def test_a_mark_names_neither_number_nor_member(make: Make) -> None:
    rider = make.rider(phone=PHONE)
    learn_everything(make, rider)
    lookup = make.policy.vault.lookup(PHONE)
    marks = set(db.session.scalars(select(LearningMark.mark)))
    db.session.rollback()
    assert len(marks) == len(UNITS) + 1
    assert lookup not in marks
    assert learning_usecases.learning_mark(lookup, "learning-quiz", EDITION) in marks


@pytest.mark.slow
def test_the_migration_knows_who_learned_before(make: Make) -> None:
    first, second = make.rider(phone=PHONE), make.rider()
    learn_everything(make, first)
    db.session.remove()
    schema.downgrade(db.engine, "0028")
    schema.upgrade(db.engine)
    assert db.session.scalar(select(func.count()).select_from(LearningMark)) == len(UNITS) + 1
    db.session.rollback()
    numbers_usecases.give_number(
        second.member_id, PHONE, take=True, actor=make.administrator(), policy=make.policy,
        now=clock.now(),
    )  # fmt: skip
    learn_everything(make, second)
    assert available(second) == 0


def sent_unproved(make: Make, rider: Actor) -> Report:
    """Make an accepted report of a rider who was not proved when it was sent."""
    report = make.report(rider)
    with transaction() as session:
        session.execute(
            text("UPDATE reports SET sent_unproved = :yes WHERE id = :id"),
            {"yes": True, "id": report.id},
        )
    db.session.remove()
    return make.step(report.number, "accept", make.worker(), category="RD02", severity=4)


def test_no_merit_is_proposed_for_what_was_sent_unproved(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    report = sent_unproved(make, rider)
    with pytest.raises(SentUnproved):
        recheck_usecases.propose_merit(
            report.number, 200, "井盖", key="k-1", actor=worker, now=clock.now()
        )
    assert "step-merit" not in make.signed_in(worker).get(f"/reports/{report.number}").text
    assert available(rider) == 0


def test_a_merit_proposed_before_for_what_was_sent_unproved_can_only_be_declined(
    make: Make,
) -> None:
    rider, worker, admin = make.rider(), make.worker(), make.administrator()
    report = sent_unproved(make, rider)
    with transaction() as session:
        proposal = put(
            session,
            Propose(
                kind=ProposalKind.MERIT, key="k-1", reason="井盖", points=200,
                community_code=STATION, rider_id=rider.member_id, report_number=report.number,
                severity=4,
            ),
            actor_id=worker.member_id,
            now=clock.now() - timedelta(days=1),
        ).proposal_id  # fmt: skip
    with pytest.raises(SentUnproved):
        proposals_usecases.approve(
            proposal, note="", actor=admin, terms=terms_of(make.settings), now=clock.now()
        )
    assert available(rider) == 0
    proposals_usecases.decline(proposal, note="未验证", actor=admin, now=clock.now())
