"""A phone that sends photos in parts: tus 1.0.0 spoken by hand, so that every odd thing can be said."""

from __future__ import annotations

import base64
import hashlib
import io
import uuid
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

VERSION = {"Tus-Resumable": "1.0.0"}
PART = "application/offset+octet-stream"


def metadata(**said: str) -> str:
    """Return what a creation says of a file, each value in Base64."""
    return ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items()
    )


def checksum(data: bytes, algorithm: str = "sha1") -> str:
    """Return the header for these bytes."""
    digest = hashlib.new(algorithm, data).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


class CutOff(io.RawIOBase):
    """A body whose connection ends after so many bytes, whatever its length was said to be."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._data.readinto(buffer)


class Phone:
    """Sends photos in parts with a member's token."""

    def __init__(self, client: FlaskClient, token: Mapping[str, str]) -> None:
        self.client, self.token = client, dict(token)

    def ask(self, method: str, path: str, headers: Mapping[str, str], **more: Any) -> TestResponse:
        path = path if path.startswith("/") else f"/api/v1/{path}"
        answer = self.client.open(
            path, method=method, headers={**self.token, **VERSION, **headers}, **more
        )
        answer.get_data()
        answer.close()
        return answer

    def begin(self, length: int | str, key: str | None = None, **said: str) -> TestResponse:
        """Ask for room for a photo."""
        named = {"kind": "photo", "filename": "a.jpg", "key": key or str(uuid.uuid4()), **said}
        headers = {"Upload-Length": str(length), "Upload-Metadata": metadata(**named)}
        return self.ask("POST", "uploads", headers)

    def go_on(
        self, at: str, data: bytes, offset: int, *, arrives: int | None = None, **headers: str
    ) -> TestResponse:
        """Send bytes; of them so many arrive before the connection is cut."""
        said = {
            "Upload-Offset": str(offset),
            "Content-Type": PART,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        more: dict[str, Any] = {"data": data}
        if arrives is not None:
            cut = {"wsgi.input": CutOff(data[:arrives]), "wsgi.input_terminated": True}
            more = {"environ_overrides": {**cut, "CONTENT_LENGTH": str(len(data))}}
        return self.ask("PATCH", at, said, **more)

    def kept(self, at: str) -> int:
        """Ask how far an upload is."""
        answer = self.ask("HEAD", at, {})
        assert answer.status_code == 200, answer.status
        return int(answer.headers["Upload-Offset"])

    def sent(self, data: bytes, **said: str) -> str:
        """Send a whole photo; return its id."""
        at = self.begin(len(data), **said).headers["Location"]
        assert self.go_on(at, data, 0).status_code == 204
        return at.rpartition("/")[2]
