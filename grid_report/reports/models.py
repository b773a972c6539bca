"""A report, its photos, its history, and the counter its numbers come from."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column
from grid_report.places.geo.datum import Datum
from grid_report.places.geo.routing import MatchedBy
from grid_report.reports.clocks import ClockKind
from grid_report.reports.lifecycle import OPEN, State, Step
from grid_report.reports.sources import LocatedBy, Source

IS_OPEN = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(OPEN)))
UNTOLD = "told_light IS NULL AND next_warn IS NOT NULL"
TOLD_YELLOW = "told_light = 'yellow'"
WAITS_FOR_REVIEW = "state = 'suspended'"
FOLDED = "folded_id IS NOT NULL AND state = 'submitted'"
PLACES = ("street_code", "community_code")
DOERS = ("category_code", "self_handled", "unit_code")
UNHANDLED = "handled_at IS NULL AND state IN ('accepted', 'dispatched', 'in_progress', 'submitted')"


class Report(Base):
    """One hazard from photo to closing. `state` is assigned by `steps.move` and nothing else."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("reporter_id", "key", name="a_submission_once"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_iff_dated"),
        CheckConstraint(
            "(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged_iff_into"
        ),
        CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
        CheckConstraint(
            "(state = 'suspended') = (suspended_from IS NOT NULL AND review_on IS NOT NULL)",
            name="suspended_iff_reviewed",
        ),
        CheckConstraint(
            "(state IN ('suspended', 'needs_info')) = (stopped_at IS NOT NULL)",
            name="clocks_stopped_iff_waiting",
        ),
        CheckConstraint(
            "state <> 'dispatched' OR (unit_code IS NOT NULL AND dispatched_at IS NOT NULL)",
            name="dispatched_to_somebody",
        ),
        CheckConstraint(
            "state NOT IN ('handled', 'closed') OR (handled_at IS NOT NULL"
            " AND handled_by_id IS NOT NULL)",
            name="handled_by_somebody",
        ),
        CheckConstraint(
            "state IN ('submitted', 'needs_info', 'rejected', 'withdrawn', 'merged')"
            " OR accepted_at IS NOT NULL",
            name="accepted_before_work",
        ),
        CheckConstraint("community_code IS NOT NULL OR matched_by = 'none'", name="routed_or_none"),
        CheckConstraint("(community_code IS NULL) = (street_code IS NULL)", name="street_follows"),
        CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        CheckConstraint("version >= 1", name="version_counts"),
        CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="on_earth"),
        # Desk lists: one partial index a way of looking, keyset on (sort_due, id). With the instant a
        # light turns yellow, so that the counts beside them read no case.
        Index(
            "ix_reports_community_open",
            "community_code",
            "sort_due",
            "id",
            "next_warn",
            sqlite_where=text(IS_OPEN),
            postgresql_where=text(IS_OPEN),
        ),
        Index(
            "ix_reports_street_open",
            "street_code",
            "sort_due",
            "id",
            "next_warn",
            sqlite_where=text(IS_OPEN),
            postgresql_where=text(IS_OPEN),
        ),
        Index(
            "ix_reports_unit_open",
            "unit_code",
            "sort_due",
            "id",
            "next_warn",
            sqlite_where=text(IS_OPEN),
            postgresql_where=text(IS_OPEN),
        ),
        Index(
            "ix_reports_open",
            "sort_due",
            "id",
            "next_warn",
            sqlite_where=text(IS_OPEN),
            postgresql_where=text(IS_OPEN),
        ),
        # The piles beside the lists, by what state open cases are in.
        *(
            Index(name, *columns, sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN))
            for name, columns in (
                ("ix_reports_community_open_state", ("community_code", "state")),
                ("ix_reports_street_open_state", ("street_code", "state")),
                ("ix_reports_unit_open_state", ("unit_code", "state")),
            )
        ),
        *(
            Index(f"ix_reports_{state}", "id", sqlite_where=text(it), postgresql_where=text(it))
            for state in (State.SUBMITTED, State.HANDLED)
            for it in (f"state = '{state}'",)
        ),
        # What the lights job looks at: whoever was not told yet.
        Index(
            "ix_reports_untold",
            "next_warn",
            sqlite_where=text(UNTOLD),
            postgresql_where=text(UNTOLD),
        ),
        Index(
            "ix_reports_told_yellow",
            "next_due",
            sqlite_where=text(TOLD_YELLOW),
            postgresql_where=text(TOLD_YELLOW),
        ),
        # What the reviews job looks at: few cases wait, and each is told of once.
        Index(
            "ix_reports_review_on",
            "review_on",
            sqlite_where=text(WAITS_FOR_REVIEW),
            postgresql_where=text(WAITS_FOR_REVIEW),
        ),
        CheckConstraint("told_light IN ('yellow', 'red')", name="told_light_known"),
        Index("ix_reports_reporter_id_id", "reporter_id", "id"),
        Index("ix_reports_reporter_id_created_at", "reporter_id", "created_at"),
        Index("ix_reports_community_code_id", "community_code", "id"),
        Index("ix_reports_street_code_id", "street_code", "id"),
        Index("ix_reports_unit_code_id", "unit_code", "id"),
        Index("ix_reports_group_code_lat", "group_code", "lat"),
        Index("ix_reports_merged_into_id", "merged_into_id"),
        Index(
            "ix_reports_folded",
            "folded_id",
            "id",
            sqlite_where=text(FOLDED),
            postgresql_where=text(FOLDED),
        ),
        # A month's lists and figures, each by the instant that decides about the month.
        Index("ix_reports_created_at", "created_at"),
        Index("ix_reports_fix_due", "fix_due"),
        Index("ix_reports_close_due", "close_due"),
        *(
            Index(
                f"ix_reports_{name}",
                name,
                sqlite_where=text(f"{name} IS NOT NULL"),
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("handled_at", "closed_at", "rated_at")
        ),
        # What a month's page counts and lists, each with the places it is listed for.
        *(
            Index(name, *columns, sqlite_where=text(which), postgresql_where=text(which))
            for name, columns, which in (
                ("ix_reports_unhandled", ("fix_due", "id", *PLACES, *DOERS), UNHANDLED),
                (
                    "ix_reports_community_unhandled",
                    ("community_code", "fix_due", "id", "street_code", *DOERS),
                    UNHANDLED,
                ),
                (
                    "ix_reports_street_unhandled",
                    ("street_code", "fix_due", "id", "community_code", *DOERS),
                    UNHANDLED,
                ),
                ("ix_reports_suspended", ("fix_due", "id"), WAITS_FOR_REVIEW),
                (
                    "ix_reports_community_suspended",
                    ("community_code", "fix_due", "id"),
                    WAITS_FOR_REVIEW,
                ),
                ("ix_reports_street_suspended", ("street_code", "fix_due", "id"), WAITS_FOR_REVIEW),
            )
        ),
    )

    id: Mapped[RowId]
    number: Mapped[str] = mapped_column(String(24), unique=True)
    key: Mapped[str] = mapped_column(String(36))
    fingerprint: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)
    reporter_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    state: Mapped[State] = mapped_column(enum_column(State, "state_known"))

    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"), index=True)
    group_code: Mapped[str] = mapped_column(String(4))
    severity: Mapped[int]
    sensitive: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str] = mapped_column(Text, default="")
    place_note: Mapped[str] = mapped_column(String(200), default="")

    # WGS-84, and what the phone said in its own datum.
    lat: Mapped[float]
    lng: Mapped[float]
    sent_lat: Mapped[float]
    sent_lng: Mapped[float]
    datum: Mapped[Datum] = mapped_column(enum_column(Datum, "datum_known"))
    accuracy_m: Mapped[float | None]
    # How the place was found; null for reports from before it was kept.
    located_by: Mapped[LocatedBy | None] = mapped_column(enum_column(LocatedBy, "located_by_known"))
    compound_code: Mapped[str | None] = mapped_column(ForeignKey("compounds.code"))
    community_code: Mapped[str | None] = mapped_column(ForeignKey("communities.code"))
    street_code: Mapped[str | None] = mapped_column(ForeignKey("streets.code"))
    matched_by: Mapped[MatchedBy] = mapped_column(enum_column(MatchedBy, "matched_by_known"))

    unit_code: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    self_handled: Mapped[bool] = mapped_column(default=False)
    started_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    handled_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    merged_into_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("reports.id"))
    suspended_from: Mapped[State | None] = mapped_column(enum_column(State, "suspended_from_known"))
    review_on: Mapped[date | None]

    transfers: Mapped[int] = mapped_column(default=0)
    returns: Mapped[int] = mapped_column(default=0)
    extensions: Mapped[int] = mapped_column(default=0)
    reworks: Mapped[int] = mapped_column(default=0)
    reopenings: Mapped[int] = mapped_column(default=0)
    # So many of those above belong to rounds that are over.
    extensions_before: Mapped[int] = mapped_column(default=0, server_default="0")
    reworks_before: Mapped[int] = mapped_column(default=0, server_default="0")
    urges: Mapped[int] = mapped_column(default=0)
    followers: Mapped[int] = mapped_column(default=0)

    # When a community could see it; `sent_at` is when its rider sent it, where that was before.
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]
    taken_at: Mapped[Instant | None]
    # Before its rider had proved the phone number: the desk is told, and it is never paid.
    sent_unproved: Mapped[bool] = mapped_column(default=False, server_default=false())
    source: Mapped[Source] = mapped_column(
        enum_column(Source, "source_known"), default=Source.PAGE, server_default=Source.PAGE.value
    )
    accepted_at: Mapped[Instant | None]
    # Stays through transfers and reopenings: how long a rider waited for the first answer.
    first_accepted_at: Mapped[Instant | None]
    # Whether the community that has the case accepted in time; nothing while it has not accepted.
    accepted_in_time: Mapped[bool | None]
    dispatched_at: Mapped[Instant | None]
    started_at: Mapped[Instant | None]
    controlled_at: Mapped[Instant | None]
    handled_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    moved_at: Mapped[Instant]

    accept_due: Mapped[Instant]
    # When the community got a case from elsewhere, moved on by what stood still since; its
    # acceptance clock counts from there. None: it had the case from the beginning.
    accept_from: Mapped[Instant | None]
    control_due: Mapped[Instant | None]
    fix_due: Mapped[Instant]
    close_due: Mapped[Instant]
    # A second run has clocks of its own; `stopped_s` is how long those of this run stood still.
    reopened_at: Mapped[Instant | None]
    stopped_at: Mapped[Instant | None]
    stopped_s: Mapped[int] = mapped_column(default=0)
    # How much of that the community counted by asking and then finding out alone; at most a day.
    clarified_s: Mapped[int] = mapped_column(default=0, server_default="0")
    # The clock that runs now, precomputed for lists; null while stopped or over.
    next_clock: Mapped[ClockKind | None] = mapped_column(enum_column(ClockKind, "clock_known"))
    next_warn: Mapped[Instant | None]
    next_due: Mapped[Instant | None]
    # The same, far in the future while nothing runs: what lists are sorted by.
    sort_due: Mapped[Instant]
    # What the lights job told last, so that it tells once.
    told_light: Mapped[str | None] = mapped_column(String(8))
    # The review day the street was reminded of.
    told_review: Mapped[date | None]

    # One of very many urgent ones of one rider in an hour: the id of the first of those the desk
    # shows as one row, as long as nobody has looked at it.
    folded_id: Mapped[int | None] = mapped_column(BIG)
    thumb_name: Mapped[str | None] = mapped_column(String(64))
    solved: Mapped[bool | None]
    satisfied: Mapped[bool | None]
    rating_words: Mapped[str | None] = mapped_column(Text)
    rated_at: Mapped[Instant | None]


class HistoryEntry(Base):
    """One step, forever. Rider-visible words and internal notes are two fields."""

    __tablename__ = "report_history"
    __table_args__ = (
        Index("ix_report_history_report_id_id", "report_id", "id"),
        # A month's decisions; no other step is in it, so that the others cost nothing.
        Index(
            "ix_report_history_decided_at",
            "at",
            sqlite_where=text("step IN ('accept', 'reject')"),
            postgresql_where=text("step IN ('accept', 'reject')"),
        ),
    )

    id: Mapped[RowId]
    report_id: Mapped[int] = mapped_column(BIG, ForeignKey("reports.id"))
    step: Mapped[Step] = mapped_column(enum_column(Step, "step_known"))
    from_state: Mapped[State | None] = mapped_column(enum_column(State, "from_state_known"))
    to_state: Mapped[State] = mapped_column(enum_column(State, "to_state_known"))
    at: Mapped[Instant]
    actor_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    role: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(Text, default="")
    internal_note: Mapped[str] = mapped_column(Text, default="")
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class PhotoKind(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class ReportPhoto(Base):
    """A cleaned photo of a report; the files are named by the hash of their pixels."""

    __tablename__ = "report_photos"
    __table_args__ = (
        Index("ix_report_photos_report_id_id", "report_id", "id"),
        Index("ix_report_photos_name", "name"),
        CheckConstraint("width > 0 AND height > 0", name="has_pixels"),
    )

    id: Mapped[RowId]
    report_id: Mapped[int] = mapped_column(BIG, ForeignKey("reports.id"))
    history_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("report_history.id"))
    added_by_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    kind: Mapped[PhotoKind] = mapped_column(enum_column(PhotoKind, "photo_kind_known"))
    name: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    byte_count: Mapped[int]
    dhash: Mapped[str] = mapped_column(String(16))
    # What the camera's metadata said, as flags only: it was read once and dropped.
    taken_gap_s: Mapped[int | None]
    taken_off_m: Mapped[int | None]
    added_at: Mapped[Instant]


class Recheck(Base):
    """A photo of the handled case that the community asked its rider for; numbered a case."""

    __tablename__ = "report_rechecks"
    __table_args__ = (
        UniqueConstraint("report_id", "nth", name="asked_one_by_one"),
        CheckConstraint("nth >= 1", name="counted_from_one"),
    )

    id: Mapped[RowId]
    report_id: Mapped[int] = mapped_column(BIG, ForeignKey("reports.id"))
    nth: Mapped[int]
    asked_by_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    asked_at: Mapped[Instant]
    words: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[Instant | None]


class StepKey(Base):
    """An idempotency key of a step already taken, written in the step's transaction."""

    __tablename__ = "step_keys"
    __table_args__ = (UniqueConstraint("member_id", "key", name="a_step_once"),)

    id: Mapped[RowId]
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    key: Mapped[str] = mapped_column(String(36))
    fingerprint: Mapped[str] = mapped_column(String(64))
    report_id: Mapped[int] = mapped_column(BIG, ForeignKey("reports.id"))
    # A digest of the roles its sender held then; '' is not known.
    grants: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[Instant]
