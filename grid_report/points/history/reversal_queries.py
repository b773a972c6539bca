"""What a review needs to know of the ledger: what reports earned, and what was taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from grid_report.db import db
from grid_report.points.causes import OWED_TAKEN
from grid_report.points.kinds import AccountKind, EventKind, Verdict
from grid_report.points.ledger import debt_queries as owed
from grid_report.points.ledger.debt_models import Owed
from grid_report.points.ledger.models import Account, Journal, Lot, Transfer


@dataclass(frozen=True)
class Award:
    """An entry that a reversal can be proposed for."""

    entry_id: int
    rule: str | None
    points: int


@dataclass(frozen=True)
class Given:
    """An award as it is chosen for a reversal."""

    entry_id: int
    rider_id: int | None
    rule: str | None
    points: int
    at: datetime
    report_number: str | None


MOST_LISTED = 50


def list_given(*, rider_id: int | None = None, report: str | None = None) -> list[Given]:
    """List the newest awards of a rider, or those of a report."""
    query = _GIVEN.order_by(Journal.id.desc()).limit(MOST_LISTED)
    if rider_id is not None:
        query = query.where(Journal.rider_id == rider_id)
    if report is not None:
        query = query.where(Journal.report_number == report)
    return [Given(*row) for row in db.session.execute(query)]


def find_given(entry_id: int) -> Given | None:
    """Return one award."""
    row = db.session.execute(_GIVEN.where(Journal.id == entry_id)).one_or_none()
    return Given(*row) if row else None


_GIVEN = select(
    Journal.id, Journal.rider_id, Journal.rule, Journal.points, Journal.at, Journal.report_number
).where(Journal.kind == EventKind.AWARD)


@dataclass(frozen=True)
class Taken:
    """What verdicts took of an award so far, and what is still to come.

    `on_hold` comes when bookings give their points back; `debt` from these, or from later awards.
    """

    of: int
    taken: int = 0
    on_hold: int = 0
    debt: int = 0

    @property
    def still_owed(self) -> int:
        """All that is still to come, from whatever."""
        return self.on_hold + self.debt


def taken_of(award_ids: Collection[int]) -> dict[int, Taken]:
    """Return what was taken of awards, and is still to come; six statements, however many."""
    if not award_ids:
        return {}
    ids = sorted(award_ids)
    awards = {
        row.id: row
        for row in db.session.execute(
            select(
                Journal.id,
                Journal.points,
                Journal.rider_id,
                (Account.debits - Account.credits).label("debt"),
            )
            .outerjoin(
                Account,
                (Account.member_id == Journal.rider_id) & (Account.kind == AccountKind.RIDER_DEBT),
            )
            .where(Journal.id.in_(ids), Journal.kind == EventKind.AWARD)
        )
    }
    sums = {
        award_id: int(points)
        for award_id, points in db.session.execute(
            select(Journal.reverses_id, func.sum(Transfer.amount))
            .join(Transfer, Transfer.journal_id == Journal.id)
            .where(
                Journal.reverses_id.in_(ids),
                Journal.kind == EventKind.REVERSAL,
                Transfer.route != "clawback_debt",
            )
            .group_by(Journal.reverses_id)
        )
    }
    charged, debts = _debts({it.rider_id: it.debt for it in awards.values() if it.debt is not None})
    on_hold = _on_hold(ids)
    return {
        award_id: Taken(
            of=row.points,
            # Of what was charged, what is no debt any more has been repaid.
            taken=sums.get(award_id, 0) + charged.get(award_id, 0) - debts.get(award_id, 0),
            on_hold=on_hold.get(award_id, 0),
            debt=debts.get(award_id, 0),
        )
        for award_id, row in awards.items()
    }


def _debts(
    owing: Mapping[int | None, int],
) -> tuple[dict[int | None, int], dict[int | None, int]]:
    """Return by award what was charged to these riders, and what of it is still a debt.

    What is repaid repays the oldest charge first.
    """
    riders = sorted(rider_id for rider_id in owing if rider_id is not None)
    if not riders:
        return {}, {}
    rows = db.session.execute(
        select(Journal.reverses_id, Journal.rider_id, Transfer.amount)
        .join(Transfer, Transfer.journal_id == Journal.id)
        .where(Journal.rider_id.in_(riders), Transfer.route == "clawback_debt")
        .order_by(Journal.id.desc())
    )
    left = dict(owing)
    charged: dict[int | None, int] = defaultdict(int)
    debts: dict[int | None, int] = defaultdict(int)
    for award_id, rider_id, amount in rows:
        owed = min(amount, left[rider_id])
        left[rider_id] -= owed
        charged[award_id] += amount
        debts[award_id] += owed
    return charged, debts


def _on_hold(award_ids: Collection[int]) -> dict[int, int]:
    held = {
        row.id: row.held
        for row in db.session.execute(
            select(Lot.id, Lot.held)
            .join(Owed, Owed.lot_id == Lot.id)
            .join(Journal, Journal.id == Owed.reversal_id)
            .where(Journal.reverses_id.in_(award_ids), Lot.held > 0)
        )
    }
    if not held:
        return {}
    shared = owed.shares(owed.open_claims(db.session(), held), held)
    return {award_id: sum(parts.values()) for award_id, parts in shared.items()}


def count_reversals(rider_ids: Collection[int]) -> dict[int, int]:
    """Count the awards taken back from riders for more than an honest mistake."""
    if not rider_ids:
        return {}
    rows = db.session.execute(
        select(Journal.rider_id, func.count())
        .where(
            Journal.rider_id.in_(rider_ids),
            Journal.kind == EventKind.REVERSAL,
            Journal.verdict.in_((Verdict.NEGLIGENT, Verdict.FRAUD)),
            # What comes in later of a reversal is not another one.
            Journal.cause_type != OWED_TAKEN,
        )
        .group_by(Journal.rider_id)
    )
    return {int(rider): int(count) for rider, count in rows if rider is not None}


def awards_of(numbers: Collection[str]) -> dict[str, list[Award]]:
    """Return what each report was awarded, in one statement; others than its rider's as well."""
    found: dict[str, list[Award]] = {number: [] for number in numbers}
    if found:
        rows = db.session.execute(
            select(Journal.report_number, Journal.id, Journal.rule, Journal.points)
            .where(Journal.report_number.in_(found), Journal.kind == EventKind.AWARD)
            .order_by(Journal.id)
        )
        for number, entry_id, rule, points in rows:
            found[str(number)].append(Award(entry_id, rule, points))
    return found
