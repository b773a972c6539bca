"""A case as the rider of a report merged into it has it: whose part in it is a rider's. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class When(StrEnum):
    """When the report that leads a case came in, beside one that was merged into it."""

    EARLIER = "earlier"
    LATER = "later"
    SAME_TIME = "same_time"


@dataclass(frozen=True)
class Followed:
    """The case behind a merged report: everything is the case's but whose report it is."""

    case: Any
    reporter_id: int

    def __getattr__(self, name: str) -> Any:
        # Copying asks for names of its own before there is a case.
        if name.startswith("__") or name == "case":
            raise AttributeError(name)
        return getattr(self.case, name)


def when(lead: datetime, own: datetime) -> When:
    """Say when the leading report came in, beside the own one."""
    if lead == own:
        return When.SAME_TIME
    return When.EARLIER if lead < own else When.LATER
