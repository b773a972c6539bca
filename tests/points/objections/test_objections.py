"""Objections: once a decision, to the street, within a set time, by nobody who decided it."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import func, select

from grid_report import clock
from grid_report.access import Actor
from grid_report.accounts.models import AuditEntry
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid, NotFound
from grid_report.notify.models import Message
from grid_report.places.queries import reference
from grid_report.points.history import month_queries
from grid_report.points.objections import queries as objections_queries
from grid_report.points.objections import usecases as objections_usecases
from grid_report.points.objections.models import Objection
from grid_report.points.objections.rules import (
    MOVES,
    AlreadyObjected,
    Decision,
    NothingToObject,
    ObjectionClosed,
    ObjectionState,
    ObjectionStep,
    Subject,
    after,
    due,
)
from grid_report.points.policy import Terms
from tests.points.book import NOW, TERMS, Book, run
from tests.support.builders import BRIGHT, Make
from tests.support.parallel import InParallel

WORDS = "照片里看得清，是另一处坑"
UPHOLD, REJECT = ObjectionStep.UPHOLD, ObjectionStep.REJECT


@pytest.mark.parametrize(
    ("state", "step"), sorted(set(product(ObjectionState, ObjectionStep)) - set(MOVES))
)
def test_a_step_not_in_the_table_is_refused(state: ObjectionState, step: ObjectionStep) -> None:
    with pytest.raises(ObjectionClosed):
        after(state, step)


def test_the_answer_is_due_after_natural_days() -> None:
    assert due(NOW, 7) - NOW == timedelta(days=7)


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider()


@pytest.fixture
def supervisor(make: Make) -> Actor:
    return make.supervisor()


def raised(actor: Actor, decision: Decision, words: str = WORDS, **more: Any) -> int:
    return objections_usecases.raise_objection(
        decision,
        words=words,
        actor=actor,
        places=reference(),
        **{"days": 7, "now": NOW, **more},
    )


def about(entry_id: int | None) -> Decision:
    return Decision(Subject.ENTRY, str(entry_id))


def answered(objection_id: int, actor: Actor, step: ObjectionStep = UPHOLD, **more: Any) -> None:
    objections_usecases.answer_objection(
        objection_id, step, actor=actor, **{"words": "你说得对", "now": NOW, **more}
    )


def the(objection_id: int) -> Objection:
    db.session.rollback()
    found = db.session.get(Objection, objection_id, populate_existing=True)
    assert found is not None
    return found


def messages(kind: str) -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.kind == kind)))


pytestmark = pytest.mark.database


def test_an_objection_goes_to_the_street_and_its_answer_back(
    book: Book, rider: Actor, supervisor: Actor
) -> None:
    award = book.award(rider.member_id, 10, cause="KY-20261123-0001")
    it = the(raised(rider, about(award.entry_id)))
    assert (it.state, it.due_at - it.raised_at) == (ObjectionState.OPEN, timedelta(days=7))
    assert it.decided_by_id == book.worker.member_id
    told = messages("objection_raised")[0]
    assert (told.place, told.about) == (it.street_code, "KY-20261123-0001")
    answered(it.id, supervisor)
    assert the(it.id).state is ObjectionState.UPHELD
    back = messages("objection_answered")[0]
    assert back.member_id == rider.member_id
    assert back.facts == {"upheld": True, "words": "你说得对"}
    audits = db.session.scalars(select(AuditEntry.action).where(AuditEntry.about == str(it.id)))
    assert set(audits) >= {"objection-raised", "objection-answered"}


def test_the_same_words_twice_are_one_objection_and_others_are_refused(
    book: Book, rider: Actor
) -> None:
    award = book.award(rider.member_id)
    first = raised(rider, about(award.entry_id))
    assert raised(rider, about(award.entry_id)) == first
    assert len(messages("objection_raised")) == 1
    with pytest.raises(AlreadyObjected):
        raised(rider, about(award.entry_id), "还有一句")
    objections_usecases.withdraw_objection(first, actor=rider, now=NOW)
    with pytest.raises(AlreadyObjected):
        raised(rider, about(award.entry_id), "又想起来了")


def test_objecting_many_times_at_once_leaves_one(
    book: Book, rider: Actor, in_parallel: InParallel
) -> None:
    award = book.award(rider.member_id)
    places = reference()

    def one(n: int) -> int:
        return objections_usecases.raise_objection(
            about(award.entry_id), words=WORDS, days=7, actor=rider, places=places, now=NOW
        )

    assert len(set(in_parallel(one, 6))) == 1
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Objection)) == 1
    assert len(messages("objection_raised")) == 1


def test_two_who_answer_at_once_give_one_answer(
    make: Make, book: Book, rider: Actor, in_parallel: InParallel
) -> None:
    it = raised(rider, about(book.award(rider.member_id).entry_id))
    people = [make.supervisor(), make.supervisor()]

    def one(n: int) -> bool:
        try:
            answered(it, people[n], [UPHOLD, REJECT][n])
        except ObjectionClosed:
            return False
        return True

    assert sorted(in_parallel(one, 2)) == [False, True]
    assert len(messages("objection_answered")) == 1


def test_the_same_answer_twice_is_one(book: Book, rider: Actor, supervisor: Actor) -> None:
    it = raised(rider, about(book.award(rider.member_id).entry_id))
    answered(it, supervisor)
    answered(it, supervisor)
    assert len(messages("objection_answered")) == 1
    with pytest.raises(ObjectionClosed):
        answered(it, supervisor, REJECT)
    with pytest.raises(ObjectionClosed):
        objections_usecases.withdraw_objection(it, actor=rider, now=NOW)


def test_nobody_judges_their_own_decision(make: Make, book: Book, rider: Actor) -> None:
    decider = make.supervisor()
    award = book.award(rider.member_id, actor_id=decider.member_id)
    it = raised(rider, about(award.entry_id))
    for who in (decider, rider, make.worker(), make.supervisor("211282002"), make.auditor()):
        with pytest.raises(Forbidden):
            answered(it, who)
    # The county where the street has nobody else.
    answered(it, make.administrator())


def test_both_who_took_points_back_are_out(make: Make, book: Book, rider: Actor) -> None:
    award = book.award(rider.member_id)
    back = book.reverse(award.entry_id)
    it = raised(rider, about(back.entry_id))
    for who in (book.admin, book.other_admin):
        with pytest.raises(Forbidden):
            answered(it, who)
    answered(it, make.administrator(), REJECT)
    assert the(it).state is ObjectionState.REJECTED


def test_only_ones_own_decisions_and_only_decisions(make: Make, book: Book, rider: Actor) -> None:
    award = book.award(rider.member_id, 25, severity=3)
    with pytest.raises(NotFound):
        raised(make.rider(), about(award.entry_id))
    book.hold(rider.member_id, "R-1", 10)
    with pytest.raises(NothingToObject):
        raised(rider, about(book.capture("R-1").entry_id))
    with pytest.raises(NotFound):
        raised(rider, Decision(Subject.REPORT, "KY-20261123-9999"))
    with pytest.raises(Forbidden):
        raised(make.worker(), about(award.entry_id))


def test_what_is_late_is_not_refused_and_what_is_withheld_is(
    make: Make, book: Book, rider: Actor
) -> None:
    book.award(rider.member_id, 10, terms=Terms(TERMS.zone, 5, 0), cause="KY-1")
    owed = month_queries.unawarded_about(rider.member_id, "KY-1")[0]
    with pytest.raises(NothingToObject):
        raised(rider, Decision(Subject.UNPAID, str(owed.id)))
    staff = make.member(*make.rider().grants, *make.worker(BRIGHT).grants)
    book.award(staff.member_id, 10, cause="KY-2")
    withheld = month_queries.unawarded_about(staff.member_id, "KY-2")[0]
    assert withheld.withheld
    assert raised(staff, Decision(Subject.UNPAID, str(withheld.id)))


@pytest.mark.parametrize("words", ["", "  \n ", "x" * 1001, "\x00"])
def test_words_are_needed_and_not_too_many(book: Book, rider: Actor, words: str) -> None:
    award = book.award(rider.member_id)
    with pytest.raises(Invalid) as refused:
        raised(rider, about(award.entry_id), words)
    assert list(refused.value.problems) == ["words"]


def test_a_rejected_report_earned_nothing_and_that_can_be_objected_to(
    make: Make, rider: Actor
) -> None:
    report = make.report(rider)
    decision = Decision(Subject.REPORT, report.number)
    with pytest.raises(NotFound):
        raised(rider, decision)
    worker = make.worker()
    make.step(report, "reject", worker, reason="看不清")
    it = the(raised(rider, decision))
    assert it.decided_by_id == worker.member_id
    assert it.refused_report == it.report_number == report.number


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ("state = 'open'", "objections_change_only_by_an_end"),
        ("words = 'x'", "objections_change_only_by_an_end"),
        ("due_at = raised_at", "objections_change_only_by_an_end"),
        ("state = 'upheld'", "answered_by_somebody_in_words"),
        (
            "state = 'upheld', answered_at = raised_at, answer = 'x', answered_by_id = rider_id",
            "nobody_judges_their_own_decision",
        ),
        (
            "state = 'upheld', answered_at = raised_at, answer = 'x', answered_by_id = decided_by_id",
            "nobody_judges_their_own_decision",
        ),
        ("state = 'withdrawn'", "withdrawn_iff_dated"),
    ],
)
def test_the_database_refuses_what_the_table_does_not_say(
    book: Book, rider: Actor, change: str, refusal: str
) -> None:
    it = raised(rider, about(book.award(rider.member_id).entry_id))
    with pytest.raises(Exception, match=refusal):
        run([f"UPDATE objections SET {change} WHERE id = {it}"])


def test_objections_are_kept(book: Book, rider: Actor, supervisor: Actor) -> None:
    it = raised(rider, about(book.award(rider.member_id).entry_id))
    answered(it, supervisor)
    with pytest.raises(Exception, match="objections_are_kept"):
        run([f"DELETE FROM objections WHERE id = {it}"])
    with pytest.raises(Exception, match="objections_change_only_by_an_end"):
        run([f"UPDATE objections SET answer = 'y' WHERE id = {it}"])


# the pages


def test_a_rider_objects_on_the_page_and_sees_who_answers(
    make: Make, book: Book, rider: Actor
) -> None:
    award = book.award(rider.member_id, cause="KY-20261123-0001")
    client = make.signed_in(rider)
    form = client.get(f"/my/points/object?entry={award.entry_id}").text
    token = csrf(form)
    refused = client.post(
        f"/my/points/object?entry={award.entry_id}", data={"csrf_token": token, "words": " "}
    )
    assert refused.status_code == 422
    assert "请用几句话写明哪里不对" in refused.text
    sent = client.post(
        f"/my/points/object?entry={award.entry_id}", data={"csrf_token": token, "words": WORDS}
    )
    assert sent.status_code == 303
    page = client.get(sent.location).text
    assert "等待答复" in page
    assert "新城街道" in page
    assert WORDS in page
    assert sent.location in client.get("/my/points").text
    assert sent.location in client.get(f"/my/points/{award.entry_id}").text
    # The form leads to what is there already.
    again = client.get(f"/my/points/object?entry={award.entry_id}")
    assert (again.status_code, again.location) == (303, sent.location)
    assert make.signed_in(make.rider()).get(sent.location).status_code == 404


def test_the_street_sees_late_ones_in_red_and_answers(
    make: Make, book: Book, supervisor: Actor
) -> None:
    rider = make.rider(name="买买提江")
    award = book.award(rider.member_id, cause="KY-20261123-0001")
    it = raised(rider, about(award.entry_id), now=clock.now() - timedelta(days=8))
    client = make.signed_in(supervisor)
    page = client.get("/desk/objections").text
    assert "答复已超期" in page
    assert "tone-late" in page
    shown = client.get(f"/desk/objections/{it}").text
    assert WORDS in shown
    assert rider.name not in shown.split("<main")[1]
    refused = client.post(
        f"/desk/objections/{it}/answer", data={"csrf_token": csrf(shown), "words": "写好的话"}
    )
    assert refused.status_code == 422
    assert "写好的话" in refused.text
    done = client.post(
        f"/desk/objections/{it}/answer",
        data={"csrf_token": csrf(shown), "step": "uphold", "words": "你说得对"},
    )
    assert done.status_code == 303
    assert "下一步：更正积分" in client.get(f"/desk/objections/{it}").text
    # Whoever answers second is told so on the page of the objection, beside the words written.
    late = client.post(
        f"/desk/objections/{it}/answer",
        data={"csrf_token": csrf(shown), "step": "reject", "words": "看过现场，维持"},
    )
    assert late.status_code == 409
    for said in ('role="alert"', "看过现场，维持", "你说得对"):
        assert said in late.text, said
    assert "你说得对" in make.signed_in(rider).get(f"/my/points/objections/{it}").text


def test_who_may_read_objections(make: Make, book: Book, rider: Actor, supervisor: Actor) -> None:
    it = raised(rider, about(book.award(rider.member_id).entry_id))
    statuses = {
        "worker": (make.worker(), 403),
        "rider": (rider, 403),
        "elsewhere": (make.supervisor("211282002"), 404),
        "street": (supervisor, 200),
        "auditor": (make.auditor(), 200),
        "county": (make.administrator(), 200),
    }
    for name, (who, status) in statuses.items():
        assert make.signed_in(who).get(f"/desk/objections/{it}").status_code == status, name
    assert not objections_queries.list_waiting(statuses["elsewhere"][0], NOW)


@pytest.mark.parametrize(
    "query",
    ["", "entry=x", "entry=1&unpaid=1", "entry=99999999999999999999", "unpaid=-1", "report="],
)
def test_an_objection_to_nothing_leads_nowhere(make: Make, rider: Actor, query: str) -> None:
    answer = make.signed_in(rider).get(f"/my/points/object?{query}")
    assert answer.status_code == 404


def csrf(page: str) -> str:
    return page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
