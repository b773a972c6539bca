"""The page under Me on which a member takes everything along, or leaves."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.access.roles import Role
from grid_report.accounts import policy, queries
from grid_report.accounts.leaving import export_queries, export_usecases, usecases
from grid_report.accounts.leaving.errors import ExportUnderWay, RolesHeld
from grid_report.accounts.leaving.file_views import file_response
from grid_report.accounts.leaving.outcome import ENDS, GOES, STAYS
from grid_report.accounts.numbers import messenger
from grid_report.accounts.profile import forms as profile_forms
from grid_report.accounts.profile.routes import AGAIN, form_page
from grid_report.accounts.tokens import CODE_MINUTES
from grid_report.errors import GridReportError, NotFound
from grid_report.web.context import current_actor, settings
from grid_report.web.pages.words import said, sentence

bp = Blueprint("my_data", __name__)


def _sentences(codes: tuple[str, ...]) -> list[str]:
    return [sentence("leaving", code) for code in codes]


def _mine(error: GridReportError | None = None) -> Response:
    actor = current_actor()
    return form_page(
        "accounts/my_data.html",
        error,
        export=export_queries.newest_export(actor.member_id),
        departure=export_queries.departure_of(actor.member_id),
        has_password=queries.find_password_hash(actor.member_id) is not None,
        by_code=messenger.current() is not None,
        is_staff=any(grant.role is not Role.RIDER for grant in actor.grants),
        is_administrator=actor.holds_any(Role.ADMINISTRATOR),
        days=settings().leaving,
        goes=_sentences(GOES),
        ends=_sentences(ENDS),
        stays=_sentences(STAYS),
    )


@bp.get("/me/data")
def mine() -> Response:
    """Show the file that was asked for, and what leaving means."""
    return _mine()


@bp.post("/me/data/export")
def make_export() -> Response:
    """Have a file made with everything about the member."""
    try:
        export_usecases.request(
            days=settings().leaving.export_days,
            most_per_hour=settings().leaving.exports_per_hour,
            actor=current_actor(),
            now=clock.now(),
        )
    except ExportUnderWay:
        # The page says how far it is.
        return redirect(url_for("my_data.mine"), 303)
    except AGAIN as error:
        return _mine(error)
    flash(said("export-asked"))
    return redirect(url_for("my_data.mine"), 303)


@bp.get("/me/data/export/<export_ref>")
def load_export(export_ref: str) -> Response:
    """Hand a finished file out to its owner."""
    export = export_queries.find_export(export_ref, current_actor().member_id, clock.now())
    if export.made_at is None:
        return redirect(url_for("my_data.mine"), 303)
    return file_response(export)


@bp.post("/me/data/code")
def send_code() -> Response:
    """Send a code to the own number, for those who have no password at hand."""
    sender = messenger.current()
    if sender is None:
        raise NotFound
    response = redirect(url_for("my_data.mine") + "#leave", 303)
    try:
        message = usecases.request_code(
            actor=current_actor(), policy=policy.current(), now=clock.now()
        )
    except AGAIN as error:
        return _mine(error)
    flash(said("proof-sent", minutes=CODE_MINUTES))
    messenger.hand_over(sender, message, response)
    return response


@bp.post("/me/data/leave")
def leave() -> Response:
    """Write down that the member wants to be erased."""
    try:
        usecases.ask(
            password=profile_forms.secret(request.form, "password"),
            code=profile_forms.text(request.form, "code"),
            days=settings().leaving.erase_days,
            actor=current_actor(),
            policy=policy.current(),
            now=clock.now(),
        )
    except (*AGAIN, RolesHeld) as error:
        return _mine(error)
    flash(said("leaving-asked"))
    return redirect(url_for("my_data.mine"), 303)


@bp.post("/me/data/stay")
def stay() -> Response:
    """Stay after all."""
    usecases.call_back(actor=current_actor(), now=clock.now())
    flash(said("leaving-called-back"))
    return redirect(url_for("my_data.mine"), 303)
