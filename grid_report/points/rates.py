"""What a report earns, by the version in force when it was submitted."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from grid_report.points.policy import LARGE_AWARD

FILE: Final = Path(__file__).resolve().parents[2] / "config" / "tariff.toml"
SEVERITIES: Final = (1, 2, 3, 4)
# More than anybody can earn, and small enough for every database.
UNLIMITED: Final = 1_000_000_000


class TariffError(ValueError):
    """The tariff cannot be used; the message says which version and why."""


@dataclass(frozen=True)
class Earning:
    """So many points, by this rule of that version."""

    points: int
    rule: str
    version: str


@dataclass(frozen=True)
class Caps:
    """The limits of a version; one that names none has none."""

    points_a_day: int = UNLIMITED
    points_a_month: int = UNLIMITED
    half_from_report: int = UNLIMITED
    same_place_hours: int = 0


@dataclass(frozen=True)
class Version:
    """The rules of one version; a rule that is not named gives nothing."""

    code: str
    starts_at: datetime
    rules: Mapping[str, Mapping[str, Any]]

    def for_acceptance(self, severity: int) -> Earning:
        """R1: a valid report, by the severity settled at acceptance."""
        if severity not in SEVERITIES:
            raise ValueError(f"no severity {severity}")
        return Earning(self.rules["R1"]["by_severity"][severity - 1], "R1", self.code)

    def for_evidence(self) -> Earning:
        """R2: good evidence, confirmed by the acceptor."""
        return self._given("R2")

    def for_closing(self) -> Earning:
        """R3: the check passed."""
        return self._given("R3")

    def for_recheck(self) -> Earning:
        """R4: the after-photo the community asked for."""
        return self._given("R4")

    def for_second(self, severity: int) -> Earning:
        """R5: a second reporter, a share of R1, rounded up."""
        share = self.number("R5", "percent_of_r1") * self.for_acceptance(severity).points
        return Earning(-(-share // 100), "R5", self.code)

    def for_unit(self) -> Earning:
        """R8: a training unit."""
        return self._given("R8", "unit_points")

    def for_quiz(self) -> Earning:
        """R8: the quiz of an edition."""
        return self._given("R8", "quiz_points")

    @property
    def most_rechecks(self) -> int:
        """How often a case may be checked again for points (R4)."""
        return self.number("R4", "most_per_case")

    @property
    def most_people(self) -> int:
        """How many further reporters are thanked (R5)."""
        return self.number("R5", "most_people")

    @property
    def merit(self) -> tuple[int, int]:
        """The least and the most points of a merit (R10)."""
        return self.number("R10", "least_points"), self.number("R10", "most_points")

    @property
    def caps(self) -> Caps:
        """The limits of R1 to R6."""
        known = {name: value for name, value in self.rules.get("caps", {}).items() if value}
        return Caps(**known)

    def number(self, rule: str, key: str) -> int:
        """Return one whole number of a rule, 0 when the version does not name it."""
        return int(self.rules.get(rule, {}).get(key, 0))

    def _given(self, rule: str, key: str = "points") -> Earning:
        return Earning(self.number(rule, key), rule, self.code)


@dataclass(frozen=True)
class Tariff:
    """All versions, oldest first."""

    versions: Sequence[Version]

    def at(self, submitted_at: datetime) -> Version:
        """Return the version in force at an instant. Raises TariffError before the first one."""
        in_force = [version for version in self.versions if version.starts_at <= submitted_at]
        if not in_force:
            raise TariffError(f"no tariff was in force at {submitted_at.isoformat()}")
        return in_force[-1]


def parse(text: str) -> Tariff:
    """Read the file's text. Raises TariffError when a version is not whole."""
    versions = []
    for entry in tomllib.loads(text).get("version", []):
        rules = dict(entry)
        code, starts_at = rules.pop("code", ""), rules.pop("starts_at", None)
        if not code or len(code) > 20:
            raise TariffError("every version needs a code of at most 20 characters")
        if not isinstance(starts_at, datetime) or starts_at.tzinfo is None:
            raise TariffError(f"{code}: starts_at needs a time with its zone")
        refuse_unless_whole(code, rules)
        versions.append(Version(code, starts_at.astimezone(UTC), rules))
    starts = [version.starts_at for version in versions]
    if not versions or starts != sorted(set(starts)):
        raise TariffError("versions must be listed by start, each with a start of its own")
    if len({version.code for version in versions}) != len(versions):
        raise TariffError("two versions have the same code")
    return Tariff(tuple(versions))


def refuse_unless_whole(code: str, rules: Mapping[str, Any]) -> None:
    """Refuse rules no report could be paid by. Raises TariffError."""
    by_severity = rules.get("R1", {}).get("by_severity")
    if not _whole_and_rising(by_severity) or len(by_severity) != len(SEVERITIES):
        raise TariffError(f"{code}: R1 needs four whole numbers that do not fall")
    if not _whole_and_rising([rules.get("R3", {}).get("points")]):
        raise TariffError(f"{code}: R3 needs whole points")
    # An acceptance waits for no second person, so that none may be needed for what it pays.
    if max(*by_severity, rules["R3"]["points"]) > LARGE_AWARD:
        raise TariffError(f"{code}: above {LARGE_AWARD} points a second person is needed")
    for rule, values in rules.items():
        numbers = [value for key, value in values.items() if (rule, key) != ("R1", "by_severity")]
        if any(type(value) is not int or value < 0 for value in numbers):
            raise TariffError(f"{code}: {rule} needs whole numbers from 0 up")


def _whole_and_rising(values: Any) -> bool:
    return (
        isinstance(values, list)
        and all(type(value) is int and value > 0 for value in values)
        and values == sorted(values)
    )


def from_file() -> Tariff:
    """Return the versions a new installation starts with."""
    return parse(FILE.read_text(encoding="utf-8"))
