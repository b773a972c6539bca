"""The page that asks a new browser for a code, after the right password of some roles."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.accounts import phones, policy
from grid_report.accounts.devices.routes import device_label
from grid_report.accounts.errors import SecondStep, SecondStepOver
from grid_report.accounts.numbers import choice_forms, messenger
from grid_report.accounts.profile import forms as profile_forms
from grid_report.accounts.profile.routes import AGAIN, form_page, next_path, welcome
from grid_report.accounts.sign_in import second_step_usecases
from grid_report.errors import GridReportError, NotFound
from grid_report.web.guard import public
from grid_report.web.pages.words import error_sentence

bp = Blueprint("second", __name__)


def _page(step: SecondStep, error: GridReportError | None = None) -> Response:
    return form_page(
        "accounts/second.html",
        error,
        phone=phones.mask(step.phone),
        next=next_path(),
        by_code=messenger.current() is not None,
    )


def _begin_anew(error: SecondStepOver | None = None) -> Response:
    choice_forms.forget_step()
    if error is not None:
        flash(error_sentence(error))
    return redirect(url_for("accounts.sign_in", next=next_path() or None), 303)


@bp.get("/sign-in/second")
@public
def ask() -> Response:
    """Ask for the code."""
    step = choice_forms.kept_step()
    if step is None:
        return _begin_anew()
    if second_step_usecases.is_step_over(step, clock.now()):
        return _begin_anew(SecondStepOver())
    return _page(step)


@bp.post("/sign-in/second")
@public
def confirm() -> Response:
    """Sign in by the code, after the password."""
    step = choice_forms.kept_step()
    if step is None:
        return _begin_anew()
    try:
        signed_in = second_step_usecases.confirm_step(
            step,
            profile_forms.text(request.form, "code"),
            label=device_label(),
            policy=policy.current(),
            now=clock.now(),
        )
    except SecondStepOver as over:
        return _begin_anew(over)
    except AGAIN as error:
        return _page(step, error)
    return welcome(signed_in)


@bp.post("/sign-in/second/code")
@public
def again() -> Response:
    """Send another code."""
    if messenger.current() is None:
        raise NotFound
    step = choice_forms.kept_step()
    if step is None:
        return _begin_anew()
    if second_step_usecases.is_step_over(step, clock.now()):
        return _begin_anew(SecondStepOver())
    return choice_forms.ask_second(step, next_path(), clock.now())
