"""Stretches of time that are compared: a month, a quarter, a year, or months from one to another. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grid_report.clock import Month, months_between
from grid_report.errors import Invalid
from grid_report.plain_characters import plain

# What the choice of a period says for "from one month to another".
OWN: Final = "own"
MOST_MONTHS: Final = 60
QUARTERS, YEARS = 8, 5
_QUARTER: Final = re.compile(r"(\d{4})-Q([1-4])")
_YEAR: Final = re.compile(r"\d{4}")


@dataclass(frozen=True)
class Period:
    """Whole months, first and last included. `code` is how it was chosen: `2026-Q1`, `own`."""

    first: Month
    last: Month
    code: str

    @property
    def months(self) -> Sequence[Month]:
        """Every month, the oldest first."""
        return months_between(self.first, self.last)

    @property
    def kind(self) -> str:
        """What it is: month, quarter, year or own."""
        if self.code == OWN:
            return OWN
        return "quarter" if "Q" in self.code else "year" if len(self.code) == 4 else "month"

    @property
    def quarter(self) -> int:
        """Which quarter the first month is in."""
        return (self.first.number + 2) // 3


def parse_period(code: str) -> Period | None:
    """Read `2026-03`, `2026-Q1` or `2026`; None for anything else."""
    code = plain(code).strip()
    quarter = _QUARTER.fullmatch(code)
    if quarter and quarter[1].isascii():
        first = Month(int(quarter[1]), int(quarter[2]) * 3 - 2)
        return Period(first, first.plus(2), code)
    if code.isascii() and _YEAR.fullmatch(code):
        return Period(Month(int(code), 1), Month(int(code), 12), code)
    try:
        month = Month.parse(code) if code.isascii() else None
    except Invalid:
        return None
    return Period(month, month, code) if month else None


def shifted(period: Period, months: int) -> Period:
    """Return a period that many months later, under the name it has there if it has one."""
    first, last = period.first.plus(months), period.last.plus(months)
    whole = {
        "month": str(first),
        "quarter": f"{first.year}-Q{(first.number + 2) // 3}",
        "year": str(first.year),
    }
    named = parse_period(whole.get(period.kind, ""))
    has_name = named is not None and (named.first, named.last) == (first, last)
    return named if named and has_name else Period(first, last, OWN)


def earlier(period: Period) -> Mapping[str, Period]:
    """Return what a period is held against: as long a time before it, and the same a year before."""
    found = {"before": shifted(period, -len(period.months)), "year_before": shifted(period, -12)}
    return (
        found
        if found["before"].first != found["year_before"].first
        else {"before": found["before"]}
    )


def choices(
    this: Month, *chosen: Period, first: Month | None = None
) -> Mapping[str, Sequence[Period]]:
    """Return what a form offers: months, quarters and years, the newest first.

    Nothing that was over before the `first` case is offered, but what was `chosen` is among them, however old: a
    form that does not hold it would say another.
    """
    months = [this.plus(-back) for back in range(MOST_MONTHS // 2)]
    newest = this.year * 4 + (this.number - 1) // 3
    quarters = [f"{n // 4}-Q{n % 4 + 1}" for n in range(newest, newest - QUARTERS, -1)]
    years = [str(this.year - back) for back in range(YEARS)]
    found = {
        "month": [Period(it, it, str(it)) for it in months],
        "quarter": [it for code in quarters if (it := parse_period(code))],
        "year": [it for code in years if (it := parse_period(code))],
    }
    if first is not None:
        found = {kind: [it for it in some if it.last >= first] for kind, some in found.items()}
    for one in dict.fromkeys(chosen):
        if one.kind in found and one not in found[one.kind]:
            found[one.kind].append(one)
    return found


def read_period(
    values: Mapping[str, Any], name: str, *, default: Period, this: Month, problems: Invalid
) -> Period:
    """Read a period out of a form: the field itself, and `…_from` and `…_to` where it says so.

    Notes what is wrong with which field, and returns the default then.
    """
    code = str(values.get(name) or "").strip()
    if not code:
        return default
    if code != OWN:
        found = parse_period(code)
        if found is None or not is_counted(found.first, found.last, this):
            problems.add(name, "period-unknown")
            return default
        return found
    first = read_month(values, f"{name}_from", this=this, problems=problems)
    last = read_month(values, f"{name}_to", this=this, problems=problems)
    if first is None or last is None:
        return default
    if last < first:
        problems.add(f"{name}_to", "months-backwards")
        return default
    return Period(first, last, OWN)


def read_month(
    values: Mapping[str, Any], name: str, *, this: Month, problems: Invalid
) -> Month | None:
    """Read a month of a form; notes a problem when it is missing, no month or not counted."""
    text = str(plain(values.get(name)) or "").strip()
    if not text:
        problems.add(name, "field-needed")
        return None
    try:
        month = Month.parse(text if text.isascii() else "")
    except Invalid:
        problems.add(name, "month-unreadable")
        return None
    if not is_counted(month, month, this):
        problems.add(name, "month-not-counted", first=str(earliest(this)), last=str(this))
        return None
    return month


def earliest(this: Month) -> Month:
    """Return the first month there can be figures of."""
    return this.plus(-MOST_MONTHS)


def is_counted(first: Month, last: Month, this: Month) -> bool:
    """Tell whether any month of a stretch can have figures."""
    return first <= this and last >= earliest(this)
