"""What the job counts of accepted reports, and what the form makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.reports.kinds import queries
from grid_report.reports.kinds.models import KindCount, KindLetter
from grid_report.reports.kinds.ordering import Tally
from grid_report.reports.kinds.scheduled import learn_kinds
from tests.support.builders import STATION, Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

AT = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)  # already December in the county
COUNTY = "211282"


def learn(make: Make, now: datetime, **more: Any) -> int:
    zone = make.settings.county.tz
    return learn_kinds(places=reference(), zone=zone, now=now, **more)


def counts() -> dict[tuple[str, int, str], int]:
    db.session.rollback()
    rows = db.session.execute(
        select(KindCount.area_code, KindCount.month, KindCount.category_code, KindCount.accepted)
    )
    return {(area, month, code): accepted for area, month, code, accepted in rows}


def letters(code: str) -> dict[str, int]:
    rows = db.session.execute(
        select(KindLetter.letter, KindLetter.seen).where(KindLetter.category_code == code)
    )
    return {row.letter: row.seen for row in rows}


def test_what_was_accepted_is_counted_once_by_place_and_month(make: Make) -> None:
    worker = make.worker()
    hole = make.report(at=AT, description="门口王婧家有个坑，坑很深")
    rejected = make.report(at=AT, description="坑")
    hurt = make.report(at=AT, category="PS02", description="受伤")
    street, elsewhere = make.supervisor(), "211282001003"
    for it, code in ((hole, "RD02"), (hurt, "PS02")):
        make.step(it, "accept", worker, category=code, severity=2, at=AT)
    make.step(rejected, "reject", worker, reason="不在这里", at=AT)

    early = AT + timedelta(minutes=5)
    assert learn(make, early) == 0
    assert counts() == {}
    later = AT + timedelta(hours=1)
    # In pieces, and to the end.
    assert [learn(make, later, limit=4) for _ in range(3)] == [4, 2, 0]
    once = {(STATION, 12, "RD02"): 1, (COUNTY, 12, "RD02"): 1}
    assert counts() == once
    assert letters("RD02") == dict.fromkeys(["", *"门口家有坑深"], 1)
    assert letters("PS02") == {}

    # A second acceptance after a transfer is no second report.
    make.step(hole, "transfer", street, community=elsewhere, reason="那边的", at=later)
    make.step(hole, "accept", make.worker(elsewhere), category="RD02", severity=2, at=later)
    assert learn(make, later + timedelta(hours=1)) == 2
    assert counts() == once


def test_two_runs_at_once_count_once(make: Make, in_parallel: InParallel) -> None:
    make.step(make.report(at=AT), "accept", make.worker(), category="RD02", severity=2, at=AT)
    done = in_parallel(lambda _: learn(make, AT + timedelta(hours=1)), 3)
    assert sorted(done) == [0, 0, 2]
    assert set(counts().values()) == {1}


def test_a_clock_that_once_ran_ahead_stops_no_learning(make: Make) -> None:
    worker = make.worker()
    for at in (AT + timedelta(days=400), AT):
        report = make.report(at=AT)
        make.step(report, "accept", worker, category="RD02", severity=2, at=at)
    # Two submissions and two acceptances, and none that is only young.
    assert learn(make, AT + timedelta(hours=1)) == 4
    assert learn(make, AT + timedelta(hours=1)) == 0


def test_the_form_asks_for_the_place_of_the_riders_newest_report(make: Make) -> None:
    worker, rider = make.worker(), make.rider()
    for _ in range(2):
        make.step(
            make.report(at=AT, category="UT08"), "accept", worker,
            category="UT08", severity=1, at=AT,
        )  # fmt: skip
    learn(make, AT + timedelta(hours=1))

    def asked(month: int, community: str | None = None) -> Tally:
        return queries.tally(
            county=COUNTY, month=month, member_id=rider.member_id, community=community
        )

    assert asked(12) == Tally({}, {"UT08": 2})
    make.report(rider, at=AT)
    assert asked(12) == Tally({"UT08": 2}, {"UT08": 2})
    assert asked(1) == asked(12)
    assert asked(3) == Tally()
    assert asked(12, "211282001003") == Tally({}, {"UT08": 2})


def test_words_for_every_kind_go_to_the_phone_without_a_persons(make: Make) -> None:
    worker = make.worker()
    for nth in range(5):
        report = make.report(at=AT, description=f"我叫王婧，电话 1390000{nth:04}，路面很深")
        make.step(report, "accept", worker, category="RD02", severity=2, at=AT)
    learn(make, AT + timedelta(hours=1))
    answer = make.app.test_client().get(
        "/api/v1/categories/words", headers=make.token(make.rider())
    )
    assert answer.status_code == 200
    items = {it["code"]: it for it in answer.get_json()["items"]}
    assert "坑" in items["RD02"]["words"]
    assert "hole" in items["RD02"]["words"]
    assert {"路": 100, "面": 100}.items() <= items["RD02"]["seen"].items()
    assert not {"婧", "王", "1", "叫"} & items["RD02"]["seen"].keys()
    assert items["RD01"]["seen"] == {}
    assert len(answer.data) < 16_000
    assert make.app.test_client().get("/api/v1/categories/words").status_code == 401
