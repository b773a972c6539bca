"""A date without a time is a whole day of the county: what ends on it ends when the day does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from grid_report.access import Actor
from grid_report.errors import Invalid
from grid_report.places.queries import reference
from grid_report.reports.desk import filters
from grid_report.reports.pages import forms as pages_forms
from tests.support.builders import Make


def deadline(make: Make, text: str) -> datetime | None:
    return pages_forms.read_step(
        {"step": "extend", "deadline": text, "reason": "等料"},
        key=None,
        key_field="key",
        zone=make.settings.county.tz,
    ).deadline


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        # Asia/Shanghai is eight hours ahead of UTC.
        ("2026-12-05", datetime(2026, 12, 5, 15, 59, 59, tzinfo=UTC)),
        ("20261205", datetime(2026, 12, 5, 15, 59, 59, tzinfo=UTC)),
        (" 2028-02-29 ", datetime(2028, 2, 29, 15, 59, 59, tzinfo=UTC)),
        ("2026-12-05T00:00", datetime(2026, 12, 4, 16, tzinfo=UTC)),
        ("2026-12-05T10:00Z", datetime(2026, 12, 5, 10, tzinfo=UTC)),
    ],
)
@pytest.mark.database
def test_a_plain_date_as_a_deadline_is_the_end_of_that_day(
    make: Make, text: str, instant: datetime
) -> None:
    assert deadline(make, text) == instant


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "morgen", "1999-12-31"])
@pytest.mark.database
def test_what_is_no_date_names_its_field(make: Make, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        deadline(make, text)
    assert set(refused.value.problems) == {"deadline"}


@pytest.mark.database
def test_an_extension_to_today_lasts_to_the_end_of_today(make: Make) -> None:
    worker: Actor = make.worker()
    at = datetime(2026, 12, 5, 1, tzinfo=UTC)
    report = make.report(at=at, category="RD06")
    make.step(report, "accept", worker, category="RD06", severity=2, at=at)
    make.step(report, "start", worker, at=at)
    # Until 21:00 the category gives; the plain date is the rest of the day.
    end = deadline(make, "2026-12-05")
    report = make.step(report, "extend", worker, deadline=end, reason="等料", at=at)
    assert report.fix_due == datetime(2026, 12, 5, 15, 59, 59, tzinfo=UTC)


@pytest.mark.database
def test_a_list_until_a_day_has_that_day_in_it(make: Make) -> None:
    zone = make.settings.county.tz
    asked = {"since": "2026-12-05", "until": "2026-12-05"}
    found = filters.read(asked, places=reference(), zone=zone)
    assert found.since == datetime(2026, 12, 4, 16, tzinfo=UTC)
    assert found.until == datetime(2026, 12, 5, 16, tzinfo=UTC)
    evening = make.report(at=datetime(2026, 12, 5, 15, 59, 59, 999999, tzinfo=UTC))
    make.report(at=datetime(2026, 12, 5, 16, tzinfo=UTC))
    make.report(at=datetime(2026, 12, 4, 15, 59, 59, tzinfo=UTC))
    answer = make.app.test_client().get(
        "/api/v1/reports?since=2026-12-05&until=2026-12-05", headers=make.token(make.worker())
    )
    assert [it["number"] for it in answer.get_json()["items"]] == [evening.number]


@pytest.mark.database
def test_an_instant_of_a_filter_still_needs_its_zone(make: Make) -> None:
    with pytest.raises(Invalid) as refused:
        filters.read(
            {"until": "2026-12-05T10:00"}, places=reference(), zone=make.settings.county.tz
        )
    assert set(refused.value.problems) == {"until"}
