"""A month in figures as programs get it: every name of the contract, and nothing anybody may not see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from grid_report import clock
from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.places.queries import reference
from grid_report.statistics.measures import CASE_COUNTS, Measure, RateName
from grid_report.statistics.month import usecases as month_usecases
from tests.api.conftest import Programs, problem
from tests.support.builders import BRIGHT, STATION, STREET, Make

pytestmark = pytest.mark.database

MARCH = datetime(2026, 3, 5, 1, 30, tzinfo=UTC)
PATH = "statistics/months/2026-03"


THIS = Month(2026, 3)


def freeze(make: Make, month: Month = THIS, seen: int = 0) -> None:
    month_usecases.freeze_month(
        month,
        actor=make.administrator(),
        seen_version=seen,
        reason="再来" if seen else "",
        places=reference(),
        county=make.settings.county,
        now=clock.now(),
    )


def accepted(make: Make, worker: Actor, **more: Any) -> None:
    report = make.report(at=MARCH, **more)
    make.step(report, "accept", worker, category="RD02", severity=4, at=MARCH)


def test_a_month_has_every_count_and_every_rate_with_its_fraction(
    make: Make, program: Programs
) -> None:
    worker = make.worker()
    # What the month is held against: the year before and the month before had cases.
    make.report(at=MARCH.replace(year=2025))
    make.report(at=MARCH.replace(month=2))
    for _ in range(2):
        accepted(make, worker)
    make.report(at=MARCH, category="RD03")
    shown = program(make.administrator()).get(PATH).json
    assert shown["month"] == "2026-03"
    assert shown["area"] == {
        "code": "211282", "kind": "county", "name": "开原市", "parent": None,
    }  # fmt: skip
    assert {it.value for it in CASE_COUNTS} <= set(shown)
    assert all(type(shown[it.value]) is int for it in (*CASE_COUNTS, Measure.FINISHED))
    assert (shown["received"], shown["accepted"], shown["urgent"]) == (3, 2, 2)
    assert list(shown["rates"]) == [it.value for it in RateName]
    # Two of three is a fraction and no percentage: the base is below ten.
    assert shown["rates"]["filing"] == {"numerator": 2, "denominator": 3, "percent": None}
    assert (shown["running"], shown["frozen"]) == (False, None)
    assert shown["times"]["response"]["number"] == 2
    assert sum(it["number"] for it in shown["times"]["response"]["distribution"]) == 2
    assert shown["comparison"]["before"]["month"] == "2026-02"
    assert shown["comparison"]["year_before"]["month"] == "2025-03"
    assert len(shown["trend"]) == 13
    assert {it["code"]: it["received"] for it in shown["by_category"]} == {"RD02": 2, "RD03": 1}
    assert shown["by_category"][0]["group"]["code"] == "RD"
    assert [it["received"] for it in shown["by_group"]] == [3]
    assert {it["code"]: it["received"] for it in shown["by_community"]}[STATION] == 3
    assert {it["code"]: it["received"] for it in shown["by_area"]}[STREET] == 3
    assert [it["code"] for it in shown["by_hour"]] == [f"{n:02d}" for n in range(24)]
    assert shown["by_hour"][9]["received"] == 3
    assert [it["name"] for it in shown["by_weekday"]][3] == "星期四"
    assert sum(it["received"] for it in shown["by_source"]) == 3
    assert shown["people"]["riders"] == 3


def test_a_month_is_held_against_none_from_before_the_first_case(
    make: Make, program: Programs
) -> None:
    make.report(at=MARCH)
    shown = program(make.administrator()).get(PATH).json
    assert shown["comparison"] == {"before": None, "year_before": None}


def test_from_ten_up_a_rate_has_its_percentage(make: Make, program: Programs) -> None:
    worker = make.worker()
    for _ in range(9):
        accepted(make, worker)
    make.report(at=MARCH)
    shown = program(make.auditor()).get(PATH).json
    assert shown["rates"]["filing"] == {"numerator": 9, "denominator": 10, "percent": 90.0}


def test_everybody_gets_the_own_area_and_no_other(make: Make, program: Programs) -> None:
    make.report(at=MARCH)
    areas = (STATION, BRIGHT, STREET, "211282002", "211282", "unrouted", "nowhere")
    may: dict[str, tuple[Actor, str, set[str]]] = {
        "worker": (make.worker(), STATION, {STATION}),
        "street": (make.supervisor(), STREET, {STREET, STATION, BRIGHT}),
        "administrator": (make.administrator(), "211282", {*areas} - {"nowhere"}),
        "auditor": (make.auditor(), "211282", {*areas} - {"nowhere"}),
    }
    for actor, own, readable in may.values():
        asks = program(actor)
        assert asks.get(PATH).json["area"]["code"] == own
        for area in areas:
            for ending in ("", ".csv", ".xlsx"):
                answer = asks.get(f"{PATH}{ending}?area={area}")
                if area in readable:
                    assert answer.status_code == 200, (own, area)
                else:
                    problem(answer, 404, "not-found")
    for actor in (make.rider(), make.handler()):
        problem(program(actor).get(PATH), 403, "forbidden")
    problem(program(None).get(PATH), 401, "sign-in-needed")


@pytest.mark.parametrize("ending", ["", ".csv", ".xlsx"])
def test_what_is_no_month_area_or_version_is_named(
    make: Make, program: Programs, ending: str
) -> None:
    asks = program(make.administrator())
    for month in ("2026-13", "2026-3", "March", "0000-00", "1969-12"):
        problem(asks.get(f"statistics/months/{month}{ending}"), 422, "invalid", "month")
    for month in ("9999-12", "2199-01"):
        problem(asks.get(f"statistics/months/{month}{ending}"), 404, "not-found")
    assert asks.get(f"statistics/months/1970-01{ending}").status_code == 200
    problem(asks.get(f"{PATH}{ending}?version=new"), 422, "invalid", "version")
    problem(asks.get(f"{PATH}{ending}?version=7"), 404, "not-found")
    problem(asks.get(f"{PATH}{ending}?area={'9' * 13}"), 422, "invalid", "area")


def test_a_frozen_month_names_its_version_and_stays(make: Make, program: Programs) -> None:
    worker = make.worker()
    late = make.report(at=MARCH)
    freeze(make)
    asks = program(make.administrator())
    first = asks.get(PATH)
    assert first.json["frozen"]["version"] == 1
    assert len(first.json["frozen"]["digest"]) == 64
    # Nobody had frozen February by then: what it is now may be something else tomorrow.
    assert first.json["comparison"] == {"before": None, "year_before": None}
    assert [it["month"] for it in first.json["trend"]] == ["2026-03"]
    make.step(late, "accept", worker, category="RD02", severity=2)
    freeze(make, Month(2026, 2))
    again = asks.get(f"{PATH}?version=1", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert asks.get(f"{PATH}?version=0").json["accepted"] == 1
    freeze(make, seen=1)
    second = asks.get(PATH).json
    assert (second["frozen"]["version"], second["accepted"]) == (2, 1)
    assert second["comparison"]["before"]["month"] == "2026-02"
    assert asks.get(f"{PATH}?version=1").data == first.data


def test_the_words_are_the_readers(make: Make, program: Programs) -> None:
    make.report(at=MARCH)
    asks = program(make.administrator())
    english = asks.get(PATH, headers={"Accept-Language": "en"}).json
    assert english["by_weekday"][0]["name"] == "Monday"
    assert english["area"]["name"] == make.settings.county.name_en
    assert english["by_group"][0]["name"] != asks.get(PATH).json["by_group"][0]["name"]
