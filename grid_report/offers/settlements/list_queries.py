"""Lists of statements: a provider's by month, the county's of one month, and what is running."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, text, true

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.offers.catalogue.models import Provider
from grid_report.offers.redemptions.models import IS_NOT_FINAL, Redemption
from grid_report.offers.settlements.models import Statement, StatementDue, StatementLine
from grid_report.web.paging import Page, pack, unpack

MOST_MONTHS: Final = 36
ROWS: Final = 50


def page_of_statements(
    *,
    month: Month | None = None,
    providers: Sequence[str] | None = None,
    cursor: str | None = None,
    limit: int = ROWS,
) -> Page[Statement]:
    """List drawn statements, the newest month first; of one month, or of some providers.

    Raises Invalid.
    """
    query = select(Statement).order_by(Statement.month.desc(), Statement.provider_code)
    if month is not None:
        query = query.where(Statement.month == str(month))
    if providers is not None:
        query = query.where(Statement.provider_code.in_(providers))
    after = unpack(cursor, 2)
    if after is not None:
        if not all(isinstance(it, str) and "\x00" not in it for it in after):
            raise Invalid.field("cursor", "cursor-unreadable")
        last_month, last_provider = after
        query = query.where(
            or_(
                Statement.month < last_month,
                and_(Statement.month == last_month, Statement.provider_code > last_provider),
            )
        )
    found = db.session.scalars(query.limit(limit + 1)).all()
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], pack(last.month, last.provider_code) if last else None)


@dataclass(frozen=True)
class Total:
    """What all statements of a month come to."""

    services: int
    free_services: int
    points: int
    fen: int


def total_of(month: Month) -> Total:
    """Add up the statements of a month, on however many pages they are listed."""
    row = db.session.execute(
        select(
            func.coalesce(func.sum(Statement.services), 0),
            func.coalesce(func.sum(Statement.free_services), 0),
            func.coalesce(func.sum(Statement.points), 0),
            func.coalesce(func.sum(Statement.points * Statement.fen_per_point), 0),
        ).where(Statement.month == str(month))
    ).one()
    return Total(*(int(it) for it in row))


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
    settled = _counts(StatementDue.provider_code, providers)
    # Written out like the index of what is not final, so that it can serve.
    waiting = _counts(Redemption.provider_code, providers, text(f"redemptions.{IS_NOT_FINAL}"))
    return [
        Running(it, settled.get(it.code, 0), waiting.get(it.code, 0))
        for it in db.session.scalars(query)
    ]


def _counts(column: Any, providers: Sequence[str] | None, *where: Any) -> dict[str, int]:
    some: list[ColumnElement[bool]] = [*where]
    if providers is not None:
        some.append(column.in_(providers))
    rows = db.session.execute(select(column, func.count()).where(*some).group_by(column))
    return {code: int(count) for code, count in rows}


def months_drawn() -> list[str]:
    """List the months with a statement, the newest first."""
    return list(
        db.session.scalars(
            select(Statement.month).distinct().order_by(Statement.month.desc()).limit(MOST_MONTHS)
        )
    )


@dataclass(frozen=True)
class Reconciled:
    """A month by handing out and by settling: services and points of each, and what lies between.

    `earlier` was handed out before the month and is on its statements.
    """

    handed_out: int
    handed_points: int
    listed: int
    listed_points: int
    earlier: int
    earlier_points: int

    @property
    def later(self) -> int:
        """How many were handed out in the month and are on none of its statements."""
        return self.handed_out - (self.listed - self.earlier)

    @property
    def later_points(self) -> int:
        """The points of those."""
        return self.handed_points - (self.listed_points - self.earlier_points)


def reconcile(month: Month, *, zone: tzinfo, provider: str | None = None) -> Reconciled:
    """Hold what was handed out in a month against its statements, in one statement.

    Of all providers or of one.
    """
    start, end = month.bounds(zone)
    handed: Any = select(func.count(), func.coalesce(func.sum(Redemption.points), 0)).where(
        Redemption.delivered_at >= start, Redemption.delivered_at < end
    )
    is_earlier = StatementLine.delivered_at < start
    listed: Any = (
        select(
            func.count(),
            func.coalesce(func.sum(StatementLine.points), 0),
            func.count().filter(is_earlier),
            func.coalesce(func.sum(StatementLine.points).filter(is_earlier), 0),
        )
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(Statement.month == str(month))
    )
    if provider is not None:
        handed = handed.where(Redemption.provider_code == provider)
        listed = listed.where(Statement.provider_code == provider)
    one, two = handed.subquery("handed"), listed.subquery("listed")
    row = db.session.execute(select(one, two).select_from(one.join(two, true()))).one()
    return Reconciled(*(int(it) for it in row))
