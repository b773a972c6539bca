"""Years of a provider's services and statements, written in bulk: what a month costs beside them.

The rows are those the program writes, as far as statements read them: redemptions that are final,
the entries that settled them, lines and closed statements. The transfers of the past are left
out, but for what the newest month has earned: the ledger has a benchmark of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from grid_report.clock import Month
from grid_report.db import transaction
from grid_report.offers.kinds import ForWhom
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.models import Redemption
from grid_report.offers.settlements import steps as settlements_steps
from grid_report.offers.settlements import usecases as settlements_usecases
from grid_report.offers.settlements.lifecycle import Side, StatementStep
from grid_report.points import ledger
from grid_report.points.causes import REDEMPTION_SETTLED
from grid_report.points.kinds import EventKind
from grid_report.points.ledger.models import Journal
from grid_report.points.policy import Terms
from tests.points.book import STATION
from tests.support.builders import Make, in_words

POINTS = 20
AT_ONCE = 5000


class LongHistory:
    """One provider with months of services; the newest month is not drawn yet."""

    def __init__(self, make: Make, code: str = "station-1") -> None:
        self.make, self.zone = make, make.settings.county.tz
        self.station = make.station(code)
        self.provider = f"of-{code}"
        self.offers = [make.offer(code, POINTS, titles=in_words(f"热饭{n}")) for n in range(4)]
        self.rider, self.staff = make.rider().member_id, make.worker().member_id
        self.admins = [make.administrator() for _ in range(2)]

    def serve(self, month: Month, count: int) -> list[str]:
        """Have so many services of a month become final; every fourth is free."""
        start, end = month.bounds(self.zone)
        step = (end - start - timedelta(hours=1)) / count
        rows = [self._row(month, n, start + step * n) for n in range(count)]
        with transaction() as session:
            for at in range(0, count, AT_ONCE):
                session.execute(insert(Redemption), rows[at : at + AT_ONCE])
            paid = [self._settled(row) for row in rows if row["points"]]
            for at in range(0, len(paid), AT_ONCE):
                session.execute(insert(Journal), paid[at : at + AT_ONCE])
        return [row["ref"] for row in rows]

    def _row(self, month: Month, number: int, at: datetime) -> dict[str, Any]:
        ref = f"R-{str(month).replace('-', '')}-{number}"
        return {
            "ref": ref,
            "key": ref,
            "fingerprint": "",
            "rider_id": self.rider,
            "offer_id": self.offers[number % len(self.offers)],
            "provider_code": self.provider,
            "station_code": self.station,
            "points": 0 if number % 4 == 0 else POINTS,
            "for_whom": ForWhom.RIDER,
            "state": RedemptionState.SETTLED,
            "secret": "",
            "holds_until": at,
            "created_at": at,
            "delivered_at": at,
            "confirmed_by_id": self.staff,
            "confirm_nonce": ref,
            "ended_at": at + timedelta(minutes=30),
        }

    @staticmethod
    def _settled(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "kind": EventKind.SETTLE,
            "cause_type": REDEMPTION_SETTLED,
            "cause_id": row["ref"],
            "at": row["ended_at"],
            "points": row["points"],
            "redemption_ref": row["ref"],
            "note": "",
        }

    def draw(self, month: Month) -> bool:
        """Draw a month's statement."""
        now = month.bounds(self.zone)[1]
        return settlements_usecases._draw(
            self.provider, month, zone=self.zone, fen_per_point=10, now=now
        )

    def earn(self, points: int, at: datetime) -> None:
        """Let the ledger hold what a month's services earned, as one service of that price."""
        terms = Terms(self.zone, 100_000_000, 0)
        ref = f"R-all-{at:%Y%m}"
        with transaction() as session:
            ledger.award(
                session, self.rider, cause=ledger.Cause("report-accepted", f"KY-{ref}"),
                earning=ledger.Earning(points, "R1", "2020-1"), community_code=STATION,
                terms=terms, at=at, actor_id=self.staff, approved_by_id=self.admins[0].member_id,
                severity=1,
            )  # fmt: skip
            ledger.hold(
                session, self.rider, ref=ref, points=points, provider_code=self.provider,
                holds_until=at + timedelta(days=9), at=at,
            )  # fmt: skip
            ledger.capture(session, ref, at=at, actor_id=self.staff)
            ledger.settle(session, ref, at=at)

    def confirm(self, month: Month) -> None:
        """Confirm a drawn month for the provider."""
        with transaction() as session:
            it = settlements_steps.lock(session, self.provider, str(month))
            settlements_steps.move(
                session, it, StatementStep.CONFIRM, side=Side.PROVIDER, actor=self.admins[1],
                now=month.bounds(self.zone)[1],
            )  # fmt: skip

    def close(self, month: Month) -> None:
        """Confirm for the county, which burns the points and closes the month."""
        settlements_usecases.countersign(
            self.provider, month, seen=None, actor=self.admins[0],
            now=month.bounds(self.zone)[1],
        )  # fmt: skip

    def live(self, months: Sequence[Month], count: int) -> None:
        """Have months served, drawn and confirmed, one after the other."""
        for month in months:
            self.serve(month, count)
            assert self.draw(month)
            self.confirm(month)
