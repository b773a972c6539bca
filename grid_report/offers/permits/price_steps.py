"""Which owners' price counts, and that its firm can be paid. Steps: no commit."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from grid_report.db import UtcInstant
from grid_report.offers import quotas
from grid_report.offers.permits.models import OwnerPrice
from grid_report.offers.permits.rules import PermitKind
from grid_report.places.geo.reference import UnitInfo

# Two firms' first prices at once may both want to make the provider.
_PROVIDER: Final = text(
    "INSERT INTO providers (code, name, created_at, free_a_month)"
    " VALUES (:code, :name, :created_at, :free_a_month)"
    " ON CONFLICT (code) DO NOTHING"
).bindparams(bindparam("created_at", type_=UtcInstant()))


def newest_price(session: Session, compound_code: str, paper: PermitKind) -> OwnerPrice | None:
    """Return the price that counts now."""
    return session.scalars(
        select(OwnerPrice)
        .where(OwnerPrice.compound_code == compound_code, OwnerPrice.paper == paper)
        .order_by(OwnerPrice.id.desc())
        .limit(1)
    ).first()


def open_provider(session: Session, unit: UnitInfo, now: datetime) -> None:
    """Let a property firm be paid by statement, as stations' providers are."""
    session.execute(
        _PROVIDER,
        {
            "code": unit.code,
            "name": unit.name,
            "created_at": now,
            "free_a_month": quotas.FREE_A_MONTH,
        },
    )
