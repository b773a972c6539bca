"""At the proof: whose reports go where, how they are routed, and what the review makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from grid_report import clock
from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consents import usecases as consents_usecases
from grid_report.accounts.models import Member
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.accounts.numbers.usecases import Choice
from grid_report.accounts.tokens import SignedIn
from grid_report.db import db
from grid_report.fairness import scheduled as fairness_scheduled
from grid_report.fairness.models import Signal
from grid_report.notify import delivery
from grid_report.notify.models import Message
from grid_report.places.queries import reference
from grid_report.reports import queries
from grid_report.reports.kept_models import KeptReport
from grid_report.reports.models import Report
from grid_report.reports.submission import usecases as submission_usecases
from tests.reports.submission.unproved import HERE, LATER, count, gone, submit
from tests.support.builders import BRIGHT, Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database


def test_led_back_to_the_account_that_proved_it_the_report_goes_as_that_ones(make: Make) -> None:
    phone = "13944440003"
    owner = make.rider(phone=phone)
    again = make.unproved(phone=phone)
    key = make.submission().key
    own = submit(make, owner, make.submission(key=key))
    same_key = submit(make, again, make.submission(key=key))
    kept = make.report(again)
    assert isinstance(make.prove(again), SignedIn)
    for number in (kept.number, same_key.report.number):
        report = gone(number)
        assert (report.reporter_id, report.sent_unproved) == (owner.member_id, False)
    assert gone(own.report.number).key == key
    entry = queries.list_history(gone(kept.number).id)[0]
    assert entry.actor_id == owner.member_id


def test_opened_by_the_password_after_the_code_it_goes_with_its_person(make: Make) -> None:
    phone = "13944440004"
    sleeper = make.rider(phone=phone)
    then = make.now + timedelta(days=make.settings.security.number_sleep_days + 1)
    again = make.unproved(phone=phone, at=then)
    kept = make.report(again, at=then)
    choice = make.prove(again, at=then)
    assert isinstance(choice, Choice)
    assert count(Report) == 0
    numbers_usecases.choose_by_password(
        choice, "a-good-passphrase", label="", policy=make.policy, now=then, leaving=again
    )
    assert gone(kept.number).reporter_id == sleeper.member_id


def test_not_me_it_goes_with_the_account_that_keeps_the_number(make: Make) -> None:
    phone = "13944440005"
    make.rider(phone=phone)
    then = make.now + timedelta(days=make.settings.security.number_sleep_days + 1)
    again = make.unproved(phone=phone, at=then)
    kept = make.report(again, at=then)
    choice = make.prove(again, at=then)
    numbers_usecases.choose_new(choice, actor=again, policy=make.policy, now=then)
    assert gone(kept.number).reporter_id == again.member_id


def test_the_chosen_community_and_compound_are_kept_for_the_day_it_goes(make: Make) -> None:
    rider = make.unproved()
    compound = next(iter(reference().compounds.values()))
    listed = make.report(rider, community=BRIGHT)
    scanned = make.report(rider, community=None, compound=compound.code)
    consents_usecases.say_consent(
        ConsentKind.POSITION, False, actor=rider, policy=make.policy, now=make.now
    )
    nowhere = make.report(rider, **HERE)
    make.prove(rider)
    assert gone(listed.number).community_code == BRIGHT
    assert gone(listed.number).matched_by == "chosen"
    assert gone(scanned.number).compound_code == compound.code
    report = gone(nowhere.number)
    assert (report.community_code, report.located_by) == (None, "nowhere")


def test_what_nobody_answers_for_any_more_goes_to_the_countys_list(make: Make) -> None:
    rider = make.unproved()
    kept = make.report(rider, **HERE)
    row = db.session.scalars(select(KeptReport)).one()
    # Outside the county by the time it goes.
    row.sent_lat = 20.0
    db.session.commit()
    make.prove(rider)
    report = gone(kept.number)
    assert (report.community_code, report.matched_by, report.lat) == (None, "none", 20.0)


def test_proved_while_a_report_comes_in_it_is_not_kept_for_ever(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the first look says is asked again behind the member's lock.
    rider = make.rider()
    monkeypatch.setattr(
        "grid_report.reports.submission.usecases._check_limits",
        _says_unproved(submission_usecases._check_limits),
    )
    assert isinstance(make.report(rider), Report)
    assert count(KeptReport) == 0


def _says_unproved(look: Any) -> Any:
    return lambda *args, **more: replace(look(*args, **more), unproved=True)


def test_the_review_counts_ways_and_the_age_of_photos_until_it_was_sent(
    make: Make,
) -> None:
    rider, photo = make.unproved(at=make.now), make.photo(7)
    hours = timedelta(hours=5)
    old = replace(make.photo(8), taken_at=make.now + hours)
    first = make.report(rider, at=make.now, photos=(photo,), **HERE)
    far = {**HERE, "lat": 42.60, "lng": 124.10}
    make.report(rider, at=make.now + hours, photos=(old,), taken_at=make.now + hours, **far)
    then = make.now + LATER
    make.prove(rider, at=then)
    other = make.rider()
    make.report(other, at=then, photos=(make.photo(7),), **HERE)
    db.session.rollback()
    fairness_scheduled.find_all(zone=make.settings.county.tz, now=lambda: then + timedelta(hours=1))
    db.session.rollback()
    kinds = set(db.session.scalars(select(Signal.kind)))
    assert "too_fast" not in {str(kind) for kind in kinds}
    assert "photo_old" not in {str(kind) for kind in kinds}
    assert gone(first.number).sent_at == make.now


def test_sent_and_proved_at_once_nothing_is_left_waiting(
    make: Make, in_parallel: InParallel
) -> None:
    riders = [make.unproved() for _ in range(4)]
    codes = [
        numbers_usecases.request_proof(actor=rider, policy=make.policy, now=make.now).code
        for rider in riders
    ]
    commands = [make.submission() for _ in riders]
    places = reference()
    db.session.rollback()

    def act(number: int) -> None:
        n, proves = divmod(number, 2)
        if proves:
            numbers_usecases.prove_with_code(
                codes[n], actor=riders[n], label="", policy=make.policy, now=make.now
            )
        else:
            submission_usecases.submit_report(
                commands[n], actor=riders[n], places=places, settings=make.settings, now=make.now
            )

    in_parallel(act, 8)
    assert (count(KeptReport), count(Report)) == (0, 4)


def told_of_left(member_id: int) -> list[Message]:
    db.session.rollback()
    return list(
        db.session.scalars(
            select(Message).where(Message.kind == "kept_left", Message.about == str(member_id))
        )
    )


def test_administrators_hear_of_reports_left_under_an_account_whose_number_another_proved(
    make: Make,
) -> None:
    phone, administrator = "13944440021", make.administrator()
    mistaken, owner = make.unproved(phone=phone), make.unproved(phone=phone)
    kept = [make.report(mistaken), make.report(mistaken)]
    make.prove(owner)
    told = told_of_left(mistaken.member_id)
    assert [(one.role, one.place, one.facts) for one in told] == [
        (Role.ADMINISTRATOR, reference().county_code, {"kept": 2})
    ]
    delivery.deliver_due(now=clock.now)
    answer = make.signed_in(administrator).get(f"/inbox/{told[0].id}")
    assert answer.headers["Location"] == f"/admin/members/{mistaken.member_id}"
    # What the message says to do does it.
    numbers_usecases.give_number(
        mistaken.member_id, "13944440022", take=False, actor=administrator,
        policy=make.policy, now=make.now,
    )  # fmt: skip
    assert [gone(one.number).reporter_id for one in kept] == [mistaken.member_id] * 2


def test_nobody_hears_of_an_account_that_left_nothing_or_whose_person_took_it_along(
    make: Make,
) -> None:
    phone = "13944440023"
    empty, owner = make.unproved(phone=phone), make.unproved(phone=phone)
    make.prove(owner)
    assert told_of_left(empty.member_id) == []
    # The one that has it signs in by codes only: the password is of one that claims it.
    db.session.execute(
        update(Member).where(Member.id == owner.member_id).values(password_hash=None)
    )
    db.session.commit()
    then = make.now + timedelta(days=make.settings.security.number_sleep_days + 1)
    claims, again = make.unproved(phone=phone, at=then), make.unproved(phone=phone, at=then)
    kept = make.report(again, at=then)
    choice = make.prove(again, at=then)
    assert isinstance(choice, Choice)
    chosen = numbers_usecases.choose_by_password(
        choice, "a-good-passphrase", label="", policy=make.policy, now=then, leaving=again
    )
    assert gone(kept.number).reporter_id == chosen.actor.member_id == claims.member_id
    assert told_of_left(again.member_id) == []


def test_administrators_hear_of_it_as_well_when_one_of_them_gives_the_number_to_somebody_new(
    make: Make,
) -> None:
    phone = "13944440024"
    mistaken = make.unproved(phone=phone)
    make.report(mistaken)
    make.member(Grant(Role.WORKER, BRIGHT), phone=phone)
    assert [one.facts for one in told_of_left(mistaken.member_id)] == [{"kept": 1}]


def test_a_report_on_its_way_while_the_number_is_taken_is_told_of_too(make: Make) -> None:
    phone = "13944440025"
    mistaken, owner = make.unproved(phone=phone), make.unproved(phone=phone)
    command = make.submission()
    make.prove(owner)
    submit(make, mistaken, command)
    assert [one.facts for one in told_of_left(mistaken.member_id)] == [{"kept": 1}]
