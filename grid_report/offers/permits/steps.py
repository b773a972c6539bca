"""Writes on applications that take an open session and never commit.

Locks: rider, redemption, application, offer, then the ledger's accounts. The redemption carries
the points and follows the application; what happens to a redemption alone is followed here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.db import lock_one
from grid_report.notify import outbox
from grid_report.offers.permits import rules
from grid_report.offers.permits.lifecycle import (
    HELD,
    LIVING,
    WAITING,
    ApplicationMove,
    ApplicationState,
    ApplicationStep,
    Fee,
    Side,
    application_move,
    waits_for,
)
from grid_report.offers.permits.models import (
    Application,
    ApplicationEntry,
    OwnerPrice,
    Subsidy,
)
from grid_report.offers.redemptions import steps as redemptions_steps
from grid_report.offers.redemptions.lifecycle import RedemptionState, RedemptionStep
from grid_report.offers.redemptions.models import Redemption, RedemptionEntry
from grid_report.points import ledger
from grid_report.workflow import enter

# What the redemption does when its application ends without a card.
RELEASED_BY: Final = {
    ApplicationStep.WITHDRAW: RedemptionStep.CANCEL,
    ApplicationStep.LAPSE: RedemptionStep.EXPIRE,
}
TOLD_TO_KEEPER: Final = (
    ApplicationStep.WITHDRAW,
    ApplicationStep.CALL_OFF,
    ApplicationStep.PAUSE,
    ApplicationStep.RESUME,
    ApplicationStep.REVOKE,
)
# What the application does when its redemption was moved alone.
FOLLOWS: Final = {
    RedemptionState.CANCELLED: (WAITING, ApplicationStep.WITHDRAW),
    RedemptionState.PROVIDER_CANCELLED: (WAITING, ApplicationStep.CALL_OFF),
    RedemptionState.EXPIRED: (WAITING, ApplicationStep.LAPSE),
    RedemptionState.REFUNDED: (HELD, ApplicationStep.REVOKE),
}


def lock(session: Session, redemption_id: int) -> Application:
    """Take an application for deciding on it. Raises NotFound."""
    return lock_one(session, Application, Application.redemption_id == redemption_id)


def record(
    session: Session,
    application: Application,
    step: ApplicationStep,
    *,
    came_from: ApplicationState | None,
    actor_id: int | None,
    role: str,
    now: datetime,
    words: str = "",
) -> None:
    """Write one line of an application's history."""
    session.add(
        ApplicationEntry(
            application_id=application.id,
            step=step,
            from_state=came_from,
            to_state=application.state,
            version=application.version,
            at=now,
            actor_id=actor_id,
            role=role,
            words=words,
        )
    )
    session.flush()


def start(session: Session, application: Application, now: datetime) -> None:
    """Put a new application where every way begins, and tell whose turn it is."""
    application.state, application.version = ApplicationState.SUBMITTED, 1
    session.add(application)
    session.flush()
    record(
        session,
        application,
        ApplicationStep.APPLY,
        came_from=None,
        actor_id=application.rider_id,
        role=Role.RIDER.value,
        now=now,
    )


def move(
    session: Session,
    application: Application,
    step: ApplicationStep,
    *,
    actor: Actor | None,
    role: str,
    now: datetime,
    words: str = "",
) -> ApplicationMove:
    """Take an application to where the table says, with its history; the fee is apart.

    Raises IllegalApplicationStep.
    """
    has_firm = application.unit_code is not None
    target = application_move(application.state, step, has_firm=has_firm)
    came_from, actor_id = enter(application, target.to), actor.member_id if actor else None
    if target.to in WAITING:
        application.waiting_since = now
    application.paused_by_id = actor_id if target.to is ApplicationState.PAUSED else None
    if target.to not in LIVING:
        application.ended_at = now
    session.flush()
    record(
        session,
        application,
        step,
        came_from=came_from,
        actor_id=actor_id,
        role=role,
        now=now,
        words=words,
    )
    return target


def move_fee(
    session: Session,
    application: Application,
    redemption: Redemption,
    step: ApplicationStep,
    fee: Fee,
    *,
    actor: Actor | None,
    role: str,
    now: datetime,
    words: str = "",
) -> bool:
    """Let the redemption follow with its points; tell whether a price went back."""
    chosen: RedemptionStep | None = None
    if fee is Fee.CAPTURE:
        chosen = RedemptionStep.CONFIRM
    elif fee is Fee.RELEASE:
        chosen = RELEASED_BY.get(step, RedemptionStep.PROVIDER_CANCEL)
    elif (
        fee is Fee.REFUND
        and redemption.state in (RedemptionState.DELIVERED, RedemptionState.DISPUTED)
        and application.valid_from is not None
        and rules.fee_comes_back(application.valid_from, now)
    ):
        chosen = RedemptionStep.REFUND
    if chosen is None:
        return False
    redemptions_steps.move(
        session,
        redemption,
        chosen,
        actor=actor,
        role=role,
        now=now,
        words=words,
        nonce=f"issue-{redemption.ref}" if chosen is RedemptionStep.CONFIRM else "",
    )
    return chosen is not RedemptionStep.CONFIRM and redemption.points > 0


def follow(session: Session, *, redemption: Redemption, entry: RedemptionEntry) -> None:
    """Keep an application with its redemption when only that was moved: cancelled, refunded."""
    when = FOLLOWS.get(redemption.state)
    if when is None:
        return
    application = session.scalars(
        select(Application)
        .where(Application.redemption_id == redemption.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    states, step = when
    if application is None or application.state not in states:
        return
    actor = Actor(entry.actor_id, "") if entry.actor_id is not None else None
    move(session, application, step, actor=actor, role=entry.role, now=entry.at, words=entry.words)


def issue(
    session: Session,
    application: Application,
    *,
    days: int,
    card_number: str,
    actor: Actor,
    role: str,
    now: datetime,
) -> None:
    """Make the card: its time, its token; the one it renews ends, the county's part is written."""
    before = None
    if application.renews_id is not None:
        before = session.scalars(
            select(Application)
            .where(Application.id == application.renews_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
    renewed_until = None
    if before is not None and before.state in HELD:
        renewed_until = before.valid_until
        move(
            session,
            before,
            ApplicationStep.RENEW,
            actor=None,
            role=redemptions_steps.SYSTEM,
            now=now,
        )
    application.valid_from = now
    application.valid_until = rules.valid_until(now, days, renewed_until)
    application.token = rules.new_token()
    application.card_number = card_number
    move(session, application, ApplicationStep.ISSUE, actor=actor, role=role, now=now)
    price = session.get_one(OwnerPrice, application.price_id)
    if application.unit_code is None and price.subsidy_fen:
        session.add(
            Subsidy(
                application_id=application.id,
                compound_code=application.compound_code,
                fen=price.subsidy_fen,
                at=now,
                actor_id=actor.member_id,
                words=price.words,
            )
        )
        session.flush()


def tell_rider(
    session: Session,
    application: Application,
    ref: str,
    step: ApplicationStep,
    *,
    now: datetime,
    words: str = "",
    points_back: bool = False,
) -> None:
    """Tell the holder what was decided."""
    outbox.put(
        session,
        "application_step",
        to_member=application.rider_id,
        about=ref,
        facts={
            "step": step.value,
            "paper": application.paper.value,
            "compound": application.compound_name,
            "words": words,
            "points": ledger.stayed(session, ref, at=now) if points_back else 0,
            "until": application.valid_until,
        },
        now=now,
    )


def tell_keeper(
    session: Session,
    application: Application,
    ref: str,
    step: ApplicationStep,
    *,
    now: datetime,
    words: str = "",
) -> None:
    """Tell whoever has the cards what others did: the card itself has to follow."""
    if step not in TOLD_TO_KEEPER:
        return
    firm = application.unit_code
    outbox.put(
        session,
        "application_changed",
        to_role=(Role.HANDLER, firm) if firm else (Role.WORKER, application.community_code),
        except_member=application.rider_id,
        about=ref,
        facts={
            "step": step.value,
            "paper": application.paper.value,
            "compound": application.compound_name,
            "words": words,
        },
        now=now,
    )


def tell_next(session: Session, application: Application, ref: str, *, now: datetime) -> None:
    """Tell those whose turn it is."""
    side = waits_for(application.state, has_firm=application.unit_code is not None)
    if side is None:
        return
    to_firm = application.unit_code is not None and side in (Side.PROPERTY, Side.KEEPER)
    to_role = (
        (Role.HANDLER, application.unit_code or "")
        if to_firm
        else (Role.WORKER, application.community_code)
    )
    outbox.put(
        session,
        "application_waiting",
        to_role=to_role,
        except_member=application.rider_id,
        about=ref,
        facts={
            "paper": application.paper.value,
            "compound": application.compound_name,
            "stage": application.state.value,
        },
        now=now,
    )
