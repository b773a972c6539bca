"""One line of a list and one entry of a history say what the row says, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from grid_report import clock
from grid_report.places.queries import reference
from grid_report.reports.casework.merged import When, when
from grid_report.reports.pages.case_views import readable
from grid_report.reports.pages.row_views import PhotoView, row
from tests.support.builders import PROPERTY, STATION, Make

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.mark.database
def test_a_line_shows_the_clock_that_runs_and_how_long_it_has(make: Make) -> None:
    report = make.report(at=AT)
    line = row(report, reference(), "zh_CN", AT + timedelta(minutes=1), points=5)
    assert (line.clock, line.light, line.is_open) == ("accept", "green", True)
    assert report.next_due is not None
    assert line.due == report.next_due
    assert line.seconds_left == (report.next_due - AT).total_seconds() - 60
    assert (line.created_at, line.sent_at, line.points) == (AT, AT, 5)
    assert (line.community_name, line.unit_name) == ("站前社区", None)


@pytest.mark.database
def test_a_line_of_what_is_over_has_no_clock(make: Make) -> None:
    rider = make.rider()
    over = make.step(make.report(rider, at=AT), "withdraw", rider, at=AT)
    line = row(over, reference(), "zh_CN", AT)
    assert (line.clock, line.due, line.light, line.seconds_left) == (None, None, None, None)
    assert not line.is_open


@pytest.mark.database
def test_a_line_names_what_is_known_and_keeps_the_code_of_what_is_not(make: Make) -> None:
    places = reference()
    report = make.report(at=AT)
    chinese, english = (row(report, places, it, AT).category_name for it in ("zh_CN", "en"))
    assert chinese == places.categories.get("RD02").name("zh_CN") != english
    facts = {it.key: getattr(report, it.key) for it in report.__mapper__.column_attrs}
    known = SimpleNamespace(**facts | {"unit_code": PROPERTY, "sent_at": AT - timedelta(days=1)})
    line = row(known, places, "zh_CN", AT)
    unit = places.unit(PROPERTY)
    assert unit is not None
    assert (line.unit_name, line.sent_at) == (unit.name, AT - timedelta(days=1))
    gone = SimpleNamespace(**facts | {"category_code": "XX99", "community_code": "0"})
    line = row(gone, places, "zh_CN", AT)
    assert (line.category_name, line.community_name) == ("XX99", None)


@pytest.mark.database
def test_what_a_step_changed_is_told_by_names(make: Make) -> None:
    places = reference()
    community, unit = places.community(STATION), places.unit(PROPERTY)
    assert community is not None
    assert unit is not None
    told = readable(
        {
            "category": ["RD02", "XX99"],
            "unit": [PROPERTY, None],
            "community": [None, STATION],
            "severity": [2, 3],
            "evidence": [None, True],
            "another": True,
        },
        places,
        "en",
    )
    assert told == {
        "category": [places.categories.get("RD02").name("en"), "XX99"],
        "unit": [unit.name, None],
        "community": [None, community.name],
        "severity": [2, 3],
        "evidence": [None, True],
        "another": True,
    }


@pytest.mark.parametrize(("gap_s", "ahead"), [(None, False), (0, False), (-1, True)])
def test_a_camera_is_ahead_only_beyond_what_clocks_differ_by(
    gap_s: int | None, *, ahead: bool
) -> None:
    differ = int(clock.CLOCKS_DIFFER.total_seconds())
    gap = None if gap_s is None else gap_s - differ
    photo = PhotoView(1, "a", "before", 4, 3, AT, gap, None)
    assert photo.is_clock_ahead is ahead


def test_which_of_two_reports_was_first() -> None:
    later = AT + timedelta(seconds=1)
    assert (when(AT, AT), when(AT, later), when(later, AT)) == (
        When.SAME_TIME,
        When.EARLIER,
        When.LATER,
    )
