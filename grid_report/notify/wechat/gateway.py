"""Asks WeChat over HTTP: for the access token, for whose a visit is, and to bring a template message.

Nothing here writes a log, and what goes wrong is named by a number or a word: never by an id, a
token, a code or the secret, all of which stand in addresses. A redirect is not followed with them.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from grid_report.settings import Wechat

MOST_BYTES: Final = 64 * 1024
# Longer than any that WeChat gives today.
LONGEST: Final = 512


class NotSent(RuntimeError):
    """WeChat refused, or did not answer; the text is one word of its own, `code` its number if any."""

    def __init__(self, word: str, code: int = 0) -> None:
        super().__init__(word)
        self.code = code


@dataclass(frozen=True)
class Token:
    """An access token, and how many seconds it is good for."""

    text: str
    seconds: int


@dataclass(frozen=True)
class TemplateMessage:
    """A registered text on its way. The id is the same at every try, so that WeChat drops a copy."""

    id: str
    openid: str
    template: str
    fields: Mapping[str, str]
    url: str


class _NoWayOn(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Gateway:
    """A service account at WeChat, see `settings.Wechat`."""

    def __init__(self, wechat: Wechat) -> None:
        self._wechat = wechat
        self._opener = urllib.request.build_opener(_NoWayOn)

    @property
    def app_id(self) -> str:
        """Return the id of the service account."""
        return self._wechat.app_id

    def authorisation(self, back: str, state: str) -> str:
        """Return the address where WeChat says who is looking, and leads `back` with it."""
        query = urlencode(
            {
                "appid": self._wechat.app_id,
                "redirect_uri": back,
                "response_type": "code",
                "scope": "snsapi_base",
                "state": state,
            }
        )
        return f"{self._wechat.authorize_url}?{query}#wechat_redirect"

    def openid_of(self, code: str) -> str:
        """Return whose WeChat a code of the authorisation stands for. Raises NotSent."""
        query = urlencode(
            {
                "appid": self._wechat.app_id,
                "secret": self._wechat.app_secret.get_secret_value(),
                "code": code,
                "grant_type": "authorization_code",
            }
        )
        return _text(self._ask(f"/sns/oauth2/access_token?{query}"), "openid")

    def fetch_token(self, *, anew: bool) -> Token:
        """Ask for the access token: the one that is good, or `anew` for another one. Raises NotSent."""
        answer = self._ask(
            "/cgi-bin/stable_token",
            {
                "grant_type": "client_credential",
                "appid": self._wechat.app_id,
                "secret": self._wechat.app_secret.get_secret_value(),
                "force_refresh": anew,
            },
        )
        text, seconds = _text(answer, "access_token"), answer.get("expires_in")
        if not isinstance(seconds, int) or not 0 < seconds < 1_000_000:
            raise NotSent("unreadable")
        return Token(text, seconds)

    def send(self, token: str, message: TemplateMessage) -> int:
        """Send a template message; return WeChat's number for how it went, 0 for well. Raises NotSent."""
        answer = self._ask(
            f"/cgi-bin/message/template/send?access_token={quote(token, safe='')}",
            {
                "touser": message.openid,
                "template_id": message.template,
                "url": message.url,
                "client_msg_id": message.id,
                "data": {name: {"value": value} for name, value in message.fields.items()},
            },
        )
        return _code(answer)

    def _ask(self, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(  # noqa: S310 - https, or loopback: settings see to it
            f"{self._wechat.endpoint.rstrip('/')}{path}",
            data=data,
            headers={"Content-Type": "application/json"} if data else {},
        )
        try:
            with self._opener.open(request, timeout=self._wechat.timeout_seconds) as answer:
                said = json.loads(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            error.close()
            raise NotSent(f"http-{error.code}") from None
        # Refused, cut off, silent for too long; no HTTP, no JSON, JSON deeper than anybody reads.
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            raise NotSent("no-answer") from None
        if not isinstance(said, dict):
            raise NotSent("unreadable")
        return said


def _code(answer: Mapping[str, Any]) -> int:
    code = answer.get("errcode", 0)
    if not isinstance(code, int):
        raise NotSent("unreadable")
    return code


def _text(answer: Mapping[str, Any], name: str) -> str:
    if code := _code(answer):
        raise NotSent(f"errcode-{code}", code)
    text = answer.get(name)
    if not isinstance(text, str) or not text.isascii() or not 0 < len(text) <= LONGEST:
        raise NotSent("unreadable")
    return text
