"""Taking a report in."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consent_queries import standing
from grid_report.accounts.numbers import queries as numbers_queries
from grid_report.accounts.numbers import steps as numbers_steps
from grid_report.accounts.numbers.queries import unproved_of
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid, NotFound
from grid_report.media.resumable.steps import claim
from grid_report.places.geo.categories import EMERGENCY_SEVERITY, CategoryInfo
from grid_report.places.geo.datum import Datum, to_wgs84
from grid_report.places.geo.points import Point
from grid_report.places.geo.reference import Reference
from grid_report.places.geo.routing import Match, MatchedBy
from grid_report.reports import clocks, signals, steps
from grid_report.reports.casework import effect_steps, notification_steps
from grid_report.reports.casework.lead_steps import is_folded_away
from grid_report.reports.commands import SubmitReport, columns_of, fingerprint, without_measured
from grid_report.reports.errors import ConsentNeeded, KeyReused, TooManyKept, TooManyReports
from grid_report.reports.idempotency_steps import Sent, SentBefore
from grid_report.reports.kept_models import KeptReport
from grid_report.reports.lifecycle import MOVES, Step
from grid_report.reports.models import PhotoKind, Report
from grid_report.reports.nearby import steps as nearby_steps
from grid_report.reports.nearby.near import may_join
from grid_report.reports.permissions import REPORT_SUBMIT
from grid_report.reports.sources import LocatedBy
from grid_report.reports.submission import kept_steps
from grid_report.settings import Limits, Settings

__all__ = ["MOST_KEPT", "ONE_BY_ONE", "Sent", "submit_report", "take_in"]

logger = logging.getLogger(__name__)

# So many urgent ones of one rider within an hour come one by one, as in a storm night; those after
# them are cases too, and one row at the desk.
ONE_BY_ONE: Final = 9
# So much waits for one number: all of it lands at the desks in the moment of the proof.
MOST_KEPT: Final = 20

# What a rider sent with this key, in the last hour and in the last day, and agrees to. Put together once: taking
# a report in spends more time on building statements than on running them.
_MINE: Final = Report.reporter_id == bindparam("member_id")
# What was kept and goes counts where it was sent, not where it goes.
_SENT_AT: Final = func.coalesce(Report.sent_at, Report.created_at)
_IN_HOUR: Final = and_(Report.created_at > bindparam("hour"), bindparam("hour") < _SENT_AT)
_KEPT_BY_ME: Final = KeptReport.reporter_id == bindparam("member_id")
_ASKED: Final = (ConsentKind.POSITION, ConsentKind.PHOTOS)
_SENT_LATELY: Final = select(
    select(Report.id).where(_MINE, Report.key == bindparam("key")).scalar_subquery(),
    select(KeptReport.id).where(_KEPT_BY_ME, KeptReport.key == bindparam("key")).scalar_subquery(),
    func.count().filter(_IN_HOUR),
    func.count(),
    func.min(_SENT_AT).filter(_IN_HOUR),
    func.min(_SENT_AT),
    func.count().filter(_IN_HOUR, Report.severity >= EMERGENCY_SEVERITY),
    unproved_of(bindparam("member_id")),
    *(standing(kind, bindparam("member_id")) for kind in _ASKED),
).where(_MINE, Report.created_at > bindparam("day"), bindparam("day") < _SENT_AT)
_KEPT_LATELY: Final = select(
    func.count().filter(KeptReport.created_at > bindparam("hour")),
    func.count(),
    func.min(KeptReport.created_at).filter(KeptReport.created_at > bindparam("hour")),
    func.min(KeptReport.created_at),
    select(func.count()).where(_KEPT_BY_ME, KeptReport.withdrawn_at.is_(None)).scalar_subquery(),
).where(_KEPT_BY_ME, KeptReport.created_at > bindparam("day"))


@dataclass(frozen=True)
class Sender:
    """What is known of a rider at this moment: consents, and whether the next one is folded."""

    unproved: bool
    agreed: frozenset[ConsentKind]
    folds: bool = False


@use_case
def submit_report(
    command: SubmitReport, *, actor: Actor, places: Reference, settings: Settings, now: datetime
) -> Sent:
    """Take in a report: routed, numbered, with its photos, exactly once a key.

    An ordinary one of a rider whose number is not proved is kept instead, see `kept_usecases.py`. The
    photos' files are durable already. Raises Forbidden, Invalid, TooManyReports, TooManyKept,
    KeyReused, ConsentNeeded.
    """
    access.check(actor, REPORT_SUBMIT)
    category = places.categories.get_in_use(command.category)
    # Found both ways before the database is asked which one the rider's consent allows.
    bare = without_measured(command)
    chosen, as_sent = route(bare, places), _route_as_sent(command, places)
    prints = (fingerprint(command), fingerprint(bare))
    try:
        with transaction() as session:
            lead = nearby_steps.lock_lead(session, command.join) if command.join else None
            number = steps.next_number(
                session, settings.county.number_prefix, clock.local_day(now, settings.county.tz)
            )
            # The number's row lock is held from here on, so this count misses nobody.
            sender = _check_limits(
                session,
                actor,
                key=command.key,
                prints=prints,
                category=category,
                limits=settings.limits,
                now=now,
            )
            agreed = sender.agreed
            if command.photos and ConsentKind.PHOTOS not in agreed:
                raise ConsentNeeded
            command, point, match = _allowed(command, bare, as_sent, chosen, agreed)
            sent = prints[0] if ConsentKind.POSITION in agreed else prints[1]
            claim(session, command.uploads, member_id=actor.member_id, key=command.key, now=now)
            dated = _dated(command, now)
            # Asked again behind the member's lock: a proof may have come in between.
            unproved = sender.unproved and numbers_steps.waits_for_proof(session, actor.member_id)
            if unproved and not category.is_urgent:
                kept = kept_steps.keep(
                    session, dated, number=number, sent=sent, point=point, category=category,
                    actor=actor, now=now,
                )  # fmt: skip
                done = Sent(kept, photos=kept_steps.keep_photos(session, kept, dated.photos))
                if numbers_queries.has_none(actor.member_id, session):
                    # Taken over while this was on its way.
                    kept_steps.tell_of_left(
                        None, session=session, member_id=actor.member_id, now=now
                    )
            else:
                done = take_in(
                    session, dated, point, match, number=number, sent=sent, category=category,
                    unproved=unproved, folds=sender.folds, actor=actor, places=places,
                    settings=settings, now=now, lead=lead,
                )  # fmt: skip
    except SentBefore as before:
        return Sent(before.report, replayed=True)
    logger.info("report submitted", extra={"report_id": done.report.id, "number": number})
    return done


def take_in(
    session: Session,
    command: SubmitReport,
    point: Point,
    match: Match,
    *,
    number: str,
    sent: str,
    category: CategoryInfo,
    actor: Actor,
    places: Reference,
    settings: Settings,
    now: datetime,
    unproved: bool = False,
    folds: bool = False,
    sent_at: datetime | None = None,
    lead: Report | None = None,
) -> Sent:
    """Make a report of what was sent, for its community to see from now on; its clocks begin.

    `sent_at` is when it was sent, where that was before. `lead` is the case its rider says is the
    same: it is joined, or the report goes its own way where that case is over, elsewhere or slower.
    """
    joins = lead is not None and may_join(
        lead, here=point, located_by=command.located_by, group=category.group_code,
        community=match.community_code, sensitive=category.sensitive, severity=category.severity,
        radius_m=category.dedupe_radius_m,
    )  # fmt: skip
    report = Report(
        **columns_of(
            command, category, number=number, sent=sent, point=point, rider_id=actor.member_id,
            at=now,
        ),
        version=1,
        sent_lat=command.lat if command.lat is not None else point.lat,
        sent_lng=command.lng if command.lng is not None else point.lng,
        compound_code=match.compound_code,
        community_code=match.community_code,
        street_code=match.street_code,
        matched_by=MatchedBy(match.matched_by),
        sent_at=sent_at,
        moved_at=now,
        sent_unproved=unproved,
    )  # fmt: skip
    set_initial_state(
        report, clocks.deadlines(now, effect_steps.hours(category, settings.cases)), settings, now
    )
    fold = _fold(session, report, now) if folds else None
    session.add(report)
    session.flush()
    if folds and report.community_code is not None:
        report.folded_id = fold or report.id
    entry = steps.record(
        session,
        report,
        Step.SUBMIT,
        came_from=None,
        actor=actor,
        role="rider",
        now=sent_at or now,
        words=command.description,
        changes={"kept": [sent_at.isoformat(), now.isoformat()]} if sent_at else None,
    )
    photos = steps.add_photos(
        session,
        report,
        entry,
        command.photos,
        kind=PhotoKind.BEFORE,
        actor=actor,
        now=now,
        sent_at=sent_at,
    )
    if not joins and not is_folded_away(report):
        notification_steps.about_submission(
            session, report, places, county=settings.county.code, now=now
        )
    signals.submitted.send(session, report=report)
    if joins and lead is not None:
        nearby_steps.join(
            session, report, lead, actor=actor, places=places, settings=settings, now=now
        )
    return Sent(report, photos=photos)


def _is_ahead(command: SubmitReport, now: datetime) -> bool:
    """Tell whether the phone says the photos were taken in the future."""
    return command.taken_at is not None and command.taken_at > now + clock.CLOCKS_DIFFER


def _dated(command: SubmitReport, now: datetime) -> SubmitReport:
    """Drop an instant in the future; it stays as the flag of the photos, and the desk is told."""
    if not _is_ahead(command, now):
        return command
    photos = tuple(
        it if it.taken_at is not None else replace(it, taken_at=command.taken_at)
        for it in command.photos
    )
    return replace(command, taken_at=None, photos=photos)


def set_initial_state(
    report: Report, due: clocks.Deadlines, settings: Settings, now: datetime
) -> None:
    """Put a new report where every way begins, with its clocks wound."""
    report.state = next(state for (state, step) in MOVES if step is Step.ACCEPT)
    report.stopped_s = 0
    report.handled_at = report.controlled_at = None
    steps.set_due(report, due)
    steps.wind_clocks(report, settings.cases, now)


def route(command: SubmitReport, places: Reference) -> tuple[Point, Match]:
    """Find the point in WGS-84 and whose it is. Without a position the choice decides."""
    spot = None
    if command.lat is not None and command.lng is not None:
        spot = to_wgs84(Point(command.lat, command.lng), Datum(command.datum))
    match = places.router.locate(
        spot, compound_code=command.compound, chosen_community=command.community
    )
    if spot is not None:
        return spot, match
    if match.compound_code is not None:
        return places.compounds[match.compound_code].point, match
    if match.community_code is not None:
        return places.stand_in(match.community_code), match
    return places.extent.center, match


def _route_as_sent(command: SubmitReport, places: Reference) -> tuple[Point, Match] | Invalid:
    """Find the place with what the phone measured; what is wrong with that may not matter."""
    if command.located_by is LocatedBy.NOWHERE:
        return Invalid.field("lat", "position-missing")
    try:
        return route(command, places)
    except Invalid as error:
        return error


def _allowed(
    command: SubmitReport,
    bare: SubmitReport,
    as_sent: tuple[Point, Match] | Invalid,
    chosen: tuple[Point, Match],
    agreed: Collection[ConsentKind],
) -> tuple[SubmitReport, Point, Match]:
    """Choose what is kept of the place: without consent what a hand chose, or nothing at all."""
    if ConsentKind.POSITION not in agreed:
        return bare, *chosen
    if isinstance(as_sent, Invalid):
        raise as_sent
    return command, *as_sent


def _check_limits(
    session: Session,
    actor: Actor,
    *,
    key: str,
    prints: Collection[str],
    category: CategoryInfo,
    limits: Limits,
    now: datetime,
) -> Sender:
    """Answer a known key with what it made, and hold the hourly and daily limits: one statement."""
    hour, day = now - timedelta(hours=1), now - timedelta(days=1)
    asked = {"member_id": actor.member_id, "key": key, "hour": hour, "day": day}
    before, kept, *lately, urgent, unproved, position, photos = session.execute(
        _SENT_LATELY, asked
    ).one()
    versions = (position, photos)
    if before is not None or kept is not None:
        report = _sent_before(session, actor, key, before, kept)
        # Sent before and after a consent changed, it is the same report.
        if report.fingerprint not in prints:
            raise KeyReused(report.number)
        # Taken out first: the rollback would empty it.
        session.expunge(report)
        raise SentBefore(report)
    agreed = frozenset(kind for kind, version in zip(_ASKED, versions, strict=True) if version)
    if category.severity >= EMERGENCY_SEVERITY:
        return Sender(bool(unproved), agreed, folds=urgent >= ONE_BY_ONE)
    in_hour, in_day, oldest_in_hour, oldest_in_day = lately
    # What waits takes no place from what cannot.
    if unproved and not category.is_urgent:
        # Two statements for few, one for everybody else.
        more = session.execute(_KEPT_LATELY, asked).one()
        if more[4] >= MOST_KEPT:
            raise TooManyKept(MOST_KEPT)
        in_hour, in_day = in_hour + more[0], in_day + more[1]
        oldest_in_hour, oldest_in_day = (
            min((it for it in pair if it is not None), default=None)
            for pair in ((oldest_in_hour, more[2]), (oldest_in_day, more[3]))
        )
    if in_hour >= limits.reports_per_hour:
        wait = oldest_in_hour + timedelta(hours=1) - now
        raise TooManyReports(_seconds(wait), limits.reports_per_hour, 1)
    if in_day >= limits.reports_per_day:
        wait = oldest_in_day + timedelta(days=1) - now
        raise TooManyReports(_seconds(wait), limits.reports_per_day, 24)
    return Sender(bool(unproved), agreed)


def _sent_before(
    session: Session, actor: Actor, key: str, report_id: int | None, kept_id: int | None
) -> Report | KeptReport:
    if report_id is None and (kept := session.get(KeptReport, kept_id)) is not None:
        return kept
    # Kept a moment ago, and gone since: it is found under its key.
    same = select(Report).where(Report.reporter_id == actor.member_id, Report.key == key)
    found = session.scalars(same).one_or_none()
    if found is None:
        raise NotFound
    return found


def _fold(session: Session, report: Report, now: datetime) -> int | None:
    """Return the fold of this hour and this street, if one has begun."""
    return session.scalar(
        select(func.max(Report.folded_id)).where(
            Report.reporter_id == report.reporter_id,
            Report.created_at > now - timedelta(hours=1),
            Report.street_code == report.street_code,
        )
    )


def _seconds(wait: timedelta) -> int:
    return max(1, int(wait.total_seconds()))
