"""The ledger as plain Python: what every request should do, with no thought of how.

A request answers with what it moved and whether it had been made before, or with the name of its
refusal, as `Did` or as text.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from grid_report.clock import Month
from grid_report.points.kinds import Verdict
from grid_report.points.policy import Terms
from tests.points.proof.model_debts import Booking, Did, Lot, Owing, Paid, Parts


class Model(Owing):
    """What should be true."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.pools: dict[tuple[str | None, Month], int] = {}
        self.opened: set[tuple[str, Month]] = set()
        self.closed: dict[tuple[str | None, Month], int] = {}
        self.paid: dict[int, Paid] = {}
        self.owed: dict[int, tuple[int, int, int, str]] = {}
        self.grants: set[int] = set()
        self.lots: list[Lot] = []
        self.bookings: dict[str, Booking] = {}
        self.debts: dict[int, int] = defaultdict(int)
        self.ends: dict[str, int] = defaultdict(int)
        self.cleared: dict[str, Did] = {}
        self.supply = 0
        # What lots owe, in the order in which it was written down.
        self.claims: list[tuple[Paid, int]] = []

    # Budgets

    def open(self, community: str, month: Month) -> None:
        pool, reserve = (community, month), (None, month)
        if pool in self.opened or pool in self.closed or reserve in self.closed:
            return
        self.opened.add(pool)
        points = self.terms.budget_per_month
        for key, amount in ((pool, points), (reserve, self.terms.reserve(points))):
            self.pools[key] = self.pools.get(key, 0) + amount
            self.supply += amount

    def grant(self, community: str | None, points: int, key: int, at: datetime) -> bool | str:
        pool = (community, self.terms.month(at))
        if key not in self.grants and pool in self.closed:
            return "MonthClosed"
        if community:
            self.open(community, self.terms.month(at))
        self.pools.setdefault(pool, 0)
        if key in self.grants:
            return False
        self.grants.add(key)
        self.pools[pool] += points
        self.supply += points
        return True

    def close(self, community: str | None, month: Month, at: datetime) -> Did | str | None:
        pool = (community, month)
        if pool in self.closed:
            return Did(self.closed[pool], already=True)
        if not self.terms.may_close(month, at):
            return "MonthNotOver"
        if not self.pools.get(pool):
            return None
        self.closed[pool] = self.pools[pool]
        self.supply -= self.pools[pool]
        self.pools[pool] = 0
        return Did(self.closed[pool])

    # Awards

    def award(
        self, rider: int, cause: int, points: int, severity: int, community: str, at: datetime
    ) -> tuple[str, Did]:
        if cause in self.paid:
            return "paid", Did(self.paid[cause].points, already=True)
        if cause in self.owed:
            return "owed", Did(self.owed[cause][1], already=True)
        repaid = self.pay(rider, cause, points, severity, community, at)
        if repaid is None:
            self.owed[cause] = (rider, points, severity, community)
            return "owed", Did(points)
        return "paid", Did(points, debt=repaid)

    def pay(
        self, rider: int, cause: int, points: int, severity: int, community: str, at: datetime
    ) -> int | None:
        month = self.terms.month(at)
        if (community, month) not in self.pools:
            self.open(community, month)
            if (community, month) not in self.pools:
                return None
        sources = [community, None] if severity >= 3 else [community]
        for source in sources:
            if self.pools.get((source, month), 0) >= points:
                self.pools[source, month] -= points
                break
        else:
            return None
        over_at = self.terms.expiry(at)
        self.lots.append(Lot(rider, community, points, over_at, free=points))
        self.paid[cause] = Paid(rider, points, len(self.lots) - 1)
        repaid = min(points // 2, max(0, self.debts[rider] - self.held(rider)))
        self.lots[-1].free -= repaid
        self.debts[rider] -= repaid
        return repaid

    def reverse(self, cause: int, verdict: Verdict) -> Did:
        paid = self.paid[cause]
        if verdict in paid.reversals:
            before = paid.reversals[verdict]
            return Did(before.points, already=True, debt=before.debt)
        due = paid.left
        own = self.lots[paid.lot]
        theirs = [paid.lot]
        if verdict in (Verdict.NEGLIGENT, Verdict.FRAUD):
            theirs += [n for n in self.by_date(paid.rider) if n != paid.lot]
        taken = self.spend(theirs, due)
        debt = due - taken if verdict is Verdict.FRAUD else 0
        self.debts[paid.rider] += debt
        self.ends[f"clawback:{own.community}:"] += taken + debt
        paid.reversals[verdict] = Did(taken + debt, debt=debt)
        if verdict is not Verdict.FRAUD:
            self.owe(paid, theirs, due - taken)
        return paid.reversals[verdict]

    # Lots

    def by_date(self, rider: int) -> list[int]:
        mine = [n for n, lot in enumerate(self.lots) if lot.rider == rider]
        return sorted(mine, key=lambda n: (self.lots[n].over_at, n))

    def spend(self, lots: list[int], points: int) -> int:
        spent = 0
        for number in lots:
            part = min(self.lots[number].free, points - spent)
            self.lots[number].free -= part
            spent += part
        return spent

    def expire(self, rider: int, community: str, at: datetime) -> Did | None:
        over = [
            n
            for n in self.by_date(rider)
            if self.lots[n].over_at <= at and self.lots[n].community == community
        ]
        points = self.spend(over, sum(lot.points for lot in self.lots))
        self.ends[f"expired:{community}:"] += points
        return Did(points) if points else None

    # Redemptions

    def hold(self, rider: int, ref: str, points: int, provider: str, at: datetime) -> Did | str:
        if ref in self.bookings:
            booking = self.bookings[ref]
            return Did(booking.points, already=True) if booking.rider == rider else "NotFound"
        parts: Parts = []
        for number in self.by_date(rider):
            lot = self.lots[number]
            part = min(lot.free, points - sum(p for _, p in parts))
            if part and lot.over_at > at:
                parts.append((number, part))
        if sum(part for _, part in parts) < points:
            return "NotEnoughPoints"
        for number, part in parts:
            self.lots[number].free -= part
            self.lots[number].held += part
        self.bookings[ref] = Booking(rider, provider, parts)
        return Did(points)

    def capture(self, ref: str, points: int | None) -> Did | str:
        booking = self.bookings.get(ref)
        if booking is None:
            return "NotFound"
        if booking.taken is not None:
            return Did(booking.captured, already=True)
        if booking.is_released:
            return "HoldResolved"
        wanted = booking.points if points is None else points
        if wanted > booking.points:
            return "Invalid"
        booking.taken, booking.captured, left = [], wanted, wanted
        back: Parts = []
        for number, held in booking.parts:
            part = min(held, left)
            left -= part
            self.lots[number].held -= held
            self.lots[number].free += held - part
            if part:
                booking.taken.append((number, part))
            if held > part:
                back.append((number, held - part))
        self.met(booking.rider, back)
        return Did(wanted)

    def release(self, ref: str) -> Did | str:
        booking = self.bookings.get(ref)
        if booking is None:
            return "NotFound"
        if booking.is_released:
            return Did(booking.points, already=True)
        if booking.taken is not None:
            return "HoldResolved"
        for number, held in booking.parts:
            self.lots[number].held -= held
            self.lots[number].free += held
        booking.is_released = True
        booking.left = self.met(booking.rider, booking.parts)
        return Did(booking.points)

    def noshow(self, ref: str, penalty: int, community: str) -> Did | str:
        booking = self.bookings.get(ref)
        if booking is None:
            return "NotFound"
        if booking.lost is not None:
            return Did(booking.lost, already=True)
        lost = min(penalty, booking.points // 5)
        released = self.release(ref)
        if isinstance(released, str):
            return released
        if lost and released.already and booking.left:
            return "HoldResolved"
        lost = min(lost, sum(part for _, part in booking.left))
        if lost:
            booking.lost = lost
            for number, held in booking.left:
                part = min(held, lost)
                self.lots[number].free -= part
                lost -= part
            self.ends[f"penalty:{community}:"] += booking.lost
        return Did(booking.lost or 0, already=released.already)

    def refund(self, ref: str, points: int | None, key: str) -> Did | str | None:
        booking = self.bookings.get(ref)
        if booking is not None and key in booking.refunds:
            return Did(booking.refunds[key], already=True)
        if booking is None or booking.taken is None:
            return "NotFound"
        if booking.settled is not None:
            return "RedemptionSettled"
        left = self.left_of(booking)
        if points is None and not left:
            return None
        wanted = left if points is None else points
        if wanted > left:
            return "Invalid"
        booking.refunds[key] = wanted
        # They were taken by date: those that live longest are the last.
        back: Parts = []
        for place, (number, paid) in reversed(list(enumerate(booking.taken))):
            part = min(paid, wanted)
            booking.taken[place] = (number, paid - part)
            self.lots[number].free += part
            wanted -= part
            if part:
                back.append((number, part))
        self.met(booking.rider, back)
        return Did(booking.refunds[key])

    def left_of(self, booking: Booking) -> int:
        return sum(part for _, part in booking.taken or [])

    def settle(self, ref: str) -> Did | str | None:
        booking = self.bookings.get(ref)
        if booking is not None and booking.settled is not None:
            return Did(booking.settled, already=True)
        if booking is None or booking.taken is None:
            return "NotFound"
        if not self.left_of(booking):
            return None
        booking.settled = self.left_of(booking)
        return Did(booking.settled)

    def earned(self, provider: str) -> int:
        settled = sum(b.settled or 0 for b in self.bookings.values() if b.provider == provider)
        cleared = (it.points for key, it in self.cleared.items() if key.startswith(provider))
        return settled - sum(cleared)

    def clear(self, provider: str, points: int, key: str) -> Did | str:
        if key in self.cleared:
            return Did(self.cleared[key].points, already=True)
        if self.earned(provider) < points:
            return "NotEnoughPoints"
        self.cleared[key] = Did(points)
        self.supply -= points
        return Did(points)

    def in_escrow(self, provider: str) -> int:
        return sum(
            self.left_of(booking)
            for booking in self.bookings.values()
            if booking.provider == provider and booking.settled is None
        )
