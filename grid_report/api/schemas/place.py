"""The shapes of what can be reported and of the places that answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Self

from pydantic import BaseModel, Field

from grid_report.api.schemas.common import Answer, CodeName, CommunityBrief, LatLng, spelled_out
from grid_report.languages import as_columns
from grid_report.places.geo.categories import CategoryInfo, Emergency, Group, numbers_to_call
from grid_report.places.geo.datum import Datum
from grid_report.places.geo.reference import Reference, UnitInfo
from grid_report.places.geo.routing import MatchedBy

# A position is matched by where it lies and by nothing else.
BY_POSITION = (MatchedBy.BOUNDARY, MatchedBy.NEAREST, MatchedBy.NONE)


class CategoryShown(Answer):
    code: str
    name: str
    name_zh: str
    name_en: str
    severity: int = Field(ge=1, le=4)
    emergency: Annotated[str, spelled_out(Emergency, "Emergency")]
    call_first: list[str]
    safety_tip: str
    sensitive: bool

    @classmethod
    def of(cls, it: CategoryInfo, language: str, call_numbers: Mapping[str, str]) -> Self:
        """Show a category in one language, with the county's own numbers to call."""
        return cls(
            code=it.code,
            name=it.name(language),
            **as_columns("name", it.names),
            severity=it.severity,
            emergency=it.emergency,
            call_first=list(numbers_to_call(it, call_numbers)),
            safety_tip=it.safety_tip(language),
            sensitive=it.sensitive,
        )


class GroupShown(Answer):
    code: str
    name: str
    categories: list[CategoryShown]

    @classmethod
    def of(cls, it: Group, language: str, call_numbers: Mapping[str, str]) -> Self:
        """Show a group with its categories."""
        return cls(
            code=it.code,
            name=it.name(language),
            categories=[CategoryShown.of(one, language, call_numbers) for one in it.categories],
        )


class CategoryList(Answer):
    groups: list[GroupShown]


class CommunityShown(CommunityBrief):
    center: LatLng | None
    boundary_version: int | None


class CommunityList(Answer):
    items: list[CommunityShown]

    @classmethod
    def of(cls, places: Reference) -> Self:
        """Show all communities, with a point inside each."""
        version = places.boundary_version
        return cls(
            items=[
                CommunityShown(
                    code=it.code,
                    name=it.name,
                    street=CodeName(code=it.street_code, name=it.street_name),
                    center=LatLng(lat=it.center.lat, lng=it.center.lng) if it.center else None,
                    boundary_version=version.id if version else None,
                )
                for it in places.communities.values()
            ]
        )


class Located(Answer):
    community: CommunityBrief | None
    matched_by: Annotated[str, spelled_out(BY_POSITION, "Matched By")]


class LocateQuery(BaseModel):
    lat: float = Field(ge=-90, le=90)
    lng: float = Field(ge=-180, le=180)
    datum: Datum = Datum.WGS84


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
