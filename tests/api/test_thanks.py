"""Looking again, merits and proposals through the API: asked for, done once, decided by another."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest

from grid_report.points.proposals import shapes as proposals_shapes
from grid_report.reports.earnings import shapes
from tests.api.conftest import Programs, problem
from tests.reports.desk.test_lists import counted
from tests.support.builders import BRIGHT, STATION, Make, picture

pytestmark = pytest.mark.database


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


SAME = picture()


def photos() -> dict[str, Any]:
    return {"photos": [(io.BytesIO(SAME), "a.jpg")]}


def test_a_rider_is_asked_to_look_again_and_thanked_once(make: Make, program: Programs) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.handled(worker, make.handler(), rider)
    path, asking, sending = f"reports/{report.number}/rechecks", program(worker), program(rider)
    problem(sending.post(f"{path}/photos", data=photos()), 409, "nothing-asked")
    once = key()
    first, again = (asking.post(path, json={"note": "拍整条路"}, headers=once) for _ in range(2))
    shown = shapes.RecheckShown.model_validate(first.json)
    assert (first.status_code, again.status_code, again.json) == (201, 201, first.json)
    assert (shown.nth, shown.words, shown.answered_at) == (1, "拍整条路", None)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    problem(asking.post(path, json={}, headers=once), 422, "idempotency-key-reused")
    problem(asking.post(path, json={}), 409, "recheck-open")
    before = sending.get("me/points").json["available"]
    once = key()
    for _ in range(2):
        sent = sending.post(f"{path}/photos", data={"note": "修好了", **photos()}, headers=once)
        assert sent.status_code == 201, sent.text
        assert sent.json["answered_at"]
        assert sending.get("me/points").json["available"] == before + 5
    assert sent.headers["Idempotent-Replayed"] == "true"
    problem(
        sending.post(f"{path}/photos", data={"note": "别的", **photos()}, headers=once),
        422,
        "idempotency-key-reused",
    )
    for reader in (sending, asking, program(make.auditor())):
        listed = shapes.RecheckList.model_validate(reader.get(path).json)
        assert [it.nth for it in listed.items] == [1]
    kinds = [it["kind"] for it in sending.get(f"reports/{report.number}").json["photos"]]
    assert kinds.count("after") == 2


def test_looking_again_is_refused_before_anything_is_read(make: Make, program: Programs) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.handled(worker, make.handler(), rider)
    path = f"reports/{report.number}/rechecks"
    for stranger in (make.rider(), make.worker(BRIGHT)):
        problem(program(stranger).get(path), 404, "not-found")
        problem(program(stranger).post(path, json={"note": 7}), 404, "not-found")
        problem(program(stranger).post(f"{path}/photos", data={}), 404, "not-found")
    problem(program(rider).post(path, json={"note": 7}), 403, "forbidden")
    problem(program(worker).post(f"{path}/photos", data={}), 403, "forbidden")
    problem(program(worker).post(path, json={"note": 7}), 422, "invalid", "note")
    problem(program(worker).post(path, json={"note": "x" * 1001}), 422, "invalid", "note")
    problem(
        program(worker).post(path, json={}, headers={"Idempotency-Key": "x"}),
        422,
        "invalid",
        "idempotency_key",
    )
    assert program(worker).post(path, json={"note": "a\x00b"}).json["words"] == "ab"
    problem(program(rider).post(f"{path}/photos", data={"note": ""}), 422, "invalid", "photos")
    problem(program(rider).post(f"{path}/photos", json={}), 415, "unsupported-media-type")
    early = make.accepted(worker, rider)
    problem(program(worker).post(f"reports/{early.number}/rechecks", json={}), 403, "forbidden")


def test_a_merit_is_proposed_approved_by_another_and_paid_once(
    make: Make, program: Programs
) -> None:
    rider, worker, admin = make.rider(), make.worker(), make.administrator()
    report = make.accepted(worker, rider)
    path, asking, deciding = f"reports/{report.number}/merit", program(worker), program(admin)
    body, once = {"points": 200, "reason": "井盖缺失，险些出事"}, key()
    first, again = (asking.post(path, json=body, headers=once) for _ in range(2))
    shown = proposals_shapes.ProposalShown.model_validate(first.json)
    assert (first.status_code, again.status_code, again.json) == (201, 201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (shown.kind, shown.state, shown.points) == ("merit", "waiting", 200)
    assert (shown.report, shown.may_decide, shown.decided_by) == (report.number, False, None)
    problem(
        asking.post(path, json={**body, "points": 201}, headers=once),
        422,
        "idempotency-key-reused",
    )
    problem(asking.post(path, json=body), 409, "merit-proposed")
    problem(asking.post(path, json={"points": 99, "reason": "x"}), 422, "invalid", "points")
    problem(asking.post(path, json={"points": 200}), 422, "invalid", "reason")
    problem(asking.post(path, json={"points": "200", "reason": "x"}), 422, "invalid", "points")
    problem(program(rider).post(path, json=body), 403, "forbidden")
    problem(program(make.rider()).post(path, json=body), 404, "not-found")
    (waiting,) = deciding.get("proposals?state=waiting").json["items"]
    assert waiting["may_decide"]
    decision = f"proposals/{waiting['id']}/decision"
    problem(asking.post(decision, json={"decision": "approve"}), 403, "forbidden")
    problem(deciding.post(decision, json={"decision": "maybe"}), 422, "invalid", "decision")
    problem(deciding.post(decision, json={"decision": "decline"}), 422, "invalid", "note")
    done = deciding.post(decision, json={"decision": "approve", "note": "同意"})
    assert proposals_shapes.ProposalShown.model_validate(done.json).state == "approved"
    assert (done.json["note"], done.json["may_decide"]) == ("同意", False)
    problem(deciding.post(decision, json={"decision": "approve"}), 409, "decided-before")
    assert program(rider).get("me/points").json["available"] == 15 + 200
    problem(deciding.post("proposals/999999/decision", json={"decision": "approve"}),
            404, "not-found")  # fmt: skip


def test_grants_and_reversals_wait_for_somebody_else(make: Make, program: Programs) -> None:
    rider, worker = make.rider(), make.worker()
    make.accepted(worker, rider)
    one, other = program(make.administrator()), program(make.administrator())
    month = make.now.astimezone(make.settings.county.tz).strftime("%Y-%m")
    body = {
        "kind": "grant", "reason": "冬季巡查", "points": 500, "community": STATION, "month": month,
    }  # fmt: skip
    once = key()
    first, again = (one.post("proposals", json=body, headers=once) for _ in range(2))
    assert (first.status_code, again.json) == (201, first.json), first.text
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json["community"]["code"] == STATION
    problem(one.post("proposals", json={**body, "points": 501}, headers=once),
            422, "idempotency-key-reused")  # fmt: skip
    decision = f"proposals/{first.json['id']}/decision"
    problem(one.post(decision, json={"decision": "approve"}), 403, "forbidden")
    assert other.post(decision, json={"decision": "approve"}).json["state"] == "approved"
    entry = program(rider).get("me/points/entries").json["items"][0]["id"]
    body = {"kind": "reversal", "reason": "重复", "entry_id": entry, "verdict": "honest"}
    reversal = one.post("proposals", json=body).json
    declined = other.post(
        f"proposals/{reversal['id']}/decision", json={"decision": "decline", "note": "没有重复"}
    )
    assert (declined.json["state"], declined.json["entry"]) == ("declined", entry)
    assert program(rider).get("me/points").json["available"] == 15
    for odd, fields in (
        ({**body, "verdict": "odd"}, ("verdict",)),
        ({**body, "entry_id": 999_999}, ("entry_id",)),
        ({**body, "reason": ""}, ("reason",)),
        ({"kind": "merit", "reason": "x"}, ("kind",)),
        ({"kind": "grant", "reason": "x", "points": 0, "month": "2026-13"}, ("month", "points")),
    ):
        problem(one.post("proposals", json=odd), 422, "invalid", *fields)


def test_proposals_are_paged_and_cost_the_same_however_many(make: Make, program: Programs) -> None:
    worker, admin = make.worker(), program(make.administrator())
    counts = []
    for many in (2, 5):
        for _ in range(many):
            report = make.accepted(worker)
            body = {"points": 100, "reason": "x"}
            assert program(worker).post(f"reports/{report.number}/merit", json=body).json["id"]
        with counted() as statements:
            whole = admin.get("proposals").json
        counts.append(len(statements))
    assert counts[0] == counts[1]
    seen = []
    cursor: str | None = ""
    while cursor is not None:
        page = proposals_shapes.ProposalList.model_validate(
            admin.get(f"proposals?limit=3&state=waiting&cursor={cursor}").json
        )
        seen += [it.id for it in page.items]
        cursor = page.next
    assert seen == [it["id"] for it in whole["items"]]
    assert len(seen) == 7
    for name, odd in (("cursor", "W10"), ("limit", "0"), ("state", "odd")):
        problem(admin.get(f"proposals?{name}={odd}"), 422, "invalid", name)
