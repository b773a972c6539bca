"""A month's summary in the reader's language."""

from __future__ import annotations

from typing import Any

from grid_report.places.queries import reference
from grid_report.statistics.month import summary_queries
from grid_report.statistics.month.queries import MonthReport
from grid_report.web.pages import words


def sentences(report: MonthReport, language: str) -> list[str]:
    """Return what is told of a month, a sentence each."""
    places = reference()

    def named(name: str, fact: Any) -> Any:
        if name == "rate":
            return words.sentence("figures", f"r_{fact}")
        if name == "kind":
            category = places.categories.by_code.get(fact)
            return category.name(language) if category else fact
        if name == "place":
            community = places.community(fact)
            return community.name if community else fact
        return fact

    return [
        words.sentence("summary", it.code, **{k: named(k, v) for k, v in it.facts.items()})
        for it in summary_queries.tell(report)
    ]
