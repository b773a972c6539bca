"""Shapes that many calls share, and what every shape is made of. The OpenAPI is made of shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from grid_report.access import Actor
from grid_report.rates import Rate

T = TypeVar("T")


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _is_nothing(value: object) -> bool:
    return value is None


# An instant of an answer: written in UTC, whatever zone it came in.
Instant = Annotated[datetime, AfterValidator(_in_utc)]
# A field of an answer that is left out where there is nothing to say. It has `None` by default.
IfAny = Annotated[T | None, Field(exclude_if=_is_nothing)]


@dataclass(frozen=True)
class Reader:
    """For whom something is shown, and when: what may not be seen is left out."""

    actor: Actor
    language: str
    zone: tzinfo
    now: datetime


def spelled_out(words: Iterable[str], title: str) -> WithJsonSchema:
    """Have the document list the words of a field beside it, not under a name of their own."""
    return WithJsonSchema({"enum": [str(it) for it in words], "title": title, "type": "string"})


# How many photos at once is a setting of the site, and so no part of the contract.
AT_MOST: Final = "as many as the site takes at once (`photos.max_files`, 6 as shipped)"


class Body(BaseModel):
    """What is sent: read strictly, a number is not a text."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Answer(BaseModel):
    """What is answered: every field is always there but for `IfAny`."""

    model_config = ConfigDict(extra="forbid")


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


class CodeName(Answer):
    code: str
    name: str


class LatLng(Answer):
    lat: float
    lng: float


class Position(LatLng):
    datum: Literal["wgs84"]


class RateShown(Answer):
    numerator: int
    denominator: int
    percent: float | None = Field(description="null below a base of ten")

    @classmethod
    def of(cls, it: Rate) -> Self:
        """Show a rate with its fraction."""
        return cls(numerator=it.numerator, denominator=it.denominator, percent=it.percent)


class PageQuery(BaseModel):
    limit: int | None = Field(default=None, ge=1, le=200)
    cursor: str | None = None


class PhotoQuery(BaseModel):
    size: Literal["main", "thumb"] = "main"
