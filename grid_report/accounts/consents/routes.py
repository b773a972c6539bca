"""Pages on which a member agrees to something, or takes it back."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.accounts import policy
from grid_report.accounts.consents import usecases
from grid_report.accounts.profile import forms as profile_forms
from grid_report.accounts.profile.routes import bp
from grid_report.web.context import current_actor
from grid_report.web.pages.preferences import own_path
from grid_report.web.pages.words import said

__all__ = ["bp"]


@bp.post("/me/consents")
def choose_consents() -> Response:
    """Give or take back consents."""
    changed = usecases.choose_consents(
        profile_forms.consents(request.form),
        actor=current_actor(),
        policy=policy.current(),
        now=clock.now(),
    )
    flash(said("consents-saved"))
    for kind, agreed in changed.items():
        if not agreed:
            flash(said(f"{kind}-taken-back"))
    return redirect(url_for("accounts.me"), 303)


@bp.post("/me/consents/agree")
def agree() -> Response:
    """Agree to one kind where it is needed, and go on there."""
    usecases.say_consent(
        profile_forms.consent_kind(request.form.get("kind")),
        True,
        actor=current_actor(),
        policy=policy.current(),
        now=clock.now(),
    )
    flash(said("consents-saved"))
    return redirect(own_path(request.form.get("next"), url_for("accounts.me")), 303)
