"""An upload in parts over a real socket: cut in the middle it goes on, stalled it lets go."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from grid_report import create_app
from grid_report.db import db
from grid_report.media.resumable.protocol import PIECE_BYTES
from tests.conftest import test_settings
from tests.jobs.processes import wait_for
from tests.support.builders import Make
from tests.support.parts import PART, metadata
from tests.support.site import Answer, Site, site

pytestmark = [pytest.mark.database, pytest.mark.slow]

DATA = bytes(range(256)) * 4300  # 1.1 MB


class Sender:
    """A rider's phone, over sockets."""

    def __init__(self, running: Site, token: str) -> None:
        self.running, self.token = running, token

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        said |= {"Authorization": self.token, "Tus-Resumable": "1.0.0"}
        return self.running.ask(path, method=method, body=body, headers=said)

    def begin(self) -> str:
        said = metadata(kind="photo", key=str(uuid.uuid4()))
        answer = self.ask(
            "POST", "/api/v1/uploads", Upload_Length=str(len(DATA)), Upload_Metadata=said
        )
        assert answer.status == 201, answer
        return answer.headers["Location"]

    def kept(self, at: str) -> int:
        return int(self.ask("HEAD", at).headers["Upload-Offset"])

    def start(self, at: str, offset: int, data: bytes) -> socket.socket:
        """Promise the rest of the photo and send so much of it."""
        sock = self.running.connect()
        head = (
            f"PATCH {at} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {self.token}\r\n"
            f"Tus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\nContent-Type: {PART}\r\n"
            f"Content-Length: {len(DATA) - offset}\r\n\r\n"
        )
        sock.sendall(head.encode() + data)
        return sock

    def go_on(self, at: str, offset: int) -> Answer:
        return self.ask("PATCH", at, DATA[offset:], Upload_Offset=str(offset), Content_Type=PART)


@pytest.fixture(scope="module")
def sender(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    """Run a site of one worker for a rider with a token."""
    folder = tmp_path_factory.mktemp("site")
    settings = test_settings(server.fresh(folder), folder)
    app = create_app(settings)
    with app.app_context():
        make = Make(app)
        token = make.token(make.rider())["Authorization"]
        db.session.remove()
        db.engine.dispose()
    with site(settings, folder / "log", GRID_REPORT_SERVER__WORKERS="1") as running:
        yield Sender(running, token)


def test_a_cut_at_two_thirds_goes_on_at_the_last_whole_piece(sender: Sender) -> None:
    at, cut = sender.begin(), len(DATA) * 68 // 100
    whole = cut // PIECE_BYTES * PIECE_BYTES
    sender.start(at, 0, DATA[:cut]).close()
    wait_for(lambda: sender.kept(at) == whole, 20)
    time.sleep(0.5)
    assert sender.kept(at) == whole
    answer = sender.go_on(at, whole)
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(len(DATA)))


def test_pieces_are_kept_while_the_rest_is_still_on_its_way(sender: Sender) -> None:
    at = sender.begin()
    with sender.start(at, 0, DATA[: PIECE_BYTES + 1000]):
        wait_for(lambda: sender.kept(at) == PIECE_BYTES, 20)
        # The phone gave up the old connection, which the server has not noticed yet.
        assert sender.go_on(at, PIECE_BYTES).status == 204
        assert sender.kept(at) == len(DATA)


def test_uploads_that_stall_leave_room_for_pages_and_no_more_than_two_a_member(
    sender: Sender,
) -> None:
    at = sender.begin()
    stalled = [sender.start(at, 0, b"x" * 1000) for _ in range(2)]
    try:
        time.sleep(0.5)
        refused = sender.go_on(at, 0)
        assert (refused.status, "Retry-After" in refused.headers) == (503, True)
        assert [sender.running.get() for _ in range(10)] == [200] * 10
    finally:
        for sock in stalled:
            sock.close()

    def goes_on() -> bool:
        return sender.go_on(at, 0).status == 204

    wait_for(goes_on, 20)
    assert sender.kept(at) == len(DATA)


def test_a_refused_part_is_answered_before_its_bytes_came(sender: Sender) -> None:
    at = sender.begin()
    with sender.start(at, 77, b"") as sock:
        sock.settimeout(10)
        assert sock.recv(4096).startswith(b"HTTP/1.1 409 ")
    assert sender.kept(at) == 0
