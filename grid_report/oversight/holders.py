"""What an account of the ledger is called to those who read aliases. Pure."""

from __future__ import annotations

from grid_report.accounts.aliases import rider_alias


def shown_holder(holder: str) -> str:
    """Return an account's holder with the rider's alias in place of the number."""
    kind, _, rest = holder.partition(":")
    who, _, month = rest.partition(":")
    if kind in ("rider", "rider_debt") and who.isdecimal():
        who = rider_alias(int(who))
    return ":".join((kind, who, month)).rstrip(":")


def shown_alias(member_id: int | None) -> str | None:
    """Return a member's alias; None where an act or event names nobody."""
    return rider_alias(member_id) if member_id else None
