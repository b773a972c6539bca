"""Errors to answers: the HTTP status and shape are decided here and nowhere else.

Programs get problem details (RFC 9457), people a page with the next step on it.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import (
    Flask,
    current_app,
    g,
    json,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from grid_report import troubles
from grid_report.db import db, is_lost_race
from grid_report.errors import (
    Busy,
    Conflict,
    Forbidden,
    GridReportError,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
)
from grid_report.web.context import SignInNeeded, actor_or_none, keep_form, wants_json
from grid_report.web.http.returning import PAGE_OF
from grid_report.web.pages import words

logger = logging.getLogger(__name__)

STATUS: tuple[tuple[type[GridReportError], int], ...] = (
    (SignInNeeded, 401),
    (NotFound, 404),
    (Forbidden, 403),
    (TooMany, 429),
    (Busy, 503),
    (TooLarge, 413),
    (Conflict, 409),
    (Invalid, 422),
)

HTTP_CODES = {
    400: "bad-request",
    401: "sign-in-needed",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "bad-request",
    408: "slow-request",
    413: "body-too-large",
    414: "bad-request",
    415: "unsupported-media-type",
    416: "bad-request",
    431: "bad-request",
    500: "server-error",
    503: "busy",
}


# What would be untrue under the title all others of their status have.
OWN_TITLES = {"database-gone": "title-database-gone", "disk-full": "title-disk-full"}


def status_of(error: GridReportError) -> int:
    """Return the HTTP status an error becomes; a class may say its own (`status`)."""
    own = getattr(type(error), "status", None)
    if own is not None:
        return int(own)
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def answer(
    status: int,
    code: str,
    detail: str,
    *,
    errors: dict[str, list[str]] | None = None,
    facts: dict[str, Any] | None = None,
) -> Response:
    """Make the answer for a refusal, as problem details or as a page."""
    title = words.sentence("errors", OWN_TITLES.get(code, f"title-{status}"))
    if wants_json():
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "code": code,
            "detail": detail,
            "request_id": g.get("request_id", ""),
        }
        if errors:
            body["errors"] = errors
        if facts:
            # A program tells "used at that time, over there" in its own way.
            body["facts"] = facts
        response = make_response(json.dumps(body, ensure_ascii=False), status)
        response.content_type = "application/problem+json"
        return response
    page = _page(
        status,
        code=code,
        title=title,
        sentence=detail,
        errors=errors or {},
        facts=facts or {},
        request_id=g.get("request_id", ""),
        back=request.referrer if _is_own(request.referrer) else None,
    )
    return make_response(page, status)


def _page(status: int, **about: Any) -> str:
    """Draw a refusal within the frame of whoever is signed in, and bare where that cannot be had."""
    about["status"] = status
    try:
        if actor_or_none() is not None:
            if status >= 500:
                # Whatever failed: nothing is asked of the database for the sake of a frame.
                about["unread"] = _nothing_unread
            return render_template("errors/problem_framed.html", **about)
    except Exception as worse:  # the frame may be what failed
        logger.error("frame of an error page failed", exc_info=worse)
        _roll_back()
        g.actor = None
    return render_template("errors/problem.html", **about)


def _nothing_unread() -> int:
    return 0


def _is_own(address: str | None) -> bool:
    return bool(address) and str(address).startswith(request.host_url)


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(GridReportError, _refused)
    app.register_error_handler(HTTPException, _http_refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(DBAPIError, _database_failed)
    app.register_error_handler(Exception, _failed)


def _refused(error: GridReportError) -> Response:
    status = status_of(error)
    errors = words.field_sentences(error) if isinstance(error, Invalid) else None
    at_field = getattr(type(error), "at_field", None)
    if at_field:
        errors = {at_field: [words.error_sentence(error)]}
    response = answer(
        status,
        error.code,
        words.error_sentence(error),
        errors=errors,
        facts={} if isinstance(error, Invalid) else error.facts,
    )
    if isinstance(error, TooMany | Busy):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if getattr(type(error), "no_store", False):
        response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_refused(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 405 and (page := _page_of_form()) is not None:
        return make_response(redirect(page, 303))
    if error.response is not None:
        return make_response(error.response)
    if 300 <= status < 400:
        return make_response(error.get_response())
    code = HTTP_CODES.get(status, "bad-request" if status < 500 else "server-error")
    known = status if status in HTTP_CODES else (400 if status < 500 else 500)
    response = answer(known, code, words.sentence("errors", code))
    allow = getattr(error, "valid_methods", None)
    if allow:
        response.headers["Allow"] = ", ".join(sorted(allow))
    return response


def _page_of_form() -> str | None:
    """Return the page of a form whose own address was opened or reloaded."""
    if request.method not in ("GET", "HEAD") or wants_json():
        return None
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        endpoint, values = adapter.match(method="POST")
    except HTTPException:
        return None
    page = PAGE_OF.get(endpoint)
    if page is None:
        return None
    (rule,) = [it for it in current_app.url_map.iter_rules(page) if "GET" in (it.methods or ())]
    return url_for(page, **{name: values[name] for name in rule.arguments})


def _forged(error: CSRFError) -> Response:
    logger.info("form refused", extra={"reason": error.description})
    kept = Response()
    if not wants_json() and actor_or_none() is not None:
        keep_form(kept)
    cookies = kept.headers.getlist("Set-Cookie")
    # What is promised about the words is said only when they are kept.
    sentence = words.sentence("errors", "form-expired-kept" if cookies else "form-expired")
    response = answer(400, "form-expired", sentence)
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)
    return response


def _database_failed(error: DBAPIError) -> Response:
    if is_lost_race(error):
        _roll_back()
        return _refused(Busy())
    return _failed(error)


def _roll_back() -> None:
    # What is rolled back may be a connection that is gone; whatever is left of it goes with it.
    try:
        db.session.rollback()
    except Exception:
        db.session.remove()


def _in_trouble(trouble: troubles.DatabaseGone | troubles.DiskFull, error: Exception) -> Response:
    """Answer without the database: nobody is looked up any more in this request."""
    rule = request.url_rule.rule if request.url_rule else "none"
    troubles.log.say(trouble, rule, error)
    if "actor" not in g:
        g.actor, g.by_cookie = None, False
    return _refused(trouble)


def _failed(error: Exception) -> Response:
    _roll_back()
    trouble = troubles.behind(error)
    try:
        if trouble is not None:
            return _in_trouble(trouble, error)
    except Exception as worse:  # the page itself may be what failed
        return _bare(worse, 503)
    logger.error("request failed", exc_info=error)
    try:
        return answer(500, "server-error", words.sentence("errors", "server-error"))
    except Exception as worse:  # the page itself may be what failed
        return _bare(worse, 500)


def _bare(worse: Exception, status: int) -> Response:
    logger.error("error page failed", exc_info=worse)
    response = make_response(f"{status} · 系统出错，请稍后再试 · Something went wrong", status)
    response.content_type = "text/plain; charset=utf-8"
    return response
