"""The shapes of whom a case can be given to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, Field

from grid_report.places.geo.reference import UnitInfo
from grid_report.web.api.shapes import Answer, CodeName


class UnitShown(CodeName):
    kind: str


class UnitList(Answer):
    items: list[UnitShown]

    @classmethod
    def of(cls, found: Iterable[UnitInfo]) -> Self:
        """Show units in the order they come."""
        return cls(items=[UnitShown(code=it.code, name=it.name, kind=it.kind) for it in found])


class UnitQuery(BaseModel):
    report: str | None = Field(default=None, pattern=r"^[A-Z0-9-]{1,24}$")
    community: str | None = Field(default=None, pattern=r"^[0-9A-Za-z-]{1,24}$")
