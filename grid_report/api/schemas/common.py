"""The shapes of the contract: what programs send and what they get. The OpenAPI is made of these."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from grid_report.access.roles import Role
from grid_report.api.schemas.case import CaseShown, Due, PhotoShown, Shown
from grid_report.places.geo.datum import Datum
from grid_report.places.geo.routing import MatchedBy
from grid_report.reports.clocks import Light
from grid_report.reports.desk.filters import Sort
from grid_report.reports.lifecycle import KeptState, State, Step
from grid_report.reports.pages.forms import NOT_ASKED_FOR
from grid_report.reports.sources import LocatedBy

# Sending and rating are calls of their own. What is none of these is told so by the form's reader.
AskedStep = Annotated[
    str,
    Field(json_schema_extra={"enum": sorted(set(Step) - NOT_ASKED_FOR)}),
]


class Body(BaseModel):
    """What is sent: read strictly, a number is not a text."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Answer(Shown):
    """What is answered: every field is always there."""


class Problem(BaseModel):
    """RFC 9457. `code` and `facts` are for programs, `detail` for people, `errors` names fields."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: dict[str, list[str]] | None = None
    facts: dict[str, Any] | None = Field(default=None, description="what `detail` mentions")


class TokenRequest(Body):
    phone: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    label: Annotated[str, StringConstraints(max_length=120)] = ""


class RoleAt(Answer):
    role: Role
    place: str | None


class MemberBrief(Answer):
    id: int
    name: str
    roles: list[RoleAt]


class TokenIssued(Answer):
    token: str
    expires_at: datetime
    member: MemberBrief


class CategoryShown(Answer):
    code: str
    name: str
    name_zh: str
    name_en: str
    severity: int = Field(ge=1, le=4)
    emergency: Literal["no", "conditional", "must"]
    call_first: list[str]
    safety_tip: str
    sensitive: bool


class GroupShown(Answer):
    code: str
    name: str
    categories: list[CategoryShown]


class CategoryList(Answer):
    groups: list[GroupShown]


class CodeName(Answer):
    code: str
    name: str


class CommunityBrief(CodeName):
    street: CodeName


class LatLng(Answer):
    lat: float
    lng: float


class CommunityShown(CommunityBrief):
    center: LatLng | None
    boundary_version: int | None


class CommunityList(Answer):
    items: list[CommunityShown]


class Located(Answer):
    community: CommunityBrief | None
    matched_by: Literal["boundary", "nearest", "none"]


class LocateQuery(BaseModel):
    lat: float = Field(ge=-90, le=90)
    lng: float = Field(ge=-180, le=180)
    datum: Datum = Datum.WGS84


class UnitShown(CodeName):
    kind: str


class UnitList(Answer):
    items: list[UnitShown]


class UnitQuery(BaseModel):
    report: str | None = Field(default=None, pattern=r"^[A-Z0-9-]{1,24}$")
    community: str | None = Field(default=None, pattern=r"^[0-9A-Za-z-]{1,24}$")


class Position(LatLng):
    datum: Literal["wgs84"]


class ReportLocation(Position):
    source: LocatedBy | None = Field(
        description="how the place was found; null for reports from before that was kept"
    )


class Reporter(Answer):
    alias: str


class WaitsFor(Answer):
    proof_of: Literal["number"]
    page: str = Field(description="where the rider proves it")


class ReportShown(Answer):
    number: str
    state: State | KeptState
    light: Light | None
    category: str
    category_name: str
    group: str
    severity: int
    description: str
    location: ReportLocation | None = Field(description="null for a report left without a place")
    place_note: str
    community: CommunityBrief | None
    matched_by: MatchedBy
    unit: str | None
    unit_name: str | None
    created_at: datetime = Field(description="since when a community can see it")
    sent_at: datetime = Field(description="when its rider sent it")
    taken_at: datetime | None
    due: Due
    accepted_at: datetime | None
    controlled_at: datetime | None
    handled_at: datetime | None
    closed_at: datetime | None
    photos: list[PhotoShown]
    merged_into: str | None
    case: CaseShown | None
    points: int | None = Field(description="what the report earned; null for others than its rider")
    version: int
    waits_for: WaitsFor | None = Field(
        description="of a kept report, to its rider: it goes once the phone number is proved"
    )
    steps: list[Step] | None = Field(
        default=None, description="the steps the caller may take now; on single reports only"
    )
    reporter: Reporter | None = Field(
        default=None, description="only for those allowed to know who reported"
    )


class ReportList(Answer):
    items: list[ReportShown]
    next: str | None


class ReportQuery(BaseModel):
    state: str | None = Field(
        default=None,
        description="one or more states, comma separated; `kept`: own ones that wait for the proof",
    )
    community: str | None = None
    street: str | None = None
    unit: str | None = None
    category: str | None = Field(default=None, description="a category's or a group's code")
    light: Light | None = None
    mine: bool | None = None
    q: str | None = Field(default=None, max_length=100)
    since: datetime | date | None = Field(default=None, description="a plain date: from its start")
    until: datetime | date | None = Field(
        default=None, description="leaves the instant out; a plain date: to the end of that day"
    )
    sort: Sort | None = None
    limit: int | None = Field(default=None, ge=1, le=200)
    cursor: str | None = None


class PageQuery(BaseModel):
    limit: int | None = Field(default=None, ge=1, le=200)
    cursor: str | None = None


class PhotoQuery(BaseModel):
    size: Literal["main", "thumb"] = "main"


class SubmitForm(BaseModel):
    """multipart/form-data; a place is a position, a compound or a community.

    Without consent to position only what was chosen by hand is kept, a point of `source` pin too.
    """

    category: str
    lat: float | None = Field(default=None, ge=-90, le=90)
    lng: float | None = Field(default=None, ge=-180, le=180)
    datum: Datum = Datum.WGS84
    accuracy_m: float | None = Field(default=None, ge=0)
    source: Literal["phone", "pin", "qr", "list"] | None = Field(
        default=None, description="how the place was found; a point without it is the phone's"
    )
    compound: str | None = None
    community: str | None = None
    place_note: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=2000)
    taken_at: datetime | None = None
    photos: list[bytes] = Field(min_length=1, max_length=6)


class _StepFields(BaseModel):
    """What a step brings along, however it is sent."""

    step: AskedStep
    version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    note: str | None = Field(default=None, max_length=1000)
    reason: str | None = Field(default=None, max_length=1000)
    internal_note: str | None = Field(default=None, max_length=1000)
    category: str | None = None
    severity: int | None = Field(default=None, ge=1, le=4)
    unit: str | None = None
    community: str | None = None
    into: str | None = None
    deadline: str | None = Field(
        default=None, description="an instant with its zone; a plain date: the end of that day"
    )
    evidence: bool | None = Field(
        default=None,
        description="accept only: confirms good evidence (two photos, place within 50 m or named)",
    )


class StepRequest(_StepFields, Body):
    """JSON, or multipart/form-data when photos are sent along."""

    review_on: str | date | None = Field(default=None, description="a day, YYYY-MM-DD")


class StepForm(_StepFields):
    """multipart/form-data: the same fields, and photos."""

    review_on: date | None = None
    photos: list[bytes] | None = Field(default=None, max_length=6)


class RatingRequest(Body):
    solved: bool
    satisfied: bool
    words: str | None = Field(default=None, max_length=1000)


class Rated(Answer):
    number: str
    solved: bool
    satisfied: bool
    rated_at: datetime


class HistoryItem(Answer):
    step: Step
    from_: State | KeptState | None = Field(alias="from")
    to: State | KeptState
    at: datetime
    role: str
    words: str
    photos: list[PhotoShown]


class HistoryList(Answer):
    items: list[HistoryItem]


class Expiring(Answer):
    points: int
    on: date


class Balance(Answer):
    available: int
    held: int
    pending: int
    debt: int = Field(description="met from at most half of later awards")
    owed: int = Field(description="of what is held: taken when it comes back from a booking")
    expiring: list[Expiring]


class Entry(Answer):
    id: int
    points: int
    at: datetime
    cause: str
    words: str
    report: str | None
    redemption: str | None


class DecisionShown(Answer):
    step: Step
    at: datetime


class TariffShown(Answer):
    version: str
    rule: str | None
    severity: int | None


class AwardShown(Answer):
    points: int
    community: CodeName | None
    from_reserve: bool
    month: str | None
    waited_for: str | None = Field(description="why it was paid later than it was decided")
    free: int = Field(description="points of this award still there to spend")
    held: int
    last_day: date = Field(description="the last day on which the rest can be spent")


class SpentShown(Answer):
    points: int
    at: datetime
    words: str
    entry: int
    redemption: str | None


class PayerShown(Answer):
    points: int = Field(description="negative where points went back to the award")
    entry: int
    rule: str | None
    report: str | None


class WhyShown(Answer):
    entry: Entry
    note: str
    decision: DecisionShown | None
    tariff: TariffShown | None
    award: AwardShown | None
    spent: list[SpentShown]
    paid_by: list[PayerShown] = Field(description="the awards a service was paid from")
    held_until: datetime | None = Field(description="the points are still kept for a service")
    reverses: int | None = Field(description="the entry this one takes back")


class EntryList(Answer):
    items: list[Entry]
    next: str | None
