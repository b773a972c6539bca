"""The shapes of the review: signals, the month's sample, rates."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from grid_report.api.schemas.common import Answer, Body, CodeName, PageQuery
from grid_report.fairness.kinds import Finding, SignalKind, SignalState
from grid_report.reports.lifecycle import State

Words = Annotated[str, StringConstraints(max_length=1000)]


# What is none of these is told so by the reader of the filters.
WantedState = Annotated[str, Field(json_schema_extra={"enum": [*SignalState, "all"]})]


class SignalQuery(PageQuery):
    state: WantedState | None = Field(default=None, description="the open ones by default")
    kind: SignalKind | None = None
    community: str | None = None


class SeenPhotoShown(Answer):
    id: int
    main: str
    thumb: str
    is_the_one: bool = Field(description="what the signal is about")


class AwardBrief(Answer):
    entry: int
    rule: str | None
    points: int


class CaseShown(Answer):
    """A report as its reviewer may see it; what may not be seen is null or empty."""

    number: str | None
    state: State
    category: str
    category_name: str
    severity: int
    community_name: str | None
    place_note: str
    description: str
    sent_at: datetime
    alias: str | None
    photos: list[SeenPhotoShown] = Field(description="of single ones only, not of lists")
    awards: list[AwardBrief] = Field(description="what a reversal could be proposed for")


class LookShown(Answer):
    id: int
    case: CaseShown
    judged_by: str | None
    judged_at: datetime | None
    words: str
    may_judge: bool = Field(description="never who decided on it; on single ones only")


class SignalShown(LookShown):
    kind: SignalKind
    state: SignalState
    facts: dict[str, int | float | bool] = Field(description="the numbers that looked odd")
    other: CaseShown | None = Field(description="the earlier report it was compared with")
    worker: str | None
    found_at: datetime
    trust: str | None = Field(description="only decides the order, and only the street sees it")


class SignalList(Answer):
    items: list[SignalShown]
    next: str | None


class SampledShown(LookShown):
    month: str
    finding: Finding | None
    accepted_by: str | None
    accepted_at: datetime


class Progress(Answer):
    judged: int
    drawn: int


class SampleQuery(PageQuery):
    month: str | None = Field(default=None, description="YYYY-MM; by default the one drawn last")


class SampleShown(Answer):
    month: str
    drawn_at: datetime | None = Field(description="null: not drawn")
    population: int | None = Field(description="how many accepted reports it was drawn from")
    progress: Progress = Field(description="in the places the caller sees")
    items: list[SampledShown]
    next: str | None


class JudgeSignalRequest(Body):
    judgement: SignalState = Field(strict=False, description="`dismissed` or `followed_up`")
    words: Words | None = Field(default=None, description="needed to follow up")


class JudgeSampledRequest(Body):
    judgement: Finding = Field(strict=False)
    words: Words | None = Field(default=None, description="needed to disagree")


class RateShown(Answer):
    numerator: int
    denominator: int
    percent: float | None = Field(description="null below a base of ten")


class CommunityRatesShown(Answer):
    community: CodeName
    drawn: int
    agreement: RateShown = Field(description="second looks that agreed with the acceptance")
    refusal: RateShown = Field(description="reports refused, of those decided")


class RatesQuery(BaseModel):
    month: str | None = Field(default=None, description="YYYY-MM; by default the last one")


class RatesShown(Answer):
    month: str
    items: list[CommunityRatesShown] = Field(description="by the communities' codes, never ranked")
