"""A reversal says what it took and what is still to come: API, rider's pages, message, proposal."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report import clock
from grid_report.db import db, transaction
from grid_report.notify.models import Message
from grid_report.points import ledger
from grid_report.points.errors import NothingLeftToTake
from grid_report.points.history import queries as history_queries
from grid_report.points.history import reversal_queries
from grid_report.points.kinds import Verdict
from grid_report.points.policy import terms_of
from grid_report.points.proposals import usecases as proposals_usecases
from grid_report.points.proposals.rules import ProposalKind, Propose
from grid_report.points.rates import Earning
from grid_report.settings import Settings
from tests.api.conftest import Programs, problem
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database


@pytest.fixture
def parked(make: Make, settings: Settings) -> tuple[Any, int]:
    """A rider with a wrong award of 25 on hold and 5 of another free."""
    rider, now = make.rider(), clock.now()
    entries = []
    with transaction() as session:
        for number, points in ((1, 25), (2, 30)):
            award = ledger.award(
                session, rider.member_id, cause=ledger.Cause("test-award", f"T-{number}"),
                earning=Earning(points, "R1", "2020-1"), community_code=STATION,
                terms=terms_of(settings), at=now, actor_id=None,
            )  # fmt: skip
            entries.append(award.entry_id)
        ledger.hold(
            session, rider.member_id, ref="R-PARKED1", points=50, provider_code="S1",
            holds_until=now + timedelta(days=1), at=now,
        )  # fmt: skip
    assert entries[0] is not None
    return rider, entries[0]


def take_back(make: Make, settings: Settings, entry_id: int, verdict: Verdict) -> int:
    first, second, now = make.administrator(), make.administrator(), clock.now()
    command = Propose(
        kind=ProposalKind.REVERSAL, key=str(uuid.uuid4()), reason="照片是旧的", entry_id=entry_id,
        verdict=verdict,
    )  # fmt: skip
    put = proposals_usecases.propose(command, zone=settings.county.tz, actor=first, now=now)
    proposals_usecases.approve(
        put.proposal_id, note="", actor=second, terms=terms_of(settings), now=clock.now()
    )
    return put.proposal_id


def release() -> None:
    with transaction() as session:
        ledger.release(session, "R-PARKED1", at=clock.now())


def test_the_api_says_what_was_taken_and_what_is_still_owed(
    make: Make, program: Programs, parked: tuple[Any, int], settings: Settings
) -> None:
    rider, entry_id = parked
    take_back(make, settings, entry_id, Verdict.FRAUD)
    asked = program(make.administrator())
    one = asked.get("proposals").json["items"][0]
    assert (one["taken"], one["still_owed"]) == (5, 20)
    mine = program(rider).get("me/points").json
    assert (mine["available"], mine["held"], mine["owed"], mine["debt"]) == (0, 50, 20, 0)
    release()
    mine = program(rider).get("me/points").json
    assert (mine["available"], mine["held"], mine["owed"], mine["debt"]) == (30, 0, 0, 0)
    # What was a debt has been repaid: nothing is to come any more.
    assert asked.get("proposals").json["items"][0]["still_owed"] == 0


def test_a_proposal_that_waits_has_taken_nothing(
    make: Make, program: Programs, parked: tuple[Any, int]
) -> None:
    _, entry_id = parked
    body = {"kind": "reversal", "reason": "旧照片", "entry_id": entry_id, "verdict": "honest"}
    said = program(make.administrator()).post(
        "proposals", json=body, headers={"Idempotency-Key": str(uuid.uuid4())}
    )
    assert (said.status_code, said.json["taken"], said.json["still_owed"]) == (201, 0, 0)


@pytest.mark.parametrize(
    ("verdict", "words", "taken", "owed", "debt"),
    [
        (Verdict.HONEST, "当时发错了", 0, 25, 0),
        (Verdict.APPEAL, "申诉后更正", 0, 25, 0),
        (Verdict.NEGLIGENT, "上报时没有看清楚", 5, 20, 0),
        (Verdict.FRAUD, "上报不属实", 5, 20, 0),
    ],
)
def test_the_rider_reads_the_verdict_and_both_amounts(
    make: Make, parked: tuple[Any, int], settings: Settings,
    verdict: Verdict, words: str, taken: int, owed: int, debt: int,
) -> None:  # fmt: skip
    rider, entry_id = parked
    take_back(make, settings, entry_id, verdict)
    client = make.signed_in(rider)
    page = client.get("/my/points").text
    assert f"收回：{words}" in page
    if verdict is not Verdict.HONEST:
        assert "当时发错了" not in page
    assert f"有 {owed} 分在预约退回时收回" in page
    why = client.get(f"/my/points/{entry_id}").text
    assert "收回情况" in why
    assert f"待收回 {owed} 分" in client.get("/my/points/month").text
    message = db.session.scalars(select(Message).where(Message.kind == "points_taken_back")).one()
    told = (message.facts["taken"], message.facts["owed"], message.facts["debt"])
    assert told == (taken, owed, debt)
    found = reversal_queries.taken_of([entry_id])[entry_id]
    assert (found.taken, found.still_owed) == (taken, owed)


def test_nobody_types_the_number_of_an_entry(make: Make, parked: tuple[Any, int]) -> None:
    rider, entry_id = parked
    client = make.signed_in(make.administrator())
    member = client.get(f"/admin/members/{rider.member_id}").text
    assert f"/admin/proposals?member={rider.member_id}#reversal" in member
    chosen = client.get(f"/admin/proposals?member={rider.member_id}").text
    assert f"entry_id={entry_id}#reversal" in chosen
    form = client.get(f"/admin/proposals?entry_id={entry_id}").text
    assert f'type="hidden" name="entry_id" value="{entry_id}"' in form
    assert "25 分" in form
    plain = client.get("/admin/proposals").text
    assert 'name="entry_id"' not in plain
    for odd in ("x", "²", "9" * 30):
        assert client.get(f"/admin/proposals?entry_id={odd}&member={odd}").status_code == 200


@pytest.mark.parametrize(
    ("verdict", "is_over", "taken", "on_hold", "debt"),
    [
        (Verdict.HONEST, False, 0, 25, 0),
        (Verdict.HONEST, True, 25, 0, 0),
        (Verdict.NEGLIGENT, False, 5, 20, 0),
        (Verdict.FRAUD, False, 5, 0, 20),
        (Verdict.FRAUD, True, 25, 0, 0),
    ],
)
def test_what_can_take_nothing_more_is_not_proposed_again_and_says_what_was_taken(
    make: Make, program: Programs, parked: tuple[Any, int], settings: Settings,
    verdict: Verdict, is_over: bool, taken: int, on_hold: int, debt: int,
) -> None:  # fmt: skip
    _, entry_id = parked
    take_back(make, settings, entry_id, verdict)
    if is_over:
        release()
    with pytest.raises(NothingLeftToTake) as refused:
        take_back(make, settings, entry_id, verdict)
    said = refused.value
    assert (said.of, said.taken, said.on_hold, said.debt) == (25, taken, on_hold, debt)
    admin = make.administrator()
    body = {
        "kind": "reversal",
        "reason": "再来一次",
        "entry_id": entry_id,
        "verdict": verdict.value,
    }
    told = problem(program(admin).post("proposals", json=body), 409, "nothing-left-to-take")[
        "facts"
    ]
    assert (told["taken"], told["on_hold"], told["debt"]) == (taken, on_hold, debt)
    sentence = f"原发放 25 分，已收回 {taken} 分。"
    client = make.signed_in(admin)
    form = {"kind": "reversal", "key": str(uuid.uuid4()), "reason": "再来一次",
            "entry_id": str(entry_id), "verdict": verdict.value}  # fmt: skip
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/me").text)
    assert token is not None
    page = client.post("/admin/proposals", data={**form, "csrf_token": token[1]})
    assert page.status_code == 409
    assert sentence in page.text
    assert (f"另有 {on_hold} 分，预约退回积分时自动收回" in page.text) == (on_hold > 0)
    assert (f"{debt} 分记为骑手欠分" in page.text) == (debt > 0)
    assert ("没有待收回的" in page.text) == (not on_hold and not debt)
    # What was typed is kept, and no proposal was.
    assert "再来一次" in page.text
    assert 'id="f-reversal-reason"' in page.text
    assert program(admin).get("proposals?state=waiting").json["items"] == []
    assert count_messages() == 1


def count_messages() -> int:
    db.session.rollback()
    told = select(Message).where(Message.kind == "points_taken_back")
    return len(db.session.scalars(told).all())


def test_of_two_proposals_that_wait_for_one_award_the_second_takes_nothing(
    make: Make, parked: tuple[Any, int], settings: Settings
) -> None:
    rider, entry_id = parked
    first, second, now = make.administrator(), make.administrator(), clock.now()
    put = [
        proposals_usecases.propose(
            Propose(ProposalKind.REVERSAL, str(uuid.uuid4()), "重复", entry_id=entry_id,
                    verdict=Verdict.FRAUD),
            zone=settings.county.tz, actor=first, now=now,
        ).proposal_id
        for _ in range(2)
    ]  # fmt: skip
    terms = terms_of(settings)
    proposals_usecases.approve(put[0], note="", actor=second, terms=terms, now=clock.now())
    with pytest.raises(NothingLeftToTake):
        proposals_usecases.approve(put[1], note="", actor=second, terms=terms, now=clock.now())
    # It can be declined, and the rider was told once.
    proposals_usecases.decline(put[1], note="已收回", actor=second, now=clock.now())
    assert count_messages() == 1
    balance = history_queries.balance(rider.member_id)
    assert (balance.available, balance.owed) == (0, 20)


def test_the_same_key_answers_as_before_though_nothing_is_left(
    make: Make, program: Programs, parked: tuple[Any, int], settings: Settings
) -> None:
    _, entry_id = parked
    one, key = program(make.administrator()), {"Idempotency-Key": str(uuid.uuid4())}
    body = {"kind": "reversal", "reason": "旧照片", "entry_id": entry_id, "verdict": "honest"}
    put = one.post("proposals", json=body, headers=key)
    proposals_usecases.approve(
        put.json["id"], note="", actor=make.administrator(), terms=terms_of(settings),
        now=clock.now(),
    )  # fmt: skip
    again = one.post("proposals", json=body, headers=key)
    assert (again.status_code, again.json["id"]) == (201, put.json["id"])


def test_what_is_repaid_repays_the_oldest_verdict_first(
    make: Make, parked: tuple[Any, int], settings: Settings
) -> None:
    rider, first = parked
    take_back(make, settings, first, Verdict.FRAUD)
    with transaction() as session:
        second = ledger.award(
            session, rider.member_id, cause=ledger.Cause("test-award", "T-3"),
            earning=Earning(10, "R1", "2020-1"), community_code=STATION,
            terms=terms_of(settings), at=clock.now(), actor_id=None,
        ).entry_id  # fmt: skip
        ledger.hold(
            session, rider.member_id, ref="R-PARKED2", points=10, provider_code="S1",
            holds_until=clock.now() + timedelta(days=1), at=clock.now(),
        )  # fmt: skip
    assert second is not None
    take_back(make, settings, second, Verdict.FRAUD)
    with transaction() as session:
        ledger.release(session, "R-PARKED2", at=clock.now())
    found = reversal_queries.taken_of([first, second])
    assert (found[first].taken, found[first].debt) == (15, 10)
    assert (found[second].taken, found[second].debt) == (0, 10)
    release()
    found = reversal_queries.taken_of([first, second])
    assert [(it.taken, it.debt) for it in found.values()] == [(25, 0), (10, 0)]


def test_a_graver_verdict_may_take_what_the_first_one_left(
    make: Make, parked: tuple[Any, int], settings: Settings
) -> None:
    rider, entry_id = parked
    take_back(make, settings, entry_id, Verdict.HONEST)
    take_back(make, settings, entry_id, Verdict.FRAUD)
    found = reversal_queries.taken_of([entry_id])[entry_id]
    assert (found.taken, found.debt, found.still_owed) == (5, 20, 20)
    release()
    with pytest.raises(NothingLeftToTake):
        take_back(make, settings, entry_id, Verdict.NEGLIGENT)
    assert history_queries.balance(rider.member_id).available == 30
