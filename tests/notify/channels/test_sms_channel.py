"""Text messages: few kinds, short, only to proved numbers, within the day's cost."""

from __future__ import annotations

import itertools
import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from grid_report.access.roles import Role
from grid_report.accounts.errors import CodesUsedUp
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import Member
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.accounts.numbers.messenger import CodeMessage
from grid_report.accounts.numbers.sms_gateway import Gateway
from grid_report.db import transaction
from grid_report.jobs.registry import BY_NAME
from grid_report.jobs.work import JobContext
from grid_report.notify import delivery, kinds, retries
from grid_report.notify.channels import sms_channel
from grid_report.notify.channels import usecases as channel_usecases
from grid_report.notify.channels.sms_channel import LONGEST, SmsChannel
from grid_report.notify.kinds import KINDS
from grid_report.notify.outgoing import Outgoing
from grid_report.settings import Sms
from tests.accounts.numbers.proving import sign_up
from tests.notify.channels.sending import AT, NUMBER, deliver, put, rows, say, send, states
from tests.support.builders import STATION, Make
from tests.support.carrier import SECRET, Carrier, Carriers, sms_of
from tests.support.parallel import InParallel

PHONE = "13933330001"
NIGHT = AT.replace(hour=14, minute=30)  # 22:30 in the county
SECRETS = "某某路七号"


def channel(make: Make, carrier: Carrier, **more: Any) -> SmsChannel:
    """Return the channel over a gateway, in a county whose day costs what `more` says."""
    values = Sms.model_validate(sms_of(carrier.endpoint, **more))
    make.policy = replace(make.policy, codes_per_day=values.most_per_day)
    make.app.extensions["grid_report_accounts_policy"] = make.policy
    texts = sms_channel.texts_of(make.settings.model_copy(update={"sms": values}), {})
    return SmsChannel(
        Gateway(values), texts, most_per_day=values.notices_per_day, zone=make.settings.county.tz
    )


def texts(carrier: Carrier) -> list[tuple[str, str]]:
    return [
        (asked["PhoneNumbers"], json.loads(asked["TemplateParam"])["what"])
        for asked, _ in carrier.asked
    ]


def ids(carrier: Carrier) -> list[str]:
    return [asked["OutId"] for asked, _ in carrier.asked]


@pytest.mark.database
def test_a_case_that_is_urged_reaches_its_worker_by_text(make: Make, carriers: Carriers) -> None:
    worker = make.worker(phone=PHONE)
    carrier = carriers()
    sms = channel(make, carrier)
    put(to_role=(Role.WORKER, STATION))
    assert (deliver(sms), send(sms)) == (1, 1)
    assert texts(carrier) == [(PHONE, f"案件 {NUMBER} 被催办")]
    asked, headers = carrier.asked[0]
    assert asked["TemplateCode"] == "SMS_2"
    assert asked["OutId"] == f"{rows()[0].message_id}-{worker.member_id}"
    assert headers["x-acs-date"] == "2026-11-16T02:00:00Z"
    assert states() == [("sms", "sent", 1, "")]


def test_few_kinds_and_only_for_those_who_have_to_act() -> None:
    at_once = {(kind, role.value) for kind, known in KINDS.items() for role in known.at_once}
    assert at_once == {
        ("report_submitted", "worker"), ("report_submitted", "handler"),
        ("report_urged", "worker"), ("report_urged", "handler"),
        ("light_red", "worker"), ("light_red", "handler"),
        ("place_offered", "rider"), ("redemption_called_off", "rider"),
        ("application_expiring", "rider"),
    }  # fmt: skip
    assert kinds.goes_beside("light_red", Role.WORKER, {})
    assert not kinds.goes_beside("light_red", Role.SUPERVISOR, {})
    assert not kinds.goes_beside("light_red", Role.ADMINISTRATOR, {})
    assert not kinds.goes_beside("of_another_version", Role.WORKER, {})
    # An ordinary report waits in the list.
    assert kinds.goes_beside("report_submitted", Role.WORKER, {"severity": 4})
    for severity in (3, None):
        assert not kinds.goes_beside("report_submitted", Role.WORKER, {"severity": severity})


@pytest.mark.parametrize("kind", [kind for kind, known in KINDS.items() if known.at_once])
def test_a_text_is_short_and_says_nothing_of_people_and_places(
    app: Flask, make: Make, kind: str
) -> None:
    facts: dict[str, Any] = dict.fromkeys(KINDS[kind].needs | KINDS[kind].may, SECRETS)
    facts |= {"due": "2026-12-31T15:59:00+00:00", "until": "2026-12-31T15:59:00+00:00"}
    facts = {
        name: value for name, value in facts.items() if name in KINDS[kind].needs | KINDS[kind].may
    }
    said = sms_channel.phrase(
        Outgoing(1, kind, NUMBER, facts, Role.RIDER, (), AT), make.settings.county.tz
    )
    assert 5 < len(said) < LONGEST
    assert SECRETS not in said
    # Whole, in the language of the registered text.
    assert re.search(r"[\u4e00-\u9fff]", said)
    if kind == "place_offered":
        assert said == "有名额为你保留到 12-31 23:59"


@pytest.mark.database
def test_only_proved_numbers_of_active_people_get_a_text(make: Make, carriers: Carriers) -> None:
    carrier = carriers()
    sms = channel(make, carrier, most_per_day=100, notices_per_day=50)
    proved, suspended, demo = make.rider(phone=PHONE), make.rider(), make.rider()
    unproved = make.unproved()
    members_usecases.suspend_member(suspended.member_id, actor=make.administrator(), now=AT)
    with transaction() as session:
        session.execute(update(Member).where(Member.id == demo.member_id).values(is_demo=True))
    facts = {"title": {"zh_CN": "x", "en": "x"}, "points": 1, "words": "x"}
    for one in (proved, suspended, demo, unproved):
        say(one.member_id, "sms", True, "redemption_called_off")
        put("redemption_called_off", to_member=one.member_id, read_as=Role.RIDER, facts=facts)
    deliver(sms)
    send(sms)
    assert texts(carrier) == [(PHONE, "你预约的一项服务已取消")]
    assert [row.state.value for row in rows()] == ["sent", "dropped", "dropped", "dropped"]


@pytest.mark.database
def test_a_gateway_that_fails_is_tried_later_with_the_same_id(
    make: Make, carriers: Carriers
) -> None:
    make.worker()
    carrier = carriers(503, 503, 503, 200)
    sms = channel(make, carrier, notices_per_day=2, most_per_day=9)
    put(to_role=(Role.WORKER, STATION))
    deliver(sms)
    assert send(sms) == 0
    assert states() == [("sms", "waiting", 1, "NotSent")]
    assert send(sms, at=AT + retries.wait_after(1)) == 1
    assert len(set(ids(carrier))) == 1
    assert (len(carrier.asked), len(carrier.phones)) == (4, 1)


@pytest.mark.database
def test_what_the_gateway_refused_costs_the_day_nothing(make: Make, carriers: Carriers) -> None:
    make.worker()
    carrier = carriers(400, 400, 400, 200)
    sms = channel(make, carrier, notices_per_day=2, most_per_day=9)
    put(to_role=(Role.WORKER, STATION))
    deliver(sms)
    at = AT
    for attempt in (1, 2, 3):
        assert send(sms, at=at) == 0
        assert states() == [("sms", "waiting", attempt, "Refused")]
        at += retries.wait_after(attempt)
    assert send(sms, at=at) == 1
    assert len(carrier.phones) == 1


@pytest.mark.database
def test_a_gateway_that_took_it_and_fell_silent_sends_one_text(
    make: Make, carriers: Carriers
) -> None:
    make.worker()
    carrier = carriers("taken, then silent")
    sms = channel(make, carrier, timeout_seconds=0.2)
    put(to_role=(Role.WORKER, STATION))
    deliver(sms)
    assert send(sms) == 1
    assert (len(carrier.asked), len(carrier.phones)) == (2, 1)


@pytest.mark.database
def test_a_copy_after_a_crash_carries_the_same_id(
    make: Make, carriers: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.worker()
    carrier = carriers()
    sms = channel(make, carrier, notices_per_day=2, most_per_day=9)
    put(to_role=(Role.WORKER, STATION))
    deliver(sms)

    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(channel_usecases, "note", crash)
        with pytest.raises(KeyboardInterrupt):
            send(sms)
    assert send(sms, at=AT + retries.WHILE_SENDING) == 1
    assert len(carrier.asked) == 2
    assert len(set(ids(carrier))) == 1


@pytest.mark.database
def test_at_night_only_what_is_urgent_goes_out(make: Make, carriers: Carriers) -> None:
    make.worker()
    carrier = carriers()
    sms = channel(make, carrier, notices_per_day=9, most_per_day=99)
    for kind in ("report_urged", "report_submitted"):
        put(kind, to_role=(Role.WORKER, STATION), at=NIGHT)
    deliver(sms, at=NIGHT)
    assert send(sms, at=NIGHT) == 1
    assert [what for _, what in texts(carrier)] == [f"紧急上报 {NUMBER}"]
    morning = NIGHT.replace(hour=23, minute=0)
    assert send(sms, at=morning - timedelta(seconds=1)) == 0
    assert send(sms, at=morning) == 1
    assert [what for _, what in texts(carrier)][1:] == [f"案件 {NUMBER} 被催办"]


@pytest.mark.database
def test_who_is_next_when_the_night_begins_waits_for_the_morning(
    make: Make, carriers: Carriers
) -> None:
    make.worker(phone=PHONE)
    make.worker(phone="13933330002")
    carrier = carriers()
    sms = channel(make, carrier)
    evening = NIGHT.replace(minute=0) - timedelta(seconds=1)
    put(to_role=(Role.WORKER, STATION), at=evening)
    deliver(sms, at=evening)
    ticks = (evening + timedelta(seconds=second / 3) for second in itertools.count())
    assert delivery.send_due(now=lambda: next(ticks), channels=(sms,)) == 0
    assert [phone for phone, _ in texts(carrier)] == [PHONE]
    morning = NIGHT.replace(hour=23, minute=0)
    assert rows()[0].retry_at == morning
    assert send(sms, at=morning) == 1
    assert [phone for phone, _ in texts(carrier)] == [PHONE, "13933330002"]


@pytest.mark.database
def test_notices_never_take_what_codes_need(make: Make, carriers: Carriers) -> None:
    carrier = carriers()
    sms = channel(make, carrier, notices_per_day=2, most_per_day=5)
    make.worker()
    riders = [sign_up(make, f"1393333100{number}") for number in range(6)]

    def code(number: int, at: datetime = AT) -> CodeMessage:
        return numbers_usecases.request_proof(actor=riders[number], policy=make.policy, now=at)

    for _ in range(3):
        put(to_role=(Role.WORKER, STATION))
    deliver(sms)
    # Two of a day are notices; the third waits for tomorrow without having failed.
    assert (send(sms), len(carrier.asked)) == (2, 2)
    assert states()[2] == ("sms", "waiting", 0, "")
    for number in range(3):
        assert code(number)
    with pytest.raises(CodesUsedUp):
        code(3)
    midnight = AT.replace(hour=16)
    assert send(sms, at=midnight - timedelta(seconds=1)) == 0
    # The next day the codes are first: the last two of it are theirs, whatever waits.
    for number in (3, 4, 5):
        assert code(number, midnight)
    morning = midnight + timedelta(hours=7)
    assert send(sms, at=morning) == 0
    assert len(carrier.asked) == 2
    assert code(0, morning)


@pytest.mark.database
def test_deliverers_at_once_share_the_days_cost(
    make: Make, carriers: Carriers, in_parallel: InParallel
) -> None:
    carrier = carriers()
    sms = channel(make, carrier, notices_per_day=3, most_per_day=9)
    make.worker()
    for _ in range(8):
        put(to_role=(Role.WORKER, STATION))
    deliver(sms)
    assert sum(in_parallel(lambda _: send(sms), 4)) == 3
    assert len(carrier.asked) == len(set(ids(carrier))) == 3


@pytest.mark.database
def test_neither_number_nor_phrase_nor_secret_is_logged(
    make: Make, carriers: Carriers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make.worker(phone=PHONE)
    sms = channel(make, carriers("isv.MOBILE_NUMBER_ILLEGAL"))
    put(to_role=(Role.WORKER, STATION))
    deliver(sms)
    assert send(sms) == 0
    assert "sending put off" in caplog.text
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert not re.search(f"{SECRET}|{PHONE}|被催办", logged)


@pytest.mark.database
def test_the_jobs_send_a_dangerous_report_to_the_community(
    make: Make, carriers: Carriers, another_app: Callable[..., Flask]
) -> None:
    carrier = carriers()
    make.worker(phone=PHONE)
    report = make.report(make.rider(), category="UT02", at=AT)
    app = another_app(notify={"channels": ["sms"]}, sms=sms_of(carrier.endpoint))
    duty = JobContext(app.extensions["grid_report"].settings, lambda: AT, lambda: True)
    with app.app_context():
        for name in ("deliver-messages", "send-messages"):
            BY_NAME[name].run(duty)
    assert texts(carrier) == [(PHONE, f"紧急上报 {report.number}")]
