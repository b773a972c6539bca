"""Deciding on cards: the property firm on its phone, the community at its desk; and the prices."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts.members.identity_queries import names_for
from grid_report.errors import Invalid, NotFound
from grid_report.offers.permits import forms, price_usecases, queries, rules, usecases
from grid_report.offers.permits.firms import firms_of
from grid_report.offers.permits.lifecycle import APPLICATION_MOVES, ApplicationStep
from grid_report.offers.permits.permissions import (
    APPLICATION_READ,
    APPLICATIONS_LIST,
    OWNER_PRICE_SET,
    PERMITS_MANAGE,
    PERMITS_READ,
    allowed_application_step,
)
from grid_report.offers.permits.price_usecases import Priced
from grid_report.offers.permits.queries import PermitRow, Pile
from grid_report.offers.permits.rules import PermitKind
from grid_report.places.geo.reference import CompoundInfo
from grid_report.places.queries import reference
from grid_report.web.context import current_actor, settings
from grid_report.web.pages import words
from grid_report.web.paging import pack, unpack_id
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("approvals", __name__)

PAGE = 50


@bp.get("/cards")
def index() -> str:
    """List what waits for the actor, what is under way, the cards and what is over."""
    actor, now = current_actor(), clock.now()
    access.check(actor, APPLICATIONS_LIST)
    asked = request.args.get("pile", "")
    pile = Pile(asked) if asked in set(Pile) else Pile.TO_DO
    rows, following = queries.list_permits(
        actor, pile, before=unpack_id(request.args.get("cursor")), limit=PAGE
    )
    return render_template(
        "permits/index.html",
        rows=rows,
        pile=pile,
        piles=list(Pile),
        waiting=queries.count_to_do(actor),
        hours=settings().cards.approve_hours,
        now=now,
        next=pack(following) if following else None,
    )


def _row(ref: str) -> PermitRow:
    """Return an application the actor may read, but not an own one. Raises NotFound."""
    actor = current_actor()
    access.check(actor, APPLICATIONS_LIST)
    row = queries.find_permit(ref)
    access.check(actor, APPLICATION_READ, row.application)
    if row.application.rider_id == actor.member_id:
        raise NotFound
    return row


@bp.get("/cards/<ref>")
def one(ref: str) -> str:
    """Show one application with what may be done."""
    return _permit_page(ref, {}, {}, "")


def _permit_page(ref: str, form: dict[str, Any], errors: Errors, failed: str) -> str:
    row, now, actor = _row(ref), clock.now(), current_actor()
    it, places = row.application, reference()
    entries = queries.list_entries(it.id)
    community, unit = places.community(it.community_code), places.unit(it.unit_code)
    steps = [step for step in ApplicationStep if allowed_application_step(actor, it, step)]
    return render_template(
        "permits/case.html",
        row=row,
        it=it,
        community=community.name if community is not None else "",
        firm=unit.name if unit is not None else "",
        entries=entries,
        names=names_for(
            actor, {e.actor_id for e in entries if e.actor_id and e.actor_id != it.rider_id}
        ),
        steps=steps,
        needs_reason={step for (_, step), move in APPLICATION_MOVES.items() if move.needs_reason},
        due=row.due_at(settings().cards.approve_hours),
        late=row.is_late(settings().cards.approve_hours, now),
        valid=row.is_valid(now),
        refund_open=it.valid_from is not None and rules.fee_comes_back(it.valid_from, now),
        form=form,
        errors=errors,
        failed=failed,
    )


@bp.post("/cards/<ref>/<step>")
def step(ref: str, step: str) -> Response:
    """Take a step, or come back with what was typed and why not."""
    _row(ref)
    if step not in set(ApplicationStep):
        raise NotFound
    form = request.form.to_dict()
    try:
        command = forms.read_permit_step(form, step)
        usecases.take_step(ref, command, actor=current_actor(), now=clock.now())
    except REFUSED as error:
        return shown_again(error, lambda errors: _permit_page(ref, form, errors, step))
    flash(words.said("card-step-done"))
    return redirect(url_for("approvals.one", ref=ref), 303)


@bp.get("/owner-prices")
def prices() -> str:
    """Show the owners' prices of the compounds the actor answers for, and set them."""
    return _prices_page({}, {})


def _compounds(actor: Actor) -> list[CompoundInfo]:
    """Return the compounds whose price the actor may see: the firm's own, or all."""
    places = reference()
    mine = actor.places(Role.HANDLER)
    everything = actor.holds_any(Role.ADMINISTRATOR, Role.AUDITOR)
    return [
        compound
        for compound in places.compounds.values()
        if everything or any(unit.code in mine for unit in firms_of(places, compound))
    ]


def _prices_page(form: dict[str, Any], errors: Errors) -> str:
    actor, places = current_actor(), reference()
    access.check(actor, PERMITS_READ)
    compounds = _compounds(actor)
    chosen = places.compound(form.get("compound") or request.args.get("compound"))
    if chosen not in compounds:
        chosen = None
    now_prices = queries.prices_now()
    may_set = chosen is not None and access.allowed(
        actor,
        OWNER_PRICE_SET,
        Priced(frozenset(unit.code for unit in firms_of(places, chosen))),
    )
    return render_template(
        "permits/prices.html",
        rows=[
            (compound, places.communities[compound.community_code].name,
             [now_prices.get((compound.code, paper)) for paper in PermitKind])
            for compound in compounds
        ],
        kinds=list(PermitKind),
        chosen=chosen,
        may_set=may_set,
        current={paper.value: now_prices.get((chosen.code, paper)) for paper in PermitKind}
        if chosen is not None
        else {},
        history=queries.price_history(chosen.code) if chosen is not None else [],
        may_manage=access.allowed(actor, PERMITS_MANAGE),
        sees_county=actor.holds_any(Role.ADMINISTRATOR, Role.AUDITOR),
        offers=queries.application_offers(),
        offer_of={paper.value: id for paper, id in queries.offers_of_permits().items()},
        subsidies=queries.list_subsidies()
        if actor.holds_any(Role.ADMINISTRATOR, Role.AUDITOR)
        else [],
        subsidy_total=queries.total_subsidies(),
        form=form,
        errors=errors,
    )  # fmt: skip


@bp.post("/owner-prices")
def set_price() -> Response:
    """Write a price down."""
    # Whoever sets prices anywhere is told what is wrong with one; which compounds is asked later.
    mine = Priced(current_actor().places(Role.HANDLER))
    access.check(current_actor(), OWNER_PRICE_SET, mine)
    form = request.form.to_dict()
    try:
        command = forms.read_owner_price(form)
        price_usecases.set_owner_price(
            command, places=reference(), actor=current_actor(), now=clock.now()
        )
    except REFUSED as error:
        return shown_again(error, lambda errors: _prices_page(form, errors))
    flash(words.said("price-set"))
    return redirect(url_for("approvals.prices", compound=command.compound_code), 303)


@bp.post("/owner-prices/offers")
def choose_offers() -> Response:
    """Say through which offers cards are applied for."""
    access.check(current_actor(), PERMITS_MANAGE)
    form = request.form.to_dict()
    try:
        paper = form.get("paper", "")
        offer = form.get("offer", "")
        if paper not in set(PermitKind) or not (offer.isascii() and offer.isdecimal()):
            raise Invalid.field("offer", "offer-of-applications-needed")
        price_usecases.choose_offer(
            PermitKind(paper), min(int(offer[:19]), 2**63 - 1), actor=current_actor(),
            now=clock.now(),
        )  # fmt: skip
    except REFUSED as error:
        return shown_again(error, lambda errors: _prices_page(form, errors))
    flash(words.said("card-offer-chosen"))
    return redirect(url_for("approvals.prices"), 303)
