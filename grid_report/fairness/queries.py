"""Reads of the review: as many statements for fifty rows as for two."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.fairness import sampling
from grid_report.fairness.kinds import DECIDING, Finding, SignalKind, SignalState
from grid_report.fairness.models import Draw, Sampled, Signal
from grid_report.fairness.permissions import Subject
from grid_report.fairness.scope import review_scope
from grid_report.places.geo.reference import Reference
from grid_report.rates import Rate
from grid_report.reports.desk import review_queries
from grid_report.reports.desk.review_queries import Decision
from grid_report.web.paging import BIGGEST_ID, Page, pack, unpack, unpack_id

PAGE_ROWS = 30
SAMPLE_ROWS = 100


def _in_scope(table: Any, actor: Actor) -> ColumnElement[bool]:
    """Turn what an actor may see into SQL; agrees with `access` by a test."""
    scope = review_scope(actor)
    own = table.rider_id == actor.member_id
    if table is Signal:
        own = or_(own, func.coalesce(Signal.other_rider_id, 0) == actor.member_id)
    where = true() if scope.streets is None else table.street_code.in_(sorted(scope.streets))
    return and_(where, ~own)


def list_signals(
    actor: Actor,
    *,
    state: SignalState | None,
    kind: SignalKind | None,
    community: str | None,
    cursor: str | None = None,
    limit: int = PAGE_ROWS,
) -> Page[Signal]:
    """List what looked odd, least trust first and newest first within it. Raises Invalid."""
    query = select(Signal).where(_in_scope(Signal, actor))
    for column, value in (
        (Signal.state, state),
        (Signal.kind, kind),
        (Signal.community_code, community),
    ):
        if value is not None:
            query = query.where(column == value)
    after = unpack(cursor, 2)
    if after is not None:
        if not all(type(it) is int and 0 <= it <= BIGGEST_ID for it in after) or after[0] > 3:
            raise Invalid.field("cursor", "cursor-unreadable")
        trust, last = after
        query = query.where(
            or_(Signal.trust > trust, and_(Signal.trust == trust, Signal.id < last))
        )
    found = db.session.scalars(
        query.order_by(Signal.trust, Signal.id.desc()).limit(limit + 1)
    ).all()
    more = len(found) > limit
    following = pack(found[limit - 1].trust, found[limit - 1].id) if more else None
    return Page(found[:limit], following)


def find_signal(signal_id: int) -> Signal | None:
    """Return a signal. Who may see it is asked by the caller."""
    return db.session.get(Signal, signal_id) if signal_id <= BIGGEST_ID else None


def find_sampled(sampled_id: int) -> Sampled | None:
    """Return a sampled report. Who may see it is asked by the caller."""
    return db.session.get(Sampled, sampled_id) if sampled_id <= BIGGEST_ID else None


def subject_of_signal(signal: Signal) -> Subject:
    """Return what `access` asks about a signal: both reports' riders and all who decided on them."""
    reports = {signal.report_id, signal.other_report_id} - {None}
    riders = {signal.rider_id, signal.other_rider_id} - {None}
    return Subject(signal.street_code, frozenset(riders), _deciders(reports))  # type: ignore[arg-type]


def subject_of_sampled(sampled: Sampled) -> Subject:
    """Return what `access` asks about a sampled report."""
    deciders = _deciders({sampled.report_id}) | {sampled.accepted_by_id}
    return Subject(sampled.street_code, frozenset({sampled.rider_id}), deciders)


def _deciders(report_ids: Collection[int]) -> frozenset[int]:
    found = review_queries.deciders_of(report_ids, DECIDING)
    return frozenset().union(*found.values())


# --- the sample -----------------------------------------------------------------------------------


def accepted_in(month: Month, zone: tzinfo, places: Reference) -> list[Decision]:
    """Return the reports accepted in a month, each with its last acceptance."""
    last = {
        one.report_id: one
        for one in review_queries.decisions_between(*month.bounds(zone))
        if one.accepted and one.community_code in places.communities
    }
    return list(last.values())


def draw_from(population: Sequence[Decision], seed: str) -> list[Decision]:
    """Return the decisions that are drawn, in the order of their numbers."""
    by_number = {one.number: one for one in population}
    drawn = sampling.draw(((one.community_code, one.number) for one in population), seed=seed)
    return [by_number[number] for number in drawn]


def redraw(month: Month, zone: tzinfo, places: Reference) -> tuple[set[int], set[int]] | None:
    """Draw a month anew; return what is in the sample only, and what the draw only would hold.

    None when the month was not drawn yet. Both are empty when nobody has touched the sample.
    """
    draw = db.session.get(Draw, str(month))
    if draw is None:
        return None
    kept = set(db.session.scalars(select(Sampled.report_id).where(Sampled.month == str(month))))
    anew = {one.report_id for one in draw_from(accepted_in(month, zone, places), draw.seed)}
    return kept - anew, anew - kept


def list_draws(limit: int = 24) -> Sequence[Draw]:
    """List the months that were drawn, newest first."""
    return db.session.scalars(select(Draw).order_by(Draw.month.desc()).limit(limit)).all()


def find_draw(month: str) -> Draw | None:
    """Return the draw of a month, if it was drawn."""
    return db.session.get(Draw, month)


@dataclass(frozen=True)
class Progress:
    """How many of a sample were looked at, in the places the reader sees."""

    judged: int
    drawn: int


def progress(actor: Actor, month: str) -> Progress:
    """Count a month's sample."""
    row = db.session.execute(
        select(func.count(Sampled.finding), func.count()).where(
            Sampled.month == month, _in_scope(Sampled, actor)
        )
    ).one()
    return Progress(int(row[0]), int(row[1]))


def list_sampled(
    actor: Actor, month: str, *, cursor: str | None = None, limit: int = SAMPLE_ROWS
) -> Page[Sampled]:
    """List a month's sample in the order it was drawn. Raises Invalid."""
    query = select(Sampled).where(Sampled.month == month, _in_scope(Sampled, actor))
    after = unpack_id(cursor)
    if after is not None:
        query = query.where(Sampled.id > after)
    found = db.session.scalars(query.order_by(Sampled.id).limit(limit + 1)).all()
    return Page(found[:limit], pack(found[limit - 1].id) if len(found) > limit else None)


def next_to_judge(actor: Actor, month: str, after: int) -> int | None:
    """Return the next of a sample that nobody has looked at and the actor did not accept."""
    return db.session.scalar(
        select(Sampled.id)
        .where(
            Sampled.month == month,
            Sampled.id > after,
            Sampled.finding.is_(None),
            Sampled.accepted_by_id != actor.member_id,
            _in_scope(Sampled, actor),
        )
        .order_by(Sampled.id)
        .limit(1)
    )


# --- rates ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CommunityRates:
    """How often a second look agreed, and how often a community refused."""

    community_code: str
    drawn: int
    agreement: Rate
    refusal: Rate


def rates(actor: Actor, month: Month, zone: tzinfo, places: Reference) -> list[CommunityRates]:
    """Return the rates of the communities an actor sees, in the order of their codes, never ranked."""
    scope = review_scope(actor)
    looks = {
        row.community_code: row
        for row in db.session.execute(
            select(
                Sampled.community_code,
                func.count().label("drawn"),
                func.count(Sampled.finding).label("judged"),
                func.count().filter(Sampled.finding == Finding.AGREE).label("agreed"),
            )
            .where(Sampled.month == str(month))
            .group_by(Sampled.community_code)
        )
    }
    decided: dict[str, list[int]] = {}
    for one in review_queries.decisions_between(*month.bounds(zone)):
        counts = decided.setdefault(one.community_code, [0, 0])
        counts[0] += not one.accepted
        counts[1] += 1
    found = []
    for code, community in sorted(places.communities.items()):
        if scope.streets is not None and community.street_code not in scope.streets:
            continue
        look, (refused, of) = looks.get(code), decided.get(code, (0, 0))
        if look is None and not of:
            continue
        agreement = Rate(look.agreed, look.judged) if look else Rate(0, 0)
        found.append(CommunityRates(code, look.drawn if look else 0, agreement, Rate(refused, of)))
    return found
