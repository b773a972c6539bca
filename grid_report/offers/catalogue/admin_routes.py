"""An administrator's pages: offers with their times, stations with their providers, disputes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.errors import Invalid, NotFound
from grid_report.languages import columns
from grid_report.offers import forms
from grid_report.offers.catalogue import photo_forms, queries, usecases
from grid_report.offers.catalogue.models import Offer, Station
from grid_report.offers.catalogue.permissions import OFFERS_LIST, OFFERS_MANAGE
from grid_report.offers.catalogue.photo_forms import Chosen
from grid_report.offers.counter import queries as counter_queries
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.kinds import ForWhom, FreeService, OfferKind, OpensTo, Period, Picture
from grid_report.offers.quotas import opens_by_price
from grid_report.offers.redemptions import call_off_usecases, catalogue_queries, slot_queries
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions.permissions import REDEMPTION_DECIDE
from grid_report.places.queries import reference
from grid_report.web.context import current_actor, settings
from grid_report.web.pages import words
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("admin_offers", __name__, url_prefix="/admin")


def _look() -> None:
    access.check(current_actor(), OFFERS_LIST)


def _manage() -> None:
    access.check(current_actor(), OFFERS_MANAGE)


@bp.get("/offers")
def offers() -> str:
    """List every offer, retired ones too."""
    _look()
    return render_template(
        "admin/services/offers.html", rows=queries.list_offers(now=clock.now(), with_retired=True)
    )


def _offer_form(offer: Offer | None) -> dict[str, Any]:
    """Return the values of an offer's form."""
    if offer is None:
        return {"valid_days": 14, "points": 0, "picture": Picture.GIFT, "for": [ForWhom.RIDER]}
    names = (
        "kind", *columns("title"), *columns("description"), "picture", "points", "quota",
        "quota_period", "stock", "hours", "valid_days", "cancel_minutes",
        "noshow_percent", "needs", "version",
    )  # fmt: skip
    values = {name: getattr(offer, name) for name in names}
    values["station"] = offer.station_code
    # What goes without saying is left to the price, which may change.
    by_price = opens_by_price(offer.points, offer.kind)
    values["opens_to"] = "" if offer.opens_to is by_price else offer.opens_to
    return {**values, "for": queries.for_whom(offer)}


def _offer_page(
    offer_id: int | None,
    form: dict[str, Any] | None,
    errors: Errors,
    photo: Chosen | None = None,
) -> str:
    now = clock.now()
    row = queries.find_offer(offer_id, now=now) if offer_id is not None else None
    if photo is None:
        photo = Chosen(row.offer.photo if row is not None else None)
    stations = queries.all_stations()
    return render_template(
        "admin/services/offer.html",
        row=row,
        form=form if form is not None else _offer_form(row.offer if row else None),
        errors=errors,
        photo={"src": photo.src(offer_id), "token": photo.token},
        slots=slot_queries.list_slots(offer_id, now=now) if offer_id is not None else [],
        stations=[(station.code, station.name) for station, _ in stations],
        kinds=list(OfferKind),
        pictures=list(Picture),
        periods=list(Period),
        whom=list(ForWhom),
        opens=list(OpensTo),
        may_manage=access.allowed(current_actor(), OFFERS_MANAGE),
    )


def _typed() -> dict[str, Any]:
    return {**request.form.to_dict(), "for": request.form.getlist("for")}


@bp.get("/new-offer")
def new_offer() -> str:
    """Ask for what a new offer needs."""
    _manage()
    return _offer_page(None, None, {})


@bp.post("/offers")
def create_offer() -> Response:
    """Make an offer."""
    return _save_offer(None)


@bp.get("/offers/<int:offer_id>")
def offer(offer_id: int) -> str:
    """Show an offer's form and its times."""
    _look()
    return _offer_page(offer_id, None, {})


@bp.post("/offers/<int:offer_id>/save")
def save_offer(offer_id: int) -> Response:
    """Change an offer."""
    return _save_offer(offer_id)


def _save_offer(offer_id: int | None) -> Response:
    _manage()
    current = None
    if offer_id is not None:
        current = queries.find_offer(offer_id, now=clock.now()).offer.photo
    problems = Invalid()
    photo = photo_forms.choose(current, problems)
    provider_of = {station.code: provider.code for station, provider in queries.all_stations()}
    try:
        command = forms.read_offer(
            request.form,
            request.form.getlist("for"),
            provider_of,
            photo=photo.name,
            problems=problems,
        )
        seen = request.form.get("version", "")
        saved = usecases.save_offer(
            offer_id,
            command,
            seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else None,
            actor=current_actor(),
            now=clock.now(),
        )
    except REFUSED as error:
        return shown_again(error, lambda errors: _offer_page(offer_id, _typed(), errors, photo))
    flash(words.said("offer-saved"))
    return redirect(url_for("admin_offers.offer", offer_id=saved), 303)


@bp.post("/offers/<int:offer_id>/retire")
def retire_offer(offer_id: int) -> Response:
    """Take an offer out of the catalogue."""
    usecases.retire_offer(offer_id, actor=current_actor(), now=clock.now())
    flash(words.said("offer-retired"))
    return redirect(url_for("admin_offers.offer", offer_id=offer_id), 303)


@bp.post("/offers/<int:offer_id>/slots")
def add_slots(offer_id: int) -> Response:
    """Add times to an offer."""
    _manage()
    queries.find_offer(offer_id, now=clock.now())
    try:
        starts, minutes, capacity = forms.read_slots(request.form, settings().county.tz)
        added = usecases.add_slots(
            offer_id,
            starts,
            minutes=minutes,
            capacity=capacity,
            actor=current_actor(),
            now=clock.now(),
        )
    except REFUSED as error:
        row = queries.find_offer(offer_id, now=clock.now())
        typed = {**_offer_form(row.offer), **request.form.to_dict()}
        return shown_again(error, lambda errors: _offer_page(offer_id, typed, errors))
    flash(words.said("slots-added", count=added))
    return redirect(url_for("admin_offers.offer", offer_id=offer_id), 303)


@bp.post("/slots/<int:slot_id>/call-off")
def call_off_slot(slot_id: int) -> Response:
    """Call a time off; everybody booked gets points and a message."""
    try:
        count = call_off_usecases.call_off_slot(
            slot_id, forms.read_words(request.form), actor=current_actor(), now=clock.now()
        )
    except REFUSED as error:
        if not access.allowed(current_actor(), OFFERS_LIST):
            raise
        row = queries.find_offer(slot_queries.offer_of_slot(slot_id), now=clock.now())
        typed = {
            **_offer_form(row.offer),
            "slot": slot_id,
            "words": request.form.get("words", ""),
        }
        return shown_again(error, lambda errors: _offer_page(row.offer.id, typed, errors))
    flash(words.said("slot-called-off", count=count))
    return redirect(url_for("admin_offers.offers"), 303)


@bp.get("/stations")
def stations() -> str:
    """List the stations with their providers."""
    _look()
    return render_template("admin/services/stations.html", rows=queries.all_stations())


def _station_page(code: str | None, form: dict[str, Any] | None, errors: Errors) -> str:
    station = queries.find_station(code) if code is not None else None
    return render_template(
        "admin/services/station.html",
        station=station,
        form=form if form is not None else _station_form(station),
        errors=errors,
        communities=[(it.code, it.name) for it in reference().communities.values()],
        free_services=list(FreeService),
        has_no_quota=station is not None
        and not catalogue_queries.find_provider(station.provider_code).free_a_month,
        may_manage=access.allowed(current_actor(), OFFERS_MANAGE),
    )


def _station_form(station: Station | None) -> dict[str, Any]:
    if station is None:
        return {}
    names = ("code", "name", "address", "lat", "lng", "hours", "free_services")
    return {
        **{name: getattr(station, name) for name in names},
        "free_a_month": catalogue_queries.find_provider(station.provider_code).free_a_month,
        "provider": station.provider_code,
        "community": station.community_code,
    }


@bp.get("/new-station")
def new_station() -> str:
    """Ask for what a new station needs."""
    _manage()
    return _station_page(None, None, {})


@bp.post("/stations")
def create_station() -> Response:
    """Open a station."""
    return _save_station(None)


@bp.get("/stations/<code>")
def station(code: str) -> str:
    """Show a station's form."""
    _look()
    return _station_page(code, None, {})


@bp.post("/stations/<code>/save")
def save_station(code: str) -> Response:
    """Change a station."""
    return _save_station(code)


def _save_station(code: str | None) -> Response:
    _manage()
    free = request.form.getlist("free_services")
    if code is not None:
        queries.find_station(code)
    try:
        command = forms.read_station(request.form, free, code=code or "")
        if code is None and command.code in queries.station_names():
            raise Invalid.field("code", "code-taken")
        saved = usecases.save_station(command, actor=current_actor(), now=clock.now())
    except REFUSED as error:
        typed = {**request.form.to_dict(), "free_services": free}
        return shown_again(error, lambda errors: _station_page(code, typed, errors))
    flash(words.said("station-saved"))
    return redirect(url_for("admin_offers.station", code=saved), 303)


@bp.post("/stations/<code>/retire")
def retire_station(code: str) -> Response:
    """Close a station."""
    usecases.retire_station(code, actor=current_actor(), now=clock.now())
    flash(words.said("station-retired"))
    return redirect(url_for("admin_offers.station", code=code), 303)


@bp.get("/disputes")
def disputes() -> str:
    """List what has to be decided."""
    return _disputes_page({}, "")


def _disputes_page(errors: Errors, failed: str) -> str:
    _look()
    return render_template(
        "admin/services/disputes.html",
        disputes=counter_queries.list_disputes(),
        collisions=counter_queries.list_collisions(),
        may_manage=access.allowed(current_actor(), OFFERS_MANAGE),
        form=request.form.to_dict(),
        errors=errors,
        failed=failed,
    )


@bp.post("/disputes/<ref>/<decision>")
def decide(ref: str, decision: str) -> Response:
    """Decide a dispute: give the points back, or let the delivery stand."""
    decisions = {"refund": counter_usecases.refund, "dismiss": redemptions_scheduled.dismiss}
    if decision not in decisions:
        raise NotFound
    row = redemptions_queries.find_redemption(ref)
    access.check(current_actor(), REDEMPTION_DECIDE, row.redemption)
    try:
        decisions[decision](
            ref, forms.read_words(request.form), actor=current_actor(), now=clock.now()
        )
    except REFUSED as error:
        return shown_again(error, lambda errors: _disputes_page(errors, ref))
    flash(words.said("dispute-decided"))
    return redirect(url_for("admin_offers.disputes"), 303)
