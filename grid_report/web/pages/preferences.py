"""Language, theme and text size: three cookies, so that guests have them too."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from grid_report.languages import LANGUAGES
from grid_report.web.context import TEXT_SIZES, THEMES, settings
from grid_report.web.guard import public

bp = Blueprint("preferences", __name__)

CHOICES = {"language": tuple(LANGUAGES), "theme": THEMES, "text": TEXT_SIZES}
YEAR_S = 365 * 24 * 3600


def own_path(address: str | None, otherwise: str = "/") -> str:
    """Return an address only when it stays on this site."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return otherwise
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or any(ord(c) < 32 or c == "\\" for c in address):
        return otherwise
    return address


@bp.post("/preferences")
@public
def save() -> Response:
    """Keep the choices that were sent and go back to where the person was."""
    response = redirect(own_path(request.form.get("next")), 303)
    for name, allowed in CHOICES.items():
        value = request.form.get(name)
        if value in allowed:
            response.set_cookie(
                name,
                value,
                max_age=YEAR_S,
                samesite="Lax",
                secure=settings().security.secure_cookies,
                httponly=True,
            )
    return response
