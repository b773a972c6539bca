"""What is asked for about cards: one applied for, a step of it, an owners' price."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from grid_report.offers.permits.lifecycle import ApplicationStep
from grid_report.offers.permits.rules import PermitKind


@dataclass(frozen=True)
class Apply:
    """Ask for a card of a compound. `key` makes sending it twice once."""

    key: str
    offer_id: int
    compound_code: str
    nickname: str
    purpose: str
    plate: str = ""
    renews: str = ""

    @property
    def fingerprint(self) -> str:
        """A digest of everything that makes this request what it is, but the key."""
        said = "|".join(
            (str(self.offer_id), self.compound_code, self.nickname, self.purpose, self.plate,
             self.renews)
        )  # fmt: skip
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class TakeApplicationStep:
    """One step of an application, by somebody who saw it in one version."""

    step: ApplicationStep
    seen: int | None = None
    words: str = ""
    card_number: str = ""


@dataclass(frozen=True)
class SetOwnerPrice:
    """What owners of a compound pay for a card from now on, and who says why."""

    compound_code: str
    paper: PermitKind
    owners_fen: int
    subsidy_fen: int = 0
    words: str = ""
    seen: int | None = None
