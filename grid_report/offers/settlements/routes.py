"""Statements: a station's of its provider, and the county's list by month; paper and workbook."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as Page
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.accounts.members.identity_queries import names_for
from grid_report.clock import Month
from grid_report.errors import NotFound
from grid_report.offers import forms
from grid_report.offers.redemptions.permissions import STATION_OPEN
from grid_report.offers.settlements import list_queries as lists
from grid_report.offers.settlements import queries, usecases
from grid_report.offers.settlements import workbook as sheets
from grid_report.offers.settlements.lifecycle import STAND_IN_AFTER, Side, StatementState
from grid_report.offers.settlements.permissions import (
    STATEMENT_CONFIRM,
    STATEMENT_DISPUTE,
    STATEMENT_QUERY,
    STATEMENT_READ,
    STATEMENT_STAND_IN,
    STATEMENTS_LIST,
)
from grid_report.offers.settlements.queries import Sheet
from grid_report.web.context import current_actor, language, settings
from grid_report.web.pages import words
from grid_report.web.refused_forms import REFUSED, Errors, shown_again
from grid_report.web.text import month_in_address

station = Blueprint("statements", __name__, url_prefix="/station/statements")
admin = Blueprint("admin_statements", __name__, url_prefix="/admin/statements")

MONTHS_SHOWN = 24
TEMPLATES = {Side.PROVIDER: "station/statement.html", Side.COUNTY: "admin/services/statement.html"}
SAYS = {Side.PROVIDER: STATEMENT_DISPUTE, Side.COUNTY: STATEMENT_QUERY}
PAGES = {Side.PROVIDER: "statements.show", Side.COUNTY: "admin_statements.show"}


@station.get("")
def index() -> str:
    """List the statements of the providers whose stations one works at, and the running month."""
    access.check(current_actor(), STATION_OPEN)
    providers = [it.code for it in queries.providers_of(current_actor())]
    cursor = request.args.get("cursor")
    page = lists.page_of_statements(providers=providers, cursor=cursor, limit=MONTHS_SHOWN)
    return render_template(
        "station/statements.html",
        rows=page.items,
        next=page.next,
        is_first_page=not cursor,
        running=[] if cursor else lists.list_running(providers),
        this_month=str(_this_month()),
    )


@admin.get("", endpoint="index")
def admin_index() -> str:
    """List the statements of a month, by default the one that is over last, with their sums."""
    access.check(current_actor(), STATEMENTS_LIST)
    this_month = _this_month()
    wanted = request.args.get("month", "")
    month = month_in_address(wanted) if wanted else this_month.plus(-1)
    cursor = request.args.get("cursor")
    page = lists.page_of_statements(month=month, cursor=cursor)
    return render_template(
        "admin/services/statements.html",
        rows=page.items,
        next=page.next,
        is_first_page=not cursor,
        total=lists.total_of(month),
        reconciled=lists.reconcile(month, zone=settings().county.tz),
        running=lists.list_running() if month == this_month else [],
        month=str(month),
        this_month=str(this_month),
        months=sorted({*lists.months_drawn(), str(month), str(this_month)}, reverse=True),
    )


def _this_month() -> Month:
    return Month.of(clock.now(), settings().county.tz)


def _sheet(side: Side, provider: str, month: str) -> Sheet:
    """Return a month as this actor may read it from this side. Raises NotFound, Forbidden."""
    actor = current_actor()
    access.check(actor, STATION_OPEN if side is Side.PROVIDER else STATEMENTS_LIST)
    found = queries.find_sheet(
        provider,
        month_in_address(month),
        zone=settings().county.tz,
        fen_per_point=settings().points.fen_per_point,
        now=clock.now(),
    )
    action = STATEMENT_CONFIRM if side is Side.PROVIDER else STATEMENT_READ
    if not access.allowed(actor, action, found.facts):
        raise NotFound
    return found


def _show(side: Side, provider: str, month: str, errors: Errors, form: dict[str, Any]) -> str:
    sheet = _sheet(side, provider, month)
    people = {entry.actor_id for entry in sheet.history if entry.actor_id is not None}
    # For paper all of it, on request: a sheet that is signed has to be complete.
    whole = request.args.get("lines") == "all"
    cursor = None if whole else request.args.get("cursor")
    page = queries.page_of_lines(
        sheet, cursor=cursor, limit=max(1, sheet.services) if whole else queries.LINES_SHOWN
    )
    return render_template(
        TEMPLATES[side],
        sheet=sheet,
        lines=page.items,
        next=page.next,
        is_first_page=not cursor,
        reconciled=lists.reconcile(sheet.month, zone=settings().county.tz, provider=provider),
        address=url_for(PAGES[side], provider=provider, month=month),
        may_stand_in=_may_stand_in(side, sheet),
        names=names_for(current_actor(), people),
        form=form,
        errors=errors,
    )


def _may_stand_in(side: Side, sheet: Sheet) -> bool:
    """Tell whether the reader may act for a provider who has been silent for long enough."""
    waits = sheet.state is StatementState.DRAWN or sheet.facts.disputed_side is Side.COUNTY
    return (
        side is Side.COUNTY
        and waits
        and sheet.since is not None
        and clock.now() >= sheet.since + STAND_IN_AFTER
        and access.allowed(current_actor(), STATEMENT_STAND_IN, sheet.facts)
    )


@station.get("/<provider>/<month>")
def show(provider: str, month: str) -> str:
    """Show a provider's month to a station: sums, lines, what to do."""
    return _show(Side.PROVIDER, provider, month, {}, {})


@admin.get("/<provider>/<month>", endpoint="show")
def admin_show(provider: str, month: str) -> str:
    """Show a provider's month to the county."""
    return _show(Side.COUNTY, provider, month, {}, {})


@station.get("/<provider>/<month>.xlsx")
def workbook(provider: str, month: str) -> Response:
    """Hand out a month as a workbook."""
    return _workbook(Side.PROVIDER, provider, month)


@admin.get("/<provider>/<month>.xlsx", endpoint="workbook")
def admin_workbook(provider: str, month: str) -> Response:
    """Hand out a month as a workbook."""
    return _workbook(Side.COUNTY, provider, month)


def _workbook(side: Side, provider: str, month: str) -> Response:
    sheet = _sheet(side, provider, month)
    content = sheets.workbook(
        sheet,
        queries.all_lines(sheet),
        zone=settings().county.tz,
        language=language(),
        word=lambda code: words.sentence("sheets", code),
        state=lambda state: words.sentence("sheets", "state-of", state=state.value),
    )
    name = f"statement-{sheet.provider_code}-{sheet.month}.xlsx"
    return Page(
        content,
        content_type=sheets.MEDIA_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


@station.post("/<provider>/<month>/confirm")
def confirm(provider: str, month: str) -> Response:
    """Confirm for the provider."""

    def act(at: Month) -> str:
        usecases.confirm(
            provider,
            at,
            seen=forms.read_seen(request.form),
            actor=current_actor(),
            now=clock.now(),
        )
        return "statement-confirmed"

    return _after(Side.PROVIDER, provider, month, act)


@admin.post("/<provider>/<month>/stand-in")
def stand_in(provider: str, month: str) -> Response:
    """Confirm in place of a provider who stays silent."""

    def act(at: Month) -> str:
        usecases.stand_in(
            provider,
            at,
            forms.read_words(request.form),
            seen=forms.read_seen(request.form),
            actor=current_actor(),
            now=clock.now(),
        )
        return "statement-confirmed-for"

    return _after(Side.COUNTY, provider, month, act)


@admin.post("/<provider>/<month>/countersign")
def countersign(provider: str, month: str) -> Response:
    """Confirm for the county."""

    def act(at: Month) -> str:
        done = usecases.countersign(
            provider,
            at,
            seen=forms.read_seen(request.form),
            actor=current_actor(),
            now=clock.now(),
        )
        closed = done.state is StatementState.CLOSED
        return "statement-closed" if closed else "statement-countersigned"

    return _after(Side.COUNTY, provider, month, act)


@station.post("/<provider>/<month>/dispute")
def dispute(provider: str, month: str) -> Response:
    """Question a line, from the provider's side."""
    return _dispute(Side.PROVIDER, provider, month)


@admin.post("/<provider>/<month>/dispute", endpoint="dispute")
def admin_dispute(provider: str, month: str) -> Response:
    """Question a line, from the county's side."""
    return _dispute(Side.COUNTY, provider, month)


def _dispute(side: Side, provider: str, month: str) -> Response:
    def act(at: Month) -> str:
        ref, why = forms.read_objection(request.form)
        usecases.dispute(
            provider,
            at,
            ref,
            why,
            side=side,
            county=settings().county.code,
            actor=current_actor(),
            now=clock.now(),
        )
        return "statement-disputed"

    return _after(side, provider, month, act)


@station.post("/<provider>/<month>/answer")
def answer(provider: str, month: str) -> Response:
    """Answer what the county questioned."""
    return _answer(Side.PROVIDER, provider, month)


@admin.post("/<provider>/<month>/answer", endpoint="answer")
def admin_answer(provider: str, month: str) -> Response:
    """Answer what the provider questioned."""
    return _answer(Side.COUNTY, provider, month)


def _answer(side: Side, provider: str, month: str) -> Response:
    def act(at: Month) -> str:
        usecases.answer(
            provider,
            at,
            forms.read_words(request.form),
            forms.read_verdict(request.form),
            side=side,
            seen=forms.read_seen(request.form),
            actor=current_actor(),
            now=clock.now(),
        )
        return "statement-answered"

    return _after(side, provider, month, act)


def _after(side: Side, provider: str, month: str, act: Any) -> Response:
    """Do what a form asks: led on to the page, or the page again with what is wrong."""
    access.check(current_actor(), SAYS[side], _sheet(side, provider, month).facts)
    try:
        done = act(month_in_address(month))
    except REFUSED as error:
        return shown_again(
            error, lambda errors: _show(side, provider, month, errors, request.form.to_dict())
        )
    flash(words.said(done))
    return redirect(url_for(PAGES[side], provider=provider, month=month), 303)
