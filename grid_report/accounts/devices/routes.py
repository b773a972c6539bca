"""Which browser this is: known from a sign-in before, forgotten, or one at which staff still is."""

from __future__ import annotations

import contextlib
from typing import Final

from flask import Blueprint, Flask, flash, redirect, request, url_for
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.accounts.devices import labels, queries, usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.accounts.tokens import SignedIn
from grid_report.errors import Busy
from grid_report.web.context import current_actor, settings, unseen
from grid_report.web.http import signin
from grid_report.web.pages.words import said

bp = Blueprint("devices", __name__)

_DEVICE: Final = "grid_report_device"


def device_label() -> str:
    """Name the browser, for the list of where one is signed in."""
    return labels.describe(request.headers.get("User-Agent", ""))


def _device_cookie() -> str:
    return signin.cookie_name(_DEVICE, secure=settings().security.secure_cookies)


def device_secrets() -> tuple[str, ...]:
    """Return what this browser holds of the sign-ins before."""
    return queries.read(request.cookies.get(_device_cookie(), ""))


def remember_device(response: Response, signed_in: SignedIn) -> None:
    """Let this browser be known as the member's from now on."""
    secrets = usecases.prove_device(
        device_secrets(), actor=signed_in.actor, label=device_label(), now=clock.now()
    )
    response.set_cookie(
        _device_cookie(),
        queries.write(secrets),
        max_age=queries.LIVES,
        samesite="Lax",
        secure=settings().security.secure_cookies,
        httponly=True,
    )


@bp.post("/me/remembered/<int:device_id>/forget")
def forget(device_id: int) -> Response:
    """Make one of the member's browsers a stranger's again."""
    usecases.forget_device(device_id, actor=current_actor(), now=clock.now())
    flash(said("device-forgotten"))
    return redirect(url_for("accounts.me"), 303)


def init_app(app: Flask) -> None:
    """Note after a request that staff is still there; no answer ever fails for it."""

    @app.after_request
    def note(response: Response) -> Response:
        sign_in_id = unseen()
        if sign_in_id is not None and response.status_code < 500 and _is_done_by_somebody():
            with contextlib.suppress(DBAPIError, Busy):
                sign_in_usecases.note_seen(sign_in_id, now=clock.now())
        return response


def _is_done_by_somebody() -> bool:
    # A page that asks for news by itself, or keeps a copy, does not keep a desk signed in.
    if request.method == "HEAD":
        return False
    return (
        request.method != "GET" or request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    )
