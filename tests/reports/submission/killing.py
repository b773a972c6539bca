"""A server to be killed, and riders who send until they are answered."""

from __future__ import annotations

import http.client
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from grid_report.serving import supervisor
from grid_report.settings import Settings
from tests.jobs.processes import ROOT, environ_of, wait_for

# Every fourth report is accepted meanwhile: points are paid while the power fails.
ACCEPT_EVERY = 4


@dataclass
class Sending:
    """A request that is sent with one key until it is answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    wanted: int
    # Does not wait for the first answer: what was committed unheard is sent again.
    is_deaf: bool = False
    tries: int = 0
    answer: dict[str, Any] | None = None
    replayed: bool = False


@dataclass
class Senders:
    """Threads that send what waits, and put back what got no answer."""

    port: int
    waiting: queue.Queue[Sending] = field(default_factory=queue.Queue)
    answered: list[Sending] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    worker: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Send until told that it is over."""
        while not self.over.is_set():
            try:
                sending = self.waiting.get(timeout=0.05)
            except queue.Empty:
                continue
            sending.tries += 1
            try:
                status, replayed, body = self._post(sending)
            except (OSError, http.client.HTTPException):
                self.waiting.put(sending)
                continue
            if status == 503:
                time.sleep(0.1)
                self.waiting.put(sending)
            elif status != sending.wanted:
                self.refused.append(f"{status}: {body[:500]!r}")
            else:
                sending.answer, sending.replayed = json.loads(body), replayed
                self.answered.append(sending)
                self._go_on(sending)

    def _post(self, sending: Sending) -> tuple[int, bool, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", sending.path, sending.body, sending.headers)
            if sending.is_deaf and sending.tries == 1:
                time.sleep(0.2)
                raise ConnectionAbortedError("the rider went into a tunnel")
            answer = connection.getresponse()
            # Only what arrived whole was acknowledged; `read` raises when it did not.
            body = answer.read()
            return answer.status, answer.getheader("Idempotent-Replayed") == "true", body
        finally:
            connection.close()

    def _go_on(self, sending: Sending) -> None:
        """Have a worker accept some of the reports as soon as they are there."""
        assert sending.answer is not None
        number = str(sending.answer["number"])
        if sending.wanted == 201 and int(number[-4:]) % ACCEPT_EVERY == 0:
            self.waiting.put(acceptance(number, self.worker))

    def reports(self) -> list[Sending]:
        """Return the reports acknowledged so far."""
        return [sending for sending in list(self.answered) if sending.wanted == 201]


@dataclass
class Web:
    """gunicorn on a socket that outlives it; its log goes to a file."""

    listener: socket.socket
    environ: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    killed: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        """Start it as `grid-report serve` does."""
        fd = self.listener.fileno()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "grid_report.serving.supervisor", "web", str(fd)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=self.environ,
                pass_fds=(fd,),
                start_new_session=True,
            )

    def kill(self) -> None:
        """End the whole process group at once; nobody it leaves behind lives on."""
        self.killed["group"] += 1
        self.end()

    def end(self) -> None:
        """Leave nothing behind."""
        assert self.process is not None
        assert self.process.stdin is not None
        group = psutil.Process(self.process.pid)
        family = [group, *group.children(recursive=True)]
        os.killpg(group.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process.stdin.close()
        # The decoders are in groups of their own: they notice that their worker is gone.
        wait_for(lambda: not any(_lives(process) for process in family), 15)

    def kill_one_worker(self, rng: random.Random) -> None:
        """End one web process; gunicorn starts another."""
        assert self.process is not None
        gunicorn = psutil.Process(self.process.pid)
        wait_for(lambda: bool(gunicorn.children()))
        self.killed["worker"] += 1
        with suppress(psutil.NoSuchProcess):
            rng.choice(gunicorn.children()).kill()


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


@contextmanager
def web_on_a_socket(settings: Settings, folder: Path) -> Iterator[tuple[Web, int]]:
    figures = folder / "figures"
    figures.mkdir()
    environ = environ_of(
        settings,
        PROMETHEUS_MULTIPROC_DIR=str(figures),
        GRID_REPORT_SERVER__THREADS="8",
        # Seven starts: compiling the same modules each time would be most of the test.
        PYTHONDONTWRITEBYTECODE="",
        PYTHONPYCACHEPREFIX=str(ROOT / "var" / "bytecode"),
    )
    with supervisor.listen("127.0.0.1", 0) as listener:
        port = int(listener.getsockname()[1])
        web = Web(listener, environ, folder / "web.log")
        try:
            yield web, port
        finally:
            if web.process is not None and web.process.poll() is None:
                web.end()


def acceptance(number: str, worker: dict[str, str]) -> Sending:
    return Sending(
        f"/api/v1/reports/{number}/steps",
        {**worker, "Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"},
        json.dumps({"step": "accept", "category": "RD02", "severity": 2}).encode(),
        200,
    )
