"""Reads on statements: a provider's month, its lines, and what is on none yet.

None of it reads more than the month: what is on no statement has a list of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from sqlalchemy import Row, Select, func, literal, select, tuple_
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.db import UtcInstant, db, worded_columns
from grid_report.errors import Invalid, NotFound
from grid_report.languages import DEFAULT, Written, chosen, columns, written_in_all
from grid_report.offers.catalogue.models import Offer, Provider, Station
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.models import Redemption
from grid_report.offers.settlements.lifecycle import (
    LineVerdict,
    StatementFacts,
    StatementState,
    last_verdicts,
)
from grid_report.offers.settlements.models import (
    Statement,
    StatementDue,
    StatementEntry,
    StatementLine,
)
from grid_report.points.ledger.settlement_queries import with_settlement
from grid_report.web.paging import BIGGEST_ID, Page, pack, unpack

# As many fit on a page, and into a list to choose from.
LINES_SHOWN: Final = 100
AT_ONCE: Final = 500


@dataclass(frozen=True)
class Line:
    """One service as a statement shows it: never whose it was."""

    redemption_id: int
    ref: str
    station_name: str
    titles: Written
    delivered_at: datetime
    settled_at: datetime
    points: int
    journal_id: int | None
    id: int

    def title(self, language: str) -> str:
        """Return its name in a language."""
        return chosen(self.titles, language)


@dataclass(frozen=True)
class Sum:
    """What one service came to in a month."""

    titles: Written
    services: int
    free: int
    points: int

    def title(self, language: str) -> str:
        """Return its name in a language."""
        return chosen(self.titles, language)


@dataclass(frozen=True)
class Sheet:
    """A month of a provider: drawn, or as it stands so far. Its lines are read page by page."""

    statement: Statement | None
    provider_code: str
    provider_name: str
    month: Month
    ends_at: datetime
    fen_per_point: int
    # By service, the biggest first.
    sums: Sequence[Sum]
    history: Sequence[StatementEntry]
    facts: StatementFacts
    # What is questioned or was answered, by its reference.
    spoken_of: dict[str, Line] = field(default_factory=dict)

    @property
    def state(self) -> StatementState:
        """Where it is; a month that nobody drew is open."""
        return self.statement.state if self.statement else StatementState.OPEN

    @property
    def services(self) -> int:
        """How many were handed out, free ones too."""
        return sum(it.services for it in self.sums)

    @property
    def free_services(self) -> int:
        """How many of them cost nothing."""
        return sum(it.free for it in self.sums)

    @property
    def points(self) -> int:
        """What they come to."""
        return sum(it.points for it in self.sums)

    @property
    def fen(self) -> int:
        """The same in fen, hundredths of a yuan."""
        return self.points * self.fen_per_point

    @property
    def verdicts(self) -> dict[str, LineVerdict]:
        """What became of each line that was questioned and answered, by its reference."""
        return last_verdicts((it.ref, it.verdict) for it in self.history)

    @property
    def set_off_points(self) -> int:
        """What stays in the books, and is not paid."""
        off = (ref for ref, it in self.verdicts.items() if it is LineVerdict.SET_OFF)
        return sum(self.spoken_of[ref].points for ref in off)

    @property
    def fen_to_pay(self) -> int:
        """What is paid in the end, in fen."""
        return self.fen - self.set_off_points * self.fen_per_point

    @property
    def questioned(self) -> Line | None:
        """The line that is questioned now."""
        ref = self.statement.disputed_ref if self.statement else None
        return self.spoken_of.get(ref) if ref else None

    @property
    def since(self) -> datetime | None:
        """Since when it waits for whoever is next."""
        return self.history[-1].at if self.history else None


def unlisted(provider_code: str, before: datetime) -> Select[Any]:
    """Select the settled services of a provider that are on no statement, as columns of a line."""
    shown: tuple[Any, ...] = (
        Redemption.id.label("redemption_id"),
        Redemption.ref,
        func.coalesce(Station.name, "").label("station_name"),
        *worded_columns(Offer, "title"),
        Redemption.delivered_at,
        StatementDue.ended_at.label("settled_at"),
    )
    query = (
        select(*shown)
        .select_from(StatementDue)
        .join(Redemption, Redemption.id == StatementDue.redemption_id)
        .join(Offer, Offer.id == Redemption.offer_id)
        .outerjoin(Station, Station.code == Redemption.station_code)
        .where(
            StatementDue.provider_code == provider_code,
            StatementDue.ended_at < before,
            # The list is only where to look: what is true is said by the rows themselves.
            Redemption.state == RedemptionState.SETTLED,
            ~select(StatementLine.id).where(StatementLine.redemption_id == Redemption.id).exists(),
        )
    )
    return with_settlement(query, Redemption.ref.expression)


def first_unlisted(before: datetime) -> list[tuple[str, datetime]]:
    """Return each provider with something on no statement, and when the first of it was settled."""
    rows = db.session.execute(
        select(StatementDue.provider_code, func.min(StatementDue.ended_at))
        .where(StatementDue.ended_at < before)
        .group_by(StatementDue.provider_code)
        .order_by(StatementDue.provider_code)
    )
    return [(code, first) for code, first in rows]


def waiting_to_close() -> list[tuple[str, str]]:
    """Return provider and month of what both sides confirmed and the ledger has not cleared."""
    rows = db.session.execute(
        select(Statement.provider_code, Statement.month)
        .where(Statement.state == StatementState.COUNTY_CONFIRMED)
        .order_by(Statement.id)
    )
    return [(code, month) for code, month in rows]


def station_codes(session: Session, provider_code: str) -> Sequence[str]:
    """List the codes of a provider's stations, closed ones too: their month still counts."""
    return session.scalars(
        select(Station.code).where(Station.provider_code == provider_code).order_by(Station.code)
    ).all()


def facts_of(statement: Statement | None, stations: Sequence[str]) -> StatementFacts:
    """Gather what the permissions look at."""
    if statement is None:
        return StatementFacts(frozenset(stations))
    return StatementFacts(
        frozenset(stations),
        statement.provider_confirmed_by_id,
        statement.disputed_side,
        statement.disputed_by_id,
    )


def providers_of(actor: Actor) -> list[Provider]:
    """List the providers at whose stations somebody works."""
    codes = (
        select(Station.provider_code)
        .where(Station.code.in_(actor.places(Role.STATION_STAFF)))
        .distinct()
    )
    return list(
        db.session.scalars(select(Provider).where(Provider.code.in_(codes)).order_by(Provider.code))
    )


def find_sheet(
    provider_code: str, month: Month, *, zone: tzinfo, fen_per_point: int, now: datetime
) -> Sheet:
    """Return a provider's month. Raises NotFound for one to come."""
    provider = db.session.get(Provider, provider_code)
    if provider is None or month > Month.of(now, zone):
        raise NotFound
    statement = db.session.scalars(
        select(Statement).where(
            Statement.provider_code == provider_code, Statement.month == str(month)
        )
    ).one_or_none()
    ends_at = month.bounds(zone)[1]
    history: Sequence[StatementEntry] = []
    if statement is not None:
        history = db.session.scalars(
            select(StatementEntry)
            .where(StatementEntry.statement_id == statement.id)
            .order_by(StatementEntry.id)
        ).all()
    return Sheet(
        statement,
        provider_code,
        statement.provider_name if statement else provider.name,
        month,
        ends_at,
        statement.fen_per_point if statement else fen_per_point,
        _sums(_all(statement, provider_code, ends_at)),
        history,
        facts_of(statement, station_codes(db.session(), provider_code)),
        _spoken_of(statement, {entry.ref for entry in history} - {""}),
    )


def _all(statement: Statement | None, provider_code: str, ends_at: datetime) -> Select[Any]:
    """Select all lines of a month."""
    if statement is None:
        return unlisted(provider_code, ends_at).add_columns(Redemption.id)
    names = (
        "redemption_id", "ref", "station_name", *columns("title"), "delivered_at",
        "settled_at", "points", "journal_id", "id",
    )  # fmt: skip
    return select(*(getattr(StatementLine, name) for name in names)).where(
        StatementLine.statement_id == statement.id
    )


def _sums(lines: Select[Any]) -> list[Sum]:
    it = lines.subquery()
    titles = worded_columns(it.c, "title")
    rows = db.session.execute(
        select(
            *titles,
            func.count().label("services"),
            func.count().filter(it.c.points == 0).label("free"),
            func.sum(it.c.points).label("points"),
        ).group_by(*titles)
    )
    sums = [
        Sum(written_in_all(row, "title"), row.services, row.free, int(row.points)) for row in rows
    ]
    return sorted(sums, key=lambda it: (-it.points, -it.services, it.title(DEFAULT)))


def _line(row: Row[Any]) -> Line:
    return Line(
        row.redemption_id,
        row.ref,
        row.station_name,
        written_in_all(row, "title"),
        row.delivered_at,
        row.settled_at,
        row.points,
        row.journal_id,
        row.id,
    )


def _spoken_of(statement: Statement | None, refs: Collection[str]) -> dict[str, Line]:
    if statement is None or not refs:
        return {}
    rows = db.session.execute(
        _all(statement, "", statement.ends_at).where(StatementLine.ref.in_(refs))
    )
    return {row.ref: _line(row) for row in rows}


def page_of_lines(sheet: Sheet, *, cursor: str | None, limit: int = LINES_SHOWN) -> Page[Line]:
    """List one page of a month's lines, in the order they were handed out in. Raises Invalid."""
    query, after = _all(sheet.statement, sheet.provider_code, sheet.ends_at), unpack(cursor, 2)
    key = _order(sheet)
    if after is not None:
        at, last_id = _read(after)
        query = query.where(tuple_(*key) > tuple_(literal(at, UtcInstant()), last_id))
    found = [_line(row) for row in db.session.execute(query.order_by(*key).limit(limit + 1))]
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], pack(last.delivered_at.isoformat(), last.id) if last else None)


def all_lines(sheet: Sheet) -> Iterator[Line]:
    """Hand out all lines of a month one after the other; never all of them in memory."""
    query = _all(sheet.statement, sheet.provider_code, sheet.ends_at).order_by(*_order(sheet))
    for row in db.session.execute(query.execution_options(yield_per=AT_ONCE)):
        yield _line(row)


def _order(sheet: Sheet) -> tuple[Any, Any]:
    if sheet.statement is None:
        return (Redemption.delivered_at, Redemption.id)
    return (StatementLine.delivered_at, StatementLine.id)


def _read(after: list[Any]) -> tuple[datetime, int]:
    try:
        at = datetime.fromisoformat(after[0])
        if at.tzinfo is None or not 2000 <= at.year <= 9000:
            raise ValueError(at)
    except (TypeError, ValueError):
        raise Invalid.field("cursor", "cursor-unreadable") from None
    if type(after[1]) is not int or not 0 <= after[1] <= BIGGEST_ID:
        raise Invalid.field("cursor", "cursor-unreadable")
    return at, after[1]
