"""A question out of a request, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from grid_report.clock import Month
from grid_report.errors import Invalid
from grid_report.places.geo.reference import Reference
from grid_report.statistics.comparison.periods import read_month
from grid_report.statistics.counts.areas import Area
from grid_report.statistics.counts.cells import OWN_HANDLING
from grid_report.statistics.explorer.rules import COLUMNS, MOST_COLUMNS, TITLE_MOST, Asked, Rows
from grid_report.web.text import clean, read_text

Form = MultiDict[str, str]


def form_of(document: Mapping[str, Any]) -> Form:
    """Return a kept question as a form, to be read like one that was just sent."""
    form: Form = MultiDict()
    for name, value in document.items():
        form.setlist(name, [str(it) for it in value] if isinstance(value, list) else [str(value)])
    return form


def first_form(this: Month, home: Area, began: Month | None = None) -> Form:
    """Return what a question begins with: the last twelve whole months, what was received.

    None of them before the first month with a case, unless that is this one.
    """
    start = min(max(this.plus(-12), began or this), this.plus(-1))
    return form_of(
        {
            "from": str(start),
            "to": str(this.plus(-1)),
            "area": home.code,
            "rows": str(Rows.MONTH),
            "columns": ["m_received", "m_closings", "r_handling_in_time"],
        }
    )


def read_asked(
    form: Form, *, this: Month, find: Callable[[str], Area | None], places: Reference
) -> Asked:
    """Read a question; `find` returns an area the reader may read. Raises Invalid."""
    problems = Invalid()
    first = read_month(form, "from", this=this, problems=problems)
    last = read_month(form, "to", this=this, problems=problems)
    if first is not None and last is not None and last < first:
        problems.add("to", "months-backwards")
    area = find(clean(form.get("area")))
    if area is None:
        problems.add("area", "value-unknown")
    kind, unit = clean(form.get("kind")), clean(form.get("unit"))
    categories = places.categories
    kinds = frozenset(
        code for code, it in categories.by_code.items() if kind in (code, it.group_code)
    )
    if kind and not kinds:
        problems.add("kind", "value-unknown")
    if unit and unit != OWN_HANDLING and unit not in places.units:
        problems.add("unit", "value-unknown")
    rows = clean(form.get("rows"))
    if rows not in set(Rows):
        problems.add("rows", "value-unknown")
    columns = list(dict.fromkeys(form.getlist("columns")))
    if not columns:
        problems.add("columns", "columns-needed")
    elif any(it not in COLUMNS for it in columns):
        problems.add("columns", "value-unknown")
    elif len(columns) > MOST_COLUMNS:
        problems.add("columns", "columns-too-many", most=MOST_COLUMNS)
    problems.raise_if_any()
    assert first is not None
    assert last is not None
    assert area is not None
    return Asked(first, last, area, kind, kinds if kind else frozenset(), unit, Rows(rows), columns)


def read_title(form: Form) -> str:
    """Read what a question is called. Raises Invalid."""
    problems = Invalid()
    title = read_text(form, "title", most=TITLE_MOST, problems=problems, needed=True)
    problems.raise_if_any()
    return " ".join(title.split())
