"""Keeping the counts: every change of a case or a redemption is counted in its own transaction.

What is taken for a decision is noted as it was; last thing before the commit it is looked at again
and the difference is added to the counts, in one statement and in the same order by everybody.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    String,
    TextClause,
    exists,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.orm import Session

from grid_report.clock import Month
from grid_report.db import UtcInstant, before_commit
from grid_report.offers.permits import place_queries as offers_figures
from grid_report.places import queries as places_queries
from grid_report.points.budgets import statistics_queries as points_figures
from grid_report.points.kinds import EventKind
from grid_report.settings import County
from grid_report.statistics.counts import cells, points_cells
from grid_report.statistics.counts.cells import (
    CaseFacts,
    Cells,
    RoundFacts,
    difference,
)
from grid_report.statistics.counts.recall_cells import RecallFacts, recall_cells
from grid_report.statistics.counts.service_cells import ServiceFacts, service_cells
from grid_report.statistics.measures import Facet, Measure
from grid_report.statistics.models import StatisticsCorrection, StatisticsFreeze

NAME: Final = "statistics"
_Changed = Mapping[tuple[str, cells.Cell], int]


@dataclass(frozen=True)
class _LotsMoved:
    """By how much an event changed lots, and what of it is on hold."""

    lots: Mapping[int, tuple[int, int]]
    event: EventKind
    at: datetime


@dataclass
class _Noted:
    """What this transaction took: the rows, and how they were counted before (None: new)."""

    cases: dict[int, tuple[Any, CaseFacts | None]] = field(default_factory=dict)
    services: dict[int, tuple[Any, ServiceFacts | None]] = field(default_factory=dict)
    # Rounds that ended, by their case.
    rounds: dict[int, list[RoundFacts]] = field(default_factory=dict)
    # What moved lots, and by which community those were awarded that is known of.
    lots: list[_LotsMoved] = field(default_factory=list)
    awarded_by: dict[int, str] = field(default_factory=dict)
    expired: list[tuple[str, int, datetime]] = field(default_factory=list)
    debts: list[tuple[int, datetime]] = field(default_factory=list)
    recalls: list[RecallFacts] = field(default_factory=list)


def note_case(session: Session, *, report: Any) -> None:
    """Note a report before it is decided on. Hears `reports.signals.taken`."""
    _noted(session).cases.setdefault(report.id, (report, cells.case_facts(report)))


def note_new_case(session: Session, *, report: Any) -> None:
    """Note a report that was not there before. Hears `reports.signals.submitted`."""
    _noted(session).cases.setdefault(report.id, (report, None))


def note_recall(session: Session, *, recall: Any) -> None:
    """Note that a case was taken back. Hears `reports.signals.recalled`."""
    _noted(session).recalls.append(
        RecallFacts(
            recall.at,
            recall.street_code,
            recall.community_code,
            recall.category_code,
            recall.unit_code,
        )
    )


def note_round(session: Session, *, report: Any, over: Any) -> None:
    """Note a round that ends with a reopening. Hears `reports.signals.round_ended`."""
    _noted(session).rounds.setdefault(report.id, []).append(cells.round_facts(over))


def note_service(session: Session, *, redemption: Any) -> None:
    """Note a redemption before it moves. Hears `offers.signals.taken`."""
    noted = _noted(session).services
    if redemption.id not in noted:
        noted[redemption.id] = (redemption, _service_facts(session, redemption))


def note_new_service(session: Session, *, redemption: Any) -> None:
    """Note a redemption that was not there before. Hears `offers.signals.reserved`."""
    _noted(session).services.setdefault(redemption.id, (redemption, None))


def note_lots(
    session: Session,
    *,
    lots: Mapping[int, tuple[int, int]],
    event: EventKind,
    at: datetime,
    community_code: str | None,
) -> None:
    """Note what moved riders' points. Hears `points.signals.lots_changed`."""
    noted = _noted(session)
    noted.lots.append(_LotsMoved(lots, event, at))
    if community_code is not None:
        noted.awarded_by.update(dict.fromkeys(lots, community_code))


def note_expired(session: Session, *, community_code: str, points: int, at: datetime) -> None:
    """Note points that are over. Hears `points.signals.points_expired`."""
    _noted(session).expired.append((community_code, points, at))


def note_debt(session: Session, *, points: int, at: datetime) -> None:
    """Note that a debt was charged or repaid. Hears `points.signals.debt_changed`."""
    _noted(session).debts.append((points, at))


def _noted(session: Session) -> _Noted:
    fresh = _Noted()
    if before_commit(session, NAME, partial(_count, noted=fresh)):
        session.info[NAME] = fresh
    noted = session.info[NAME]
    assert isinstance(noted, _Noted)
    return noted


def _count(session: Session, *, noted: _Noted) -> None:
    county = places_queries.cache().county
    session.flush()
    changes: list[tuple[tuple[str, int], _Changed, datetime]] = []
    changed: _Changed
    for row_id, (report, before) in noted.cases.items():
        changed = _changes(before, cells.case_facts(report), cells.case_cells, county)
        for over in noted.rounds.get(row_id, ()):
            changed = _together(changed, _changes(None, over, cells.round_cells, county))
        at = max(report.moved_at, report.rated_at or report.moved_at)
        changes.append((("case", row_id), changed, at))
    for row_id, (redemption, was) in noted.services.items():
        changed = _changes(was, _service_facts(session, redemption), service_cells, county)
        at = redemption.ended_at or redemption.delivered_at or redemption.created_at
        changes.append((("service", row_id), changed, at))
    total: Counter[tuple[str, cells.Cell]] = Counter()
    for _, changed, _ in changes:
        total.update(changed)
    for recall in noted.recalls:
        for area in cells.areas_of(county.code, recall.street, recall.community):
            total.update({(area, it): n for it, n in recall_cells(recall, county.tz).items()})
    total.update(_points(session, noted, county))
    for points, at in noted.debts:
        for when in (cells.HELD, str(Month.of(at, county.tz))):
            total[county.code, points_cells.moved_cell(when, points_cells.DEBTS)] += points
    add(session, total)
    # After the counts: a freeze that was under way has ended by now, or waits for this one.
    for about, changed, at in changes:
        _list_corrections(session, about, changed, county, at)


def _points(session: Session, noted: _Noted, county: County) -> Counter[tuple[str, cells.Cell]]:
    found: Counter[tuple[str, cells.Cell]] = Counter()
    if not noted.lots and not noted.expired:
        return found
    places = places_queries.reference()

    def add_up(code: str, cell: cells.Cell, points: int) -> None:
        info = places.community(code)
        for area in points_cells.areas_of_points(
            county.code, info.street_code if info else None, code
        ):
            found[area, cell] += points

    unknown = {lot for it in noted.lots for lot in it.lots} - noted.awarded_by.keys()
    known = points_figures.communities_of(session, unknown) if unknown else {}
    known |= noted.awarded_by
    for moved in noted.lots:
        month = str(Month.of(moved.at, county.tz))
        for lot, (points, on_hold) in moved.lots.items():
            add_up(known[lot], points_cells.points_cell(cells.HELD, Measure.LIABILITY), points)
            # What ends counts in the month of its last day (`note_expired`).
            if moved.event is not EventKind.EXPIRY:
                add_up(known[lot], points_cells.moved_cell(month, moved.event), points)
            for when in (cells.HELD, month):
                add_up(known[lot], points_cells.moved_cell(when, points_cells.ON_HOLD), on_hold)
    for code, points, at in noted.expired:
        expired = points_cells.points_cell(str(Month.of(at, county.tz)), Measure.EXPIRED)
        add_up(code, expired, points)
    return found


def _service_facts(session: Session, redemption: Any) -> ServiceFacts:
    code, is_permit = offers_figures.place_of(session, redemption)
    community = places_queries.reference().community(code) if code else None
    return ServiceFacts(
        state=redemption.state,
        community=community.code if community else None,
        street=community.street_code if community else None,
        station=redemption.station_code,
        offer_id=redemption.offer_id,
        is_permit=is_permit,
        points=redemption.points,
        created_at=redemption.created_at,
        delivered_at=redemption.delivered_at,
        ended_at=redemption.ended_at,
    )


F = TypeVar("F", CaseFacts, RoundFacts, ServiceFacts)


def _changes(
    before: F | None, after: F, cells_of: Callable[[F, tzinfo], Cells], county: County
) -> _Changed:
    def spread(it: F) -> _Changed:
        areas = cells.areas_of(county.code, it.street, it.community)
        return {(area, cell): n for cell, n in cells_of(it, county.tz).items() for area in areas}

    if before == after:
        return {}
    return difference(spread(before) if before else {}, spread(after))


def _together(one: _Changed, other: _Changed) -> _Changed:
    """Add two changes up; what one takes and the other gives back is no change."""
    return {key: n for key in {*one, *other} if (n := one.get(key, 0) + other.get(key, 0))}


_ROWS: Final = {
    "sqlite": "SELECT json_extract(value, '$[0]') AS month, json_extract(value, '$[1]') AS area,"
    " json_extract(value, '$[2]') AS facet, json_extract(value, '$[3]') AS key,"
    " json_extract(value, '$[4]') AS measure, json_extract(value, '$[5]') AS also,"
    " json_extract(value, '$[6]') AS n FROM json_each(:rows) WHERE true",
    "postgresql": "SELECT value ->> 0 AS month, value ->> 1 AS area, value ->> 2 AS facet,"
    " value ->> 3 AS key, value ->> 4 AS measure, value ->> 5 AS also,"
    " (value ->> 6)::bigint AS n"
    " FROM json_array_elements(CAST(:rows AS json)) WITH ORDINALITY AS r(value, nth)"
    " ORDER BY nth",
}
# SQLite reads ON as a join's without a WHERE before it.
_ADD: Final[Mapping[str, TextClause]] = {
    name: text(
        "INSERT INTO statistics_cells (month, version, area, facet, key, measure, also, n) SELECT"  # noqa: S608 - the two texts above
        f" month, 0, area, facet, key, measure, also, n FROM ({rows}) AS added WHERE true"
        " ON CONFLICT (month, version, area, facet, key, measure, also)"
        " DO UPDATE SET n = statistics_cells.n + excluded.n"
    )
    for name, rows in _ROWS.items()
}


def add(session: Session, changes: _Changed) -> None:
    """Add to the live counts, in one statement; sorted, so that two writers never cross."""
    rows = [
        (cell.month, area, cell.facet, cell.key, cell.measure, cell.also, n)
        for (area, cell), n in sorted(changes.items())
        if n
    ]
    if rows:
        session.execute(_ADD[session.get_bind().dialect.name], {"rows": json.dumps(rows)})


def _list_corrections(
    session: Session,
    about: tuple[str, int],
    changed: _Changed,
    county: County,
    at: datetime,
) -> None:
    """Write down what would alter a frozen month; months that are not frozen take nothing."""
    this = str(Month.of(at, county.tz))
    by_month: dict[str, dict[str, int]] = {}
    area = county.code
    for (where, cell), n in changed.items():
        if cell.month >= this or cell.facet not in (Facet.ALL, Facet.SERVICES) or cell.also:
            continue
        # The smallest area it is about: codes grow with depth.
        area = max(area, where, key=len)
        if where == county.code:
            by_month.setdefault(cell.month, {})[cell.measure] = n
    for month, changes in sorted(by_month.items()):
        version = select(func.max(StatisticsFreeze.version)).where(StatisticsFreeze.month == month)
        session.execute(
            insert(StatisticsCorrection).from_select(
                ["month", "version", "about", "about_id", "area", "at", "changes"],
                select(
                    literal(month, String(7)),
                    version.scalar_subquery(),
                    literal(about[0], String(10)),
                    literal(about[1], BigInteger()),
                    literal(area, String(12)),
                    literal(at, UtcInstant()),
                    literal(changes, JSON()),
                ).where(exists().where(StatisticsFreeze.month == month)),
            )
        )
