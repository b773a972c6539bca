"""Asking for a card, and every step of an application: one function, one transaction each."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts import limit_steps
from grid_report.accounts.numbers.steps import check_proved
from grid_report.accounts.steps import lock_member_weakly
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid, NotFound, Stale
from grid_report.offers import errors as offers_errors
from grid_report.offers import signals
from grid_report.offers.catalogue.models import Offer
from grid_report.offers.catalogue.permissions import OFFERS_REDEEM
from grid_report.offers.kinds import ForWhom
from grid_report.offers.permits import rules
from grid_report.offers.permits import steps as paper_steps
from grid_report.offers.permits.commands import Apply, TakeApplicationStep
from grid_report.offers.permits.firms import firm_of
from grid_report.offers.permits.lifecycle import (
    HELD,
    WAITING,
    ApplicationStep,
    Side,
    application_move,
)
from grid_report.offers.permits.models import (
    Application,
    ApplicationEntry,
    OwnerPrice,
    PermitOffer,
)
from grid_report.offers.permits.permissions import (
    APPLICATION_READ,
    application_sides,
    check_application_step,
)
from grid_report.offers.permits.price_steps import newest_price, open_provider
from grid_report.offers.permits.rules import PermitKind
from grid_report.offers.redemptions import opening_queries, vouchers
from grid_report.offers.redemptions import steps as redemptions_steps
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.lifecycle import RedemptionStep
from grid_report.offers.redemptions.models import Redemption
from grid_report.places.geo.reference import CompoundInfo, Reference, UnitInfo
from grid_report.points import ledger

logger = logging.getLogger(__name__)

MINUTE_S = 60

ROLES = {
    Side.RIDER: Role.RIDER,
    Side.PROPERTY: Role.HANDLER,
    Side.COMMUNITY: Role.WORKER,
    Side.ADMINISTRATOR: Role.ADMINISTRATOR,
}


@dataclass(frozen=True)
class Applied:
    """An application with its reference, and whether it was so before this request."""

    application: Application
    ref: str
    replayed: bool = False


@use_case
def apply(
    command: Apply,
    *,
    places: Reference,
    lapse_days: int,
    renew_days: int,
    actor: Actor,
    now: datetime,
) -> Applied:
    """Ask for a card at the owners' price, the points on hold, or none of it.

    Raises NotFound, Forbidden, Invalid, BookingKeyReused, OfferGone, PriceUnknown, FirmUnknown,
    PermitApplied, PermitHeld, NotRenewable, NumberUnproved, FirstReportNeeded, and NotEnoughPoints of the ledger.
    """
    access.check(actor, OFFERS_REDEEM)
    with transaction() as session:
        # One open application and one card each are counted under this lock.
        lock_member_weakly(session, actor.member_id)
        known = _sent_before(session, command, actor)
        if known is not None:
            return known
        check_proved(session, actor.member_id)
        offer, paper = _offer_and_kind(session, command)
        if opening_queries.needs_report(session, offer, actor.member_id):
            raise offers_errors.FirstReportNeeded
        compound = places.compound(command.compound_code)
        if compound is None:
            raise Invalid.field("compound", "compound-unknown")
        renews = _check_one_each(
            session, command, paper, renew_days=renew_days, actor=actor, now=now
        )
        price = newest_price(session, compound.code, paper)
        if price is None:
            raise offers_errors.PriceUnknown
        firm = _firm(places, compound, price)
        unit_code = firm.code if firm is not None else None
        if firm is not None:
            # It may be another one than when the price was said.
            open_provider(session, firm, now)
        points = rules.points_for(price.owners_fen, has_firm=firm is not None)
        if not redemptions_steps.take_stock(session, offer.id):
            raise offers_errors.OfferGone
        redemption = _reserve(
            session,
            command,
            offer,
            provider_code=unit_code or offer.provider_code,
            points=points,
            holds_until=now + timedelta(days=lapse_days),
            actor=actor,
            now=now,
        )
        application = Application(
            redemption_id=redemption.id,
            rider_id=actor.member_id,
            paper=paper,
            compound_code=compound.code,
            compound_name=compound.name,
            community_code=compound.community_code,
            unit_code=unit_code,
            price_id=price.id,
            owners_fen=price.owners_fen,
            points=points,
            nickname=command.nickname,
            plate=command.plate,
            purpose=command.purpose,
            renews_id=renews,
            created_at=now,
            waiting_since=now,
        )
        paper_steps.start(session, application, now)
        paper_steps.tell_next(session, application, redemption.ref, now=now)
        signals.reserved.send(session, redemption=redemption)
    logger.info("card applied for", extra={"application_id": application.id})
    return Applied(application, redemption.ref)


def _sent_before(session: Session, command: Apply, actor: Actor) -> Applied | None:
    known = session.scalars(
        select(Redemption).where(
            Redemption.rider_id == actor.member_id, Redemption.key == command.key
        )
    ).one_or_none()
    if known is None:
        return None
    if known.fingerprint != command.fingerprint:
        raise offers_errors.BookingKeyReused(known.ref)
    return Applied(paper_steps.lock(session, known.id), known.ref, replayed=True)


def _offer_and_kind(session: Session, command: Apply) -> tuple[Offer, PermitKind]:
    """Return the offer and what is applied for through it; a vehicle has a plate."""
    offer = session.get(Offer, command.offer_id)
    if offer is None or not offer.kind.way.is_applied_for:
        raise NotFound
    paper = session.scalar(select(PermitOffer.paper).where(PermitOffer.offer_id == offer.id))
    if paper is None or offer.retired_at is not None:
        raise offers_errors.OfferGone
    if paper is PermitKind.VEHICLE and not command.plate:
        raise Invalid.field("plate", "field-needed")
    if paper is not PermitKind.VEHICLE and command.plate:
        raise Invalid.field("plate", "only-vehicles-have-plates")
    return offer, paper


def _check_one_each(
    session: Session,
    command: Apply,
    paper: PermitKind,
    *,
    renew_days: int,
    actor: Actor,
    now: datetime,
) -> int | None:
    """Refuse a second application or card; return the id of the card that is renewed."""
    mine = session.execute(
        select(Application, Redemption.ref)
        .join(Redemption, Redemption.id == Application.redemption_id)
        .where(
            Application.rider_id == actor.member_id,
            Application.compound_code == command.compound_code,
            Application.paper == paper,
            Application.state.in_((*WAITING, *HELD)),
        )
    ).all()
    for application, ref in mine:
        if application.state in WAITING:
            raise offers_errors.PermitApplied(ref)
    held = next(iter(mine), None)
    if held is None:
        if command.renews:
            raise offers_errors.NotRenewable
        return None
    application, ref = held
    if command.renews != ref:
        # Over, and no job has noticed: nothing to wait for.
        if application.valid_until is not None and application.valid_until <= now:
            paper_steps.lock(session, application.redemption_id)
            paper_steps.move(
                session, application, ApplicationStep.EXPIRE,
                actor=None, role=redemptions_steps.SYSTEM, now=now,
            )  # fmt: skip
            return None
        raise offers_errors.PermitHeld(ref)
    if not rules.may_renew(application.state, application.valid_until, now, renew_days):
        raise offers_errors.NotRenewable
    return int(application.id)


def _firm(places: Reference, compound: CompoundInfo, price: OwnerPrice) -> UnitInfo | None:
    if compound.self_managed:
        return None
    firm = firm_of(places, compound, price.unit_code)
    if firm is None:
        raise offers_errors.FirmUnknown
    return firm


def _reserve(
    session: Session,
    command: Apply,
    offer: Offer,
    *,
    provider_code: str,
    points: int,
    holds_until: datetime,
    actor: Actor,
    now: datetime,
) -> Redemption:
    redemption = Redemption(
        ref=vouchers.new_ref(),
        key=command.key,
        fingerprint=command.fingerprint,
        rider_id=actor.member_id,
        offer_id=offer.id,
        provider_code=provider_code,
        points=points,
        for_whom=ForWhom.RIDER,
        secret=vouchers.new_secret(),
        holds_until=holds_until,
        created_at=now,
    )
    redemptions_usecases.set_initial_state(redemption)
    session.add(redemption)
    session.flush()
    if points:
        ledger.hold(
            session,
            actor.member_id,
            ref=redemption.ref,
            points=points,
            provider_code=provider_code,
            holds_until=holds_until,
            at=now,
        )
    redemptions_steps.record(
        session,
        redemption,
        RedemptionStep.RESERVE,
        came_from=None,
        actor_id=actor.member_id,
        role=Role.RIDER.value,
        now=now,
    )
    return redemption


@use_case
def take_step(ref: str, command: TakeApplicationStep, *, actor: Actor, now: datetime) -> Applied:
    """Take one step of an application with what hangs on it. The same one again changes nothing.

    Raises NotFound, Forbidden, Invalid, Stale, IllegalApplicationStep.
    """
    with transaction() as session:
        redemption = redemptions_steps.lock(session, ref)
        application = paper_steps.lock(session, redemption.id)
        access.check(actor, APPLICATION_READ, application)
        if _taken_before(session, application, command, actor):
            return Applied(application, ref, replayed=True)
        check_application_step(actor, application, command.step)
        if command.seen is not None and command.seen != application.version:
            raise Stale(command.seen, application.version)
        has_firm = application.unit_code is not None
        target = application_move(application.state, command.step, has_firm=has_firm)
        if target.needs_reason and not command.words:
            raise Invalid.field("words", "reason-missing")
        role = _role(actor, application, target.by)
        if command.step is ApplicationStep.ISSUE:
            days = session.get_one(Offer, redemption.offer_id).valid_days
            paper_steps.issue(
                session, application, days=days, card_number=command.card_number,
                actor=actor, role=role, now=now,
            )  # fmt: skip
        else:
            paper_steps.move(
                session, application, command.step,
                actor=actor, role=role, now=now, words=command.words,
            )  # fmt: skip
        points_back = paper_steps.move_fee(
            session, application, redemption, command.step, target.fee,
            actor=actor, role=role, now=now, words=command.words,
        )  # fmt: skip
        paper_steps.tell_next(session, application, ref, now=now)
        if Side.KEEPER not in application_sides(actor, application):
            paper_steps.tell_keeper(
                session, application, ref, command.step, now=now, words=command.words
            )
        if actor.member_id != application.rider_id:
            paper_steps.tell_rider(
                session, application, ref, command.step,
                now=now, words=command.words, points_back=points_back,
            )  # fmt: skip
    logger.info("card step", extra={"application_id": application.id, "step": command.step.value})
    return Applied(application, ref)


def _taken_before(
    session: Session, application: Application, command: TakeApplicationStep, actor: Actor
) -> bool:
    """Tell whether this very request came before: the same person, step and version seen."""
    if command.seen is None or command.seen + 1 != application.version:
        return False
    last = session.scalars(
        select(ApplicationEntry).where(
            ApplicationEntry.application_id == application.id,
            ApplicationEntry.version == application.version,
        )
    ).one_or_none()
    return (
        last is not None
        and last.step is command.step
        and last.actor_id == actor.member_id
        and last.words == command.words
    )


def _role(actor: Actor, application: Application, by: frozenset[Side]) -> str:
    sides = application_sides(actor, application) & by
    if Side.KEEPER in sides:
        sides |= {Side.PROPERTY if application.unit_code is not None else Side.COMMUNITY}
    return next(role.value for side, role in ROLES.items() if side in sides)


@use_case
def look_up(token: str, *, address: str, most: int, now: datetime) -> Application | None:
    """Return the card behind a token, for whoever scans it; so often a minute from one address.

    Raises TooMany.
    """
    with transaction() as session:
        limit_steps.count(session, f"verify:{address}", window_s=MINUTE_S, limit=most, now=now)
        return session.scalars(select(Application).where(Application.token == token)).one_or_none()
