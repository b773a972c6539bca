"""Reads on statements: their lines, their lists, what is on none yet, and what the audit compares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.accounts.roles import Role
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.offers.lifecycle import RedemptionState
from grid_report.offers.models import Offer, Provider, Redemption, Station
from grid_report.offers.statement_models import Statement, StatementEntry, StatementLine
from grid_report.offers.statements import StatementFacts, StatementState
from grid_report.points.settled import settlements

MOST_MONTHS: Final = 36


@dataclass(frozen=True)
class Line:
    """One service as a statement shows it: never whose it was."""

    redemption_id: int
    ref: str
    station_name: str
    title_zh: str
    title_en: str
    delivered_at: datetime
    settled_at: datetime
    points: int
    journal_id: int | None

    def title(self, language: str) -> str:
        """Return its name in a language."""
        return self.title_en if language == "en" else self.title_zh


@dataclass(frozen=True)
class Sum:
    """What one service came to in a month."""

    title_zh: str
    title_en: str
    services: int
    points: int

    def title(self, language: str) -> str:
        """Return its name in a language."""
        return self.title_en if language == "en" else self.title_zh


@dataclass(frozen=True)
class Sheet:
    """A month of a provider: drawn, or as it stands so far."""

    statement: Statement | None
    provider_code: str
    provider_name: str
    month: Month
    fen_per_point: int
    lines: Sequence[Line]
    history: Sequence[StatementEntry]
    facts: StatementFacts

    @property
    def state(self) -> StatementState:
        """Where it is; a month that nobody drew is open."""
        return self.statement.state if self.statement else StatementState.OPEN

    @property
    def services(self) -> int:
        """How many were handed out, free ones too."""
        return len(self.lines)

    @property
    def free_services(self) -> int:
        """How many of them cost nothing."""
        return sum(line.points == 0 for line in self.lines)

    @property
    def points(self) -> int:
        """What they come to."""
        return sum(line.points for line in self.lines)

    @property
    def fen(self) -> int:
        """The same in fen, hundredths of a yuan."""
        return self.points * self.fen_per_point

    @property
    def sums(self) -> list[Sum]:
        """The same by service, the biggest first."""
        found: dict[tuple[str, str], list[int]] = {}
        for line in self.lines:
            found.setdefault((line.title_zh, line.title_en), []).append(line.points)
        sums = [Sum(zh, en, len(points), sum(points)) for (zh, en), points in found.items()]
        return sorted(sums, key=lambda it: (-it.points, -it.services, it.title_zh))


def unlisted(session: Session, provider_code: str, before: datetime) -> list[Line]:
    """List the settled services of a provider that are on no statement, by their settlement."""
    rows = session.execute(
        select(
            Redemption.id,
            Redemption.ref,
            Redemption.delivered_at,
            Redemption.ended_at,
            func.coalesce(Station.name, "").label("station_name"),
            Offer.title_zh,
            Offer.title_en,
        )
        .join(Offer, Offer.id == Redemption.offer_id)
        .outerjoin(Station, Station.code == Redemption.station_code)
        .where(*_unlisted(provider_code), Redemption.ended_at < before)
        .order_by(Redemption.ended_at, Redemption.id)
    ).all()
    paid = settlements(session, [row.ref for row in rows])
    return [
        Line(
            row.id,
            row.ref,
            row.station_name,
            row.title_zh,
            row.title_en,
            row.delivered_at,
            row.ended_at,
            *paid.get(row.ref, (0, None)),
        )
        for row in rows
    ]


def _unlisted(provider_code: str | None = None) -> list[Any]:
    listed = select(StatementLine.id).where(StatementLine.redemption_id == Redemption.id)
    where = [Redemption.state == RedemptionState.SETTLED, ~listed.exists()]
    return where if provider_code is None else [*where, Redemption.provider_code == provider_code]


def first_unlisted(before: datetime) -> list[tuple[str, datetime]]:
    """Return each provider with something on no statement, and when the first of it was settled."""
    rows = db.session.execute(
        select(Redemption.provider_code, func.min(Redemption.ended_at))
        .where(*_unlisted(), Redemption.ended_at < before)
        .group_by(Redemption.provider_code)
        .order_by(Redemption.provider_code)
    )
    return [(code, first) for code, first in rows if first is not None]


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
    lines: Sequence[Line]
    history: Sequence[StatementEntry] = []
    if statement is None:
        lines = unlisted(db.session(), provider_code, month.bounds(zone)[1])
    else:
        lines = _lines(statement)
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
        statement.fen_per_point if statement else fen_per_point,
        lines,
        history,
        facts_of(statement, station_codes(db.session(), provider_code)),
    )


def _lines(statement: Statement) -> list[Line]:
    names = (
        "redemption_id", "ref", "station_name", "title_zh", "title_en", "delivered_at",
        "settled_at", "points", "journal_id",
    )  # fmt: skip
    rows = db.session.execute(
        select(*(getattr(StatementLine, name) for name in names))
        .where(StatementLine.statement_id == statement.id)
        .order_by(StatementLine.delivered_at, StatementLine.id)
    )
    return [Line(*row) for row in rows]


def list_statements(
    *, month: Month | None = None, providers: Sequence[str] | None = None
) -> list[Statement]:
    """List drawn statements, the newest month first; of one month, or of some providers."""
    query = select(Statement).order_by(Statement.month.desc(), Statement.provider_code)
    if month is not None:
        query = query.where(Statement.month == str(month))
    if providers is not None:
        query = query.where(Statement.provider_code.in_(providers)).limit(
            MOST_MONTHS * max(1, len(providers))
        )
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class Running:
    """What a provider has coming on the next statement, and what may still be disputed."""

    provider: Provider
    services: int
    waiting: int


def list_running(providers: Sequence[str] | None = None) -> list[Running]:
    """List the providers with what is settled and on no statement, and what is not final yet."""
    query = select(Provider).order_by(Provider.code)
    if providers is not None:
        query = query.where(Provider.code.in_(providers))
    settled = _counts(_unlisted())
    waiting = _counts([Redemption.state.in_((RedemptionState.DELIVERED, RedemptionState.DISPUTED))])
    return [
        Running(it, settled.get(it.code, 0), waiting.get(it.code, 0))
        for it in db.session.scalars(query)
    ]


def _counts(where: Sequence[Any]) -> dict[str, int]:
    rows = db.session.execute(
        select(Redemption.provider_code, func.count())
        .where(*where)
        .group_by(Redemption.provider_code)
    )
    return {code: int(count) for code, count in rows}


def months_drawn() -> list[str]:
    """List the months with a statement, the newest first."""
    return list(
        db.session.scalars(
            select(Statement.month).distinct().order_by(Statement.month.desc()).limit(MOST_MONTHS)
        )
    )


# Of known providers only: the ledger by itself pays to codes nobody registered.
CHECKS: Final = {
    "provider-differs-from-statements": """
        SELECT a.holder FROM point_accounts a JOIN providers p ON p.code = a.provider_code
        WHERE a.kind = 'provider' AND a.credits - a.debits <> (
          SELECT COALESCE(SUM(t.amount), 0) FROM point_transfers t
          WHERE t.credit_account_id = a.id AND NOT EXISTS (
            SELECT 1 FROM statement_lines l JOIN statements s ON s.id = l.statement_id
            WHERE l.journal_id = t.journal_id AND s.state = 'closed'))""",
    "line-differs-from-settlement": """
        SELECT l.ref FROM statement_lines l
        LEFT JOIN point_journal j ON j.id = l.journal_id AND j.kind = 'settle'
          AND j.redemption_ref = l.ref
        WHERE l.points <> COALESCE(j.points, 0)""",
    "statement-differs-from-lines": """
        SELECT s.key FROM statements s LEFT JOIN (
          SELECT statement_id, COUNT(*) AS services, SUM(points) AS points
          FROM statement_lines GROUP BY statement_id) l ON l.statement_id = s.id
        WHERE s.services <> COALESCE(l.services, 0) OR s.points <> COALESCE(l.points, 0)""",
    "statement-differs-from-clearing": """
        SELECT s.key FROM statements s LEFT JOIN point_journal j
          ON j.cause_type = 'statement-cleared' AND j.cause_id = s.key
        WHERE COALESCE(j.points, 0) <> CASE WHEN s.state = 'closed' THEN s.points ELSE 0 END""",
    "settlement-without-its-service": """
        SELECT j.redemption_ref FROM point_journal j
        JOIN redemptions r ON r.ref = j.redemption_ref
        WHERE j.kind = 'settle' AND r.state <> 'settled'""",
}


def differences_for_audit(_sender: object, *, session: Session) -> Iterator[tuple[str, str]]:
    """Compare statements with the ledger, for its audit: what differs, and on what."""
    for check, query in CHECKS.items():
        for about in session.scalars(text(query)):
            yield check, str(about)
