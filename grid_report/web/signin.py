"""Flask-Login, holding one thing: the id and secret of a row in `sign_ins`."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, session
from flask_login import LoginManager, UserMixin, login_user, logout_user

from grid_report import clock
from grid_report.access import Actor
from grid_report.web.context import wiring


class SignedInMember(UserMixin):
    """An actor as Flask-Login wants to hold it."""

    def __init__(self, actor: Actor, handle: str) -> None:
        self.actor = actor
        self.handle = handle

    def get_id(self) -> str:
        """Return what the signed cookie keeps."""
        return self.handle


def load(handle: str) -> SignedInMember | None:
    """Find the member behind a cookie; None when signed out elsewhere or expired."""
    number, _, secret = handle.partition(".")
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    actor = wiring().actor_for_browser(int(number), secret, clock.now())
    return SignedInMember(actor, handle) if actor else None


def establish(actor: Actor, sign_in_id: int, secret: str) -> None:
    """Sign this browser in with a fresh session: nothing a guest planted survives."""
    session.clear()
    session.permanent = True
    login_user(SignedInMember(actor, f"{sign_in_id}.{secret}"))


def forget() -> None:
    """Sign this browser out; the row is revoked by the use case."""
    logout_user()
    session.clear()


def init_app(app: Flask) -> None:
    """Set the cookie's flags and tell Flask-Login how to find a member."""
    security = app.extensions["grid_report"].settings.security
    app.config.update(
        SESSION_COOKIE_NAME="grid_report",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=security.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=security.session_days),
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=security.secure_cookies,
    )
    manager = LoginManager()
    manager.session_protection = None
    # Templates know the actor. Offered to them as well, the member would be looked up for a page
    # that says the database is gone.
    manager.init_app(app, add_context_processor=False)
    manager.user_loader(load)
