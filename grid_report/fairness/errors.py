"""What the review refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grid_report.errors import Conflict


@dataclass(eq=False)
class AlreadyJudged(Conflict):
    """Somebody has looked at it before and said something else. The first words stay."""

    code: ClassVar[str] = "already-judged"
