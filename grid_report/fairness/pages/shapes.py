"""The shapes of the review: signals, the month's sample, rates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from flask import url_for
from pydantic import BaseModel, Field, StringConstraints

from grid_report.fairness import queries
from grid_report.fairness.kinds import Finding, SignalKind, SignalState
from grid_report.fairness.models import Draw
from grid_report.fairness.pages.views import Case, Look, Photo
from grid_report.places.geo.reference import Reference
from grid_report.reports.lifecycle import State
from grid_report.web.api.shapes import Answer, Body, CodeName, Instant, PageQuery, RateShown

# Names of files: of no use to a program, which gets the photos themselves.
NO_FACTS = frozenset({"photo", "other_photo"})

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

    @classmethod
    def of(cls, number: str, it: Photo) -> Self:
        """Show a photo with the addresses of its two sizes."""
        address = url_for("api.report_photo", number=number, photo_id=it.id)
        return cls(
            id=it.id,
            main=f"{address}?size=main",
            thumb=f"{address}?size=thumb",
            is_the_one=it.is_the_one,
        )


class AwardBrief(Answer):
    entry: int
    rule: str | None
    points: int


class SeenCaseShown(Answer):
    """A report as its reviewer may see it; what may not be seen is null or empty."""

    number: str | None
    state: State
    category: str
    category_name: str
    severity: int
    community_name: str | None
    place_note: str
    description: str
    sent_at: Instant
    alias: str | None
    photos: list[SeenPhotoShown] = Field(description="of single ones only, not of lists")
    awards: list[AwardBrief] = Field(description="what a reversal could be proposed for")

    @classmethod
    def of(cls, it: Case) -> Self:
        """Show a report to its reviewer."""
        photos = it.photos if it.number else ()
        return cls(
            number=it.number or None,
            state=State(it.state),
            category=it.category_code,
            category_name=it.category_name,
            severity=it.severity,
            community_name=it.community_name,
            place_note=it.place_note,
            description=it.description,
            sent_at=it.sent_at,
            alias=it.alias,
            photos=[SeenPhotoShown.of(it.number, photo) for photo in photos],
            awards=[
                AwardBrief(entry=award.entry_id, rule=award.rule, points=award.points)
                for award in it.awards
            ],
        )


class LookShown(Answer):
    id: int
    case: SeenCaseShown
    judged_by: str | None
    judged_at: Instant | None
    words: str
    may_judge: bool = Field(description="never who decided on it; on single ones only")

    @classmethod
    def look(cls, it: Look) -> LookShown:
        """Show what signals and sampled reports have in common."""
        return LookShown(
            id=it.id,
            case=SeenCaseShown.of(it.case),
            judged_by=it.judged_by,
            judged_at=it.judged_at,
            words=it.words,
            may_judge=it.may_judge and it.judged_at is None,
        )


class SignalShown(LookShown):
    kind: SignalKind
    state: SignalState
    facts: dict[str, int | float | bool] = Field(description="the numbers that looked odd")
    other: SeenCaseShown | None = Field(description="the earlier report it was compared with")
    worker: str | None
    found_at: Instant
    trust: str | None = Field(description="only decides the order, and only the street sees it")

    @classmethod
    def of(cls, it: Look) -> Self:
        """Show a signal; a fact nobody knows is none."""
        assert it.judgement is not None
        facts = {
            name: fact
            for name, fact in it.facts.items()
            if name not in NO_FACTS and fact is not None
        }
        return cls(
            **dict(cls.look(it)),
            kind=SignalKind(it.kind),
            state=SignalState(it.judgement),
            facts=facts,
            other=SeenCaseShown.of(it.other) if it.other else None,
            worker=it.worker_name,
            found_at=it.at,
            trust=it.trust,
        )


class SignalList(Answer):
    items: list[SignalShown]
    next: str | None


class SampledShown(LookShown):
    month: str
    finding: Finding | None
    accepted_by: str | None
    accepted_at: Instant

    @classmethod
    def of(cls, it: Look) -> Self:
        """Show a sampled report as it was accepted."""
        return cls(
            **dict(cls.look(it)),
            month=it.facts["month"],
            finding=Finding(it.judgement) if it.judgement else None,
            accepted_by=it.worker_name,
            accepted_at=it.at,
        )


class Progress(Answer):
    judged: int
    drawn: int


class SampleQuery(PageQuery):
    month: str | None = Field(default=None, description="YYYY-MM; by default the one drawn last")


class SampleShown(Answer):
    month: str
    drawn_at: Instant | None = Field(description="null: not drawn")
    population: int | None = Field(description="how many accepted reports it was drawn from")
    progress: Progress = Field(description="in the places the caller sees")
    items: list[SampledShown]
    next: str | None

    @classmethod
    def of(
        cls,
        month: str,
        draw: Draw | None,
        progress: queries.Progress,
        rows: Iterable[Look],
        following: str | None,
    ) -> Self:
        """Show a month's sample, and how far it was looked at."""
        return cls(
            month=month,
            drawn_at=draw.drawn_at if draw else None,
            population=draw.population if draw else None,
            progress=Progress(judged=progress.judged, drawn=progress.drawn),
            items=[SampledShown.of(it) for it in rows],
            next=following,
        )


class JudgeSignalRequest(Body):
    judgement: SignalState = Field(strict=False, description="`dismissed` or `followed_up`")
    words: Words | None = Field(default=None, description="needed to follow up")


class JudgeSampledRequest(Body):
    judgement: Finding = Field(strict=False)
    words: Words | None = Field(default=None, description="needed to disagree")


class CommunityRatesShown(Answer):
    community: CodeName
    drawn: int
    agreement: RateShown = Field(description="second looks that agreed with the acceptance")
    refusal: RateShown = Field(description="reports refused, of those decided")

    @classmethod
    def of(cls, it: queries.CommunityRates, places: Reference) -> Self:
        """Show the rates of a community."""
        name = places.communities[it.community_code].name
        return cls(
            community=CodeName(code=it.community_code, name=name),
            drawn=it.drawn,
            agreement=RateShown.of(it.agreement),
            refusal=RateShown.of(it.refusal),
        )


class RatesQuery(BaseModel):
    month: str | None = Field(default=None, description="YYYY-MM; by default the last one")


class ReviewRatesShown(Answer):
    month: str
    items: list[CommunityRatesShown] = Field(description="by the communities' codes, never ranked")
