"""The same request again, because its answer was lost on the way: answered, never done twice."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.accounts import steps
from grid_report.accounts.models import RoleGrant
from grid_report.db import db, transaction
from grid_report.reports.models import HistoryEntry
from tests.api.conftest import Programs, problem
from tests.support.builders import BRIGHT, PROPERTY, STATION, Make

pytestmark = pytest.mark.database


def rows_of(report: Any) -> int:
    db.session.rollback()
    found = select(func.count()).where(HistoryEntry.report_id == report.id)
    return int(db.session.scalar(found) or 0)


@pytest.mark.parametrize("step", ["transfer", "return"])
def test_a_step_that_leads_the_case_out_of_sight_is_answered_when_sent_again(
    make: Make, program: Programs, step: str
) -> None:
    worker, handler = make.worker(), make.handler()
    report = make.accepted(worker)
    if step == "return":
        make.step(report, "dispatch", worker, unit=PROPERTY)
    asking = program(worker if step == "transfer" else handler)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    more = {"community": BRIGHT} if step == "transfer" else {}
    first = asking.step(report.number, step, reason="不归我们管", headers=key, **more)
    rows = rows_of(report)
    again = asking.step(report.number, step, reason="不归我们管", headers=key, **more)
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["version"] == first.json["version"]
    assert rows_of(report) == rows
    # Nobody gets further than that with the key: not to read, not to do something else.
    problem(asking.get(f"reports/{report.number}"), 404, "not-found")
    problem(asking.step(report.number, "note", note="x", headers=key), 404, "not-found")
    problem(
        program(make.worker(BRIGHT if step == "return" else "211282001004")).step(
            report.number, step, reason="不归我们管", headers=key, **more
        ),
        404,
        "not-found",
    )


def test_the_form_of_a_page_sent_twice_leads_on_twice(make: Make) -> None:
    worker = make.worker()
    report = make.accepted(worker)
    browser = make.signed_in(worker)
    page = browser.get(f"/desk/{report.number}").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    form = {
        "csrf_token": token[1], "key": str(uuid.uuid4()), "community": BRIGHT,
        "reason": "在路对面", "next": "/desk",
    }  # fmt: skip
    answers = [browser.post(f"/reports/{report.number}/steps/transfer", data=form) for _ in "12"]
    assert [answer.status_code for answer in answers] == [303, 303]


@pytest.mark.parametrize("way", ["page", "program"])
def test_photos_of_whoever_may_not_see_the_report_are_not_looked_at(
    make: Make, program: Programs, way: str
) -> None:
    """A file that would be a 415 is a 404: no decoder worked for a stranger."""
    report, stranger = make.report(), make.worker(BRIGHT)
    fields = {"step": "note", "note": "x", "photos": [(io.BytesIO(b"no picture"), "a.jpg")]}
    if way == "program":
        answer = program(stranger).post(f"reports/{report.number}/steps", data=fields)
    else:
        browser = make.signed_in(stranger)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/me").text)
        assert found
        answer = browser.post(
            f"/reports/{report.number}/steps/note", data={**fields, "csrf_token": found[1]}
        )
    assert answer.status_code == 404


def test_a_key_of_nothing_is_no_key(make: Make, program: Programs) -> None:
    """As the document says: two requests with an empty key are two requests."""
    worker = make.worker()
    report = make.accepted(worker)
    path, body = f"reports/{report.number}/merit", {"points": 200, "reason": "井盖缺失"}
    empty = {"Idempotency-Key": ""}
    first = program(worker).post(path, json=body, headers=empty)
    assert (first.status_code, "Idempotent-Replayed" in first.headers) == (201, False)
    problem(program(worker).post(path, json=body, headers=empty), 409, "merit-proposed")
    for odd in ("x", " ", "123", "urn:uuid:"):
        refused = program(worker).post(path, json=body, headers={"Idempotency-Key": odd})
        problem(refused, 422, "invalid", "idempotency_key")


def test_a_rating_keeps_its_key(make: Make, program: Programs) -> None:
    rider, worker, handler = make.rider(), make.worker(), make.handler()
    report = make.handled(worker, handler, rider)
    make.step(report, "pass", make.worker())
    asking, path = program(rider), f"reports/{report.number}/rating"
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"solved": True, "satisfied": True, "words": "谢谢"}
    first = asking.post(path, json=body, headers=key)
    again = asking.post(path, json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json == first.json
    for other in ({**body, "solved": False}, {**body, "words": "别的"}):
        problem(asking.post(path, json=other, headers=key), 422, "idempotency-key-reused")
    problem(asking.post(path, json=body, headers={"Idempotency-Key": "x"}), 422, "invalid",
            "idempotency_key")  # fmt: skip


@pytest.mark.parametrize("now_is", ["auditor", "worker elsewhere", "rider", "nobody"])
def test_whoever_got_or_lost_a_role_is_asked_first_before_a_key_answers(
    make: Make, program: Programs, now_is: str
) -> None:
    """The auditor reads every report, so gets the answer; the others are told nothing."""
    worker = make.worker()
    report = make.accepted(worker)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    more = {"community": BRIGHT, "reason": "不归我们管", "headers": key}
    assert program(worker).step(report.number, "transfer", **more).status_code == 200
    held = {
        "auditor": [Grant(Role.AUDITOR, make.settings.county.code)],
        "worker elsewhere": [Grant(Role.WORKER, "211282001004")],
        "rider": [Grant(Role.RIDER)],
        "nobody": [],
    }[now_is]
    with transaction() as session:
        session.execute(delete(RoleGrant).where(RoleGrant.member_id == worker.member_id))
        steps.add_grants(session, worker.member_id, held, None, make.now)
    again = program(worker).step(report.number, "transfer", **more)
    if now_is == "auditor":
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    else:
        problem(again, 404, "not-found")


@pytest.mark.parametrize("what", ["report", "booking", "merit", "proposal"])
def test_a_key_kept_from_another_role_opens_nothing(
    make: Make, program: Programs, what: str
) -> None:
    """What riders, workers and administrators send again is theirs as long as they are that."""
    member = {"merit": make.worker, "proposal": make.administrator}.get(what, make.rider)()
    key = str(uuid.uuid4())
    headers = {"Idempotency-Key": key}
    make.station()
    bodies: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
        "report": lambda: ("reports", {"category": "RD02", "community": STATION}),
        "booking": lambda: ("redemptions", {"offer": make.offer(), "for": "rider"}),
        "merit": lambda: (
            f"reports/{make.accepted(member).number}/merit",
            {"points": 200, "reason": "井盖缺失"},
        ),
        "proposal": lambda: (
            "proposals",
            {"kind": "grant", "community": STATION, "points": 5, "reason": "x",
             "month": f"{make.now.astimezone(make.settings.county.tz):%Y-%m}"},
        ),
    }  # fmt: skip
    path, body = bodies[what]()
    if what == "report":
        make.report(member, key=key)
    else:
        first = program(member).post(path, json=body, headers=headers)
        assert first.status_code == 201, first.text
        again = program(member).post(path, json=body, headers=headers)
        assert again.headers["Idempotent-Replayed"] == "true"
    with transaction() as session:
        session.execute(delete(RoleGrant).where(RoleGrant.member_id == member.member_id))
        county = make.settings.county.code
        steps.add_grants(session, member.member_id, [Grant(Role.AUDITOR, county)], None, make.now)
    again = program(member).post(path, json=body, headers=headers)
    assert again.status_code == 403, again.text
    assert "Idempotent-Replayed" not in again.headers
