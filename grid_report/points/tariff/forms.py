"""From forms about the tariff to values, or to everything that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from grid_report.errors import Invalid
from grid_report.plain_characters import plain
from grid_report.points.tariff.fields import FIELDS
from grid_report.web.text import clean, read_code, read_int

CODE_MOST = 20


def next_code(running: str, year: int) -> str:
    """Propose a code for the version after the running one."""
    found = re.fullmatch(r"(\d{4})-(\d+)", running)
    if found and int(found[1]) == year:
        return f"{year}-{int(found[2]) + 1}"
    return f"{year}-1"


def read_draft(values: Mapping[str, str]) -> tuple[str, dict[str, int], int]:
    """Read a version's code and numbers, and the count of changes that was looked at.

    A missing number stays missing: the use case names every field. Raises Invalid.
    """
    problems = Invalid()
    code = read_code(values, "code", most=CODE_MOST, problems=problems)
    if code and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", code):
        problems.add("code", "tariff-code-odd")
    numbers = {}
    for field in FIELDS:
        number = read_int(values, field.name, field.low, field.high, problems)
        if number is not None:
            numbers[field.name] = number
        elif field.name not in problems.problems:
            problems.add(field.name, "field-needed")
    seen = read_int(values, "seen", 0, 2**31 - 1, problems)
    problems.raise_if_any()
    return code, numbers, seen or 0


def read_publication(values: Mapping[str, str]) -> tuple[date | None, int]:
    """Read the first day of a version, and the count of changes that was looked at."""
    problems = Invalid()
    text = plain(clean(values.get("starts_on")))
    starts_on = None
    if text:
        try:
            starts_on = date.fromisoformat(text)
            if not 2000 <= starts_on.year <= 2200:
                raise ValueError(text)
        except ValueError:
            problems.add("starts_on", "day-unreadable")
    seen = read_int(values, "seen", 0, 2**31 - 1, problems)
    problems.raise_if_any()
    return starts_on, seen or 0
