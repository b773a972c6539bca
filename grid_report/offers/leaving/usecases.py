"""What is open of a rider who leaves is ended first: one transaction each, safe to repeat.

A booking is given back, whatever the hour: the next in the queue has the place. A queue is left.
A dispute ends for the station, which then has its points. An application is withdrawn, and a card
revoked: whoever has the card is told.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import select

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.leaving.erasing import Leaver
from grid_report.db import db, transaction, use_case
from grid_report.offers.kinds import WaitState
from grid_report.offers.permits import steps as permits_steps
from grid_report.offers.permits.lifecycle import HELD, WAITING, ApplicationStep
from grid_report.offers.permits.models import Application
from grid_report.offers.redemptions import steps
from grid_report.offers.redemptions.lifecycle import (
    IllegalRedemptionStep,
    RedemptionState,
    RedemptionStep,
)
from grid_report.offers.redemptions.models import Redemption, Waiting
from grid_report.offers.redemptions.usecases import leave_queue

_ENDS = {
    RedemptionState.RESERVED: RedemptionStep.CANCEL,
    RedemptionState.DISPUTED: RedemptionStep.DISMISS,
}


def leave_queues(it: Leaver) -> None:
    """Stop waiting for places."""
    rider = Actor(it.member_id, "", grants=frozenset({Grant(Role.RIDER)}))
    for slot_id in _found(
        select(Waiting.slot_id).where(
            Waiting.rider_id == it.member_id,
            Waiting.state.in_((WaitState.WAITING, WaitState.OFFERED)),
        )
    ):
        leave_queue(slot_id, actor=rider, now=it.now)


def end_permits(it: Leaver) -> None:
    """Withdraw applications and revoke cards."""
    _each(
        select(Redemption.ref)
        .join(Application, Application.redemption_id == Redemption.id)
        .where(Application.rider_id == it.member_id, Application.state.in_((*WAITING, *HELD)))
        .order_by(Redemption.id),
        lambda ref: _end_permit(ref, it),
    )


def end_redemptions(it: Leaver) -> None:
    """Give bookings back, and let disputes end."""
    _each(
        select(Redemption.ref)
        .where(Redemption.rider_id == it.member_id, Redemption.state.in_(_ENDS))
        .order_by(Redemption.id),
        lambda ref: _end_redemption(ref, it),
    )


def _found(query: object) -> list[Any]:
    found = list(db.session.scalars(query))  # type: ignore[call-overload]
    db.session.rollback()
    return found


def _each(query: object, end: Callable[[str], None]) -> None:
    for ref in _found(query):
        # Somebody was faster: there is nothing to end any more.
        with suppress(IllegalRedemptionStep):
            end(str(ref))


@use_case
def _end_permit(ref: str, it: Leaver) -> None:
    with transaction() as session:
        redemption = steps.lock(session, ref)
        application = permits_steps.lock(session, redemption.id)
        if application.state in WAITING:
            step = ApplicationStep.WITHDRAW
        elif application.state in HELD:
            step = ApplicationStep.REVOKE
        else:
            return
        target = permits_steps.move(
            session, application, step, actor=None, role=steps.SYSTEM, now=it.now
        )
        permits_steps.move_fee(
            session, application, redemption, step, target.fee,
            actor=None, role=steps.SYSTEM, now=it.now,
        )  # fmt: skip
        permits_steps.tell_keeper(session, application, ref, step, now=it.now)


@use_case
def _end_redemption(ref: str, it: Leaver) -> None:
    with transaction() as session:
        redemption = steps.lock(session, ref)
        step = _ENDS.get(redemption.state)
        if step is not None:
            steps.move(session, redemption, step, actor=None, role=steps.SYSTEM, now=it.now)
