"""Help of the API tests: a program that asks as somebody."""

from __future__ import annotations

import io
from typing import Any, Protocol

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

from grid_report.access import Actor
from tests.support.builders import STATION, Make, picture


class Answer(Protocol):
    """What came back, read to its end; its JSON is whatever it is."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def content_type(self) -> str | None: ...
    @property
    def mimetype(self) -> str | None: ...
    @property
    def json(self) -> Any: ...
    @property
    def text(self) -> str: ...
    @property
    def data(self) -> bytes: ...


class Program:
    """Asks the API with a member's token."""

    def __init__(self, client: FlaskClient, token: dict[str, str]) -> None:
        self.client, self.token = client, token

    def ask(self, method: str, path: str, *, headers: Any = None, **more: Any) -> Answer:
        """Send a request; the answer's body is read and closed."""
        path = path if path.startswith("/") else f"/api/v1/{path}"
        answer = self.client.open(
            path, method=method, headers={**self.token, **(headers or {})}, **more
        )
        answer.get_data()
        answer.close()
        return answer

    def get(self, path: str, **more: Any) -> Answer:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> Answer:
        return self.ask("POST", path, **more)

    def report(self, *, photos: Any = 1, headers: Any = None, **fields: Any) -> Answer:
        """Send a report of the station's community, with so many photos or with these."""
        data: dict[str, Any] = {"category": "RD02", "community": STATION, **fields}
        if isinstance(photos, int):
            photos = [(io.BytesIO(picture()), "a.jpg") for _ in range(photos)]
        data["photos"] = photos
        return self.post("reports", data=data, headers=headers)

    def step(self, number: str, step: str, *, headers: Any = None, **fields: Any) -> Answer:
        return self.post(f"reports/{number}/steps", json={"step": step, **fields}, headers=headers)


class Programs(Protocol):
    """Makes a program that is signed in as somebody, or as nobody."""

    def __call__(self, actor: Actor | None = None) -> Program: ...


@pytest.fixture
def program(make: Make) -> Programs:
    """Make a program that is signed in as somebody, or as nobody."""

    def signed_in(actor: Actor | None = None) -> Program:
        return Program(make.app.test_client(), make.token(actor) if actor else {})

    return signed_in


def problem(answer: Answer, status: int, code: str, *fields: str) -> dict[str, Any]:
    """Check an answer to be problem details with all of their parts; return them."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = answer.json
    assert {"type", "title", "status", "code", "detail", "request_id"} <= set(body)
    assert (body["status"], body["code"]) == (status, code), body
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert sorted(body.get("errors", {})) == sorted(fields), body
    assert all(words for words in body.get("errors", {}).values())
    return body
