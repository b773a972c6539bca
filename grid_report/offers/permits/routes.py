"""A rider's cards: asking for one, what became of it, the card to show; and the page it leads to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.offers.catalogue import queries as catalogue_queries
from grid_report.offers.catalogue.permissions import OFFERS_REDEEM
from grid_report.offers.errors import BookingKeyReused
from grid_report.offers.permits import forms, queries, rules, usecases
from grid_report.offers.permits.lifecycle import ISSUED_ONCE, ApplicationStep
from grid_report.offers.permits.permissions import allowed_application_step
from grid_report.offers.permits.queries import PermitRow
from grid_report.offers.permits.rules import PermitKind
from grid_report.offers.redemptions import opening_queries
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.places.queries import reference
from grid_report.points.history.ending_queries import ending, purse
from grid_report.points.history.queries import balance
from grid_report.web.context import client_address, current_actor, public_address, settings
from grid_report.web.guard import public
from grid_report.web.pages import words
from grid_report.web.pages.offline_pages import day_ends, keep_offline
from grid_report.web.pages.qr import qr_svg
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("permits", __name__)

RIDERS_STEPS = (ApplicationStep.WITHDRAW, ApplicationStep.PAUSE, ApplicationStep.RESUME)


@bp.get("/services/<int:offer_id>/apply")
def ask(offer_id: int) -> str:
    """Show the form for a card."""
    renews = request.args.get("renews", "")
    form: dict[str, Any] = {}
    if renews:
        row = _own(renews)
        it = row.application
        form = {
            "renews": row.ref, "compound": it.compound_code, "nickname": it.nickname,
            "plate": it.plate, "purpose": it.purpose,
        }  # fmt: skip
    return _form_page(offer_id, form, {})


def _form_page(offer_id: int, form: dict[str, Any], errors: Errors) -> str:
    actor = current_actor()
    access.check(actor, OFFERS_REDEEM)
    row = catalogue_queries.find_offer(offer_id, now=clock.now())
    paper = queries.find_permit_kind(offer_id)
    if paper is None or row.offer.retired_at is not None:
        raise NotFound
    compounds, now = _compounds(paper), clock.now()
    closed = opening_queries.not_open_yet(db.session(), row.offer, actor.member_id)
    dearest = max((it[2] for _, some in compounds for it in some), default=0)
    lapses = now + timedelta(days=settings().cards.lapse_days)
    # The price depends on the compound: at most so many are used of what ends first.
    lasting = purse(actor.member_id, now) if dearest else ()
    most = min(dearest, sum(it.points for it in lasting))
    return render_template(
        "permits/apply.html",
        row=row,
        paper=paper,
        closed=words.error_sentence(closed) if closed is not None else "",
        closed_by=closed.code if closed is not None else "",
        compounds=compounds,
        ending=ending(lasting, most, lapses),
        available=balance(actor.member_id, clock.now()).available,
        nickname=actor.name,
        form=form,
        errors=errors,
    )


def _compounds(paper: PermitKind) -> list[tuple[str, list[tuple[str, str, int, bool]]]]:
    """List by community the compounds that have a price: code, name, points, self-managed."""
    places = reference()
    priced = queries.prices_now(paper)
    found: dict[str, list[tuple[str, str, int, bool]]] = {}
    for compound in places.compounds.values():
        price = priced.get((compound.code, paper))
        community = places.community(compound.community_code)
        if price is None or community is None:
            continue
        points = rules.points_for(price.owners_fen, has_firm=not compound.self_managed)
        found.setdefault(community.name, []).append(
            (compound.code, compound.name, points, compound.self_managed)
        )
    return list(found.items())


@bp.post("/services/<int:offer_id>/application")
def send(offer_id: int) -> Response:
    """Ask for a card; refused, the form comes back with everything typed."""
    actor = current_actor()
    access.check(actor, OFFERS_REDEEM)
    form = request.form.to_dict()
    try:
        done = usecases.apply(
            forms.read_application(form, offer_id),
            places=reference(),
            lapse_days=settings().cards.lapse_days,
            renew_days=settings().cards.renew_days,
            actor=actor,
            now=clock.now(),
        )
    except (*REFUSED, BookingKeyReused) as error:
        return shown_again(error, lambda errors: _form_page(offer_id, form, errors))
    if not done.replayed:
        flash(words.said("card-applied"))
    return redirect(url_for("permits.one", ref=done.ref), 303)


def _own(ref: str) -> PermitRow:
    """Return a card of the actor's own. Raises NotFound."""
    row = queries.find_permit(ref)
    if row.application.rider_id != current_actor().member_id:
        raise NotFound
    return row


@bp.get("/my/cards/<ref>")
def one(ref: str) -> Response:
    """Show the card, or how far the application has come."""
    page, valid = _permit_page(ref, {}, {}, "")
    return keep_offline(page, live=valid)


def _permit_page(ref: str, form: dict[str, Any], errors: Errors, failed: str) -> tuple[str, bool]:
    """Return the page, and whether there is a card on it to hold out."""
    row, now, actor = _own(ref), clock.now(), current_actor()
    it = row.application
    places = reference()
    valid = row.is_valid(now)
    link = public_address(url_for("permits.verify", token=it.token)) if it.token else ""
    unit = places.unit(it.unit_code)
    community = places.community(it.community_code)
    page = render_template(
        "permits/one.html",
        row=row,
        it=it,
        title_row=redemptions_queries.find_redemption(ref),
        issued=it.state in ISSUED_ONCE,
        valid=valid,
        made_at=now,
        day_ends_s=day_ends(now),
        link=link,
        picture=qr_svg(link) if link else "",
        entries=queries.list_entries(it.id),
        steps=[step for step in RIDERS_STEPS if allowed_application_step(actor, it, step)],
        may_renew=row.may_renew(settings().cards.renew_days, now),
        due=row.due_at(settings().cards.approve_hours),
        late=row.is_late(settings().cards.approve_hours, now),
        firm=unit.name if unit is not None else "",
        community=community.name if community is not None else "",
        form=form,
        errors=errors,
        failed=failed,
    )
    return page, valid


@bp.post("/my/cards/<ref>/<step>")
def step(ref: str, step: str) -> Response:
    """Take back, pause or resume."""
    _own(ref)
    if step not in RIDERS_STEPS:
        raise NotFound
    form = request.form.to_dict()
    try:
        command = forms.read_permit_step(form, step)
        usecases.take_step(ref, command, actor=current_actor(), now=clock.now())
    except REFUSED as error:
        return shown_again(error, lambda errors: _permit_page(ref, form, errors, step)[0])
    flash(words.said("card-step-done"))
    return redirect(url_for("permits.one", ref=ref), 303)


@bp.get("/verify/<token>")
@public
def verify(token: str) -> Response:
    """Say to anybody who scanned a card whether it is good, and nothing that is not on it."""
    now = clock.now()
    found = usecases.look_up(
        token, address=client_address(), most=settings().cards.verify_per_minute, now=now
    )
    row = PermitRow(found, "") if found is not None else None
    answer = make_response(
        render_template(
            "permits/verify.html",
            row=row,
            valid=row is not None and row.is_valid(now),
            now=now,
        ),
        200 if row is not None else 404,
    )
    # A card that was paused a minute ago must not be good in somebody's cache.
    answer.headers["Cache-Control"] = "no-store"
    return answer
