"""A merged report in the API: the state of its case, an answer, a rating; nobody else's words."""

from __future__ import annotations

import pytest

from grid_report.reports.pages import shapes as report_shapes
from tests.api.conftest import Programs
from tests.reports.casework.test_merged import Three
from tests.support import present
from tests.support.builders import Make

pytestmark = pytest.mark.database


@pytest.mark.at(present.USUAL)
def test_a_merged_report_brings_the_state_of_its_case_to_its_rider(
    make: Make, program: Programs
) -> None:
    three = Three(make)
    asking = program(three.riders[1])
    three.take(three.a, "ask", three.worker, reason="在哪")
    body = asking.get(f"reports/{three.b.number}").json
    report_shapes.ReportShown.model_validate(body)
    assert (body["state"], body["case"]["state"], body["steps"]) == (
        "merged", "needs_info", ["supplement"],
    )  # fmt: skip
    answered = asking.step(three.b.number, "supplement", note="3 号楼")
    assert (answered.status_code, answered.json["case"]["state"]) == (200, "submitted")
    three.accept(three.a)
    three.close(three.a)
    [row] = asking.get("reports").json["items"]
    case = row["case"]
    assert (row["state"], case["state"], case["handled_at"], case["closed_at"]) == (
        "merged", "closed", "2026-11-23T05:00:00Z", "2026-11-23T05:00:00Z",
    )  # fmt: skip
    assert case["due"]["fix"] == "2026-11-28T04:00:00Z"
    [photo] = case["after"]
    assert asking.get(photo["main"]).status_code == 200
    rated = asking.post(
        f"reports/{three.b.number}/rating", json={"solved": False, "satisfied": False}
    )
    assert (rated.status_code, rated.json["solved"]) == (201, False)


def test_it_is_told_to_nobody_but_its_rider_and_without_the_others(
    make: Make, program: Programs
) -> None:
    three = Three(make)
    three.take(three.a, "ask", three.worker, reason="在哪")
    three.take(three.b, "supplement", three.riders[1], note="三号楼", photos=(make.photo(),))
    assert program(three.worker).get(f"reports/{three.b.number}").json["case"] is None
    lead = program(three.riders[0])
    assert len(lead.get(f"reports/{three.a.number}").json["photos"]) == 1
    assert len(program(three.worker).get(f"reports/{three.a.number}").json["photos"]) == 2
    history = lead.get(f"reports/{three.a.number}/history")
    assert "三号楼" not in history.text
    assert history.json["items"][-1]["step"] == "supplement"
    assert "三号楼" in program(three.worker).get(f"reports/{three.a.number}/history").text


def test_to_lead_a_case_is_no_step_to_ask_for(make: Make, program: Programs) -> None:
    three = Three(make)
    answer = program(three.riders[1]).step(three.b.number, "lead")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["step"])
