"""Template messages over a WeChat on loopback: by real HTTP, each once, and what it answers believed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from grid_report.access.roles import Role
from grid_report.accounts.members import usecases as members_usecases
from grid_report.db import db
from grid_report.demo.wechat.pretended import PretendedWechat
from grid_report.notify import retries
from grid_report.notify.channels import usecases as channel_usecases
from grid_report.notify.channels.wechat_channel import BUSY_FOR
from grid_report.notify.wechat import queries, usecases
from grid_report.notify.wechat.models import WechatBinding, WechatToken
from tests.notify.channels.sending import AT, NUMBER, deliver, put, send, states
from tests.notify.wechat.pretending import channel, connect, pretended
from tests.support.builders import STATION, Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

FACTS = {"category": "RD02", "community": "站前社区", "words": "某某路七号"}
SEND, TOKEN = "/cgi-bin/message/template/send", "/cgi-bin/stable_token"


@pytest.fixture
def wechat() -> Iterator[PretendedWechat]:
    with pretended() as running:
        yield running


def tell(member_id: int, kind: str = "report_accepted", **more: Any) -> None:
    put(kind, to_member=member_id, read_as=Role.RIDER, facts=FACTS, **more)


def test_a_rider_is_told_by_the_approved_template_and_nothing_people_wrote(
    make: Make, wechat: PretendedWechat
) -> None:
    rider = make.rider()
    openid = connect(make, wechat, rider, "report_accepted")
    it = channel(wechat)
    for kind in ("report_accepted", "report_rejected", "report_withdrawn"):
        tell(rider.member_id, kind)
    assert (deliver(it), send(it)) == (3, 1)
    (message,) = wechat.sent
    assert message | {"client_msg_id": ""} == {
        "touser": openid,
        "template_id": "TM_CASE",
        "url": "https://grid.example.org/inbox",
        "client_msg_id": "",
        "data": {
            "character_string1": {"value": NUMBER},
            "phrase2": {"value": "已受理"},
            "time3": {"value": "2026-11-16 10:00"},
        },
    }
    # Only what was asked for has a way on the channel at all.
    assert states() == [("wechat", "sent", 1, "")]


def test_whoever_has_no_wechat_or_is_suspended_is_told_nothing(
    make: Make, wechat: PretendedWechat
) -> None:
    without, suspended = make.rider(), make.rider()
    connect(make, wechat, suspended, "report_accepted")
    connect(make, wechat, without, "report_accepted")
    usecases.disconnect(actor=without, now=AT)
    members_usecases.suspend_member(suspended.member_id, actor=make.administrator(), now=AT)
    it = channel(wechat)
    for one in (without, suspended):
        tell(one.member_id)
    deliver(it)
    send(it)
    assert wechat.sent == []
    assert {state for _, state, _, _ in states()} == {"dropped"}


def test_no_transaction_is_open_while_wechat_is_asked(
    make: Make, wechat: PretendedWechat, monkeypatch: pytest.MonkeyPatch
) -> None:
    rider = make.rider()
    connect(make, wechat, rider, "report_accepted")
    it, open_at = channel(wechat), []
    for name in ("send", "fetch_token"):
        asks = getattr(it.gateway, name)

        def look(*given: Any, asks: Any = asks, **more: Any) -> Any:
            open_at.append(db.session().in_transaction())
            return asks(*given, **more)

        monkeypatch.setattr(it.gateway, name, look)
    for _ in range(2):
        tell(rider.member_id)
        deliver(it)
        assert send(it) == 1
    assert open_at == [False, False, False]


@pytest.mark.parametrize("code", [40001, 42001])
def test_a_token_that_is_over_is_renewed_once(
    make: Make, wechat: PretendedWechat, code: int
) -> None:
    rider = make.rider()
    connect(make, wechat, rider, "report_accepted")
    it = channel(wechat)
    tell(rider.member_id)
    deliver(it)
    wechat.answers = [None, code]
    assert send(it) == 1
    assert wechat.asked == [TOKEN, SEND, TOKEN, SEND]
    assert (len(wechat.tokens), len(wechat.sent)) == (2, 1)
    # Once: one that is new and refused too is no question of tokens.
    tell(rider.member_id)
    deliver(it)
    wechat.answers, wechat.asked = [code, None, code], []
    assert send(it) == 0
    assert wechat.asked == [SEND, TOKEN, SEND]
    assert states()[-1] == ("wechat", "waiting", 1, "NotSent")


def test_the_token_is_kept_for_all_workers_sealed_and_fetched_before_it_is_over(
    make: Make, wechat: PretendedWechat
) -> None:
    rider = make.rider()
    connect(make, wechat, rider, "report_accepted")

    def one(at: datetime) -> list[str]:
        wechat.asked = []
        tell(rider.member_id, at=at)
        # Another process has another channel.
        it = channel(wechat)
        deliver(it, at=at)
        assert send(it, at=at) == 1
        return wechat.asked

    assert one(AT) == [TOKEN, SEND]
    assert one(AT + timedelta(hours=1)) == [SEND]
    assert one(AT + timedelta(hours=2) - usecases.MARGIN - timedelta(seconds=1)) == [SEND]
    assert one(AT + timedelta(hours=2) - usecases.MARGIN) == [TOKEN, SEND]
    row = db.session.get_one(WechatToken, "wx0000000000000000")
    assert wechat.tokens[0].encode() not in (row.sealed or wechat.tokens[0].encode())


@pytest.mark.parametrize(
    ("code", "refusal"), [(43101, "refused"), (43004, "unfollowed"), (40003, "unknown")]
)
def test_whoever_takes_nothing_is_asked_no_more_until_connected_again(
    make: Make, wechat: PretendedWechat, code: int, refusal: str
) -> None:
    rider = make.rider()
    connect(make, wechat, rider, "report_accepted")
    it = channel(wechat)
    wechat.answers = [None, code]
    tell(rider.member_id)
    deliver(it)
    send(it)
    assert states() == [("wechat", "dropped", 1, "nobody")]
    found = queries.find_connected(rider.member_id)
    assert found is not None
    assert found.refusal == refusal
    assert not it.reaches(rider.member_id)
    tell(rider.member_id)
    deliver(it)
    send(it)
    assert wechat.asked == [TOKEN, SEND]
    connect(make, wechat, rider)
    tell(rider.member_id)
    deliver(it)
    assert (it.reaches(rider.member_id), send(it), len(wechat.sent)) == (True, 1, 1)


@pytest.mark.parametrize("answers", [[None, 45009], [45009]])
def test_a_share_that_is_used_up_waits_for_the_next_day_without_having_failed(
    make: Make, wechat: PretendedWechat, answers: list[Any]
) -> None:
    rider = make.rider()
    connect(make, wechat, rider, "report_accepted")
    it = channel(wechat)
    wechat.answers = answers
    tell(rider.member_id)
    deliver(it)
    assert (send(it), states()) == (0, [("wechat", "waiting", 0, "")])
    morning = AT + timedelta(hours=21)
    assert send(it, at=morning - timedelta(seconds=1)) == 0
    assert (send(it, at=morning), len(wechat.sent)) == (1, 1)


@pytest.mark.parametrize(
    "answer", [-1, 503, 302, b"no json", b"[]", {"errcode": "none"}, {"errcode": 47003}]
)
def test_what_wechat_does_not_take_now_is_tried_again_later(
    make: Make, wechat: PretendedWechat, answer: Any
) -> None:
    rider = make.rider()
    connect(make, wechat, rider, "report_accepted")
    it = channel(wechat)
    wechat.answers = [None, answer]
    tell(rider.member_id)
    deliver(it)
    assert (send(it), states()) == (0, [("wechat", "waiting", 1, "NotSent")])
    assert (send(it, at=AT + retries.wait_after(1)), len(wechat.sent)) == (1, 1)


def test_nothing_with_a_token_or_an_id_in_it_is_taken_elsewhere(
    make: Make, wechat: PretendedWechat
) -> None:
    rider = make.rider()
    connect(make, wechat, rider, "report_accepted")
    it = channel(wechat)
    wechat.answers = [None, "led away"]
    tell(rider.member_id)
    deliver(it)
    assert (send(it), wechat.asked) == (0, [TOKEN, SEND])


def test_a_token_that_could_not_be_fetched_is_fetched_at_the_next_try(
    make: Make, wechat: PretendedWechat
) -> None:
    rider = make.rider()
    connect(make, wechat, rider, "report_accepted")
    it = channel(wechat)
    wechat.answers = [503]
    tell(rider.member_id)
    deliver(it)
    assert (send(it), states()) == (0, [("wechat", "waiting", 1, "NotSent")])
    # Sooner than a claim of somebody who was killed would be over.
    assert send(it, at=AT + retries.wait_after(1)) == 1


class Crash(BaseException):
    """The process is gone."""


def test_taken_and_no_answer_or_killed_before_it_was_noted_arrives_once(
    make: Make, wechat: PretendedWechat, monkeypatch: pytest.MonkeyPatch
) -> None:
    rider = make.rider()
    connect(make, wechat, rider, "report_accepted")
    it = channel(wechat, timeout_seconds=0.1)
    tell(rider.member_id)
    deliver(it)
    wechat.answers = [None, "taken, then silent"]
    assert (send(it), len(wechat.sent)) == (0, 1)
    at = AT + retries.wait_after(1)

    def crash(*_: Any, **__: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(channel_usecases, "note", crash)
        with pytest.raises(Crash):
            send(it, at=at)
    # WeChat drops copies for ten minutes; the one who goes on comes sooner, and nobody before.
    assert timedelta(minutes=10) > BUSY_FOR
    assert send(it, at=at + BUSY_FOR - timedelta(seconds=1)) == 0
    assert send(it, at=at + BUSY_FOR) == 1
    assert len(wechat.sent) == 1
    assert wechat.asked == [TOKEN, SEND, SEND, SEND]


def test_deliverers_at_once_send_each_message_once_by_one_token(
    make: Make, wechat: PretendedWechat, in_parallel: InParallel
) -> None:
    workers = [make.worker() for _ in range(2)]
    for worker in workers:
        connect(make, wechat, worker)
    it = channel(wechat)
    facts = FACTS | {"severity": 4, "clock": "accept", "due": "2026-11-16T10:00:00+00:00"}
    for number in range(6):
        put("report_urged", to_role=(Role.WORKER, STATION), about=f"KY-{number}", facts=facts)
    deliver(it)
    in_parallel(lambda _: send(it), 4)
    # Who found another one fetching the token has waited for it, and not failed.
    send(it, at=AT + usecases.CLAIM)
    assert (len(wechat.sent), wechat.asked.count(TOKEN)) == (12, 1)
    assert {(state, error) for _, state, _, error in states()} == {("sent", "")}


def test_one_who_was_killed_while_fetching_the_token_holds_up_nobody_for_long(
    make: Make, wechat: PretendedWechat
) -> None:
    rider = make.rider()
    connect(make, wechat, rider, "report_accepted")
    it = channel(wechat)
    usecases.claim_token(it.gateway.app_id, "", vault=make.policy.vault, now=AT)
    tell(rider.member_id)
    deliver(it)
    assert (send(it), states()) == (0, [("wechat", "waiting", 0, "")])
    assert send(it, at=AT + usecases.CLAIM) == 1


def test_a_wechat_is_one_members_the_last_who_showed_it(
    make: Make, wechat: PretendedWechat, in_parallel: InParallel
) -> None:
    first, second = make.rider(), make.rider()
    vault = make.policy.vault
    in_parallel(
        lambda turn: usecases.connect(
            "o-shared", actor=(first, second)[turn % 2], vault=vault, now=AT
        ),
        4,
    )
    usecases.connect("o-shared", actor=second, vault=vault, now=AT)
    assert queries.find_connected(first.member_id) is None
    assert queries.openid_to_tell(second.member_id, vault) == "o-shared"
    usecases.connect("o-another", actor=second, vault=vault, now=AT)
    assert queries.openid_to_tell(second.member_id, vault) == "o-another"
    db.session.rollback()
    (row,) = db.session.query(WechatBinding).all()
    assert b"o-another" not in row.sealed
    assert "another" not in row.lookup


def test_neither_id_nor_token_nor_secret_is_logged(
    make: Make, wechat: PretendedWechat, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rider = make.rider()
    openid = connect(make, wechat, rider, "report_accepted")
    it = channel(wechat)
    for answers in ([None, 500], [40001, 40013]):
        wechat.answers = list(answers)
        tell(rider.member_id)
        deliver(it)
        send(it, at=AT + timedelta(minutes=len(wechat.asked)))
    assert "sending put off" in caplog.text
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert not [it for it in (openid, "token-1", "a-secret-of-nobody", "已受理") if it in logged]
