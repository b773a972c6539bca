"""The part of the model that knows lots, awards, and what verdicts have still to come of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from grid_report.points.kinds import Verdict


@dataclass(frozen=True)
class Did:
    """What a request moved; `debt` is the part that is owed or was repaid."""

    points: int
    already: bool = False
    debt: int = 0


@dataclass
class Lot:
    """One award's points. Its place in the list is its age."""

    rider: int
    community: str
    points: int
    over_at: datetime
    free: int
    held: int = 0


Parts = list[tuple[int, int]]


@dataclass
class Booking:
    """A redemption from hold to statement."""

    rider: int
    provider: str
    parts: Parts
    taken: Parts | None = None
    captured: int = 0
    is_released: bool = False
    # What a release left of it, once what was owed had been taken.
    left: Parts = field(default_factory=list)
    lost: int | None = None
    refunds: dict[str, int] = field(default_factory=dict)
    settled: int | None = None

    @property
    def points(self) -> int:
        return sum(points for _, points in self.parts)


@dataclass
class Paid:
    """An award: its lot, and what reversals took by verdict."""

    rider: int
    points: int
    lot: int
    reversals: dict[Verdict, Did] = field(default_factory=dict)
    collected: int = 0
    owed: dict[int, int] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """What no verdict has taken, or charged to the rider."""
        return self.points - self.collected - sum(it.points for it in self.reversals.values())


class Owing:
    """What is owed by lots, and how it is met."""

    lots: list[Lot]
    debts: dict[int, int]
    ends: dict[str, int]
    claims: list[tuple[Paid, int]]

    def owe(self, paid: Paid, theirs: list[int], left: int) -> None:
        """Each lot owes what it has on hold; the own one all that is not found there."""
        wanted: dict[int, int] = {}
        for number in theirs:
            part = min(self.lots[number].held, left)
            wanted[number] = part
            left -= part
        wanted[paid.lot] += left
        for number, part in wanted.items():
            more = part - paid.owed.get(number, 0)
            if more > 0:
                paid.owed[number] = part
                self.claims.append((paid, number))

    def by_claim(self, rider: int, lots: Collection[int]) -> list[Paid]:
        """List a rider's wrong awards as they are met: whose claim on those lots is oldest first."""
        mine = (it for it, number in self.claims if it.rider == rider and number in lots)
        return list({id(it): it for it in mine}.values())

    def met(self, rider: int, parts: Parts) -> Parts:
        """Take what is owed of points that are free again; return what of them stays."""
        here = dict(parts)
        for paid in self.by_claim(rider, here):
            for number in paid.owed:
                part = min(paid.owed[number], paid.left, here.get(number, 0))
                if part:
                    here[number] -= part
                    paid.owed[number] -= part
                    paid.collected += part
                    self.lots[number].free -= part
                    self.ends[f"clawback:{self.lots[paid.lot].community}:"] += part
        for number, _ in parts:
            part = min(self.debts[rider], here[number])
            here[number] -= part
            self.debts[rider] -= part
            self.lots[number].free -= part
        return [(number, here[number]) for number, _ in parts if here[number]]

    def held(self, rider: int) -> int:
        return sum(lot.held for lot in self.lots if lot.rider == rider)

    def owed_by(self, rider: int) -> int:
        """What of the points on hold is taken when it comes back."""
        claimed = 0
        here = {n: lot.held for n, lot in enumerate(self.lots) if lot.rider == rider and lot.held}
        for paid in self.by_claim(rider, here):
            left = paid.left
            for number, owed in paid.owed.items():
                part = min(owed, left, here.get(number, 0))
                if part:
                    here[number] -= part
                    left -= part
                    claimed += part
        return claimed + min(self.debts[rider], sum(here.values()))
