"""The tariff: what earns what, by the version in force when a case was submitted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grid_report.points import rates

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)

TWO = """
[[version]]
code = "old"
starts_at = 2025-01-01T00:00:00+08:00
[version.R1]
by_severity = [1, 2, 3, 4]
[version.R3]
points = 1

[[version]]
code = "new"
starts_at = 2026-01-01T00:00:00+08:00
[version.R1]
by_severity = [10, 15, 25, 40]
[version.R3]
points = 5
"""


@pytest.mark.parametrize(("severity", "points"), [(1, 10), (2, 15), (3, 25), (4, 40)])
def test_an_accepted_report_earns_by_severity(severity: int, points: int) -> None:
    earned = rates.from_file().at(NOW).for_acceptance(severity)
    assert (earned.points, earned.rule) == (points, "R1")


def test_a_closed_report_earns_five_more() -> None:
    earned = rates.from_file().at(NOW).for_closing()
    assert (earned.points, earned.rule) == (5, "R3")


@pytest.mark.parametrize(
    ("report", "points"), [("blocked fire lane", 25 + 5), ("manhole raised to 4", 40 + 5)]
)
def test_the_examples_of_the_rules(report: str, points: int) -> None:
    version = rates.from_file().at(NOW)
    severity = 3 if report == "blocked fire lane" else 4
    total = version.for_acceptance(severity).points + version.for_closing().points
    assert total == points


def test_a_severity_that_does_not_exist_earns_nothing_but_an_error() -> None:
    for severity in (0, 5, -1):
        with pytest.raises(ValueError):
            rates.from_file().at(NOW).for_acceptance(severity)


def test_a_case_is_paid_by_the_version_in_force_when_it_was_submitted() -> None:
    both = rates.parse(TWO)
    start = datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert both.at(start - timedelta(microseconds=1)).code == "old"
    assert both.at(start).code == "new"
    with pytest.raises(rates.TariffError):
        both.at(datetime(2024, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        ("[1, 2, 3, 4]", "[1, 2, 3]"),
        ("[1, 2, 3, 4]", "[4, 3, 2, 1]"),
        ("[1, 2, 3, 4]", "[1.5, 2, 3, 4]"),
        ("[1, 2, 3, 4]", "[1, 2, 3, 51]"),
        ("[1, 2, 3, 4]", "[true, 2, 3, 4]"),
        ("points = 1", "points = 0"),
        ('code = "new"', 'code = "old"'),
        ('code = "new"', 'code = ""'),
        ("2026-01-01T00:00:00+08:00", "2024-01-01T00:00:00+08:00"),
        ("2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00"),
        ("[version.R3]\npoints = 5", ""),
    ],
)
def test_a_tariff_that_is_not_whole_is_refused(was: str, is_now: str) -> None:
    assert was in TWO
    with pytest.raises(rates.TariffError):
        rates.parse(TWO.replace(was, is_now))


def test_rules_of_later_issues_are_there_as_data() -> None:
    rules = rates.from_file().at(NOW).rules
    assert {"R1", "R2", "R3", "R4", "R5", "R6", "R8", "R10", "caps"} <= set(rules)
