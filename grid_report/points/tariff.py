"""What a report earns, by the version in force when it was submitted."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).resolve().parents[2] / "config" / "tariff.toml"
SEVERITIES: Final = (1, 2, 3, 4)


class TariffError(ValueError):
    """The tariff cannot be used; the message says which version and why."""


@dataclass(frozen=True)
class Earning:
    """So many points, by this rule of that version."""

    points: int
    rule: str
    version: str


@dataclass(frozen=True)
class Version:
    """The rules of one version; those later issues pay stay as data."""

    code: str
    starts_at: datetime
    rules: Mapping[str, Mapping[str, Any]]

    def for_acceptance(self, severity: int) -> Earning:
        """R1: a valid report, by the severity settled at acceptance."""
        if severity not in SEVERITIES:
            raise ValueError(f"no severity {severity}")
        return Earning(self.rules["R1"]["by_severity"][severity - 1], "R1", self.code)

    def for_closing(self) -> Earning:
        """R3: the check passed."""
        return Earning(self.rules["R3"]["points"], "R3", self.code)


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
        by_severity = rules.get("R1", {}).get("by_severity")
        if not _whole_and_rising(by_severity) or len(by_severity) != len(SEVERITIES):
            raise TariffError(f"{code}: R1 needs four whole numbers that do not fall")
        if not _whole_and_rising([rules.get("R3", {}).get("points")]):
            raise TariffError(f"{code}: R3 needs whole points")
        versions.append(Version(code, starts_at.astimezone(UTC), rules))
    starts = [version.starts_at for version in versions]
    if not versions or starts != sorted(set(starts)):
        raise TariffError("versions must be listed by start, each with a start of its own")
    if len({version.code for version in versions}) != len(versions):
        raise TariffError("two versions have the same code")
    return Tariff(tuple(versions))


def _whole_and_rising(values: Any) -> bool:
    return (
        isinstance(values, list)
        and all(type(value) is int and value > 0 for value in values)
        and values == sorted(values)
    )


@functools.cache
def current() -> Tariff:
    """Return the installed tariff, read once a process."""
    return parse(FILE.read_text(encoding="utf-8"))


def at(submitted_at: datetime) -> Version:
    """Return the installed version in force when a case was submitted."""
    return current().at(submitted_at)
