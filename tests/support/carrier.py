"""A gateway of text messages on loopback, as strict as the real one about signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SECRET = "a-gateway-secret-for-tests"


class Carrier:
    """A gateway on loopback: answers what the test says, in turn, and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[dict[str, str], dict[str, str]]] = []
        self.phones: dict[str, str] = {}
        self.should_continue = threading.Event()
        carrier = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                carrier.answer(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        query = urlsplit(handler.path).query
        headers = {name.lower(): value for name, value in handler.headers.items()}
        assert headers["authorization"] == signature(query, headers)
        nonce = headers["x-acs-signature-nonce"]
        self.asked.append((dict(parse_qsl(query)), headers))
        answer = self.answers.pop(0) if self.answers else 200
        if answer == "taken, then silent":
            self.phones[nonce] = query
            self.should_continue.wait(10)
            handler.close_connection = True
            return
        if nonce in self.phones:
            body, status = {"Code": "SignatureNonceUsed"}, 400
        elif isinstance(answer, int) and answer < 300:
            self.phones[nonce] = query
            body, status = {"Code": "OK"}, answer
        elif isinstance(answer, str):
            body, status = {"Code": answer}, 400
        else:
            body, status = {"Code": "ServiceUnavailable"}, answer
        raw = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    def close(self) -> None:
        self.should_continue.set()
        self.server.shutdown()
        self.server.server_close()


def signature(query: str, headers: dict[str, str]) -> str:
    """Work out the signature as the gateway's manual describes it, from what arrived."""
    names = [
        "host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce",
        "x-acs-version",
    ]  # fmt: skip
    signed = "".join(f"{name}:{headers[name]}\n" for name in names)
    body = hashlib.sha256(b"").hexdigest()
    canonical = f"POST\n/\n{query}\n{signed}\n{';'.join(names)}\n{body}"
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    made = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"ACS3-HMAC-SHA256 Credential=key-1,SignedHeaders={';'.join(names)},Signature={made}"


def sms_of(endpoint: str, **more: Any) -> dict[str, Any]:
    return {
        "endpoint": endpoint, "key_id": "key-1", "key_secret": SECRET, "sign_name": "网格员",
        "template_code": "SMS_1", "notice_template_code": "SMS_2", "notices_per_day": 1,
        "timeout_seconds": 5, "tries": 3, "most_per_day": 3, **more,
    }  # fmt: skip


# What makes them, with the answers a test wants in turn.
Carriers = Callable[..., Carrier]
