"""A gateway that answers with what is no answer: said in a word, never an error of the program."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from grid_report.accounts.numbers import messenger, sms_gateway
from grid_report.notify.wechat.gateway import Gateway, NotSent
from grid_report.settings import load
from tests.notify.channels.sending import AT
from tests.notify.wechat.pretending import wechat_of
from tests.support.carrier import sms_of

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
DEEP = b"[" * 60_000
ANSWERS = {
    "no HTTP": b"220 mail.example ready\r\n\r\n",
    "an endless line": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "cut off in a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{",
    "deeper than anybody reads": HEAD + b"\r\n" + DEEP,
}


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """Answer whoever comes with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                with line:
                    line.settimeout(2)
                    line.recv(65536)
                    line.sendall(raw)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(2)


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_that_is_none_is_not_sent(case: str) -> None:
    with answering(ANSWERS[case]) as endpoint:
        values = wechat_of(endpoint) | {"sms": sms_of(endpoint)}
        settings = load({"GRID_REPORT_ENV": "testing"}, values)
        with pytest.raises(NotSent, match=r"no-answer|unreadable"):
            Gateway(settings.wechat).openid_of("code")
        notice = messenger.NoticeMessage("1-1", AT, "13900000001", "SMS_1", {"what": "x"})
        with pytest.raises(sms_gateway.NotSent, match=r"no-answer|unreadable"):
            sms_gateway.Gateway(settings.sms).send_notice(notice)
