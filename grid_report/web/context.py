"""What a request knows: the settings, who asks, from where, in which language."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_login import current_user
from sqlalchemy import ScalarSelect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from grid_report import clock
from grid_report.access import Actor, Permission
from grid_report.errors import GridReportError
from grid_report.languages import CODE_OF, DEFAULT, LANGUAGES
from grid_report.settings import Settings

TEXT_SIZES = ("normal", "big")
THEMES = ("auto", "light", "dark")

_LANGUAGE = "grid_report.language"


class SignInNeeded(GridReportError):
    """Nobody is signed in, or the token is not good (any more). Becomes 401."""

    code = "sign-in-needed"


class Photos(Protocol):
    """What the app does with photos: `media.kit.Media`, which this floor does not know."""

    # A `Store` and `AdmittedPhoto`s; only rooms above `media` look into them.
    store: Any

    def admit(self, uploads: Sequence[Any]) -> list[Any]:
        """Check, clean and store photos; all of them or none."""

    def response(self, name: str, size: str, byte_count: int | None = None) -> Response:
        """Answer with a photo; the caller has asked who may see it."""

    def close(self) -> None:
        """End the decoders."""


@dataclass(frozen=True)
class Services:
    """What `create_app` ties together; the web floor itself knows no domain."""

    settings: Settings
    permissions: Mapping[str, Permission[Any]]
    actor_for_browser: Callable[[int, str, datetime], Actor | None]
    actor_for_token: Callable[[str, datetime], Actor | None]
    unread_count: Callable[[int], int]
    media: Photos
    # Which of these photo files have a row, and all that have one: rooms above `media` know.
    photo_names_in_use: Callable[[Collection[str]], set[str]]
    list_photo_files: Callable[[str, int], list[tuple[str, int | None]]]


def wiring() -> Services:
    """Return what the running app was wired with."""
    return cast(Services, current_app.extensions["grid_report"])


def settings() -> Settings:
    """Return the running app's settings."""
    return wiring().settings


def bearer_token() -> str | None:
    """Return the token of the Authorization header, '' when the header is there but odd."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


_CARRIED = "grid_report_carried"


def prefetch(app: Flask, name: str, column: ScalarSelect[Any]) -> None:
    """Have a value looked up along with who signs in: one statement less in nearly every request."""
    app.extensions.setdefault(_CARRIED, {})[name] = column


def to_carry() -> Mapping[str, ScalarSelect[Any]]:
    """Return what is to be looked up along with who signs in."""
    return cast("Mapping[str, ScalarSelect[Any]]", current_app.extensions.get(_CARRIED, {}))


def keep_prefetched(values: Mapping[str, Any]) -> None:
    """Keep what was looked up, for this request."""
    if has_request_context():
        g.carried = values


def carry_along(name: str, value: Any) -> None:
    """Put a newer value in the place of one that was looked up, for the rest of this request."""
    g.carried = {**g.get("carried", {}), name: value}


def prefetched(name: str) -> Any:
    """Return what was looked up along with who asks; None where nobody was looked up."""
    return g.get("carried", {}).get(name) if has_request_context() else None


def actor_or_none() -> Actor | None:
    """Return who asks. A given token decides alone: a bad one never falls back to the cookie."""
    if not has_request_context():
        return None
    if "actor" not in g:
        token = bearer_token()
        if token is not None:
            g.actor = wiring().actor_for_token(token, clock.now()) if token else None
            g.by_cookie = False
        else:
            g.actor = current_user.actor if current_user.is_authenticated else None
            g.by_cookie = g.actor is not None
    return cast("Actor | None", g.actor)


def came_by_cookie() -> bool:
    """Tell whether the caller is signed in by a browser's cookie, and not by a token."""
    return actor_or_none() is not None and bool(g.by_cookie)


def keeper() -> str:
    """Name whose pages a browser may hold: the sign-in, so that none outlives it; '' for guests."""
    actor = actor_or_none()
    return str(actor.sign_in_id) if actor is not None and actor.sign_in_id is not None else ""


_UNSEEN = "grid_report_unseen"


def keep_unseen(sign_in_id: int) -> None:
    """Keep that it is time to note, after this request, that somebody did something."""
    if has_request_context():
        setattr(g, _UNSEEN, sign_in_id)


def unseen() -> int | None:
    """Return the sign-in that is to be noted as in use; None for nothing to note."""
    return cast("int | None", g.get(_UNSEEN))


def current_actor() -> Actor:
    """Return who asks. Raises SignInNeeded."""
    actor = actor_or_none()
    if actor is None:
        raise SignInNeeded
    return actor


_KEEPS_FORMS = "grid_report_keeps_forms"


def keep_forms_by(app: Flask, keep: Callable[[AnyResponse, str], None]) -> None:
    """Have the words of a form that is refused here kept, with the page they belong to."""
    app.extensions[_KEEPS_FORMS] = keep


def keep_form(response: AnyResponse) -> str | None:
    """Keep the words of the refused form; return the page it was on, None when nobody knows."""
    page = page_of_form()
    if page is not None and request.method == "POST" and _KEEPS_FORMS in current_app.extensions:
        current_app.extensions[_KEEPS_FORMS](response, page)
    return page


def page_of_form() -> str | None:
    """Return the page of ours a posted form was on, if it can be looked at again."""
    # Another site's form has another site's page, or none: nothing of it is kept.
    if not (request.referrer or "").startswith(request.host_url):
        return None
    parts = urlsplit(request.referrer or "")
    for path, query in ((parts.path, parts.query), (request.path, "")):
        try:
            current_app.url_map.bind("").match(path, method="GET")
        except (HTTPException, RequestRedirect):
            continue
        return f"{path}?{query}" if query else path
    return None


def public_address(path: str) -> str:
    """Return an address of ours in full, for what is printed or scanned.

    Its host is a setting and never what a request says, which anybody can make up.
    """
    server = settings().server
    here = "127.0.0.1" if server.host in ("", "0.0.0.0", "::") else server.host
    host = f"[{here}]" if ":" in here else here
    return (server.public_url or f"http://{host}:{server.port}") + path


def client_address() -> str:
    """Return the caller's address as the trusted proxies saw it."""
    return request.remote_addr or "unknown"


def is_api() -> bool:
    """Tell whether the answer is for a program."""
    return request.path.startswith(("/api/", "/open311/"))


def wants_json() -> bool:
    """Tell whether errors should be problem details and not a page."""
    if is_api():
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and "text/html" not in request.accept_mimetypes.values()


def language() -> str:
    """Choose the words: programs say it in a header, people in a cookie or on their account."""
    if not has_request_context():
        return DEFAULT
    # A page asks for each of its sentences; neither cookie nor header changes meanwhile.
    known = request.environ.get(_LANGUAGE)
    if known is not None:
        return cast(str, known)
    if not is_api():
        chosen = request.environ[_LANGUAGE] = _language_of_page()
        return chosen
    if request.headers.get("Accept-Language") is None and g.get("actor") is not None:
        return cast(str, g.actor.language)
    return _language_of_header()


@contextmanager
def speaking(wanted: str) -> Iterator[None]:
    """Choose the words of one language for what is said meanwhile, whoever asks."""
    before = language()
    request.environ[_LANGUAGE] = wanted
    try:
        yield
    finally:
        request.environ[_LANGUAGE] = before


def _language_of_page() -> str:
    chosen = request.cookies.get("language")
    return chosen if chosen in LANGUAGES else _language_of_header()


def _language_of_header() -> str:
    best = request.accept_languages.best_match(CODE_OF)
    return CODE_OF[best] if best else DEFAULT
