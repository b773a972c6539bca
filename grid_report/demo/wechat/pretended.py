"""Answers on loopback as WeChat's servers do, as strict about tokens, openids and fields as they are."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

APP_ID: Final = "wx0000000000000000"
SECRET: Final = "a-secret-of-nobody"  # noqa: S105 - of an account that is not there
TOKEN_SECONDS: Final = 7200
LONGEST: Final = {"thing": 20, "character_string": 32, "phrase": 5, "number": 32, "const": 20}
INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?")

Query = Mapping[str, str]


class PretendedWechat:
    """A WeChat with one service account. What a test wants it to answer first stands in `answers`."""

    def __init__(self, port: int = 0, tell: Callable[[str], None] | None = None) -> None:
        self.answers: list[Any] = []
        self.tokens: list[str] = []
        self.asked: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.codes: dict[str, str] = {}
        self.followers: set[str] = set()
        self.refusing: set[str] = set()
        self.next_openid = "o-somebody-0001"
        self.lock = threading.Lock()
        self.goes_on = threading.Event()
        self._tell = tell or (lambda _: None)
        wechat = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wechat.handle(self)

            def do_POST(self) -> None:
                wechat.handle(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def endpoint(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        """Stop."""
        self.goes_on.set()
        self.server.shutdown()
        self.server.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        if parts.path == "/connect/oauth2/authorize":
            self._lead_back(request, query)
            return
        with self.lock:
            self.asked.append(parts.path)
            answer = self.answers.pop(0) if self.answers else None
        if answer == "taken, then silent":
            self._answer(parts.path, query, body)
            self.goes_on.wait(10)
            request.close_connection = True
            return
        if answer == "led away":
            request.send_response(302)
            request.send_header("Location", f"{self.endpoint}/elsewhere")
            request.end_headers()
            return
        status = answer if isinstance(answer, int) and answer in range(300, 600) else 200
        said = {"errcode": answer, "errmsg": "asked for"} if isinstance(answer, int) else answer
        with self.lock:
            found = said if said is not None else self._answer(parts.path, query, body)
        raw = found if isinstance(found, bytes) else json.dumps(found).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(raw)))
        request.end_headers()
        request.wfile.write(raw)

    def _lead_back(self, request: BaseHTTPRequestHandler, query: Query) -> None:
        code = secrets.token_hex(16)
        with self.lock:
            self.codes[code] = self.next_openid
            self.followers.add(self.next_openid)
        back = urlencode({"code": code, "state": query.get("state", "")})
        request.send_response(302)
        request.send_header("Location", f"{query['redirect_uri']}?{back}")
        request.end_headers()

    def _answer(self, path: str, query: Query, body: bytes) -> Mapping[str, Any]:
        if path == "/sns/oauth2/access_token":
            return self._openid(query)
        if path == "/cgi-bin/stable_token":
            return self._token(json.loads(body))
        if path == "/cgi-bin/message/template/send":
            return self._send(query, json.loads(body))
        return {"errcode": 40066, "errmsg": "invalid url"}

    def _openid(self, query: Query) -> Mapping[str, Any]:
        if (query.get("appid"), query.get("secret")) != (APP_ID, SECRET):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        openid = self.codes.pop(query.get("code", ""), None)
        if openid is None:
            return {"errcode": 40163, "errmsg": "code been used"}
        return {"openid": openid, "scope": "snsapi_base", "expires_in": 7200}

    def _token(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if (asked.get("appid"), asked.get("secret")) != (APP_ID, SECRET):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        if asked.get("force_refresh") or not self.tokens:
            self.tokens.append(f"token-{len(self.tokens) + 1}")
        return {"access_token": self.tokens[-1], "expires_in": TOKEN_SECONDS}

    def _send(self, query: Query, message: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self.tokens or query.get("access_token") != self.tokens[-1]:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        openid = message["touser"]
        if openid in self.refusing:
            return {"errcode": 43101, "errmsg": "user refuse to accept the msg"}
        if openid not in self.followers:
            return {"errcode": 43004, "errmsg": "require subscribe"}
        for name, field in message["data"].items():
            word, value = name.rstrip("0123456789"), field["value"]
            fits = INSTANT.fullmatch(value) if word in ("time", "date") else word in LONGEST
            if not fits or len(value) > LONGEST.get(word, 32):
                return {"errcode": 47003, "errmsg": f"argument invalid! data.{name}.value"}
        # A copy under the same id is taken and goes nowhere.
        if message["client_msg_id"] not in [one["client_msg_id"] for one in self.sent]:
            self.sent.append(dict(message))
            said = ", ".join(field["value"] for field in message["data"].values())
            self._tell(f"{openid}: {message['template_id']} ({said})")
        return {"errcode": 0, "errmsg": "ok", "msgid": len(self.sent)}
