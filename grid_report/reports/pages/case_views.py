"""What pages show of reports: rows and whole cases with names in the reader's language.

Everything here is put together for one reader: what the reader may not see is not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.places.geo.reference import Reference
from grid_report.reports.casework.merged import Followed
from grid_report.reports.casework.timeline import ClockView, clock_views
from grid_report.reports.desk import twin_queries
from grid_report.reports.lifecycle import BY_ANY_RIDER, Part, State, Step, steps_from
from grid_report.reports.models import HistoryEntry, Report, ReportPhoto
from grid_report.reports.pages.row_views import CaseView, PhotoView, ReportRow, case_view, row, rows
from grid_report.reports.permissions import (
    REPORT_NOTE,
    REPORT_PHOTOS,
    REPORT_RATE,
    REPORT_SEE_REPORTER,
    REPORT_URGE,
    allowed_step,
    parts,
)
from grid_report.reports.sources import LocatedBy

__all__ = ["PhotoView", "ReportRow", "ReportView", "row", "rows", "view"]


@dataclass(frozen=True)
class HistoryView:
    step: str
    at: datetime
    role: str
    who: str | None
    words: str
    internal_note: str
    changes: dict[str, Any]
    photos: list[PhotoView]


@dataclass(frozen=True)
class ReporterView:
    alias: str
    name: str | None


@dataclass(frozen=True)
class ThanksView:
    """What can still be thanked for: evidence to confirm, a photo to ask for or to send, a merit."""

    evidence: bool = False
    may_ask: bool = False
    asked_words: str | None = None
    waits_for_photo: bool = False
    may_propose: bool = False
    merit: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class ReportView:
    """One whole case, as one reader may see it."""

    row: ReportRow
    has_place: bool
    lat: float
    lng: float
    accuracy_m: float | None
    matched_by: str
    compound_name: str | None
    community_code: str | None
    unit_code: str | None
    reporter: ReporterView | None
    sensitive: bool
    sent_unproved: bool
    rider_left: bool
    taken_at: datetime | None
    accept_due: datetime
    control_due: datetime | None
    fix_due: datetime
    close_due: datetime
    accepted_at: datetime | None
    dispatched_at: datetime | None
    started_at: datetime | None
    controlled_at: datetime | None
    handled_at: datetime | None
    closed_at: datetime | None
    stopped_at: datetime | None
    reworks: int
    returns: int
    extensions: int
    self_handled: bool
    solved: bool | None
    satisfied: bool | None
    rated_at: datetime | None
    before: list[PhotoView]
    after: list[PhotoView]
    history: list[HistoryView]
    merged_into: str | None
    clocks: list[ClockView]
    steps: list[Step]
    may_rate: bool
    may_note: bool
    may_urge: bool
    is_staff_view: bool
    points_entries: list[Any] = field(default_factory=list)
    # To its rider: of a merged report the case, and what the case waits to be answered.
    case: CaseView | None = None
    question: str | None = None
    twins: list[ReportRow] = field(default_factory=list)
    units: list[Any] = field(default_factory=list)
    thanks: ThanksView = field(default_factory=ThanksView)

    def __getattr__(self, name: str) -> Any:
        # What a list shows of a report, its own page shows as well.
        if name.startswith("__") or name == "row":
            raise AttributeError(name)
        return getattr(self.row, name)


def view(
    report: Report,
    photos: Sequence[ReportPhoto],
    history: Sequence[HistoryEntry],
    *,
    actor: Actor,
    places: Reference,
    language: str,
    now: datetime,
    names: dict[int, str],
    merged_into: str | None,
    points_entries: Sequence[Any] = (),
    twins: Sequence[twin_queries.Twin] = (),
    thanks: ThanksView | None = None,
    lead: Report | None = None,
    lead_photos: Sequence[ReportPhoto] = (),
    question: str | None = None,
) -> ReportView:
    """Put one case together for one reader."""
    mine = parts(actor, report)
    staff = bool(mine - {Part.RIDER}) or (not mine)
    shown = photos if access.allowed(actor, REPORT_PHOTOS, report) else []
    photo_views = {
        photo.id: PhotoView(
            photo.id,
            photo.name,
            photo.kind.value,
            photo.width,
            photo.height,
            photo.added_at,
            # The flags are for those who decide; the unit has no use for where the rider stood.
            photo.taken_gap_s if mine & {Part.WORKER, Part.STREET} else None,
            photo.taken_off_m if mine & {Part.WORKER, Part.STREET} else None,
        )
        for photo in shown
    }
    by_entry: dict[int | None, list[PhotoView]] = {}
    for photo in shown:
        by_entry.setdefault(photo.history_id, []).append(photo_views[photo.id])
    compound = places.compound(report.compound_code)
    # Whoever's report was merged into a case answers, rates and reopens it from the own page.
    case = report if lead is None else Followed(lead, report.reporter_id)
    return ReportView(
        row=row(report, places, language, now),
        has_place=report.located_by is not LocatedBy.NOWHERE,
        lat=report.lat,
        lng=report.lng,
        accuracy_m=report.accuracy_m,
        matched_by=report.matched_by.value,
        compound_name=compound.name if compound else None,
        community_code=report.community_code,
        unit_code=report.unit_code,
        reporter=reporter(report, actor, names),
        sensitive=report.sensitive,
        sent_unproved=report.sent_unproved,
        # What was sent is not even known by its hash any more.
        rider_left=report.fingerprint == "",
        taken_at=report.taken_at,
        accept_due=report.accept_due,
        control_due=report.control_due,
        fix_due=report.fix_due,
        close_due=report.close_due,
        accepted_at=report.accepted_at,
        dispatched_at=report.dispatched_at,
        started_at=report.started_at,
        controlled_at=report.controlled_at,
        handled_at=report.handled_at,
        closed_at=report.closed_at,
        stopped_at=report.stopped_at,
        reworks=report.reworks,
        returns=report.returns,
        extensions=report.extensions,
        self_handled=report.self_handled,
        solved=report.solved,
        satisfied=report.satisfied,
        rated_at=report.rated_at,
        before=[p for p in photo_views.values() if p.kind == "before"],
        after=[p for p in photo_views.values() if p.kind == "after"],
        history=[
            _entry(
                entry,
                report,
                actor,
                staff=staff,
                names=names,
                photos=by_entry.get(entry.id, []),
                changes=readable(_told(entry), places, language),
            )
            for entry in history
        ],
        merged_into=merged_into,
        clocks=clock_views(report, now),
        steps=allowed_steps(actor, report, lead),
        may_rate=report.rated_at is None and access.allowed(actor, REPORT_RATE, case),
        may_note=access.allowed(actor, REPORT_NOTE, report),
        may_urge=access.allowed(actor, REPORT_URGE, report),
        is_staff_view=staff,
        case=case_view(lead, lead_photos, row(lead, places, language, now), report)
        if lead
        else None,
        question=question,
        points_entries=list(points_entries) if Part.RIDER in mine else [],
        twins=[
            row(
                twin.row,
                places,
                language,
                now,
                distance_m=twin.distance_m,
                hash_distance=twin.hash_distance,
            )
            for twin in twins
        ],
        units=list(
            places.units_covering(
                report.community_code, report.category_code, compound=report.compound_code
            )
        )
        if staff and report.community_code
        else [],
        thanks=thanks or ThanksView(),
    )


def reporter(report: Report, actor: Actor, names: dict[int, str]) -> ReporterView | None:
    """Return who reported: the name only to the rider, an alias to those who triage."""
    if not access.allowed(actor, REPORT_SEE_REPORTER, report):
        return None
    own = report.reporter_id == actor.member_id
    return ReporterView(
        rider_alias(report.reporter_id), names.get(report.reporter_id) if own else None
    )


def allowed_steps(actor: Actor, report: Report, lead: Any = None) -> list[Step]:
    """List the lifecycle steps this actor may take on this report now.

    `lead` is given to the rider of a merged report: what any rider of a case may do about it.
    """
    if lead is not None:
        case = Followed(lead, report.reporter_id)
        return [
            step
            for step in steps_from(lead.state)
            if step in BY_ANY_RIDER and allowed_step(actor, case, step)
        ]
    return [step for step in steps_from(report.state) if allowed_step(actor, report, step)]


def _entry(
    entry: HistoryEntry,
    report: Report,
    actor: Actor,
    *,
    staff: bool,
    names: dict[int, str],
    photos: list[PhotoView],
    changes: dict[str, Any],
) -> HistoryView:
    who: str | None = None
    if not staff and entry.role == "rider" and entry.actor_id != actor.member_id:
        # Another rider of the case: that there was an answer, and nothing of theirs.
        return HistoryView(
            step=entry.step.value,
            at=entry.at,
            role=entry.role,
            who=None,
            words="",
            internal_note="",
            changes=changes | {"another": True},
            photos=[],
        )
    if entry.actor_id == actor.member_id or (staff and entry.role != "rider"):
        who = names.get(entry.actor_id) if entry.actor_id else None
    elif entry.role == "rider" and access.allowed(actor, REPORT_SEE_REPORTER, report):
        who = rider_alias(entry.actor_id) if entry.actor_id else None
    return HistoryView(
        step=entry.step.value,
        at=entry.at,
        role=entry.role,
        who=who,
        words=entry.words,
        internal_note=entry.internal_note if staff else "",
        changes=changes,
        photos=photos,
    )


def _told(entry: HistoryEntry) -> dict[str, Any]:
    """Return what a step changed, without a unit that was planned and never had the case."""
    if entry.step is Step.START and entry.from_state is State.ACCEPTED:
        return {name: values for name, values in entry.changes.items() if name != "unit"}
    return entry.changes


def readable(changes: dict[str, Any], places: Reference, language: str) -> dict[str, Any]:
    """Put names where a history row keeps codes."""

    def name(kind: str, code: Any) -> Any:
        found: Any = None
        if code is None:
            return None
        if kind == "category":
            category = places.category(code)
            return category.name(language) if category else code
        if kind == "unit":
            found = places.unit(code)
        elif kind == "community":
            found = places.community(code)
        return found.name if found else code

    return {
        kind: [name(kind, value) for value in values] if isinstance(values, list) else values
        for kind, values in changes.items()
    }
