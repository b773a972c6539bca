"""From a request's values to frozen commands, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from grid_report import plain_characters
from grid_report.clock import PlainDate, read_instant
from grid_report.errors import FieldProblem, Invalid
from grid_report.media.resumable.claims import Claim
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.places.geo.datum import Datum, parse_datum
from grid_report.places.geo.points import parse_accuracy_m, parse_point
from grid_report.reports.commands import RateReport, SubmitReport, TakeStep
from grid_report.reports.lifecycle import Step
from grid_report.reports.sources import LocatedBy, Source
from grid_report.web.text import clean, read_code, read_int, read_key, read_text

DESCRIPTION_MOST = 2000
PLACE_NOTE_MOST = 200
WORDS_MOST = 1000
CODE_MOST = 24


def read_submission(
    values: Mapping[str, Any],
    *,
    key: Any,
    key_field: str,
    zone: ZoneInfo,
    source: Source = Source.PAGE,
    needs_place: bool = True,
) -> tuple[SubmitReport, Invalid]:
    """Read a report's fields; the problems come back instead of being raised, so that the photos
    can be looked at as well before anybody is told.

    `needs_place`: a report without any place is asked for one; without consent to position it
    goes to the county's unrouted list."""
    problems = Invalid()
    lat, lng = _position(values, problems)
    command = SubmitReport(
        key=read_key(key, key_field, problems),
        category=read_code(values, "category", most=CODE_MOST, problems=problems),
        lat=lat,
        lng=lng,
        datum=_datum(values, problems).value,
        accuracy_m=_accuracy(values, problems),
        compound=read_code(values, "compound", most=CODE_MOST, problems=problems) or None,
        community=read_code(values, "community", most=CODE_MOST, problems=problems) or None,
        place_note=read_text(values, "place_note", most=PLACE_NOTE_MOST, problems=problems),
        description=read_text(values, "description", most=DESCRIPTION_MOST, problems=problems),
        taken_at=_instant(values, "taken_at", zone, problems),
        source=source,
        place_source=_place_source(values, problems) or _scanned(values, source),
        join=_join(values, problems),
    )
    if not command.category and "category" not in problems.problems:
        problems.add("category", "category-missing")
    placed = command.lat is not None or command.compound or command.community
    if (
        needs_place
        and not placed
        and not {"lat", "lng", "compound", "community"} & problems.problems.keys()
    ):
        problems.add("lat", "position-missing")
    return command, problems


def with_photos(
    command: SubmitReport, photos: Sequence[AdmittedPhoto], most: int, problems: Invalid
) -> SubmitReport:
    """Put the admitted photos in, each picture once. Raises Invalid when anything is wrong."""
    distinct = tuple({photo.name: photo for photo in photos}.values())
    if not distinct and "photos" not in problems.problems:
        problems.add("photos", "photo-needed")
    elif len(distinct) > most:
        problems.add("photos", "too-many-photos", limit=most)
    problems.raise_if_any()
    return replace(command, photos=distinct)


def _position(values: Mapping[str, Any], problems: Invalid) -> tuple[float | None, float | None]:
    lat, lng = values.get("lat"), values.get("lng")
    if _is_blank(lat) and _is_blank(lng):
        return None, None
    try:
        point = parse_point(lat, lng)
    except Invalid as error:
        _take_over(error, problems)
        return None, None
    return point.lat, point.lng


def _datum(values: Mapping[str, Any], problems: Invalid) -> Datum:
    try:
        return parse_datum(values.get("datum"))
    except Invalid as error:
        _take_over(error, problems)
        return Datum.WGS84


def _accuracy(values: Mapping[str, Any], problems: Invalid) -> float | None:
    try:
        return parse_accuracy_m(values.get("accuracy_m"))
    except Invalid as error:
        _take_over(error, problems)
        return None


def _place_source(values: Mapping[str, Any], problems: Invalid) -> LocatedBy | None:
    """Read how the sender says the place was found; absent: not said."""
    said = values.get("source")
    if _is_blank(said):
        return None
    try:
        found = LocatedBy(str(said).strip())
        if found is LocatedBy.NOWHERE:
            raise ValueError(said)
    except ValueError:
        problems.add("source", "value-unknown")
        return None
    return found


def _scanned(values: Mapping[str, Any], source: Source) -> LocatedBy | None:
    """Tell that the code at the gate chose the compound of a form without script, and still does."""
    if source is not Source.PAGE or _is_blank(values.get("scanned")):
        return None
    is_so = values["scanned"] == values.get("compound") and _is_blank(values.get("lat"))
    return LocatedBy.QR if is_so else None


# What a form says where its rider looked and saw another hazard.
DIFFERENT = "NO"


def _join(values: Mapping[str, Any], problems: Invalid) -> str | None:
    """Read the number of the case that is the same; an unknown one is nobody's and no mistake."""
    said = read_code(values, "join", most=CODE_MOST, problems=problems).upper()
    return said if said not in ("", DIFFERENT) else None


def _take_over(error: Invalid, problems: Invalid) -> None:
    for name, found in error.problems.items():
        problems.problems.setdefault(name, []).extend(found)


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _instant(
    values: Mapping[str, Any],
    name: str,
    zone: ZoneInfo,
    problems: Invalid,
    *,
    plain: PlainDate = PlainDate.FIRST,
) -> datetime | None:
    """Read an instant; one without a zone was typed on a clock of the county."""
    text = values.get(name)
    if _is_blank(text):
        return None
    try:
        at = read_instant(str(plain_characters.plain(text)).strip(), zone, plain=plain)
        if not 2000 <= at.year <= 2200:
            raise ValueError(text)
    except ValueError:
        problems.add(name, "instant-unreadable")
        return None
    return at


def _day(values: Mapping[str, Any], name: str, problems: Invalid) -> date | None:
    text = values.get(name)
    if _is_blank(text):
        return None
    try:
        day = date.fromisoformat(str(plain_characters.plain(text)).strip())
        if not 2000 <= day.year <= 2200:
            raise ValueError(text)
    except ValueError:
        problems.add(name, "day-unreadable")
        return None
    return day


def read_step(
    values: Mapping[str, Any],
    *,
    key: Any,
    key_field: str,
    zone: ZoneInfo,
    photos: Sequence[AdmittedPhoto] = (),
    uploads: Sequence[Claim] = (),
    problems: Invalid | None = None,
) -> TakeStep:
    """Read a step and what it brings along. Raises Invalid naming every field at fault."""
    problems = problems if problems is not None else Invalid()
    step = _step(values, problems)
    command = TakeStep(
        step=step,
        key=None if _is_blank(key) else read_key(key, key_field, problems),
        version=read_int(values, "version", 1, 2**31 - 1, problems),
        note=read_text(values, "note", most=WORDS_MOST, problems=problems),
        reason=read_text(values, "reason", most=WORDS_MOST, problems=problems),
        internal_note=read_text(values, "internal_note", most=WORDS_MOST, problems=problems),
        category=read_code(values, "category", most=CODE_MOST, problems=problems) or None,
        severity=read_int(values, "severity", 1, 4, problems),
        unit=read_code(values, "unit", most=CODE_MOST, problems=problems) or None,
        community=read_code(values, "community", most=CODE_MOST, problems=problems) or None,
        into=read_code(values, "into", most=CODE_MOST, problems=problems).upper() or None,
        deadline=_instant(values, "deadline", zone, problems, plain=PlainDate.LAST_SECOND),
        review_on=_day(values, "review_on", problems),
        then_dispatch=values.get("dispatch") in ("1", True),
        evidence=_yes(values, "evidence", problems),
        photos=tuple({photo.name: photo for photo in photos}.values()),
        uploads=tuple(uploads),
    )
    problems.raise_if_any()
    return command


def _yes(values: Mapping[str, Any], name: str, problems: Invalid) -> bool:
    """Read a tick: a form's "1", a program's true or false; absent is no."""
    raw = values.get(name)
    raw = raw.strip().lower() if isinstance(raw, str) else raw
    if raw in (None, "", "0", "false", False):
        return False
    if raw not in ("1", "true", True):
        problems.add(name, "value-unknown")
    return True


# Steps that are history of other use cases cannot be asked for here.
NOT_ASKED_FOR = frozenset({Step.SUBMIT, Step.RATE, Step.LEAD})


def _step(values: Mapping[str, Any], problems: Invalid) -> Step:
    try:
        step = Step(clean(values.get("step")))
        if step in NOT_ASKED_FOR:
            raise ValueError(step)
    except ValueError:
        problems.add("step", "step-unknown" if values.get("step") else "field-needed")
        return Step.NOTE
    return step


def read_rating(
    values: Mapping[str, Any], *, key: Any = None, key_field: str = "key"
) -> RateReport:
    """Read the rider's two answers. Raises Invalid."""
    problems = Invalid()
    kept = None if _is_blank(key) else read_key(key, key_field, problems)
    answers = {}
    for name in ("solved", "satisfied"):
        value = values.get(name)
        if isinstance(value, str):
            value = {
                "1": True,
                "true": True,
                "yes": True,
                "0": False,
                "false": False,
                "no": False,
            }.get(value.strip().lower())
        if not isinstance(value, bool):
            problems.problems[name] = [FieldProblem("answer-needed")]
            continue
        answers[name] = value
    words = read_text(values, "words", most=WORDS_MOST, problems=problems)
    problems.raise_if_any()
    return RateReport(answers["solved"], answers["satisfied"], words, kept)
