"""Pages on which a number is proved: the member's own, the choice after a code, the counter's."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.accounts import policy
from grid_report.accounts.devices.routes import device_label
from grid_report.accounts.errors import NumberProvedBefore
from grid_report.accounts.numbers import choice_forms, messenger, queries, usecases
from grid_report.accounts.numbers.queries import Claim
from grid_report.accounts.numbers.usecases import Choice, Proved
from grid_report.accounts.permissions import NUMBER_CONFIRM
from grid_report.accounts.profile import forms as profile_forms
from grid_report.accounts.profile.routes import AGAIN, form_page, next_path, welcome
from grid_report.errors import GridReportError, NotFound
from grid_report.web.context import actor_or_none, current_actor
from grid_report.web.guard import public
from grid_report.web.pages.preferences import own_path
from grid_report.web.pages.words import said

bp = Blueprint("numbers", __name__)


def _mine(error: GridReportError | None = None) -> Response:
    return form_page(
        "accounts/number.html",
        error,
        number=queries.own_number(current_actor().member_id, policy.current().vault),
        by_code=messenger.current() is not None,
        next=next_path(),
    )


@bp.get("/me/number")
def mine() -> Response:
    """Show whether the own number is proved, and the ways to prove it."""
    return _mine()


@bp.post("/me/number/code")
def send_code() -> Response:
    """Send a code to the own number."""
    if messenger.current() is None:
        raise NotFound
    response = redirect(url_for("numbers.mine", next=next_path() or None), 303)
    try:
        choice_forms.send_proof(response, current_actor(), clock.now())
    except NumberProvedBefore:
        return response
    except AGAIN as error:
        return _mine(error)
    return response


@bp.post("/me/number")
def prove() -> Response:
    """Prove the own number with the code that was sent."""
    try:
        done = usecases.prove_with_code(
            profile_forms.text(request.form, "code"),
            actor=current_actor(),
            label=device_label(),
            policy=policy.current(),
            now=clock.now(),
        )
    except NumberProvedBefore:
        return redirect(url_for("numbers.mine"), 303)
    except AGAIN as error:
        return _mine(error)
    if isinstance(done, Choice):
        return choice_forms.keep(done)
    if isinstance(done, Proved):
        flash(said("number-proved"))
        return redirect(own_path(next_path(), url_for("numbers.mine")), 303)
    response = welcome(done)
    flash(said("account-before"))
    return response


def _choosing(choice: Choice, error: GridReportError | None = None) -> Response:
    return form_page(
        "accounts/number_choice.html",
        error,
        choice=choice,
        next=next_path(),
        signed_in=actor_or_none() is not None,
    )


@bp.get("/number/choice")
@public
def choice() -> Response:
    """Ask which account a right code is to open."""
    kept = choice_forms.kept()
    if kept is None:
        return redirect(url_for("accounts.sign_in"), 303)
    return _choosing(kept)


@bp.post("/number/choice")
@public
def choose() -> Response:
    """Open the account whose password is typed, or keep the one that is signed in."""
    kept, actor, keeper = choice_forms.kept(), actor_or_none(), policy.current()
    if kept is None:
        return redirect(url_for("accounts.sign_in"), 303)
    try:
        if "not_me" in request.form:
            if actor is None:
                return redirect(url_for("accounts.sign_up", next=next_path() or None), 303)
            usecases.choose_new(kept, actor=actor, policy=keeper, now=clock.now())
            choice_forms.forget()
            flash(said("number-proved"))
            return redirect(url_for("numbers.mine", next=next_path() or None), 303)
        signed_in = usecases.choose_by_password(
            kept,
            profile_forms.secret(request.form, "password"),
            label=device_label(),
            policy=keeper,
            now=clock.now(),
            leaving=actor,
        )
    except AGAIN as error:
        return _choosing(kept, error)
    return welcome(signed_in)


def _counter(error: GridReportError | None = None, claim: Claim | None = None) -> Response:
    typed = profile_forms.typed(request.form)
    return form_page("accounts/number_confirm.html", error, form=typed, claim=claim)


@bp.get("/confirm-number")
def counter() -> Response:
    """Ask for the number to confirm with the person standing there."""
    access.check(current_actor(), NUMBER_CONFIRM)
    return _counter()


@bp.post("/confirm-number/find")
def find() -> Response:
    """Look up whose number is to be confirmed."""
    try:
        claim = _claim()
    except AGAIN as error:
        return _counter(error)
    return _counter(claim=claim)


@bp.post("/confirm-number")
def confirm() -> Response:
    """Confirm the number; asked for with what found it, so that no id is guessed."""
    try:
        claim = _claim()
        usecases.confirm_number(
            claim.rider_id,
            profile_forms.text(request.form, "phone"),
            actor=current_actor(),
            policy=policy.current(),
            now=clock.now(),
        )
    except AGAIN as error:
        return _counter(error)
    flash(said("number-confirmed", name=claim.name))
    return redirect(url_for("numbers.counter"), 303)


def _claim() -> Claim:
    return usecases.find_claim(
        profile_forms.text(request.form, "phone"),
        profile_forms.text(request.form, "known_by"),
        actor=current_actor(),
        policy=policy.current(),
        now=clock.now(),
    )
