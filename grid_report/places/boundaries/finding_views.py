"""Findings as the lines people read; the sentences are in `templates/words/findings.txt`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grid_report.places.boundaries.findings import Finding
from grid_report.places.tables.sheet_problems import Problem, SheetError
from grid_report.web.pages.words import sentence


@dataclass(frozen=True)
class FindingLine:
    """One finding, ready to be shown."""

    weight: str
    feature: int | None
    where: str
    community: str
    sentence: str


def lines(findings: Iterable[Finding], names: Mapping[str, str]) -> list[FindingLine]:
    """Return findings in the reader's language, communities by name."""
    return [_line(finding, names) for finding in findings]


# Who has read twenty lines corrects the file before reading on.
MOST_LINES = 20


def sheet_lines(error: SheetError) -> list[str]:
    """Return what is wrong with a CSV file in the reader's language, a line each."""
    told = [_sheet_line(error.file, problem) for problem in error.problems[:MOST_LINES]]
    more = len(error.problems) - len(told)
    return told + ([sentence("csv", "and-more", count=more)] if more else [])


def _sheet_line(file: str, problem: Problem) -> str:
    said = sentence(
        "csv",
        problem.code,
        line=problem.line,
        column=problem.column,
        said=problem.said,
        first=problem.first,
    )
    return f"{file}: {said}"


def _line(finding: Finding, names: Mapping[str, str]) -> FindingLine:
    facts = dict(finding.facts)
    if "other" in facts:
        facts["other"] = names.get(facts["other"], facts["other"])
    if "communities" in facts:
        facts["communities"] = [names.get(code, code) for code in facts["communities"]]
    return FindingLine(
        weight=finding.weight.value,
        feature=finding.feature,
        where=finding.where,
        community=names.get(finding.community, finding.community),
        sentence=sentence("findings", finding.code, **facts),
    )
