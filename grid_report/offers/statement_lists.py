"""Lists of statements: a provider's by month, the county's of one month, and what is running."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.offers.models import IS_NOT_FINAL, Provider, Redemption
from grid_report.offers.statement_models import Statement, StatementDue
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
