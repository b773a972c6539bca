"""Parts of what a report answers: photos, deadlines, the case a merged report joined."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from grid_report.reports.lifecycle import State


class Shown(BaseModel):
    """What is answered: every field is always there."""

    model_config = ConfigDict(extra="forbid")


class PhotoShown(Shown):
    id: int
    kind: Literal["before", "after"]
    width: int
    height: int
    main: str
    thumb: str


class Due(Shown):
    accept: datetime | None = Field(description="no deadline of a kept report has begun")
    control: datetime | None
    fix: datetime | None


class CaseShown(Shown):
    """How the case of a merged report stands; told to the merged report's rider."""

    state: State
    due: Due
    handled_at: datetime | None
    closed_at: datetime | None
    after: list[PhotoShown]
