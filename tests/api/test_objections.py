"""Objections through the API: raised once, answered by the street, never by who decided."""

from __future__ import annotations

import pytest

from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.points.objections import shapes
from tests.api.conftest import Programs, problem
from tests.reports.desk.test_lists import counted
from tests.support.builders import STREET, Make

pytestmark = pytest.mark.database


def earn(make: Make, rider: Actor, program: Programs, count: int = 1) -> list[int]:
    """Have reports accepted; return their entries, newest first."""
    worker = make.worker()
    for _ in range(count):
        make.accepted(worker, rider)
    return [it["id"] for it in program(rider).get("me/points/entries").json["items"]][:count]


def test_an_objection_is_raised_once_answered_and_read(make: Make, program: Programs) -> None:
    rider, street = make.rider(), program(make.supervisor())
    asking, (entry,) = program(rider), earn(make, rider, program)
    body = {"entry": entry, "words": "应该是三级"}
    first, again = (asking.post("me/points/objections", json=body) for _ in range(2))
    shown = shapes.ObjectionShown.model_validate(first.json)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (shown.state, shown.about, shown.key) == ("open", "entry", str(entry))
    assert (shown.points, shown.rule, shown.street.code) == (15, "R1", STREET)
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    problem(
        asking.post("me/points/objections", json={**body, "words": "别的"}),
        409,
        "already-objected",
    )
    path = f"objections/{shown.id}"
    (waiting,) = street.get("objections?state=open").json["items"]
    assert (waiting["may_answer"], waiting["alias"]) == (True, rider_alias(rider.member_id))
    assert waiting == street.get(path).json
    for odd, field in (({"step": "maybe", "words": "x"}, "step"), ({"step": "uphold"}, "words"),
                       ({"step": "uphold", "words": " "}, "words")):  # fmt: skip
        problem(street.post(f"{path}/answer", json=odd), 422, "invalid", field)
    answer = {"step": "uphold", "words": "你说得对"}
    first, again = (street.post(f"{path}/answer", json=answer) for _ in range(2))
    shapes.ObjectionAtDesk.model_validate(first.json)
    assert (first.json["state"], first.json["may_answer"]) == ("upheld", False)
    assert again.json == first.json
    problem(
        program(make.supervisor()).post(f"{path}/answer", json={**answer, "step": "reject"}),
        409,
        "objection-closed",
    )
    mine = asking.get(f"me/points/objections/{shown.id}").json
    assert (mine["answer"], mine["state"]) == ("你说得对", "upheld")
    problem(asking.post(f"me/points/objections/{shown.id}/withdraw"), 409, "objection-closed")


def test_an_objection_is_its_riders_and_its_streets(make: Make, program: Programs) -> None:
    rider = make.rider()
    asking, (entry,) = program(rider), earn(make, rider, program)
    it = asking.post("me/points/objections", json={"entry": entry, "words": "不对"}).json
    stranger, elsewhere = program(make.rider()), program(make.supervisor("211282002"))
    problem(stranger.get(f"me/points/objections/{it['id']}"), 404, "not-found")
    problem(stranger.post(f"me/points/objections/{it['id']}/withdraw"), 404, "not-found")
    problem(
        stranger.post("me/points/objections", json={"entry": entry, "words": "x"}),
        404,
        "not-found",
    )
    assert elsewhere.get("objections").json["items"] == []
    problem(elsewhere.get(f"objections/{it['id']}"), 404, "not-found")
    problem(elsewhere.post(f"objections/{it['id']}/answer", json={"step": 7}), 404, "not-found")
    for nobody in (asking, program(make.worker())):
        problem(nobody.get("objections"), 403, "forbidden")
    body = {"step": "reject", "words": "x"}
    problem(
        program(make.auditor()).post(f"objections/{it['id']}/answer", json=body), 403, "forbidden"
    )
    for _ in range(2):
        done = asking.post(f"me/points/objections/{it['id']}/withdraw")
        assert (done.status_code, done.json["state"]) == (200, "withdrawn")


def test_exactly_one_decision_is_objected_to(make: Make, program: Programs) -> None:
    rider, worker = make.rider(), make.worker()
    asking = program(rider)
    for odd, field in (
        ({"words": "x"}, "entry"),
        ({"words": "x", "entry": 1, "report": "KY-1"}, "report"),
        ({"words": "x", "entry": "1"}, "entry"),
        ({"words": "x", "entry": 0}, "entry"),
        ({"words": "x", "unpaid": 2**63}, "unpaid"),
        ({"words": "x", "report": "K" * 25}, "report"),
        ({"entry": 1}, "words"),
        ({"words": "x" * 1001, "entry": 1}, "words"),
        ({"words": " \x00 ", "entry": 1}, "words"),
    ):
        problem(asking.post("me/points/objections", json=odd), 422, "invalid", field)
    for nothing in ({"entry": 99}, {"unpaid": 99}, {"report": "KY-20200101-0001\x00"}):
        body = {"words": "x", **nothing}
        problem(asking.post("me/points/objections", json=body), 404, "not-found")
    refused = make.report(rider)
    make.step(refused, "reject", worker, reason="看不清")
    body = {"words": "看得清", "report": refused.number}
    assert asking.post("me/points/objections", json=body).json["about"] == "report"


def test_objections_are_paged_and_cost_the_same_however_many(make: Make, program: Programs) -> None:
    rider = make.rider()
    asking, street, counts = program(rider), program(make.supervisor()), []
    for many in (1, 4):
        for entry in earn(make, rider, program, many):
            asking.post("me/points/objections", json={"entry": entry, "words": "不对"})
        with counted() as statements:
            for reader, path in ((asking, "me/points/objections"), (street, "objections")):
                assert reader.get(path).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
    for reader, path in ((asking, "me/points/objections"), (street, "objections")):
        seen = []
        cursor: str | None = ""
        while cursor is not None:
            page = reader.get(f"{path}?limit=2&cursor={cursor}").json
            seen += [it["id"] for it in page["items"]]
            cursor = page["next"]
        assert len(seen) == 5
        assert seen == sorted(set(seen), reverse=True)
        for name, odd in (("cursor", "W10"), ("limit", "201")):
            problem(reader.get(f"{path}?{name}={odd}"), 422, "invalid", name)
    problem(street.get("objections?state=odd"), 422, "invalid", "state")
