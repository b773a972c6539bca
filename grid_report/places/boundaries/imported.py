"""What a file of boundaries would change or has changed. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from grid_report.places.boundaries.changes import Change, Changes, Passing
from grid_report.places.boundaries.findings import Finding, left_out
from grid_report.places.boundaries.repair import Repair
from grid_report.places.geo.routing import Area


@dataclass(frozen=True)
class ImportReport:
    """What a file of boundaries would change or has changed."""

    source: str
    fictional: bool
    features: int
    findings: tuple[Finding, ...]
    errors: int
    warnings: int
    changes: Changes
    without: tuple[tuple[str, str], ...]  # (code, name) of communities left without a boundary
    replaces: int | None  # the version that counted when this was written
    areas: tuple[Area, ...] = ()  # the file's, for a drawing
    version_id: int | None = None  # the version that counts now, if the import made one
    draft_id: int | None = None
    repairs: tuple[Repair, ...] = ()
    is_repairable: bool = False  # repairing the shapes would leave no error
    passing: tuple[Passing, ...] = ()  # open cases on ground that changes hands
    moved: int = 0  # those of them that went along

    @property
    def movable(self) -> int:
        """Return how many open cases could go along with their ground."""
        return sum(one.movable for one in self.passing)

    @property
    def left_out(self) -> int:
        """Return how many findings are counted and not kept."""
        return left_out(self.errors + self.warnings, self.findings)

    @property
    def is_refused(self) -> bool:
        """Tell whether errors keep the file out."""
        return self.errors > 0

    @property
    def added(self) -> tuple[Change, ...]:
        return self.changes.added

    @property
    def removed(self) -> tuple[Change, ...]:
        return self.changes.removed

    @property
    def changed(self) -> tuple[Change, ...]:
        return self.changes.changed
