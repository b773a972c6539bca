"""The demo tells the same story on every day of the year and at every hour. Nothing is loaded here."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from grid_report.clock import Month
from grid_report.demo import plan
from grid_report.demo.cast import NEW_TOWN
from grid_report.places.queries import reference
from grid_report.reports.lifecycle import Step
from tests.support.present import COUNTY
from tools.dates import EDGES

DAYS = [datetime(2026, 11, 1, 4, 30, tzinfo=COUNTY) + timedelta(days=n) for n in range(0, 125, 5)]
INSTANTS = [*(datetime.fromisoformat(it).replace(tzinfo=COUNTY) for it in EDGES), *DAYS]


@pytest.mark.parametrize("now", INSTANTS, ids=lambda it: it.strftime("%Y-%m-%d-%H%M"))
def test_the_month_that_is_over_has_a_case_for_the_sample_of_the_new_town(
    app: Flask, now: datetime
) -> None:
    for count in (40, 60):
        deeds, _ = plan.write(
            seed=7, count=count, now=now, zone=COUNTY, places=reference(), riders=40
        )
        last = Month.of(now, COUNTY).plus(-1)
        assert [
            deed
            for deed in deeds
            if deed.step is Step.ACCEPT
            and Month.of(deed.at, COUNTY) == last
            and (deed.community or "").startswith(NEW_TOWN)
        ], count
        assert all(deed.at <= now for deed in deeds)
        assert {deed.step for deed in deeds} >= {Step.CONTROL, Step.SUSPEND, Step.MERGE}
