"""Codes go out over a signed HTTP gateway: once, in time, within a day's cost, with nothing told."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grid_report.access import Actor
from grid_report.accounts.errors import CodesUsedUp
from grid_report.accounts.numbers import messenger
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.accounts.numbers.messenger import CodeMessage
from grid_report.accounts.numbers.sms_gateway import Gateway, NotSent
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.db import db
from grid_report.notify.models import Message
from grid_report.settings import SettingsError, Sms, load
from tests.accounts.numbers.proving import PHONE, sign_up
from tests.support.builders import Make
from tests.support.carrier import SECRET, Carrier, Carriers, sms_of
from tests.support.parallel import InParallel

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
MESSAGE = CodeMessage(7, AT, "13933330001", "012345")


def gateway(carrier: Carrier, **more: Any) -> Gateway:
    return Gateway(Sms.model_validate(sms_of(carrier.endpoint, **more)))


def test_a_code_is_sent_by_template_and_signed(carriers: Carriers) -> None:
    carrier = carriers()
    gateway(carrier).send_code(MESSAGE)
    asked, headers = carrier.asked[0]
    assert asked == {
        "OutId": "7", "PhoneNumbers": "13933330001", "SignName": "网格员",
        "TemplateCode": "SMS_1", "TemplateParam": '{"code": "012345"}',
    }  # fmt: skip
    assert headers["x-acs-action"] == "SendSms"
    assert headers["x-acs-date"] == "2026-11-23T04:00:00Z"


def test_a_gateway_that_fails_is_asked_again_for_the_same_message(carriers: Carriers) -> None:
    carrier = carriers(503, 500, 200)
    gateway(carrier).send_code(MESSAGE)
    assert len(carrier.asked) == 3
    assert len({headers["x-acs-signature-nonce"] for _, headers in carrier.asked}) == 1
    assert len(carrier.phones) == 1


def test_a_gateway_that_took_it_and_fell_silent_sends_one_message(carriers: Carriers) -> None:
    carrier = carriers("taken, then silent")
    gateway(carrier, timeout_seconds=0.2).send_code(MESSAGE)
    assert len(carrier.asked) == 2
    assert len(carrier.phones) == 1


def test_what_the_gateway_refuses_is_not_asked_again(carriers: Carriers) -> None:
    carrier = carriers("isv.BUSINESS_LIMIT_CONTROL")
    with pytest.raises(NotSent) as refused:
        gateway(carrier).send_code(MESSAGE)
    assert str(refused.value) == "isv.BUSINESS_LIMIT_CONTROL"
    assert len(carrier.asked) == 1


def test_a_gateway_that_is_gone_is_given_up_after_three_tries(carriers: Carriers) -> None:
    carrier = carriers(503, 503, 503, 200)
    with pytest.raises(NotSent):
        gateway(carrier).send_code(MESSAGE)
    assert len(carrier.asked) == 3


def test_neither_secret_nor_number_nor_code_is_logged(
    carriers: Carriers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for carrier in (carriers(), carriers(503, 503, 503)):
        messenger.deliver(gateway(carrier), MESSAGE)
    assert "code sent" in caplog.text
    assert "code not sent" in caplog.text
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert not re.search(f"{SECRET}|13933330001|012345", logged)
    assert SECRET not in repr(Sms.model_validate(sms_of("https://sms.example")))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"endpoint": "http://sms.example"}, "sms.endpoint"),
        ({"key_secret": ""}, "GRID_REPORT_SMS__KEY_SECRET"),
        ({"sign_name": ""}, "sms.sign_name"),
        ({"most_per_day": 0}, "most_per_day"),
    ],
)
def test_half_a_gateway_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    values = sms_of("https://sms.example") | change
    with pytest.raises(SettingsError, match=named):
        load({"GRID_REPORT_ENV": "testing"}, {"sms": values})


def costs(make: Make, most: int) -> None:
    make.policy = type(make.policy)(**{**vars(make.policy), "codes_per_day": most})


def ask(make: Make, phone: str, now: datetime = AT) -> CodeMessage | None:
    return sign_in_usecases.request_code(phone, address="198.51.100.7", policy=make.policy, now=now)


@pytest.mark.database
def test_a_day_costs_no_more_than_said_and_administrators_are_told_once(make: Make) -> None:
    costs(make, 3)
    riders: list[Actor] = [sign_up(make, f"1393333000{number}") for number in range(1, 5)]
    for rider in riders[:3]:
        numbers_usecases.request_proof(actor=rider, policy=make.policy, now=AT)
    with pytest.raises(CodesUsedUp):
        numbers_usecases.request_proof(actor=riders[3], policy=make.policy, now=AT)
    # The day ends at midnight in the county: 16:00 in UTC.
    with pytest.raises(CodesUsedUp):
        numbers_usecases.request_proof(
            actor=riders[3], policy=make.policy, now=AT.replace(hour=15, minute=59)
        )
    assert numbers_usecases.request_proof(
        actor=riders[3], policy=make.policy, now=AT.replace(hour=16)
    )
    db.session.rollback()
    told = db.session.scalars(select(Message).where(Message.kind == "codes_used_up")).all()
    assert [(row.role.value, row.facts) for row in told] == [("administrator", {"most": 3})]


@pytest.mark.database
def test_a_used_up_day_tells_no_numbers_apart(make: Make) -> None:
    costs(make, 1)
    make.rider(phone=PHONE)
    # What is not sent costs nothing.
    assert ask(make, "13933339999") is None
    assert ask(make, PHONE) is not None
    for phone in (PHONE, "13933339999"):
        with pytest.raises(CodesUsedUp):
            ask(make, phone, AT + timedelta(minutes=1))


@pytest.mark.database
def test_workers_at_once_share_the_days_cost(
    app: Flask, make: Make, in_parallel: InParallel
) -> None:
    costs(make, 3)
    riders = [sign_up(make, f"1393333000{number}") for number in range(6)]

    def one(number: int) -> object:
        return numbers_usecases.request_proof(actor=riders[number], policy=make.policy, now=AT)

    results = in_parallel(one, 6)
    assert sum(isinstance(result, CodeMessage) for result in results) == 3
    assert sum(isinstance(result, CodesUsedUp) for result in results) == 3
