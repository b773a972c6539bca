"""A station's pages: scan or type, look, confirm; today's bookings; the book without network."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts import queries as accounts_queries
from grid_report.accounts.aliases import rider_alias
from grid_report.errors import Forbidden, Invalid, NotFound
from grid_report.offers import forms
from grid_report.offers.catalogue import queries as catalogue_queries
from grid_report.offers.counter import queries as counter
from grid_report.offers.counter import usecases
from grid_report.offers.kinds import BOOK_MOST_POINTS
from grid_report.offers.redemptions import call_off_usecases
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.permissions import STATION_OPEN
from grid_report.offers.redemptions.queries import RedemptionRow
from grid_report.web.context import current_actor, settings
from grid_report.web.pages import words
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("station", __name__, url_prefix="/station")


def _staff() -> Actor:
    actor = current_actor()
    access.check(actor, STATION_OPEN)
    return actor


def _stations(actor: Actor) -> list[str]:
    return sorted(actor.places(Role.STATION_STAFF))


@bp.get("")
def index() -> str:
    """Show the scanner and the field for six digits."""
    return _scan_page(_staff(), {}, {})


def _scan_page(actor: Actor, form: dict[str, Any], errors: Errors) -> str:
    names = catalogue_queries.station_names()
    start, end = _today()
    expected, done = counter.list_bookings(_stations(actor), start, end)
    return render_template(
        "station/index.html",
        stations=[names.get(code, code) for code in _stations(actor)],
        expected=len(expected),
        done=len(done),
        form=form,
        errors=errors,
    )


def _today() -> tuple[datetime, datetime]:
    zone = settings().county.tz
    start = datetime.combine(clock.now().astimezone(zone).date(), time.min, tzinfo=zone)
    return start, start + timedelta(days=1)


@bp.post("/scan")
def scan() -> Response:
    """Look at a code; a good one leads to what it is for."""
    actor, form = _staff(), request.form.to_dict()
    try:
        found = usecases.scan(forms.read_scan(form), actor=actor, now=clock.now())
    except REFUSED as error:
        return shown_again(error, lambda errors: _scan_page(actor, form, errors), "code")
    return redirect(url_for("station.voucher", ref=found.ref), 303)


def _row(ref: str) -> RedemptionRow:
    """Return a redemption of the actor's own stations. Raises NotFound."""
    actor = _staff()
    row = redemptions_queries.find_redemption(ref)
    if row.redemption.station_code not in actor.places(Role.STATION_STAFF):
        raise NotFound
    return row


@bp.get("/vouchers/<ref>")
def voucher(ref: str) -> str:
    """Show what a voucher is for, before and after it is confirmed."""
    return _voucher_page(ref, {})


def _voucher_page(ref: str, errors: Errors) -> str:
    row = _row(ref)
    rider_id = row.redemption.rider_id
    names = accounts_queries.names_of([rider_id])
    state, own = row.redemption.state, rider_id == current_actor().member_id
    return render_template(
        "station/voucher.html",
        row=row,
        rider=names.get(rider_id, ""),
        alias=rider_alias(rider_id),
        may_confirm=state is RedemptionState.RESERVED and not own,
        may_refund=state in (RedemptionState.DELIVERED, RedemptionState.DISPUTED) and not own,
        today=_today(),
        form=request.form.to_dict(),
        errors=errors,
    )


def _after(ref: str, act: Any, said: str) -> Response:
    try:
        act()
    except (*REFUSED, Forbidden) as error:
        return shown_again(error, lambda errors: _voucher_page(ref, errors))
    flash(words.said(said))
    return redirect(url_for("station.voucher", ref=ref), 303)


@bp.post("/vouchers/<ref>/confirm")
def confirm(ref: str) -> Response:
    """Hand it out, once."""
    _row(ref)
    nonce = request.form.get("nonce", "")
    return _after(
        ref,
        lambda: usecases.confirm(ref, nonce, actor=current_actor(), now=clock.now()),
        "voucher-confirmed",
    )


@bp.post("/vouchers/<ref>/refund")
def refund(ref: str) -> Response:
    """Give the points of a delivery back."""
    _row(ref)
    return _after(
        ref,
        lambda: usecases.refund(
            ref, forms.read_words(request.form), actor=current_actor(), now=clock.now()
        ),
        "redemption-refunded",
    )


@bp.post("/vouchers/<ref>/call-off")
def call_off(ref: str) -> Response:
    """Call one booking off."""
    _row(ref)
    return _after(
        ref,
        lambda: call_off_usecases.call_off_redemption(
            ref, forms.read_words(request.form), actor=current_actor(), now=clock.now()
        ),
        "redemption-called-off",
    )


@bp.get("/today")
def today() -> str:
    """List whom the station expects today, and what it handed out."""
    actor = _staff()
    start, end = _today()
    expected, done = counter.list_bookings(_stations(actor), start, end)
    rows = [*expected, *done]
    return render_template(
        "station/today.html",
        expected=expected,
        done=done,
        names=accounts_queries.names_of({row.redemption.rider_id for row in rows}),
        alias=rider_alias,
        open_vouchers=counter.count_open_vouchers(_stations(actor)),
    )


@bp.get("/book")
def book() -> str:
    """Show the book: what was written down without network, and what came of it."""
    return _book_page(_staff(), {}, {})


def _book_page(actor: Actor, form: dict[str, Any], errors: Errors) -> str:
    now = clock.now().astimezone(settings().county.tz)
    return render_template(
        "station/book.html",
        lines=counter.list_book(_stations(actor)),
        most_points=BOOK_MOST_POINTS,
        written=now.strftime("%Y-%m-%dT%H:%M"),
        form=form,
        errors=errors,
    )


@bp.post("/book")
def upload_book() -> Response:
    """Take over lines: one from the form, or many from the phone that kept them."""
    actor, zone = _staff(), settings().county.tz
    if request.is_json:
        body = request.get_json(silent=True)
        lines = forms.read_book(body.get("lines") if isinstance(body, dict) else None, zone=zone)
        done = _upload(actor, lines)
        return jsonify(
            lines=[
                {"nonce": it.nonce, "result": it.result.value, "why": it.why, "ref": it.ref}
                for it in done
            ]
        )
    form = request.form.to_dict()
    try:
        if forms.read_instant(form.get("at"), zone) is None:
            raise Invalid.field("at", "instant-unreadable")
        line = {**form, "nonce": form.get("nonce") or form.get("key")}
        done = _upload(actor, forms.read_book([line], zone=zone))
    except REFUSED as error:
        return shown_again(error, lambda errors: _book_page(actor, form, errors))
    flash(words.said(f"book-{done[0].result.value}"))
    return redirect(url_for("station.book"), 303)


def _upload(actor: Actor, lines: Any) -> list[usecases.Uploaded]:
    return usecases.upload_book(lines, county=settings().county.code, actor=actor, now=clock.now())
