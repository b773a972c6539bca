"""What a card is: its kinds, its price by the owners' price, how long it is good, when it is late."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from grid_report.offers.permits.lifecycle import ApplicationState
from grid_report.offers.redemptions.rules import DISPUTE_WINDOW


class PermitKind(StrEnum):
    ACCESS_CARD = "access_card"
    VEHICLE = "vehicle"


# Ten points stand for a yuan, so a point for ten fen.
FEN_A_POINT: Final = 10
MOST_FEN: Final = 100_000
TOKEN_BYTES: Final = 16


def points_for(owners_fen: int, *, has_firm: bool) -> int:
    """Return what a rider pays: the owners' price rounded down, nothing where the county pays."""
    return owners_fen // FEN_A_POINT if has_firm else 0


def new_token() -> str:
    """Make what the QR code of a card leads to: 128 bits nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def valid_until(issued_at: datetime, days: int, renewed_until: datetime | None = None) -> datetime:
    """Return the end of a card's time; a renewal begins where the card before ends."""
    start = max(issued_at, renewed_until) if renewed_until is not None else issued_at
    return start + timedelta(days=days)


def is_valid(state: ApplicationState, until: datetime | None, at: datetime) -> bool:
    """Tell whether a card opens anything now. No job need have run for it to be over."""
    return state is ApplicationState.ACTIVE and until is not None and at < until


def may_renew(state: ApplicationState, until: datetime | None, at: datetime, days: int) -> bool:
    """Tell whether a card is near enough its end to be applied for again."""
    return (
        state in (ApplicationState.ACTIVE, ApplicationState.PAUSED)
        and until is not None
        and until - timedelta(days=days) <= at < until
    )


def fee_comes_back(issued_at: datetime, at: datetime) -> bool:
    """Tell whether a returned card's price goes back: all of it for 72 hours, then nothing.

    There is no deposit: a card costs what making it costs, and that is spent when it is handed out.
    """
    return at < issued_at + DISPUTE_WINDOW


def due_at(waiting_since: datetime, hours: int) -> datetime:
    """Return until when whoever is asked should have answered."""
    return waiting_since + timedelta(hours=hours)
