"""Months, days and what was typed without a zone: all of it as the county's calendar has it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from grid_report import clock
from grid_report.clock import Month, PlainDate, day_bounds, local_day, months_between, read_instant
from grid_report.errors import Invalid

ZONE = ZoneInfo("Asia/Shanghai")
# Sixteen o'clock in Greenwich is midnight in the county.
MIDNIGHT = datetime(2026, 11, 30, 16, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.mark.parametrize("text", ["2026-01", "2026-12", "1970-01", " 2026-03 ", "9998-12"])
def test_a_month_is_read_as_it_is_written(text: str) -> None:
    assert str(Month.parse(text)) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "2026-00", "2026-13", "1969-12", "2026-1", "26-01", "2026-01-01", "x", "٢٠٢٦-٠١"]
)
def test_nothing_else_is_a_month(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        Month.parse(text)
    assert list(refused.value.problems) == ["month"]


@pytest.mark.parametrize(
    ("months", "expected"),
    [(0, "2026-11"), (1, "2026-12"), (2, "2027-01"), (-10, "2026-01"), (-11, "2025-12"), (25, "2028-12")],
)  # fmt: skip
def test_months_go_on_over_the_end_of_a_year(months: int, expected: str) -> None:
    assert str(Month(2026, 11).plus(months)) == expected


def test_a_month_begins_at_midnight_in_the_county() -> None:
    assert Month.of(MIDNIGHT - SECOND, ZONE) == Month(2026, 11)
    assert Month.of(MIDNIGHT, ZONE) == Month(2026, 12)
    start, end = Month(2026, 12).bounds(ZONE)
    assert (start, end) == (MIDNIGHT, MIDNIGHT + 31 * DAY)
    assert (start.tzinfo, end.tzinfo) == (UTC, UTC)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-11", "2026-11", ["2026-11"]),
        ("2026-11", "2027-01", ["2026-11", "2026-12", "2027-01"]),
        ("2026-11", "2026-10", []),
    ],
)
def test_both_ends_of_a_stretch_of_months_are_in_it(
    first: str, last: str, expected: list[str]
) -> None:
    found = months_between(Month.parse(first), Month.parse(last))
    assert [str(it) for it in found] == expected


def test_months_are_in_order() -> None:
    assert Month(2025, 12) < Month(2026, 1) < Month(2026, 2)


@pytest.mark.parametrize(
    ("text", "plain", "expected"),
    [
        # A day without a time: what it means is said by whoever asks.
        ("2026-12-01", PlainDate.FIRST, "2026-12-01T00:00:00+08:00"),
        ("2026-12-01", PlainDate.LAST_SECOND, "2026-12-01T23:59:59+08:00"),
        ("2026-12-31", PlainDate.AFTER, "2027-01-01T00:00:00+08:00"),
        # With a time it means itself, on the county's clock where it names no other.
        ("2026-12-01T07:30", PlainDate.AFTER, "2026-12-01T07:30:00+08:00"),
        (" 2026-12-01 07:30 ", PlainDate.LAST_SECOND, "2026-12-01T07:30:00+08:00"),
        ("2026-12-01T07:30:00+00:00", PlainDate.FIRST, "2026-12-01T07:30:00+00:00"),
    ],
)
def test_what_was_typed_is_an_instant_in_the_county(
    text: str, plain: PlainDate, expected: str
) -> None:
    assert read_instant(text, ZONE, plain=plain).isoformat() == expected


@pytest.mark.parametrize("text", ["", "2026-13-01", "tomorrow", "2026-12-01T25:00"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_instant(text, ZONE, plain=PlainDate.FIRST)


def test_a_day_is_the_countys() -> None:
    assert local_day(MIDNIGHT - SECOND, ZONE) == date(2026, 11, 30)
    assert local_day(MIDNIGHT, ZONE) == date(2026, 12, 1)
    for at in (MIDNIGHT, MIDNIGHT + DAY - SECOND):
        start, end = day_bounds(at, ZONE)
        assert (start, end) == (MIDNIGHT, MIDNIGHT + DAY)
        assert (start.tzinfo, end.tzinfo) == (UTC, UTC)


def test_files_are_dated_by_the_machine_and_told_of_by_the_site() -> None:
    before, at = clock.ahead(), datetime(2026, 11, 16, 2, tzinfo=UTC)
    try:
        clock.run_ahead(timedelta(days=3))
        assert clock.ahead() == timedelta(days=3)
        assert clock.by_machine(at) == at - timedelta(days=3)
        assert clock.from_machine(clock.by_machine(at)) == at
    finally:
        clock.run_ahead(before)
