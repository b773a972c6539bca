"""What owners pay for a card, said by the property firm or the county; and through which offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts.steps import audit
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid, NotFound, Stale
from grid_report.offers.catalogue.models import Offer
from grid_report.offers.permits.commands import SetOwnerPrice
from grid_report.offers.permits.firms import firm_of, firms_of
from grid_report.offers.permits.models import OwnerPrice, PermitOffer
from grid_report.offers.permits.permissions import OWNER_PRICE_SET, PERMITS_MANAGE
from grid_report.offers.permits.price_steps import newest_price, open_provider
from grid_report.offers.permits.rules import PermitKind
from grid_report.places.geo.reference import Reference


@dataclass(frozen=True)
class Priced:
    """What the permission for a price looks at: the firms that cover the compound."""

    firms: frozenset[str]


@use_case
def set_owner_price(
    command: SetOwnerPrice, *, places: Reference, actor: Actor, now: datetime
) -> int:
    """Write down a compound's price from now on; the same one again changes nothing. Return its id.

    Raises NotFound, Forbidden, Invalid, Stale.
    """
    compound = places.compound(command.compound_code)
    if compound is None:
        raise NotFound
    firms = firms_of(places, compound)
    access.check(actor, OWNER_PRICE_SET, Priced(frozenset(unit.code for unit in firms)))
    if command.subsidy_fen and not compound.self_managed:
        raise Invalid.field("subsidy", "subsidy-without-firm-only")
    if command.subsidy_fen > command.owners_fen:
        raise Invalid.field("subsidy", "subsidy-above-price")
    mine = actor.places(Role.HANDLER)
    own = next((unit.code for unit in firms if unit.code in mine), None)
    with transaction() as session:
        before = newest_price(session, compound.code, command.paper)
        firm = firm_of(places, compound, own or (before.unit_code if before else None))
        if not compound.self_managed and firm is None:
            raise Invalid.field("compound", "firm-unknown")
        unit_code = firm.code if firm is not None else None
        values = (command.owners_fen, command.subsidy_fen, unit_code, command.words)
        if before is not None:
            if values == (before.owners_fen, before.subsidy_fen, before.unit_code, before.words):
                return before.id
            if command.seen is not None and command.seen != before.id:
                raise Stale(command.seen, before.id)
            if not command.words:
                raise Invalid.field("words", "reason-missing")
        if firm is not None:
            open_provider(session, firm, now)
        price = OwnerPrice(
            compound_code=compound.code,
            paper=command.paper,
            owners_fen=command.owners_fen,
            subsidy_fen=command.subsidy_fen,
            unit_code=unit_code,
            set_at=now,
            set_by_id=actor.member_id,
            words=command.words,
        )
        session.add(price)
        session.flush()
        audit(
            session, actor, "owner-price-set", compound.code, now,
            paper=command.paper.value, fen=command.owners_fen, subsidy_fen=command.subsidy_fen,
        )  # fmt: skip
        return price.id


@use_case
def choose_offer(paper: PermitKind, offer_id: int, *, actor: Actor, now: datetime) -> None:
    """Say through which offer of the catalogue a kind of card is applied for.

    Raises NotFound, Forbidden, Invalid.
    """
    access.check(actor, PERMITS_MANAGE)
    with transaction() as session:
        offer = session.get(Offer, offer_id)
        if offer is None or not offer.kind.way.is_applied_for:
            raise Invalid.field("offer", "offer-of-applications-needed")
        other = session.query(PermitOffer).filter_by(offer_id=offer_id).one_or_none()
        if other is not None:
            if other.paper is paper:
                return
            raise Invalid.field("offer", "offer-taken-by-other-card")
        row = session.get(PermitOffer, paper)
        if row is None:
            session.add(PermitOffer(paper=paper, offer_id=offer_id))
        else:
            row.offer_id = offer_id
        audit(session, actor, "paper-offer-chosen", paper.value, now, offer_id=offer_id)
