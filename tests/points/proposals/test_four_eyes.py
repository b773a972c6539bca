"""What needs two people: grants, merits and reversals; and the next version of the tariff."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grid_report import clock
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.clock import local_day
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid, NotFound, Stale
from grid_report.notify import delivery
from grid_report.notify.models import InboxEntry, Message
from grid_report.points import rates
from grid_report.points.errors import (
    DecidedBefore,
    ProposalKeyReused,
    SecondPersonNeeded,
    VersionRuns,
)
from grid_report.points.history import queries as history_queries
from grid_report.points.kinds import Verdict
from grid_report.points.proposals import queries as proposals_queries
from grid_report.points.proposals import usecases as proposals_usecases
from grid_report.points.proposals.rules import ProposalKind, Propose
from grid_report.points.rewards import tariff_queries
from grid_report.points.tariff import usecases as tariff_usecases
from grid_report.points.tariff.fields import FIELDS, falling, numbers_of, rules_of
from tests.points.book import MONTH, NOW, STATION, TERMS, Book, pool, refusal_of
from tests.support.parallel import race

pytestmark = pytest.mark.database

ZONE = TERMS.zone


def propose_grant(by: Actor, **more: Any) -> int:
    values: dict[str, Any] = {
        "kind": ProposalKind.GRANT,
        "key": str(uuid.uuid4()),
        "reason": "冬季巡查",
        "points": 500,
        "community_code": STATION,
        "month": str(MONTH),
        **more,
    }
    return proposals_usecases.propose(Propose(**values), zone=ZONE, actor=by, now=NOW).proposal_id


def approve(proposal_id: int, by: Actor) -> str:
    return proposals_usecases.approve(proposal_id, note="", actor=by, terms=TERMS, now=NOW)


def test_a_grant_is_proposed_by_one_and_approved_by_another(book: Book) -> None:
    proposal = propose_grant(book.admin)
    assert pool(STATION, MONTH).granted == 0
    approve(proposal, book.other_admin)
    assert pool(STATION, MONTH).granted == 3500
    waiting, decided = proposals_queries.list_proposals(book.admin)
    assert (list(waiting), [one.state for one in decided]) == ([], ["approved"])
    for action in ("grant-proposed", "grant-approved"):
        counted = "SELECT COUNT(*) FROM audit_entries WHERE action = :action"
        assert book.value(counted, action=action) == 1
    assert book.differences() == []


def test_the_other_administrators_are_told_once_of_what_waits(book: Book) -> None:
    key = str(uuid.uuid4())
    propose_grant(book.admin, key=key)
    propose_grant(book.admin, key=key)
    db.session.rollback()
    told = db.session.scalars(select(Message).where(Message.kind == "proposal_waiting")).one()
    assert told.facts == {
        "proposed": "grant",
        "points": 500,
        "community": "站前社区",
        "words": "冬季巡查",
    }
    db.session.rollback()
    delivery.deliver_due(
        now=clock.now,
        channels=(),
        instead=(Role.ADMINISTRATOR, "211282"),
        should_continue=lambda: True,
    )
    inboxes = db.session.scalars(select(InboxEntry.member_id)).all()
    assert book.other_admin.member_id in inboxes
    assert book.admin.member_id not in inboxes
    db.session.rollback()


def test_a_refused_proposal_is_told_to_nobody(book: Book) -> None:
    with pytest.raises(Invalid):
        propose_grant(book.admin, reason="")
    assert book.value("SELECT COUNT(*) FROM outbox WHERE kind = 'proposal_waiting'") == 0


@pytest.mark.parametrize("months", [-1, 0, 1])
def test_a_grant_is_for_the_month_before_this_or_the_next(book: Book, months: int) -> None:
    month = MONTH.plus(months)
    approve(propose_grant(book.admin, month=str(month)), book.other_admin)
    assert pool(STATION, month).granted == 3500


@pytest.mark.parametrize("month", ["1970-01", "9999-12", str(MONTH.plus(-2)), str(MONTH.plus(2))])
def test_a_grant_for_another_month_is_refused_by_its_field(book: Book, month: str) -> None:
    with pytest.raises(Invalid) as refused:
        propose_grant(book.admin, month=month)
    (problem,) = refused.value.problems["month"]
    assert problem.code == "month-not-granted"
    assert problem.facts == {"first": str(MONTH.plus(-1)), "last": str(MONTH.plus(1))}


def test_nobody_approves_or_declines_an_own_proposal(book: Book) -> None:
    proposal = propose_grant(book.admin)
    with pytest.raises(Forbidden):
        approve(proposal, book.admin)
    with pytest.raises(Forbidden):
        proposals_usecases.decline(proposal, note="doch nicht", actor=book.admin, now=NOW)
    with pytest.raises(Forbidden):
        approve(proposal, book.worker)
    assert pool(STATION, MONTH).granted == 0


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ("decided_by_id = proposed_by_id", "nobody_approves_an_own_proposal"),
        ("decided_by_id = NULL", "decided_by_somebody"),
        ("state = 'waiting'", "decided_iff_dated"),
    ],
)
def test_the_database_refuses_it_as_well(book: Book, change: str, refusal: str) -> None:
    proposal = propose_grant(book.admin)
    columns = {
        "state": "'approved'",
        "decided_by_id": str(book.other_admin.member_id),
        "decided_at": "proposed_at",
    }
    name, _, value = change.partition(" = ")
    columns[name] = value
    parts = ", ".join(f"{column} = {value}" for column, value in columns.items())
    found = refusal_of([f"UPDATE point_proposals SET {parts} WHERE id = {proposal}"])
    assert found is not None
    assert found.removeprefix("ck_point_proposals_") == refusal


def test_a_decided_proposal_stays_as_it_is(book: Book) -> None:
    proposal = propose_grant(book.admin)
    proposals_usecases.decline(proposal, note="不需要", actor=book.other_admin, now=NOW)
    with pytest.raises(DecidedBefore):
        approve(proposal, book.other_admin)
    change = f"UPDATE point_proposals SET decision_note = 'x' WHERE id = {proposal}"
    assert refusal_of([change]) == "a_proposal_is_decided_once"
    assert refusal_of([f"DELETE FROM point_proposals WHERE id = {proposal}"]) == "proposals_stay"
    other = propose_grant(book.admin)
    more = f"UPDATE point_proposals SET points = 9999 WHERE id = {other}"
    assert refusal_of([more]) == "a_proposal_is_decided_once"


def test_one_key_is_one_proposal_and_a_reason_is_needed_to_decline(book: Book) -> None:
    key = str(uuid.uuid4())
    first = propose_grant(book.admin, key=key)
    assert propose_grant(book.admin, key=key) == first
    for other in ({"points": 501}, {"reason": "别的"}, {"community_code": None}):
        with pytest.raises(ProposalKeyReused):
            propose_grant(book.admin, key=key, **other)
    assert book.value("SELECT COUNT(*) FROM point_proposals") == 1
    with pytest.raises(Invalid) as refused:
        proposals_usecases.decline(first, note="", actor=book.other_admin, now=NOW)
    assert list(refused.value.problems) == ["note"]
    with pytest.raises(NotFound):
        approve(first + 99, book.other_admin)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"points": 0}, "points"),
        ({"points": None}, "points"),
        ({"reason": ""}, "reason"),
        ({"month": None}, "month"),
        ({"community_code": "999999999999"}, "community"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused_by_its_field(
    book: Book, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        propose_grant(book.admin, **more)
    assert list(refused.value.problems) == [field]


def test_an_award_is_taken_back_by_two(book: Book) -> None:
    rider = book.rider()
    award = book.award(rider, 10)
    command = Propose(
        ProposalKind.REVERSAL,
        str(uuid.uuid4()),
        "重复计分",
        entry_id=award.entry_id,
        verdict=Verdict.HONEST,
    )
    proposal = proposals_usecases.propose(command, zone=ZONE, actor=book.admin, now=NOW).proposal_id
    approve(proposal, book.other_admin)
    assert history_queries.balance(rider).available == 0
    unknown = Propose(ProposalKind.REVERSAL, str(uuid.uuid4()), "x", entry_id=999, verdict=None)
    with pytest.raises(Invalid) as refused:
        proposals_usecases.propose(unknown, zone=ZONE, actor=book.admin, now=NOW)
    assert set(refused.value.problems) == {"entry_id", "verdict"}


def test_nobody_decides_about_an_award_of_their_own(book: Book) -> None:
    award = book.award(book.rider(), 10)
    owner = Actor(
        int(book.value("SELECT rider_id FROM point_journal WHERE id = :id", id=award.entry_id)),
        "x",
        frozenset({Grant(Role.ADMINISTRATOR, "211282")}),
    )
    command = Propose(
        ProposalKind.REVERSAL,
        str(uuid.uuid4()),
        "x",
        entry_id=award.entry_id,
        verdict=Verdict.HONEST,
    )
    with pytest.raises(Invalid):
        proposals_usecases.propose(command, zone=ZONE, actor=owner, now=NOW)
    proposal = proposals_usecases.propose(command, zone=ZONE, actor=book.admin, now=NOW).proposal_id
    with pytest.raises(Forbidden):
        approve(proposal, owner)


def _approve(proposal: int, by: Actor) -> dict[str, Any]:
    approve(proposal, by)
    return {"done": True}


def test_two_approvals_at_once_grant_once(app: Flask, book: Book) -> None:
    proposal = propose_grant(book.admin)
    third = book.member(Role.ADMINISTRATOR, "211282")
    people = [book.other_admin, third] * 4
    answers = race(app, [partial(_approve, proposal, by) for by in people])
    assert sum("done" in answer for answer in answers) == 1
    assert pool(STATION, MONTH).granted == 3500
    assert book.differences() == []


# --- the next version -----------------------------------------------------------------------------


def numbers(**changed: int) -> dict[str, int]:
    return {**numbers_of(tariff_queries.at(clock.now())), **changed}


def draft(by: Actor, *, seen: int = 0, code: str = "2030-1", **changed: int) -> int:
    return tariff_usecases.save_draft(
        code, numbers(**changed), seen=seen, actor=by, now=clock.now()
    )


def publish(by: Actor, *, seen: int = 1, in_days: int = 3) -> str:
    day = local_day(clock.now() + timedelta(days=in_days), ZONE)
    return tariff_usecases.publish_draft(day, seen=seen, zone=ZONE, actor=by, now=clock.now())


def test_numbers_and_rules_are_the_same_thing() -> None:
    version = rates.from_file().versions[0]
    rates.refuse_unless_whole("x", rules_of(numbers_of(version)))
    assert numbers_of(rates.Version("x", version.starts_at, rules_of(numbers_of(version)))) == (
        numbers_of(version)
    )
    assert {field.name for field in FIELDS} == set(numbers_of(version))
    assert falling({**numbers_of(version), "r1_2": 5}) == ["r1_2"]
    assert falling({**numbers_of(version), "cap_month": 0}) == []


def test_a_version_is_written_by_one_and_published_by_another(book: Book) -> None:
    draft(book.admin, r1_1=12)
    with pytest.raises(SecondPersonNeeded):
        publish(book.admin)
    assert publish(book.other_admin) == "2030-1"
    now = clock.now()
    assert tariff_queries.at(now).code == "2020-1"
    later = tariff_queries.at(now + timedelta(days=4))
    assert (later.code, later.for_acceptance(1).points) == ("2030-1", 12)
    assert proposals_queries.find_draft(book.admin) is None
    assert [one.code for one in proposals_queries.list_versions(book.admin)] == ["2030-1", "2020-1"]


def test_a_draft_is_checked_field_by_field(book: Book) -> None:
    with pytest.raises(Invalid) as refused:
        draft(book.admin, r1_1=0, r10_most=5000)
    assert set(refused.value.problems) == {"r1_1", "r10_most"}
    with pytest.raises(Invalid) as refused:
        draft(book.admin, r1_3=1)
    assert list(refused.value.problems) == ["r1_3"]
    with pytest.raises(Invalid) as refused:
        draft(book.admin, code="2020-1")
    assert list(refused.value.problems) == ["code"]
    with pytest.raises(Forbidden):
        draft(book.worker)


def test_who_saw_an_older_draft_neither_saves_nor_publishes(book: Book) -> None:
    draft(book.admin)
    draft(book.admin, seen=1, r2=4)
    with pytest.raises(Stale):
        draft(book.other_admin, seen=1)
    with pytest.raises(Stale):
        publish(book.other_admin, seen=1)
    assert publish(book.other_admin, seen=2) == "2030-1"


def test_a_start_lies_in_the_future_and_is_free(book: Book) -> None:
    draft(book.admin)
    for in_days in (0, -1):
        with pytest.raises(Invalid) as refused:
            publish(book.other_admin, in_days=in_days)
        assert list(refused.value.problems) == ["starts_on"]
    publish(book.other_admin)
    draft(book.admin, code="2030-2")
    with pytest.raises(Invalid) as refused:
        publish(book.other_admin)
    assert list(refused.value.problems) == ["starts_on"]


def test_a_version_may_be_taken_back_until_it_starts_and_never_after(book: Book) -> None:
    draft(book.admin)
    publish(book.other_admin)
    with pytest.raises(VersionRuns):
        tariff_usecases.withdraw_version("2020-1", actor=book.admin, now=clock.now())
    tariff_usecases.withdraw_version("2030-1", actor=book.admin, now=clock.now())
    assert [one.code for one in proposals_queries.list_versions(book.admin)] == ["2020-1"]
    assert tariff_queries.at(clock.now() + timedelta(days=9)).code == "2020-1"
    with pytest.raises(NotFound):
        tariff_usecases.withdraw_version("2030-1", actor=book.admin, now=clock.now())


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE tariff_versions SET rules = '{}'", "versions_are_not_edited"),
        ("UPDATE tariff_versions SET starts_at = '2999-01-01'", "versions_are_not_edited"),
        ("DELETE FROM tariff_versions", "started_versions_stay"),
        (
            "INSERT INTO tariff_versions VALUES"
            " ('x', '2021-01-01 00:00:00', '{}', :a, :b, '2021-01-01 00:00:00')",
            "a_version_starts_later",
        ),
        (
            "INSERT INTO tariff_versions VALUES"
            " ('x', '2021-01-01 00:00:00', '{}', NULL, NULL, '2021-01-01 00:00:00')",
            "the_file_comes_first",
        ),
        (
            "INSERT INTO tariff_versions VALUES"
            " ('x', '2999-01-01 00:00:00', '{}', :a, :a, '2021-01-01 00:00:00')",
            "two_people",
        ),
    ],
)
def test_the_database_keeps_running_versions(book: Book, statement: str, refusal: str) -> None:
    people = {":a": book.admin.member_id, ":b": book.other_admin.member_id}
    for name, member in people.items():
        statement = statement.replace(name, str(member))
    found = refusal_of([statement])
    assert found is not None
    assert found.removeprefix("ck_tariff_versions_") == refusal


def test_loading_the_file_again_changes_nothing(app: Flask) -> None:
    assert tariff_usecases.load_tariff(now=clock.now()) == 0


def test_without_rows_the_files_tariff_counts(app: Flask) -> None:
    from grid_report import schema

    db.session.remove()
    schema.downgrade(db.engine, "0006")
    schema.upgrade(db.engine)
    assert tariff_queries.at(clock.now()).code == "2020-1"
    assert tariff_usecases.load_tariff(now=clock.now()) == 1
    assert tariff_queries.at(clock.now()).for_quiz().points == 10
