"""One line of a list, one photo, and the case behind a merged report, as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.places.geo.reference import Reference
from grid_report.reports import clocks
from grid_report.reports.casework.merged import when
from grid_report.reports.lifecycle import OPEN
from grid_report.reports.models import PhotoKind, Report, ReportPhoto
from grid_report.reports.permissions import REPORT_PHOTOS


class ReportRow(NamedTuple):
    """One line of a list: a tuple, because a frozen dataclass takes ten times as long to make."""

    number: str
    version: int
    state: str
    is_open: bool
    light: str | None
    clock: str | None
    due: datetime | None
    seconds_left: int | None
    category_code: str
    category_name: str
    group_code: str
    severity: int
    place_note: str
    description: str
    community_name: str | None
    street_name: str | None
    unit_name: str | None
    created_at: datetime
    sent_at: datetime
    thumb_name: str | None
    followers: int
    review_on: date | None
    points: int = 0
    distance_m: int | None = None
    hash_distance: int | None = None
    # Of a merged report, to its rider: the state of the case it was merged into.
    case_state: str | None = None


def row(it: Any, places: Reference, language: str, now: datetime, **more: Any) -> ReportRow:
    """Make the line of a report for a list."""
    community = places.community(it.community_code)
    street = places.street(it.street_code)
    unit = places.unit(it.unit_code)
    category = places.category(it.category_code)
    due = it.next_due
    light = clocks.light(due, it.next_warn, now)
    return ReportRow(
        number=it.number,
        version=it.version,
        state=str(it.state),
        is_open=it.state in OPEN,
        light=str(light) if light else None,
        clock=str(it.next_clock) if it.next_clock else None,
        due=due,
        seconds_left=int((due - now).total_seconds()) if due else None,
        category_code=it.category_code,
        category_name=category.name(language) if category else it.category_code,
        group_code=it.group_code,
        severity=it.severity,
        place_note=it.place_note,
        description=it.description,
        community_name=community.name if community else None,
        street_name=street.name if street else None,
        unit_name=unit.name if unit else None,
        created_at=it.created_at,
        sent_at=it.sent_at or it.created_at,
        thumb_name=it.thumb_name,
        followers=it.followers,
        review_on=it.review_on,
        **more,
    )


def rows(
    items: Iterable[Any], places: Reference, language: str, now: datetime, actor: Actor
) -> list[ReportRow]:
    """Make the lines of a list; a sensitive photo's name only for those who may open it."""
    made = []
    for it in items:
        line = row(it, places, language, now)
        if it.sensitive and not access.allowed(actor, REPORT_PHOTOS, it):
            line = line._replace(thumb_name=None)
        made.append(line)
    return made


@dataclass(frozen=True)
class PhotoView:
    id: int
    name: str
    kind: str
    width: int
    height: int
    added_at: datetime
    taken_gap_s: int | None
    taken_off_m: int | None

    @property
    def is_clock_ahead(self) -> bool:
        """Whether the camera's clock said the future: when it was taken is not known."""
        gap = self.taken_gap_s
        return gap is not None and gap < -clock.CLOCKS_DIFFER.total_seconds()


@dataclass(frozen=True)
class CaseView:
    """The case behind a merged report, as the merged report's rider may know it: nobody's name."""

    state: str
    when: str
    light: str | None
    clock: str | None
    seconds_left: int | None
    community_name: str | None
    unit_name: str | None
    accept_due: datetime
    fix_due: datetime
    close_due: datetime
    review_on: date | None
    handled_at: datetime | None
    closed_at: datetime | None
    after: list[PhotoView]
    # What the reader answered with.
    sent: list[PhotoView]
    # What `rider_next` of a report asks for besides.
    merged_into: str | None = None


def case_view(
    lead: Report, photos: Sequence[ReportPhoto], line: ReportRow, own: Report
) -> CaseView:
    """Put the case together for the rider of a report merged into it; `photos` are all theirs."""
    return CaseView(
        state=line.state,
        when=when(lead.created_at, own.created_at).value,
        light=line.light,
        clock=line.clock,
        seconds_left=line.seconds_left,
        community_name=line.community_name,
        unit_name=line.unit_name,
        accept_due=lead.accept_due,
        fix_due=lead.fix_due,
        close_due=lead.close_due,
        review_on=lead.review_on,
        handled_at=lead.handled_at,
        closed_at=lead.closed_at,
        after=[_plain(photo) for photo in photos if photo.kind is PhotoKind.AFTER],
        sent=[_plain(photo) for photo in photos if photo.added_by_id == own.reporter_id],
    )


def _plain(it: ReportPhoto) -> PhotoView:
    return PhotoView(it.id, it.name, it.kind.value, it.width, it.height, it.added_at, None, None)
