"""What the use cases are asked for, read and checked by shape; and what their keys remember."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from grid_report.offers.kinds import ForWhom


@dataclass(frozen=True)
class Redeem:
    """Take an offer: which, which slot, for whom. `key` makes sending it twice once.

    `price` is what the rider was shown; None where nobody says.
    """

    key: str
    offer_id: int
    slot_id: int | None = None
    for_whom: ForWhom = ForWhom.RIDER
    guardian_consents: bool = False
    price: int | None = None


def fingerprint(command: Redeem) -> str:
    """Return a digest of everything that makes this request what it is, but the key."""
    said = "|".join(
        (
            str(command.offer_id),
            str(command.slot_id),
            command.for_whom,
            str(command.guardian_consents),
            # What did not name a price hashes as it did before there was one to name.
            *(() if command.price is None else (str(command.price),)),
        )
    )
    return hashlib.sha256(said.encode()).hexdigest()
