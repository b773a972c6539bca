"""What a form turns into: values already read and checked one by one, frozen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

from grid_report.media.resumable.claims import Claim
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.places.geo.categories import CategoryInfo
from grid_report.places.geo.datum import Datum
from grid_report.places.geo.points import Point
from grid_report.reports.lifecycle import Step
from grid_report.reports.sources import LocatedBy, Source, settle


@dataclass(frozen=True)
class SubmitReport:
    """A hazard as the rider sent it; positions in the datum the phone spoke."""

    key: str
    category: str
    lat: float | None
    lng: float | None
    datum: str
    accuracy_m: float | None = None
    compound: str | None = None
    community: str | None = None
    place_note: str = ""
    description: str = ""
    taken_at: datetime | None = None
    photos: tuple[AdmittedPhoto, ...] = ()
    # The uploads some of the photos came as.
    uploads: tuple[Claim, ...] = ()
    source: Source = Source.PAGE
    # The number of a case the rider says is the same.
    join: str | None = None
    # What the sender says of how the place was found; see `located_by`.
    place_source: LocatedBy | None = None

    @property
    def located_by(self) -> LocatedBy:
        """How the place was found."""
        return settle(
            self.place_source,
            has_point=self.lat is not None and self.lng is not None,
            has_compound=self.compound is not None,
            has_community=self.community is not None,
        )


def columns_of(
    command: SubmitReport,
    category: CategoryInfo,
    *,
    number: str,
    sent: str,
    point: Point,
    rider_id: int,
    at: datetime,
) -> dict[str, Any]:
    """Return what a report holds of its sending, whether it goes at once or is kept for the proof."""
    return {
        "number": number,
        "key": command.key,
        "fingerprint": sent,
        "reporter_id": rider_id,
        "category_code": category.code,
        "group_code": category.group_code,
        "severity": category.severity,
        "sensitive": category.sensitive,
        "description": command.description,
        "place_note": command.place_note,
        "lat": point.lat,
        "lng": point.lng,
        "datum": Datum(command.datum),
        "accuracy_m": command.accuracy_m,
        "located_by": command.located_by,
        "taken_at": command.taken_at,
        "source": command.source,
        "created_at": at,
        "thumb_name": command.photos[0].name if command.photos else None,
    }


def without_measured(command: SubmitReport) -> SubmitReport:
    """Leave out what the phone measured: position, accuracy, where the photos were taken."""
    chosen = command.located_by is LocatedBy.PIN
    return replace(
        command,
        lat=command.lat if chosen else None,
        lng=command.lng if chosen else None,
        datum=command.datum if chosen else "wgs84",
        accuracy_m=None,
        photos=without_position(command.photos),
    )


def without_position(photos: Sequence[AdmittedPhoto]) -> tuple[AdmittedPhoto, ...]:
    """Leave out where photos were taken."""
    return tuple(replace(photo, position=None) for photo in photos)


@dataclass(frozen=True)
class TakeStep:
    """A step on one report, with whatever it needs; `version` is the one that was looked at."""

    step: Step
    key: str | None = None
    version: int | None = None
    note: str = ""
    reason: str = ""
    internal_note: str = ""
    category: str | None = None
    severity: int | None = None
    unit: str | None = None
    community: str | None = None
    into: str | None = None
    deadline: datetime | None = None
    review_on: date | None = None
    then_dispatch: bool = False
    evidence: bool = False
    photos: tuple[AdmittedPhoto, ...] = field(default=())
    uploads: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class RateReport:
    """The rider's two answers: is it solved, is the rider satisfied."""

    solved: bool
    satisfied: bool
    words: str = ""
    key: str | None = None


@dataclass(frozen=True)
class AskRecheck:
    """Ask a rider to look at the handled case again."""

    words: str = ""
    key: str | None = None


@dataclass(frozen=True)
class AnswerRecheck:
    """The rider's photos of the handled case."""

    words: str = ""
    photos: tuple[AdmittedPhoto, ...] = ()
    key: str | None = None


Sent = SubmitReport | TakeStep | RateReport | AskRecheck | AnswerRecheck


def fingerprint(command: Sent, about: str = "") -> str:
    """Hash what was sent, so that a key used again for something else is noticed."""
    values: dict[str, Any] = asdict(command)
    if not isinstance(command, RateReport | AskRecheck):
        values["photos"] = [photo.name for photo in command.photos]
    # One as short as another says which it is; the older ones hash as they always did.
    if isinstance(command, AskRecheck | AnswerRecheck):
        values["is"] = type(command).__name__
    values.pop("key")
    # The same report, whichever way a retry takes.
    values.pop("source", None)
    values.pop("uploads", None)
    values.pop("join", None)
    # What does not say how the place was found hashes as it did before that could be said.
    if values.get("place_source") is None:
        values.pop("place_source", None)
    raw = json.dumps([about, values], sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(raw.encode()).hexdigest()
