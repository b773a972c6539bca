"""The set the statistics are measured on is one the program could have written, as far as they read."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.reports.lifecycle import State
from grid_report.reports.models import Report
from grid_report.statistics.counts import recount_queries
from tests.statistics.histories import month_of
from tests.support.builders import STATION, Make
from tests.support.sets import big_set

pytestmark = pytest.mark.database

# Forty: the first of those that are reopened is the 32nd.
LIVES, REPORTS = 40, 480


def test_the_set_of_the_benchmark_is_consistent(make: Make) -> None:
    big_set.build(make, REPORTS, LIVES)
    county = make.settings.county
    months = recount_queries.months_with_cases(county)
    assert len(months) >= big_set.MONTHS
    for month in months:
        db.session.rollback()
        found = recount_queries.recount(db.engine, month, places=reference(), county=county)
        assert not found.lacking, month
        assert found.cells
    states = dict(
        db.session.execute(select(Report.state, func.count()).group_by(Report.state)).all()
    )
    assert REPORTS <= sum(states.values()) <= REPORTS * 1.2
    assert set(states) >= {State.SUBMITTED, State.ACCEPTED, State.CLOSED, State.MERGED}
    newest = db.session.scalar(select(func.max(Report.created_at)))
    assert newest is not None
    assert newest <= make.later(0)
    db.session.rollback()
    browser = make.signed_in(make.administrator())
    this = month_of(make, make.now)
    for month in (this, this.plus(-1), this.plus(-big_set.FROZEN - 2)):
        for area in ("", STATION):
            page = browser.get(f"/statistics/{month}", query_string={"area": area})
            assert page.status_code == 200
            assert "这个月还没有数字" not in page.text
    assert browser.get("/desk").status_code == 200
    assert Month.parse(str(this)) == this
