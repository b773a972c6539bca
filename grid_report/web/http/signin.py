"""Flask-Login, holding one thing: the id and secret of a row in `sign_ins`."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Request, Response, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin, login_user, logout_user
from itsdangerous import BadSignature

from grid_report import clock
from grid_report.access import Actor
from grid_report.web.context import wiring

COOKIE = "grid_report"


def cookie_name(name: str, *, secure: bool) -> str:
    """Return what a cookie of ours is called where cookies are sent over https only, or not.

    With the prefix no other host of the domain, and no page without https, can plant it.
    """
    return f"__Host-{name}" if secure else name


class Sessions(SecureCookieSessionInterface):
    """The signed cookie. One with the name of before is read once and replaced by the new one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie; that of before only where there is none of today."""
        opened = super().open_session(app, request)
        signer = self.get_signing_serializer(app)
        name = self.get_cookie_name(app)
        before = request.cookies.get(COOKIE)
        if name == COOKIE or before is None or name in request.cookies or signer is None:
            return opened
        age = int(app.permanent_session_lifetime.total_seconds())
        try:
            kept = self.session_class(signer.loads(before, max_age=age))
        except BadSignature:
            return opened
        kept.modified = True
        return kept

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie, and let go of the one of before."""
        super().save_session(app, session, response)
        if self.get_cookie_name(app) != COOKIE and COOKIE in request.cookies:
            response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax")


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
        SESSION_COOKIE_NAME=cookie_name(COOKIE, secure=security.secure_cookies),
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=security.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=security.session_days),
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=security.secure_cookies,
    )
    app.session_interface = Sessions()
    manager = LoginManager()
    manager.session_protection = None
    # Templates know the actor. Offered to them as well, the member would be looked up for a page
    # that says the database is gone.
    manager.init_app(app, add_context_processor=False)
    manager.user_loader(load)
