"""A reversal says what it took and what is still to come: API, rider's pages, message, proposal."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report import clock
from grid_report.db import db, transaction
from grid_report.notify.models import Message
from grid_report.points import ledger, proposals, reversals
from grid_report.points.kinds import Verdict
from grid_report.points.proposing import ProposalKind, Propose
from grid_report.points.tariff import Earning
from grid_report.points.terms import terms_of
from grid_report.settings import Settings
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
    put = proposals.propose(command, zone=settings.county.tz, actor=first, now=now)
    proposals.approve(
        put.proposal_id, note="", actor=second, terms=terms_of(settings), now=clock.now()
    )
    return put.proposal_id


def release() -> None:
    with transaction() as session:
        ledger.release(session, "R-PARKED1", at=clock.now())


def test_the_api_says_what_was_taken_and_what_is_still_owed(
    make: Make, program: Any, parked: tuple[Any, int], settings: Settings
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
    make: Make, program: Any, parked: tuple[Any, int]
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
    found = reversals.taken_of([entry_id])[entry_id]
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
