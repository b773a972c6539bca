"""A real site for tests: `grid-report serve` with its workers, asked over real sockets."""

from __future__ import annotations

import http.client
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from grid_report.settings import Settings
from tests.jobs.processes import end, environ_of, start, wait_for

SERVE = ["-c", "from grid_report.cli import serve; serve()"]


def free_port() -> int:
    """Return a port nobody listens on at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Answer:
    """What a site answered."""

    status: int
    headers: Mapping[str, str]
    text: str


class Site:
    """A running site."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def get(self, path: str = "/healthz", seconds: float = 10) -> int:
        """Ask for a page; return the status."""
        return self.ask(path, seconds=seconds).status

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = 10,
    ) -> Answer:
        """Ask for anything; return the whole answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return Answer(answer.status, {k.title(): v for k, v in answer.getheaders()}, text)
        finally:
            connection.close()

    def at_once(self, requests: Sequence[bytes], seconds: float = 60) -> list[Answer]:
        """Send whole requests at the same moment, each on a connection of its own."""
        socks = [self.connect() for _ in requests]
        answers: list[Answer | None] = [None] * len(requests)
        barrier = threading.Barrier(len(requests))

        def run(number: int) -> None:
            sock = socks[number]
            with sock:
                sock.settimeout(seconds)
                barrier.wait(seconds)
                sock.sendall(requests[number])
                answer = http.client.HTTPResponse(sock)
                answer.begin()
                text = answer.read().decode("utf-8", "replace")
                named = {k.title(): v for k, v in answer.getheaders()}
                answers[number] = Answer(answer.status, named, text)

        threads = [threading.Thread(target=run, args=(i,)) for i in range(len(requests))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(seconds)
        return [answer or Answer(0, {}, "") for answer in answers]

    def answers(self) -> bool:
        """Tell whether it is up."""
        with suppress(OSError, http.client.HTTPException):
            return self.get(seconds=2) == 200
        return False

    def connect(self) -> socket.socket:
        """Open a connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def children(self, name: str) -> list[psutil.Process]:
        """Return the supervisor's own children of a kind, "web" or "scheduler"."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):
                if name in child.cmdline():
                    found.append(child)
        return found

    def workers(self) -> list[psutil.Process]:
        """Return the web workers."""
        return [worker for web in self.children("web") for worker in web.children()]

    def said(self) -> str:
        """Return its log so far."""
        return self.log.read_text(errors="replace")


def page(path: str, language: str) -> bytes:
    """Return a request for a page in a language."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n"
        f"Accept-Language: {language}\r\nConnection: close\r\n\r\n"
    ).encode()


@contextmanager
def site(
    settings: Settings, log: Path, *, options: Sequence[str] = (), **more: str
) -> Iterator[Site]:
    """Run a site with the server settings as shipped."""
    port = free_port()
    environ = environ_of(settings, PORT=str(port), HOST="127.0.0.1", **more)
    process = start([*SERVE, *options], environ, log)
    running = Site(process, port, log)
    try:
        wait_for(lambda: running.answers() or process.poll() is not None, 90)
        assert process.poll() is None, log.read_text()[-3000:]
        yield running
    finally:
        was_ended = process.poll() is not None
        assert end(process) == 0 or was_ended


def settle(seconds: float = 0.3) -> None:
    """Let what was just sent arrive on the other side."""
    time.sleep(seconds)
