"""Finding, opening and locking accounts by what they are; nobody outside passes account ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Insert, select
from sqlalchemy.orm import Session

from grid_report.clock import Month
from grid_report.db import insert_of
from grid_report.points.kinds import AccountKind
from grid_report.points.ledger.models import Account


@dataclass(frozen=True)
class AccountRef:
    """What an account is: a kind, and whose."""

    kind: AccountKind
    member_id: int | None = None
    community_code: str | None = None
    provider_code: str | None = None
    month: str = ""

    @property
    def key(self) -> str:
        """Return the account's `holder`, which the database derives in the same way."""
        who = str(self.member_id) if self.member_id is not None else self.community_code
        return f"{self.kind}:{who or self.provider_code or 'county'}:{self.month}"


MINT = AccountRef(AccountKind.MINT)


def rider(member_id: int) -> AccountRef:
    """The account a rider's points are in."""
    return AccountRef(AccountKind.RIDER, member_id=member_id)


def rider_debt(member_id: int) -> AccountRef:
    """The account of what a rider owes."""
    return AccountRef(AccountKind.RIDER_DEBT, member_id=member_id)


def budget(community_code: str | None, month: Month) -> AccountRef:
    """The pool of a community in a month; without a community the county's reserve."""
    return AccountRef(AccountKind.BUDGET, community_code=community_code, month=str(month))


def clawback(community_code: str) -> AccountRef:
    """Where a community's taken-back points end."""
    return AccountRef(AccountKind.CLAWBACK, community_code=community_code)


def expired(community_code: str) -> AccountRef:
    """Where points end that a community awarded and nobody spent in time."""
    return AccountRef(AccountKind.EXPIRED, community_code=community_code)


def penalty(community_code: str) -> AccountRef:
    """Where the points of those end who booked and did not come."""
    return AccountRef(AccountKind.PENALTY, community_code=community_code)


def escrow(provider_code: str) -> AccountRef:
    """What a provider has delivered and may still be disputed."""
    return AccountRef(AccountKind.ESCROW, provider_code=provider_code)


def provider(provider_code: str) -> AccountRef:
    """What a provider has earned and no cleared statement has paid yet."""
    return AccountRef(AccountKind.PROVIDER, provider_code=provider_code)


@dataclass(frozen=True)
class LockedAccount:
    """An account as it is under the lock."""

    id: int
    kind: AccountKind
    left: int
    held: int


def lock(session: Session, *holders: AccountRef) -> dict[AccountRef, LockedAccount]:
    """Lock those of the accounts that exist, in ascending id; check balances after this.

    The order over several calls is riders, providers, mint, budgets, reserve, ends: whoever needs
    a later one may hold earlier ones, never the other way round.
    """
    by_key = {holder.key: holder for holder in holders}
    rows = session.execute(
        select(
            Account.id,
            Account.kind,
            Account.holder,
            (Account.credits - Account.debits - Account.pending_debits).label("left"),
            Account.pending_debits,
        )
        .where(Account.holder.in_(by_key))
        .order_by(Account.id)
        .with_for_update(key_share=True)
    )
    return {
        by_key[row.holder]: LockedAccount(row.id, row.kind, row.left, row.pending_debits)
        for row in rows
    }


def lock_or_open(session: Session, *holders: AccountRef) -> dict[AccountRef, LockedAccount]:
    """Lock the accounts, opening those that are missing."""
    found = lock(session, *holders)
    missing = [holder for holder in holders if holder not in found]
    if not missing:
        return found
    open_accounts(session, *missing)
    return found | lock(session, *missing)


def open_accounts(session: Session, *holders: AccountRef) -> None:
    """Open accounts with nothing in them; one somebody else opens meanwhile is as good."""
    session.execute(
        insert_once(session, Account).values(
            [
                {
                    "kind": holder.kind,
                    "member_id": holder.member_id,
                    "community_code": holder.community_code,
                    "provider_code": holder.provider_code,
                    "month": holder.month,
                }
                for holder in holders
            ]
        )
    )


def insert_once(session: Session, model: type[Any]) -> Insert:
    """Start an INSERT that does nothing where the row is there already."""
    return insert_of(session, model).on_conflict_do_nothing()
