"""A rider's services: the catalogue, one offer, what is taken, and the voucher with its code."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.accounts import consent_queries
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.policy import READ_NEARBY_SINCE
from grid_report.db import db
from grid_report.errors import Invalid, NotFound
from grid_report.offers import forms
from grid_report.offers.catalogue import queries
from grid_report.offers.catalogue.permissions import OFFERS_READ, OFFERS_REDEEM
from grid_report.offers.errors import BookingKeyReused
from grid_report.offers.kinds import FreeService
from grid_report.offers.permits import queries as permits_queries
from grid_report.offers.redemptions import (
    ending_queries,
    opening_queries,
    slot_queries,
    voucher_views,
)
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.lifecycle import DELIVERED_ONCE, RedemptionState
from grid_report.offers.redemptions.permissions import REDEMPTION_READ
from grid_report.places.geo.points import Point
from grid_report.places.queries import reference
from grid_report.points.history.ending_queries import purse
from grid_report.points.history.queries import balance
from grid_report.web.context import current_actor, settings, wiring
from grid_report.web.pages import words
from grid_report.web.pages.offline_pages import day_ends, keep_offline
from grid_report.web.pages.qr import qr_svg
from grid_report.web.paging import pack, unpack_id
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("offers", __name__)

PAGE = 30
FILTERS = ("all", "affordable", "free")


@bp.get("/services")
def index() -> str:
    """Show the catalogue: near, affordable, free; and what is always free."""
    actor, now = current_actor(), clock.now()
    access.check(actor, OFFERS_READ)
    chosen = request.args.get("show", "all")
    chosen = chosen if chosen in FILTERS else "all"
    near, near_code = _near()
    available = balance(actor.member_id, now).available
    rows = queries.list_offers(now=now, near=near)
    if chosen == "affordable":
        rows = [row for row in rows if row.offer.points <= available]
    elif chosen == "free":
        # What is applied for costs what the compound's owners pay.
        rows = [
            row for row in rows if row.offer.points == 0 and not row.offer.kind.way.is_applied_for
        ]
    return render_template(
        "offers/index.html",
        rows=rows,
        chosen=chosen,
        near=request.args.get("near", "") if near and not near_code else "",
        near_code=near_code,
        available=available,
        communities=[(it.code, it.name) for it in reference().communities.values() if it.center],
        free_services=list(FreeService),
        may_redeem=access.allowed(actor, OFFERS_REDEEM),
        may_locate=_may_locate(),
    )


def _may_locate() -> bool:
    """Tell whether the page may ask the phone: what was agreed to earlier spoke of reports only."""
    agreed = consent_queries.version_agreed(current_actor(), ConsentKind.POSITION)
    return agreed is not None and agreed >= READ_NEARBY_SINCE


def _near() -> tuple[Point | None, str]:
    """Read where to look: the phone's position, or a community chosen by hand."""
    community = reference().community(request.args.get("community") or None)
    if community is not None and community.center is not None:
        return community.center, community.code
    if not _may_locate():
        return None, ""
    try:
        return forms.read_near(request.args), ""
    except Invalid:
        # An odd place in an address shows the whole list rather than nothing.
        return None, ""


@bp.get("/services/stations")
def stations() -> str:
    """Show the stations, and what is free there for everybody."""
    access.check(current_actor(), OFFERS_READ)
    near, _ = _near()
    wanted = request.args.get("free", "")
    rows = queries.list_stations(near=near)
    if wanted in set(FreeService):
        rows = [row for row in rows if wanted in row[0].free_services]
    return render_template(
        "offers/stations.html", rows=rows, wanted=wanted, near=near, may_locate=_may_locate()
    )


@bp.get("/services/stations/<code>")
def station(code: str) -> str:
    """Show one station: where, when, what is free, what there is for points."""
    access.check(current_actor(), OFFERS_READ)
    found = queries.find_station(code)
    rows = [
        row
        for row in queries.list_offers(now=clock.now())
        if row.station is not None and row.station.code == code
    ]
    return render_template("offers/station.html", station=found, rows=rows)


@bp.get("/services/<int:offer_id>")
def one(offer_id: int) -> str:
    """Show one offer with its times, and the form to take it."""
    return _offer_page(offer_id, {}, {})


@bp.get("/services/<int:offer_id>/photos/<name>/<size>")
def photo(offer_id: int, name: str, size: str) -> Response:
    """Hand out an offer's photo. Its name is in the address: what a browser kept never grows old."""
    access.check(current_actor(), OFFERS_READ)
    if size not in ("main", "thumb") or queries.find_offer_photo(offer_id) != name:
        raise NotFound
    return wiring().media.response(name, size)


def _offer_page(offer_id: int, form: dict[str, Any], errors: Errors) -> str:
    actor, now = current_actor(), clock.now()
    access.check(actor, OFFERS_READ)
    row = queries.find_offer(offer_id, now=now)
    offer, zone = row.offer, settings().county.tz
    may_redeem = access.allowed(actor, OFFERS_REDEEM) and offer.retired_at is None
    slots = slot_queries.list_slots(offer_id, now=now, rider_id=actor.member_id)
    closed = None
    if may_redeem:
        # The place that is kept for the rider can be booked: it is not counted against itself.
        kept = next((it.slot.id for it in slots if it.is_kept), None)
        closed = opening_queries.why_not(
            db.session(), offer, actor.member_id, now=now, zone=zone, slot_id=kept
        )
    lasting = purse(actor.member_id, now) if may_redeem and offer.points else ()
    return render_template(
        "offers/one.html",
        row=row,
        closed=words.error_sentence(closed) if closed is not None else "",
        closed_by=closed.code if closed is not None else "",
        slots=slots,
        ending=ending_queries.before_taking(
            offer, [it.slot for it in slots if it.is_open], lasting, zone=zone, now=now
        ),
        available=balance(actor.member_id, now).available,
        may_redeem=may_redeem,
        form=form,
        errors=errors,
    )


@bp.post("/services/<int:offer_id>/redeem")
def redeem(offer_id: int) -> Response:
    """Take an offer; refused, the page comes back with what was chosen."""
    actor = current_actor()
    access.check(actor, OFFERS_REDEEM)
    queries.find_offer(offer_id, now=clock.now())
    form = request.form.to_dict()
    try:
        command = forms.read_redemption(
            {**form, "offer": offer_id}, key=form.get("key"), key_field="key"
        )
        taken = redemptions_usecases.redeem(
            command, actor=actor, zone=settings().county.tz, now=clock.now()
        )
    except (*REFUSED, BookingKeyReused) as error:
        return shown_again(error, lambda errors: _offer_page(offer_id, form, errors))
    if not taken.replayed:
        flash(words.said("offer-taken"))
    return redirect(url_for("offers.voucher", ref=taken.redemption.ref), 303)


@bp.post("/services/slots/<int:slot_id>/wait")
def wait(slot_id: int) -> Response:
    """Join the queue of a full time; refused, the page says why."""
    try:
        offer_id = redemptions_usecases.join_queue(
            slot_id, actor=current_actor(), zone=settings().county.tz, now=clock.now()
        )
    except REFUSED as error:
        offer_id = slot_queries.offer_of_slot(slot_id)
        return shown_again(error, lambda errors: _offer_page(offer_id, {}, errors))
    flash(words.said("queue-joined"))
    return redirect(url_for("offers.one", offer_id=offer_id), 303)


@bp.post("/services/slots/<int:slot_id>/leave")
def leave(slot_id: int) -> Response:
    """Leave the queue."""
    offer_id = redemptions_usecases.leave_queue(slot_id, actor=current_actor(), now=clock.now())
    flash(words.said("queue-left"))
    return redirect(url_for("offers.one", offer_id=offer_id), 303)


@bp.get("/my/services")
def mine() -> str:
    """List what the rider took, newest first."""
    actor = current_actor()
    access.check(actor, OFFERS_REDEEM)
    rows, following = redemptions_queries.list_redemptions(
        actor.member_id, before=unpack_id(request.args.get("cursor")), limit=PAGE
    )
    return render_template(
        "offers/mine.html",
        rows=rows,
        cards=permits_queries.cards_by_redemption([row.redemption.id for row in rows]),
        next=pack(following) if following else None,
    )


@bp.get("/my/services/<ref>")
def voucher(ref: str) -> Response:
    """Show one: the code to hold out, where to go, and afterwards what can be said about it."""
    if permits_queries.find_card_or_none(ref) is not None:
        return redirect(url_for("permits.one", ref=ref), 303)
    page, live = _voucher_page(ref, {}, {}, "")
    return keep_offline(page, live=live)


def _voucher_page(ref: str, form: dict[str, Any], errors: Errors, failed: str) -> tuple[str, bool]:
    """Return the page, and whether there is a code on it to hold out."""
    actor, now = current_actor(), clock.now()
    row = redemptions_queries.find_redemption(ref)
    access.check(actor, REDEMPTION_READ, row.redemption)
    if row.redemption.rider_id != actor.member_id:
        # The code is its rider's; others have pages of their own.
        raise NotFound
    live = row.redemption.state is RedemptionState.RESERVED and now < row.redemption.holds_until
    code = voucher_views.code_now(row.redemption, now) if live else None
    page = render_template(
        "offers/voucher.html",
        row=row,
        code=code,
        picture=qr_svg(code.qr) if code else "",
        entries=redemptions_queries.list_entries(row.redemption.id),
        rating=redemptions_queries.find_rating(row.redemption.id),
        may_cancel=row.may_cancel(now),
        ending=ending_queries.of_taken([row]).get(ref, ()),
        may_dispute=row.redemption.state is RedemptionState.DELIVERED
        and row.dispute_until is not None
        and now < row.dispute_until,
        may_rate=row.redemption.state in DELIVERED_ONCE,
        now_s=now.timestamp(),
        made_at=now,
        day_ends_s=day_ends(now),
        form=form,
        errors=errors,
        failed=failed,
    )
    return page, live


def _after(ref: str, failed: str, act: Any, said: str) -> Response:
    """Do something with a redemption and come back to it, or show why not."""
    try:
        act()
    except REFUSED as error:
        typed = request.form.to_dict()
        return shown_again(error, lambda errors: _voucher_page(ref, typed, errors, failed)[0])
    flash(words.said(said))
    return redirect(url_for("offers.voucher", ref=ref), 303)


@bp.post("/my/services/<ref>/cancel")
def cancel(ref: str) -> Response:
    """Give it back in time."""
    return _after(
        ref,
        "cancel",
        lambda: redemptions_usecases.cancel(ref, actor=current_actor(), now=clock.now()),
        "redemption-cancelled",
    )


@bp.post("/my/services/<ref>/dispute")
def dispute(ref: str) -> Response:
    """Say that something was wrong."""
    return _after(
        ref,
        "dispute",
        lambda: redemptions_usecases.dispute(
            ref,
            forms.read_words(request.form),
            county=settings().county.code,
            actor=current_actor(),
            now=clock.now(),
        ),
        "redemption-disputed",
    )


@bp.post("/my/services/<ref>/rating")
def rate(ref: str) -> Response:
    """Keep the stars."""
    return _after(
        ref,
        "rate",
        lambda: redemptions_usecases.rate(
            ref,
            forms.read_stars(request.form),
            forms.read_words(request.form),
            actor=current_actor(),
            now=clock.now(),
        ),
        "rated",
    )
