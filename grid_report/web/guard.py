"""Closed unless declared open: a request without a member is refused before any view runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, redirect, request, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.routing import IntegerConverter
from werkzeug.wrappers import Response

from grid_report.errors import NotFound
from grid_report.web.context import (
    SignInNeeded,
    actor_or_none,
    came_by_cookie,
    is_api,
    keep_form,
    page_of_form,
    wants_json,
)

View = TypeVar("View", bound=Callable[..., Any])

csrf = CSRFProtect()


class RowIdConverter(IntegerConverter):
    """An id in an address. One that no database can hold is an address that does not exist.

    Said by the pattern: refused by `to_python`, it would be 405 where GET and POST have a view each.
    """

    regex = "[0-9]{1,18}"


def public(view: View) -> View:
    """Declare a view open to guests. A test lists every one of them."""
    view.__is_public__ = True  # type: ignore[attr-defined]
    return view


def is_public(view: Callable[..., Any]) -> bool:
    """Tell whether a view was declared open."""
    return bool(getattr(view, "__is_public__", False))


def init_app(app: Flask) -> None:
    """Put the guards before every view."""
    app.url_map.converters["int"] = RowIdConverter
    csrf.init_app(app)
    app.before_request(_refuse_unreadable)
    app.before_request(_refuse_guests)
    app.before_request(_refuse_forged)


def _refuse_unreadable() -> None:
    # PostgreSQL takes no NUL in a text; nothing here is called by a name with one.
    if "\x00" in request.path:
        raise NotFound


def _refuse_guests() -> Response | None:
    if request.endpoint is None:
        return None
    view = current_app.view_functions[request.endpoint]
    if request.endpoint == "static" or is_public(view) or actor_or_none() is not None:
        return None
    if wants_json():
        raise SignInNeeded
    if request.method == "GET":
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 303)
    response = redirect(url_for("accounts.sign_in", next=page_of_form()), 303)
    keep_form(response)
    return response


def _refuse_forged() -> None:
    # A token travels in a header that no other site can make a browser send. A program that
    # signs in with neither cookie nor token has nothing to forge.
    if request.endpoint is None or (is_api() and not came_by_cookie()):
        return
    csrf.protect()
