"""The shapes of open reports around a spot, and of joining one."""

from __future__ import annotations

from pydantic import BaseModel, Field

from grid_report.places.geo.datum import Datum
from grid_report.reports.pages.shapes import ReportShown
from grid_report.web.api.shapes import Answer


class NearbyQuery(BaseModel):
    lat: float = Field(ge=-90, le=90)
    lng: float = Field(ge=-180, le=180)
    datum: Datum = Datum.WGS84
    category: str


class NearbyShown(Answer):
    number: str
    category: str
    category_name: str
    distance_m: int
    age_h: int
    photo: str | None = Field(
        description="for half an hour and this caller; null where its rider has not agreed to that"
    )
    joined: bool = Field(description="the caller's own, or joined by the caller before")


class NearbyList(Answer):
    items: list[NearbyShown]


class PassQuery(BaseModel):
    signed: str


class JoinShown(ReportShown):
    joined: bool = Field(
        description="false: the case was over, elsewhere or less urgent; this is a report of its own"
    )
