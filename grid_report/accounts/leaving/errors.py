"""Why a member cannot leave, or take things along, now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grid_report.errors import Conflict


@dataclass(eq=False)
class RolesHeld(Conflict):
    """Somebody in office hands the office over first. Becomes 409."""

    code: ClassVar[str] = "roles-held"
    is_administrator: bool


class ExportUnderWay(Conflict):
    """One export is made at a time. Becomes 409."""

    code: ClassVar[str] = "export-under-way"
