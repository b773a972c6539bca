"""The shapes of reports: sent, listed, read, taken a step further, rated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, Self

from flask import url_for
from pydantic import BaseModel, Field

from grid_report import access
from grid_report.access.roles import Role
from grid_report.accounts.aliases import rider_alias
from grid_report.places.geo.datum import Datum
from grid_report.places.geo.reference import Reference
from grid_report.places.geo.routing import MatchedBy
from grid_report.places.shapes import CommunityBrief
from grid_report.reports import clocks
from grid_report.reports.clocks import Light
from grid_report.reports.desk.filters import Sort
from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.lifecycle import KeptState, Part, State, Step
from grid_report.reports.models import HistoryEntry, Report, ReportPhoto
from grid_report.reports.pages.case_shapes import CaseShown, Due, PhotoShown
from grid_report.reports.pages.forms import NOT_ASKED_FOR
from grid_report.reports.permissions import REPORT_PHOTOS, REPORT_SEE_REPORTER, parts
from grid_report.reports.sources import LocatedBy
from grid_report.web.api.shapes import (
    AT_MOST,
    Answer,
    Body,
    IfAny,
    Instant,
    Position,
    Reader,
)

# Steps that are calls of their own, or nobody's, are refused by `forms.read_step`.
AskedStep = Annotated[
    str,
    Field(json_schema_extra={"enum": sorted(set(Step) - NOT_ASKED_FOR)}),
]


# Ids as in `/uploads/{id}`; in a form repeated, or with commas between them.
UPLOADS = "photos that came in parts before: ids in order, ahead of those in `photos`"


class ReportLocation(Position):
    source: LocatedBy | None = Field(
        description="how the place was found; null for reports from before that was kept"
    )

    @classmethod
    def of(cls, it: Report | KeptReport) -> ReportLocation | None:
        """Show where a report lies; nothing for one left without a place."""
        if it.located_by is LocatedBy.NOWHERE:
            return None
        return ReportLocation(lat=it.lat, lng=it.lng, datum="wgs84", source=it.located_by or None)


class Reporter(Answer):
    alias: str


class WaitsFor(Answer):
    proof_of: Literal["number"]
    page: str = Field(description="where the rider proves it")

    @classmethod
    def of(cls, it: Report | KeptReport) -> WaitsFor | None:
        """Show what a report waits for; nothing for one that does not."""
        if it.state is not KeptState.KEPT:
            return None
        return WaitsFor(proof_of="number", page=url_for("numbers.mine"))


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
    created_at: Instant = Field(description="since when a community can see it")
    sent_at: Instant = Field(description="when its rider sent it")
    taken_at: Instant | None
    due: Due
    accepted_at: Instant | None
    controlled_at: Instant | None
    handled_at: Instant | None
    closed_at: Instant | None
    photos: list[PhotoShown]
    merged_into: str | None
    case: CaseShown | None
    points: int | None = Field(description="what the report earned; null for others than its rider")
    version: int
    waits_for: WaitsFor | None = Field(
        description="of a kept report, to its rider: it goes once the phone number is proved"
    )
    reporter: IfAny[Reporter] = Field(
        default=None, description="only for those allowed to know who reported"
    )
    steps: IfAny[list[Step]] = Field(
        default=None, description="the steps the caller may take now; on single reports only"
    )

    @classmethod
    def of(
        cls,
        it: Report | KeptReport,
        photos: Sequence[ReportPhoto | KeptPhoto],
        reader: Reader,
        places: Reference,
        *,
        merged_into: str | None = None,
        points: int = 0,
        case: Report | None = None,
        case_photos: Sequence[ReportPhoto] = (),
        steps: list[Step] | None = None,
    ) -> Self:
        """Show one report, from a row or from a list's columns.

        `case` is the report that leads it, of a merged one; its rider reads the state of the case.
        """
        actor = reader.actor
        is_own = Part.RIDER in parts(actor, it)
        category, unit = places.category(it.category_code), places.unit(it.unit_code)
        shown = photos if access.allowed(actor, REPORT_PHOTOS, it) else ()
        knows_who = access.allowed(actor, REPORT_SEE_REPORTER, it)
        return cls(
            number=it.number,
            state=it.state,
            light=clocks.light(it.next_due, it.next_warn, reader.now),
            category=it.category_code,
            category_name=category.name(reader.language) if category else it.category_code,
            group=it.group_code,
            severity=it.severity,
            description=it.description,
            location=ReportLocation.of(it),
            place_note=it.place_note,
            community=CommunityBrief.of(places.community(it.community_code)),
            matched_by=it.matched_by,
            unit=it.unit_code,
            unit_name=unit.name if unit else None,
            created_at=it.created_at,
            sent_at=it.sent_at or it.created_at,
            taken_at=it.taken_at,
            due=Due.of(it),
            accepted_at=it.accepted_at,
            controlled_at=it.controlled_at,
            handled_at=it.handled_at,
            closed_at=it.closed_at,
            photos=[PhotoShown.of(it.number, each) for each in shown],
            merged_into=merged_into,
            case=CaseShown.of(case, case_photos, it.number) if case and is_own else None,
            points=points if is_own else None,
            version=it.version,
            waits_for=WaitsFor.of(it),
            steps=steps,
            reporter=Reporter(alias=rider_alias(it.reporter_id)) if knows_who else None,
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
    photos: list[bytes] | None = Field(default=None, description=AT_MOST)
    uploads: list[str] | None = Field(default=None, description=UPLOADS)
    join: str | None = Field(
        default=None,
        description="the number of a case of `/reports/nearby` that is the same: it is joined",
    )


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
    uploads: list[str] | None = Field(default=None, description=UPLOADS)


class StepRequest(_StepFields, Body):
    """JSON, or multipart/form-data when photos are sent along."""

    review_on: str | date | None = Field(default=None, description="a day, YYYY-MM-DD")


class StepForm(_StepFields):
    """multipart/form-data: the same fields, and photos."""

    review_on: date | None = None
    photos: list[bytes] | None = Field(default=None, description=AT_MOST)


class RatingRequest(Body):
    solved: bool
    satisfied: bool
    words: str | None = Field(default=None, max_length=1000)


class Rated(Answer):
    number: str
    solved: bool
    satisfied: bool
    rated_at: Instant

    @classmethod
    def of(cls, it: Report) -> Self:
        """Show what the rider of a report said of it."""
        assert it.rated_at is not None
        return cls(
            number=it.number,
            solved=it.solved is True,
            satisfied=it.satisfied is True,
            rated_at=it.rated_at,
        )


class HistoryItem(Answer):
    step: Step
    from_: State | KeptState | None = Field(serialization_alias="from")
    to: State | KeptState
    at: Instant
    role: str
    words: str
    photos: list[PhotoShown]

    @classmethod
    def of(
        cls,
        entry: HistoryEntry,
        photos: Sequence[ReportPhoto],
        number: str,
        *,
        is_staff: bool,
        reader_id: int,
    ) -> Self:
        """Show one step; internal words only to staff, those of another rider to nobody else."""
        words = [entry.words, entry.internal_note if is_staff else ""]
        if not is_staff and entry.role == Role.RIDER.value and entry.actor_id != reader_id:
            words, photos = [], ()
        return cls(
            step=entry.step,
            from_=entry.from_state,
            to=entry.to_state,
            at=entry.at,
            role=entry.role,
            words="\n".join(part for part in words if part),
            photos=[PhotoShown.of(number, each) for each in photos],
        )


class HistoryList(Answer):
    items: list[HistoryItem]

    @classmethod
    def of_kept(cls, it: KeptReport, photos: Sequence[KeptPhoto]) -> Self:
        """Show what happened to a report that waits for its rider's proof."""
        sent = HistoryItem(
            step=Step.SUBMIT,
            from_=None,
            to=KeptState.KEPT,
            at=it.created_at,
            role=Role.RIDER.value,
            words=it.description,
            photos=[PhotoShown.of(it.number, each) for each in photos],
        )
        if it.withdrawn_at is None:
            return cls(items=[sent])
        withdrawn = HistoryItem(
            step=Step.WITHDRAW,
            from_=KeptState.KEPT,
            to=it.state,
            at=it.withdrawn_at,
            role=Role.RIDER.value,
            words="",
            photos=[],
        )
        return cls(items=[sent, withdrawn])
