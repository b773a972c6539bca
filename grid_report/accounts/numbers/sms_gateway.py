"""Brings codes and notices to phones over a carrier's HTTP gateway: signed, by template, the same message once.

The signature is ACS3-HMAC-SHA256 and the parameters are those of SendSms (version 2017-05-25), as
Alibaba Cloud has them; others are alike. A try that got no answer is repeated with the same nonce,
so that a gateway which took it before can tell. Nothing here writes a log: what goes wrong is named
by a word without number, code, phrase or secret.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

from grid_report.accounts.numbers.messenger import CodeMessage, NoticeMessage
from grid_report.settings import Sms

ACTION: Final = "SendSms"
VERSION: Final = "2017-05-25"
SCHEME: Final = "ACS3-HMAC-SHA256"
EMPTY: Final = hashlib.sha256(b"").hexdigest()
MOST_BYTES: Final = 64 * 1024
# What the gateway says of a nonce it has seen: the try before had arrived.
SEEN_BEFORE: Final = "SignatureNonceUsed"


class NotSent(RuntimeError):
    """The gateway refused, or did not answer; the text is one word of its own."""


class Refused(NotSent):
    """The gateway said no: nothing went out, and nothing is charged."""


@dataclass(frozen=True)
class Answered:
    """What came back: the status, and the word the gateway uses for how it went."""

    status: int
    word: str


def signed_headers(
    query: str, *, host: str, key_id: str, secret: str, nonce: str, at: datetime
) -> dict[str, str]:
    """Return the headers of a request with nothing but a query, the signature among them."""
    headers = {
        "host": host,
        "x-acs-action": ACTION,
        "x-acs-content-sha256": EMPTY,
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": VERSION,
    }
    names = ";".join(headers)
    canonical = "\n".join(
        (
            "POST",
            "/",
            query,
            *(f"{name}:{value}" for name, value in headers.items()),
            "",
            names,
            EMPTY,
        )
    )
    to_sign = f"{SCHEME}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = (
        f"{SCHEME} Credential={key_id},SignedHeaders={names},Signature={signature}"
    )
    return headers


def query_of(parameters: Mapping[str, str]) -> str:
    """Write parameters in the one order and spelling that is signed."""
    return "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}"
        for name, value in sorted(parameters.items())
    )


class Gateway:
    """A messenger over HTTP, see `settings.Sms`."""

    def __init__(self, sms: Sms) -> None:
        self._sms = sms

    def send_code(self, message: CodeMessage) -> None:
        """Send one code, tried again with the same nonce. Raises NotSent."""
        self._send(
            str(message.id),
            message.phone,
            self._sms.template_code,
            {"code": message.code},
            message.at,
        )

    def send_notice(self, message: NoticeMessage) -> None:
        """Send one registered text, tried again with the same nonce. Raises NotSent."""
        self._send(message.id, message.phone, message.template, message.variables, message.at)

    def _send(
        self, out_id: str, phone: str, template: str, variables: Mapping[str, str], at: datetime
    ) -> None:
        sms, nonce, word = self._sms, uuid.uuid4().hex, ""
        query = query_of(
            {
                "OutId": out_id,
                "PhoneNumbers": phone,
                "SignName": sms.sign_name,
                "TemplateCode": template,
                "TemplateParam": json.dumps(variables, ensure_ascii=False),
            }
        )
        for again in range(sms.tries):
            answered = self._ask(query, nonce, at)
            word = answered.word
            if word == "OK" or (again and word == SEEN_BEFORE):
                return
            if answered.status and answered.status < 500:
                # Only the first try can say so: one before may have gone out unanswered.
                raise NotSent(word) if again else Refused(word)
        raise NotSent(word)

    def _ask(self, query: str, nonce: str, at: datetime) -> Answered:
        sms = self._sms
        headers = signed_headers(
            query,
            host=urlsplit(sms.endpoint).netloc,
            key_id=sms.key_id,
            secret=sms.key_secret.get_secret_value(),
            nonce=nonce,
            at=at,
        )
        request = urllib.request.Request(  # noqa: S310 - https, or loopback: settings see to it
            f"{sms.endpoint.rstrip('/')}/?{query}", data=b"", headers=headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=sms.timeout_seconds) as answer:  # noqa: S310
                return Answered(answer.status, _word(answer.read(MOST_BYTES)))
        except urllib.error.HTTPError as error:
            with error:
                return Answered(error.code, _word(error.read(MOST_BYTES)))
        # Refused, cut off, silent for too long, or no HTTP.
        except (OSError, http.client.HTTPException, ValueError):
            return Answered(0, "no-answer")


def _word(body: bytes) -> str:
    try:
        word = json.loads(body)["Code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "unreadable"
    return str(word)[:60] if isinstance(word, str) else "unreadable"
