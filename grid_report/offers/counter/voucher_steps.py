"""Finding the voucher behind what a station saw, and everything that may be wrong with it.

Steps: nothing here commits. The five refusals are decided in one order, so that a voucher used
before says so even when the picture of its code is old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.errors import Conflict
from grid_report.offers import errors as offers_errors
from grid_report.offers.catalogue.models import Station
from grid_report.offers.counter import attempt_limits
from grid_report.offers.counter.commands import Scan
from grid_report.offers.kinds import TryResult
from grid_report.offers.redemptions import vouchers
from grid_report.offers.redemptions.lifecycle import DELIVERED_ONCE, RedemptionState
from grid_report.offers.redemptions.models import Redemption, VoucherTry

# How long a voucher that is over is still known by its six digits, to say why it is refused.
REMEMBERED: Final = timedelta(days=1)


@dataclass
class Look:
    """What was found: the voucher if there is one, and why it may not be used."""

    station_code: str
    result: TryResult
    redemption: Redemption | None = None
    refusal: Conflict | None = None


def stations_of(actor: Actor) -> list[str]:
    """Return the stations somebody works at, in a fixed order."""
    return sorted(actor.places(Role.STATION_STAFF))


def lock_stations(session: Session, codes: list[str]) -> list[Station]:
    """Let one try at a station happen after the other, or the counts would be of the past."""
    return list(
        session.scalars(
            select(Station)
            .where(Station.code.in_(codes))
            .order_by(Station.code)
            .with_for_update(key_share=True)
        )
    )


def look(session: Session, scan: Scan, actor: Actor, *, at: datetime, now: datetime) -> Look:
    """Find the voucher behind a code that was seen `at` one of the actor's stations.

    Wrong tries are counted in the hour before `now`, whenever they say they were made.
    Raises TooMany.
    """
    stations = [station.code for station in lock_stations(session, stations_of(actor))]
    if not stations:
        return Look("", TryResult.REFUSED, None, offers_errors.VoucherUnknown())
    _limit(session, VoucherTry.station_code.in_(stations), attempt_limits.WRONG_A_STATION, now)
    find = _by_code if scan.qr else _by_digits
    seen = find(session, scan.qr or scan.digits, stations, at)
    if seen.redemption is not None:
        tried = VoucherTry.redemption_id == seen.redemption.id
        _limit(session, tried, attempt_limits.WRONG_A_VOUCHER, now)
    return seen


def _by_code(session: Session, text: str, stations: list[str], at: datetime) -> Look:
    here = stations[0]
    shown = vouchers.parse(text)
    if shown is None:
        # Whatever else hangs on a wall in the camera's sight: no guess, so not counted as one.
        return Look(here, TryResult.REFUSED, None, offers_errors.VoucherUnknown())
    redemption = session.scalars(
        select(Redemption).where(Redemption.ref == shown.ref)
    ).one_or_none()
    if redemption is None:
        return Look(here, TryResult.WRONG, None, offers_errors.VoucherUnknown())
    if not vouchers.is_genuine(shown, redemption.secret):
        return Look(here, TryResult.WRONG, redemption, offers_errors.VoucherUnknown())
    refusal = why_not(session, redemption, stations, at)
    if refusal is None and not vouchers.is_fresh(shown.step, at):
        refusal = offers_errors.VoucherStepOld()
    at_station = redemption.station_code if redemption.station_code in stations else here
    result = TryResult.OK if refusal is None else TryResult.REFUSED
    return Look(at_station or here, result, redemption, refusal)


def _by_digits(session: Session, digits: str, stations: list[str], at: datetime) -> Look:
    candidates = session.scalars(
        select(Redemption).where(
            Redemption.station_code.in_(stations),
            (Redemption.state == RedemptionState.RESERVED)
            | (Redemption.delivered_at > at - REMEMBERED)
            | (Redemption.ended_at > at - REMEMBERED),
        )
    )
    found = [one for one in candidates if vouchers.digits_fit(one.ref, one.secret, digits, at)]
    # The same six digits for two vouchers at one moment: rather ask for the code than guess.
    if len(found) != 1:
        return Look(stations[0], TryResult.WRONG, None, offers_errors.VoucherUnknown())
    redemption = found[0]
    refusal = why_not(session, redemption, stations, at)
    result = TryResult.OK if refusal is None else TryResult.REFUSED
    return Look(redemption.station_code or stations[0], result, redemption, refusal)


def why_not(
    session: Session, redemption: Redemption, stations: list[str], at: datetime
) -> Conflict | None:
    """Say what keeps a genuine voucher from being used here and now."""
    if redemption.station_code not in stations:
        return offers_errors.VoucherWrongStation(_name(session, redemption.station_code))
    if redemption.state in DELIVERED_ONCE and redemption.delivered_at is not None:
        return offers_errors.VoucherUsed(
            redemption.delivered_at.isoformat(), _name(session, redemption.station_code)
        )
    if redemption.state is not RedemptionState.RESERVED or at >= redemption.holds_until:
        over = min(redemption.ended_at or redemption.holds_until, redemption.holds_until)
        return offers_errors.VoucherExpired(over.isoformat())
    return None


def _name(session: Session, code: str | None) -> str:
    return session.scalar(select(Station.name).where(Station.code == code)) or ""


def _limit(session: Session, where: object, most: int, now: datetime) -> None:
    wrong, oldest = session.execute(
        select(func.count(), func.min(VoucherTry.at)).where(
            where,  # type: ignore[arg-type]
            VoucherTry.result == TryResult.WRONG,
            VoucherTry.at > now - attempt_limits.WINDOW,
        )
    ).one()
    attempt_limits.refuse_more(wrong, most, oldest, now)


def note(session: Session, seen: Look, actor: Actor, at: datetime) -> None:
    """Keep the try: a right one allows the confirmation, wrong ones are counted."""
    if not seen.station_code:
        return
    session.add(
        VoucherTry(
            station_code=seen.station_code,
            redemption_id=seen.redemption.id if seen.redemption else None,
            actor_id=actor.member_id,
            at=at,
            result=seen.result,
        )
    )


def was_seen(session: Session, redemption: Redemption, since: datetime) -> bool:
    """Tell whether the voucher's own station saw it since an instant."""
    return (
        session.scalar(
            select(VoucherTry.id)
            .where(
                VoucherTry.redemption_id == redemption.id,
                VoucherTry.station_code == redemption.station_code,
                VoucherTry.result == TryResult.OK,
                VoucherTry.at >= since,
            )
            .limit(1)
        )
        is not None
    )
