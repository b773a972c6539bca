"""The border of carried forms: what a form held, the cookie between, and the page filled in again."""

from __future__ import annotations

import logging
from typing import Final

from flask import Flask, render_template, request, session
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.accounts import policy
from grid_report.accounts.carried_forms import usecases
from grid_report.accounts.carried_forms.fill_in import fill
from grid_report.accounts.carried_forms.usecases import KEPT_FOR, Carried
from grid_report.errors import GridReportError
from grid_report.web import context
from grid_report.web.context import actor_or_none, client_address, settings

logger = logging.getLogger(__name__)

COOKIE: Final = "carried_form"
# Never kept, whatever form they are in; keys and versions are the new page's own.
SECRET: Final = frozenset({"csrf_token", "current", "new", "code", "qr", "nonce", "pin"})
NOT_WORDS: Final = SECRET | {"key", "version", "next", "agree"}
MOST_FIELDS: Final = 100


def init_app(app: Flask) -> None:
    """Keep the words of refused forms, and give them back on the next look at their page."""
    context.keep_forms_by(app, _keep)
    app.after_request(_give_back)


def _keep(response: Response, page: str) -> None:
    """Keep what the request's form held, for `page`; without room or luck nothing is kept."""
    values = {
        name: list(request.form.getlist(name))
        for name in list(request.form)[:MOST_FIELDS]
        if name not in NOT_WORDS and not any(word in name for word in ("password", "secret"))
    }
    if not any(any(given) for given in values.values()):
        return
    had_files = any(file.filename for file in request.files.values())
    actor = actor_or_none()
    try:
        secret = usecases.keep_form(
            Carried(page, request.path, values, had_files),
            member_id=actor.member_id if actor else None,
            sign_in_id=_former_sign_in(),
            address=client_address(),
            policy=policy.current(),
            now=clock.now(),
        )
    except (GridReportError, DBAPIError) as error:
        logger.info("form not kept", extra={"reason": type(error).__name__})
        return
    if secret:
        response.set_cookie(
            COOKIE,
            secret,
            max_age=int(KEPT_FOR.total_seconds()),
            samesite="Lax",
            secure=settings().security.secure_cookies,
            httponly=True,
        )


def _former_sign_in() -> int | None:
    """Return which sign-in the browser's cookie names, good or over."""
    number = str(session.get("_user_id", "")).partition(".")[0]
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= 18 else None


def _give_back(response: Response) -> Response:
    secret = request.cookies.get(COOKIE)
    if not secret or request.method != "GET" or response.status_code != 200:
        return response
    actor = actor_or_none()
    if actor is None or response.mimetype != "text/html" or response.is_streamed:
        return response
    at = request.full_path.rstrip("?")
    try:
        found = usecases.take_form(
            secret, at, member_id=actor.member_id, policy=policy.current(), now=clock.now()
        )
    except (GridReportError, DBAPIError):
        return response
    if found is None:
        return response
    page = response.get_data(as_text=True)
    filled = fill(page, found.action, request.path, found.values)
    lost = [] if filled else [word for given in found.values.values() for word in given if word]
    note = render_template("accounts/_carried.html", lost=lost, had_files=found.had_files)
    page = filled or page
    start = page.find(">", page.find("<main")) + 1
    response.set_data(page[:start] + note + page[start:])
    # Somebody's words: no cache may show them again.
    response.headers.pop("ETag", None)
    response.cache_control.no_store = True
    response.delete_cookie(COOKIE)
    return response
