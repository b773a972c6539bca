"""`./test --date` and `--dates`: the tests are told, whatever day it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support import present
from tools import check, dates, work
from tools.show import Problem

COUNTY = present.COUNTY


def test_the_five_edges_are_what_they_are_called() -> None:
    short, leap, before, after, early = (datetime.fromisoformat(it) for it in dates.EDGES)
    day = timedelta(days=1)
    assert [(it.month, it.day) for it in (short, leap)] == [(2, 28), (2, 29)]
    assert all((it + day).day == 1 for it in (short, leap, before, early))
    assert after - before == timedelta(minutes=2)
    assert after.year == before.year + 1
    assert early.replace(tzinfo=COUNTY).astimezone(tz=None).utctimetuple().tm_mday == 29


@pytest.mark.parametrize(
    ("words", "days", "rest"),
    [
        (["--quick", "-k", "x"], [], ["--quick", "-k", "x"]),
        (["--date", "2027-02-28T12:00", "-x"], ["2027-02-28T12:00"], ["-x"]),
        (["--date=2028-02-29T23:59:30"], ["2028-02-29T23:59:30"], []),
        (["--dates", "--quick"], list(dates.EDGES), ["--quick"]),
    ],
)
def test_dates_are_told_from_what_pytest_is_to_hear(
    words: list[str], days: list[str], rest: list[str]
) -> None:
    assert dates.split(words) == (days, rest)


@pytest.mark.parametrize(
    "text", ["", "today", "2027-02-29T12:00", "2027-02-28", "2027-02-28T24:00"]
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(Problem) as refused:
        dates.split(["--date", text])
    assert "2027-02-28T12:00" in refused.value.zh
    assert f"“{text}”" in refused.value.en


def test_the_tests_of_each_date_are_told_it_and_counted_by_themselves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(dates.VARIABLE, raising=False)
    ran: list[tuple[str, str | None]] = []

    def shown(_name: str, words: list[str], env: dict[str, str], _limit: int = 0) -> int:
        if "pytest" in words:
            report = next(it for it in words if it.startswith("--junitxml="))
            ran.append((Path(report).name, env.get(dates.VARIABLE)))
        return 0

    nothing: Callable[..., Any] = lambda *_a, **_k: None  # noqa: E731
    monkeypatch.setattr(check, "RESULTS", tmp_path)
    monkeypatch.setattr(check, "shown", shown)
    monkeypatch.setattr(check, "check_locks", nothing)
    monkeypatch.setattr(work, "exclusive", nullcontext)
    check.run(
        ["--quick", "--date", "2027-02-28T12:00", "--date", "2028-02-29T12:00", "-x"], nothing
    )
    assert ran == [
        ("2027-02-28t1200-sqlite.xml", "2027-02-28T12:00"),
        ("2028-02-29t1200-sqlite.xml", "2028-02-29T12:00"),
    ]
    os.environ.pop(dates.VARIABLE, None)


def test_the_variable_has_one_name() -> None:
    assert dates.VARIABLE == present.VARIABLE
