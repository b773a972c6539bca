"""What there is to say about a boundary file: codes and facts, the sentences are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Weight(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing found.

    An error keeps the whole file out, a warning is for a person to judge, a note says what was
    done with the file.
    """

    code: str
    weight: Weight
    feature: int | None = None  # counted from 1, as a person counts
    where: str = ""
    community: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what is kept with an import."""
        return {
            "code": self.code,
            "weight": self.weight.value,
            "feature": self.feature,
            "where": self.where,
            "community": self.community,
            "facts": dict(self.facts),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Finding:
        """Read what was kept with an import."""
        return cls(
            code=kept["code"],
            weight=Weight(kept["weight"]),
            feature=kept["feature"],
            where=kept["where"],
            community=kept["community"],
            facts=kept["facts"],
        )


def left_out(counted: int, kept: Sequence[Finding]) -> int:
    """Return how many of the errors and warnings counted are not among those kept."""
    return counted - sum(finding.weight is not Weight.NOTE for finding in kept)


# A thoroughly broken file repeats itself; nobody reads the thousandth line.
MOST: Final = 200


class Findings:
    """Collects findings; stops keeping after `MOST`, but goes on counting."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.errors = 0
        self.warnings = 0

    def error(
        self, code: str, feature: int | None = None, *, where: str = "", **facts: Any
    ) -> None:
        """Note what keeps the file out."""
        self.errors += 1
        self._keep(Finding(code, Weight.ERROR, feature, where, facts.pop("community", ""), facts))

    def warn(self, code: str, feature: int | None = None, *, where: str = "", **facts: Any) -> None:
        """Note what a person should look at."""
        self.warnings += 1
        self._keep(Finding(code, Weight.WARNING, feature, where, facts.pop("community", ""), facts))

    def note(self, code: str, feature: int | None = None, *, where: str = "", **facts: Any) -> None:
        """Note what was done with the file; it counts neither as error nor as warning."""
        if sum(finding.weight is Weight.NOTE for finding in self.kept) < MOST:
            self.kept.append(
                Finding(code, Weight.NOTE, feature, where, facts.pop("community", ""), facts)
            )

    def note_once(self, code: str, *, where: str) -> None:
        """Note what holds for the whole file."""
        if not any(finding.code == code for finding in self.kept):
            self.note(code, where=where)

    def _keep(self, finding: Finding) -> None:
        if self.errors + self.warnings <= MOST:
            self.kept.append(finding)
