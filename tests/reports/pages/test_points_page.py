"""What a report earned, or why it earned nothing: answered for every state."""

from __future__ import annotations

from typing import Any

import pytest

from grid_report.access import Actor
from tests.support.builders import Make

pytestmark = pytest.mark.database


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider()


def test_a_report_says_what_it_earned_and_what_is_to_come(make: Make, rider: Actor) -> None:
    report = make.accepted(make.worker(), rider)
    client = make.signed_in(rider)
    page = client.get(f"/my/points/report/{report.number}").text
    assert "+15" in page
    assert "还会再有积分" in page
    assert f"/my/points/report/{report.number}" in client.get(f"/my/reports/{report.number}").text


def test_nobody_has_decided_yet(make: Make, rider: Actor) -> None:
    report = make.report(rider)
    page = make.signed_in(rider).get(f"/my/points/report/{report.number}").text
    assert "社区一受理" in page
    assert "我有异议" not in page


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_an_urgent_one_sent_before_the_proof_promises_nothing(make: Make, steps: int) -> None:
    rider, worker = make.unproved(), make.worker()
    report = make.report(rider, category="RD01")
    ways: list[tuple[str, Actor, dict[str, Any]]] = [
        ("accept", worker, {"category": "RD01", "severity": 4}),
        ("start", worker, {}),
        ("handle", worker, {"note": "填好了", "photos": (make.photo(),)}),
        ("pass", make.worker(), {}),
    ]
    for step, who, more in ways[:steps]:
        make.step(report, step, who, **more)
    client = make.signed_in(rider)
    page = client.get(f"/my/points/report/{report.number}").text
    assert "这次上报没有积分" in page
    assert "当时手机号尚未验证" in page
    for promise in ("社区一受理", "还会再有积分", "还会有的"):
        assert promise not in page
    assert "为什么还没有积分" not in client.get(f"/my/reports/{report.number}").text


def test_one_sent_before_the_proof_that_joined_another_promises_nothing(make: Make) -> None:
    rider, first = make.unproved(), make.report(category="RD01")
    later = make.report(rider, category="RD01")
    make.step(later, "merge", make.worker(), into=first.number)
    page = make.signed_in(rider).get(f"/my/points/report/{later.number}").text
    assert first.number in page
    assert "这次上报没有积分" in page
    assert "积分归" not in page


def test_a_rejected_report_says_why_and_can_be_objected_to(make: Make, rider: Actor) -> None:
    report = make.report(rider)
    make.step(report, "reject", make.worker(), reason="看不清")
    client = make.signed_in(rider)
    page = client.get(f"/my/points/report/{report.number}").text
    assert "受理的上报才有积分" in page
    assert f"/my/points/object?report={report.number}" in page
    assert client.get(f"/my/points/object?report={report.number}").status_code == 200


def test_a_withdrawn_report_earns_nothing(make: Make, rider: Actor) -> None:
    report = make.report(rider)
    make.step(report, "withdraw", rider)
    assert (
        "撤回的上报没有积分" in make.signed_in(rider).get(f"/my/points/report/{report.number}").text
    )


def test_a_merged_report_names_the_earlier_one(make: Make, rider: Actor) -> None:
    first, later = make.report(), make.report(rider)
    make.step(later, "merge", make.worker(), into=first.number)
    page = make.signed_in(rider).get(f"/my/points/report/{later.number}").text
    assert first.number in page
    assert "有人先报了" in page


def test_what_staff_did_not_earn_leads_to_its_reason(make: Make) -> None:
    rider = make.member(*make.rider().grants, *make.handler().grants)
    report = make.accepted(make.worker(), rider)
    page = make.signed_in(rider).get(f"/my/points/report/{report.number}").text
    assert "/my/points/unpaid/" in page


def test_only_its_rider_is_told(make: Make, rider: Actor) -> None:
    report = make.report(rider)
    for who, status in ((make.rider(), 404), (make.worker(), 403), (make.administrator(), 403)):
        answer = make.signed_in(who).get(f"/my/points/report/{report.number}")
        assert answer.status_code == status
