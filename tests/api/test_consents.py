"""Consents over HTTP: a history that only grows, and reports that keep what was agreed to."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consents import shapes
from grid_report.db import db
from grid_report.reports.models import Report
from grid_report.reports.pages import shapes as report_shapes
from tests.api.conftest import Programs, problem
from tests.support.builders import BRIGHT, STATION, Make, picture

pytestmark = pytest.mark.database

ACCOUNT, POSITION, PHOTOS = ConsentKind
GARDEN = "211282001001-02"
HERE = {"lat": 42.5460025, "lng": 124.0408182}


def say(asking: Any, kind: str, agree: bool) -> Any:
    return asking.post("me/consents", json={"kind": kind, "agree": agree})


def test_the_whole_history_newest_first(make: Make, program: Programs) -> None:
    asking = program(make.rider(consents=(ACCOUNT,)))
    first = say(asking, "position", True)
    assert first.status_code == 201
    shapes.ConsentSaid.model_validate(first.json)
    gone = say(asking, "position", False).json
    assert (gone["agree"], gone["at"]) == (False, first.json["at"])
    assert gone["withdrawn_at"] is not None
    again = say(asking, "position", True).json
    # Saying what stands already writes nothing.
    assert say(asking, "position", True).json == again
    items = asking.get("me/consents").json["items"]
    shapes.ConsentList.model_validate({"items": items})
    version = make.policy.notice_version
    assert [(it["kind"], it["at"], it["withdrawn_at"], it["version"]) for it in items] == [
        ("position", again["at"], None, version),
        ("position", first.json["at"], gone["withdrawn_at"], version),
        ("account", items[2]["at"], None, version),
    ]


def test_never_agreed_and_taken_back_is_nothing(make: Make, program: Programs) -> None:
    asking = program(make.rider(consents=(ACCOUNT,)))
    said = say(asking, "photos", False)
    assert (said.status_code, said.json) == (
        201,
        {"kind": "photos", "agree": False, "version": None, "at": None, "withdrawn_at": None},
    )
    assert len(asking.get("me/consents").json["items"]) == 1


def test_the_accounts_consent_is_not_taken_back_by_a_call(make: Make, program: Programs) -> None:
    asking = program(make.rider())
    problem(say(asking, "account", False), 422, "invalid", "agree")
    assert len(asking.get("me/consents").json["items"]) == 3
    problem(say(asking, "everything", True), 422, "invalid", "kind")
    problem(asking.post("me/consents", json={"kind": "photos"}), 422, "invalid", "agree")
    problem(program().get("me/consents"), 401, "sign-in-needed")


def test_the_source_of_a_place_is_given_and_answered(make: Make, program: Programs) -> None:
    for more, source in (
        ({**HERE, "community": ""}, "phone"),
        ({**HERE, "source": "pin"}, "pin"),
        ({"community": BRIGHT}, "list"),
        ({"compound": GARDEN, "source": "qr"}, "qr"),
        ({**HERE, "compound": GARDEN, "source": "qr"}, "qr"),
        ({**HERE, "compound": GARDEN, "source": "phone"}, "phone"),
        ({"compound": GARDEN}, "list"),
    ):
        asking = program(make.rider())
        sent = asking.report(**more)
        assert sent.status_code == 201, sent.text
        report_shapes.ReportShown.model_validate(sent.json)
        assert sent.json["location"]["source"] == source
        assert (sent.json["matched_by"] == "compound") is ("compound" in more)
        assert asking.get(f"reports/{sent.json['number']}").json["location"]["source"] == source
    for said in ("nowhere", "photo", "QR code", "x" * 99):
        problem(asking.report(source=said), 422, "invalid", "source")


def test_without_consent_a_measured_place_is_left_out_with_201(
    make: Make, program: Programs
) -> None:
    asking = program(make.rider(consents=(ACCOUNT, PHOTOS)))
    for place in ({**HERE, "accuracy_m": "5"}, {"lat": "39.9", "lng": "116.4"}, {}):
        sent = asking.report(community="", **place)
        assert sent.status_code == 201, sent.text
        report_shapes.ReportShown.model_validate(sent.json)
        assert (sent.json["location"], sent.json["community"]) == (None, None)
        assert sent.json["matched_by"] == "none"
    pinned = asking.report(community="", source="pin", **HERE)
    assert pinned.json["location"] == {**HERE, "datum": "wgs84", "source": "pin"}
    assert pinned.json["community"]["code"] == STATION


def test_a_photo_without_consent_is_422_and_names_its_field(make: Make, program: Programs) -> None:
    asking = program(make.rider(consents=(ACCOUNT, POSITION)))
    key = {"Idempotency-Key": str(uuid.uuid4())}
    problem(asking.report(headers=key), 422, "consent-needed", "photos")
    assert db.session.scalar(select(func.count()).select_from(Report)) == 0
    say(asking, "photos", True)
    sent = asking.report(headers=key)
    assert sent.status_code == 201
    say(asking, "photos", False)
    # What was taken in is answered as it was, not refused.
    refused = asking.report(headers=key, description="another")
    problem(refused, 422, "idempotency-key-reused")


def test_a_retry_with_the_same_photo_is_answered_after_the_consent_went(
    make: Make, program: Programs
) -> None:
    asking, shot = program(make.rider()), picture()
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = asking.report(headers=key, photos=[(io.BytesIO(shot), "a.jpg")])
    say(asking, "photos", False)
    again = asking.report(headers=key, photos=[(io.BytesIO(shot), "a.jpg")])
    assert (again.status_code, again.json["number"]) == (201, first.json["number"])
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_riders_answer_with_a_photo_needs_the_consent(make: Make, program: Programs) -> None:
    who = make.rider()
    report = make.report(who)
    make.step(report, "ask", make.worker(), reason="哪一侧？")
    asking = program(who)
    say(asking, "photos", False)
    answer = asking.post(
        f"reports/{report.number}/steps",
        data={"step": "supplement", "note": "北侧", "photos": [(io.BytesIO(picture()), "a.jpg")]},
    )
    problem(answer, 422, "consent-needed", "photos")
    assert asking.step(report.number, "supplement", note="北侧").status_code == 200
