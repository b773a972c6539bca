"""An award before it is paid: what it is, what decides about it, and the row that waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, insert, select
from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.accounts.models import Member, RoleGrant, Standing
from grid_report.errors import NotFound
from grid_report.points.causes import Cause
from grid_report.points.kinds import UnpaidReason
from grid_report.points.ledger.models import Freeze, Journal
from grid_report.points.ledger.pending_models import PendingAward
from grid_report.points.rates import Earning


@dataclass(frozen=True)
class Claim:
    """An award before it is known whether it can be paid."""

    rider_id: int
    cause: Cause
    earning: Earning
    community_code: str
    severity: int | None
    report_number: str | None
    actor_id: int | None
    approved_by_id: int | None
    at: datetime


def look(session: Session, rider_id: int, cause: Cause) -> Any:
    """Read, after the lock, everything that decides whether to pay. Raises NotFound."""
    same = (cause.type, cause.id)
    known = session.execute(
        select(
            Freeze.frozen_at,
            Member.standing,
            Member.points_stopped_at,
            Member.phone_proved_at,
            exists()
            .where(RoleGrant.member_id == Member.id, RoleGrant.role != Role.RIDER)
            .label("is_staff"),
            Journal.id.label("journal_id"),
            Journal.points.label("paid"),
            PendingAward.id.label("unpaid_id"),
            PendingAward.points.label("owed"),
            PendingAward.reason,
        )
        .select_from(Freeze)
        .join(Member, Member.id == rider_id)
        .outerjoin(Journal, and_(Journal.cause_type == same[0], Journal.cause_id == same[1]))
        .outerjoin(
            PendingAward, and_(PendingAward.cause_type == same[0], PendingAward.cause_id == same[1])
        )
        .where(Freeze.id == 1)
        # A freeze waits for this transaction, so that it cannot break a case half-way.
        .with_for_update(read=True, of=Freeze)
    ).one_or_none()
    if known is None:
        raise NotFound
    return known


def why_not(known: Any) -> UnpaidReason | None:
    """Say what keeps an award from being paid whatever the budget holds."""
    if known.is_staff:
        return UnpaidReason.STAFF
    if known.standing is Standing.SUSPENDED or known.points_stopped_at is not None:
        return UnpaidReason.SUSPENDED
    if known.standing is not Standing.ACTIVE:
        return UnpaidReason.GONE
    if not may_earn(known):
        return UnpaidReason.UNPROVED
    return UnpaidReason.FROZEN if known.frozen_at is not None else None


def may_earn(known: Any) -> bool:
    """Tell whether a member's number was ever proved: before that nothing is earned."""
    return known.phone_proved_at is not None


def owe(session: Session, claim: Claim, reason: UnpaidReason) -> None:
    """Note an award that is not paid now, and why."""
    session.execute(
        insert(PendingAward).values(
            cause_type=claim.cause.type,
            cause_id=claim.cause.id,
            at=claim.at,
            reason=reason,
            rider_id=claim.rider_id,
            points=claim.earning.points,
            community_code=claim.community_code,
            rule=claim.earning.rule,
            tariff_version=claim.earning.version,
            severity=claim.severity,
            report_number=claim.report_number,
            actor_id=claim.actor_id,
            approved_by_id=claim.approved_by_id,
        )
    )
