"""The shapes of what can be reported and of the places that answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, Field

from grid_report.languages import as_columns
from grid_report.places.geo.categories import CategoryInfo, Emergency, Group, numbers_to_call
from grid_report.places.geo.datum import Datum
from grid_report.places.geo.reference import CommunityInfo, Reference
from grid_report.places.geo.routing import MatchedBy
from grid_report.web.api.shapes import Answer, CodeName, LatLng, spelled_out

# A position is matched by where it lies and by nothing else.
BY_POSITION = (MatchedBy.BOUNDARY, MatchedBy.NEAREST, MatchedBy.NONE)


class CategoryShown(Answer):
    code: str
    name: str
    name_zh: str
    name_en: str
    short: str
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
            short=it.short(language),
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


class CommunityBrief(CodeName):
    street: CodeName

    @classmethod
    def of(cls, found: CommunityInfo | None) -> CommunityBrief | None:
        """Show a community with its street; nothing where there is none."""
        if found is None:
            return None
        street = CodeName(code=found.street_code, name=found.street_name)
        return CommunityBrief(code=found.code, name=found.name, street=street)


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
