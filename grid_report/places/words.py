"""Findings as the lines people read; the sentences are in `templates/words/findings.txt`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grid_report.places.findings import Finding
from grid_report.web.words import sentence


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
