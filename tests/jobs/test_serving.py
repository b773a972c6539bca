"""`grid-report serve` as people start it: answers, survives, stops, and bears slow phones."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from grid_report.serving import supervisor
from grid_report.serving.reloading import Changes
from grid_report.settings import ROOT, Settings
from tests.jobs.processes import end, environ_of, start, wait_for
from tests.support.databases import Databases
from tests.support.site import SERVE, Site, free_port, site

pytestmark = pytest.mark.slow

PAGES = 10


@pytest.fixture(scope="module")
def shared(server: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Share one site between the tests that leave it as they found it."""
    from tests.conftest import test_settings

    folder = tmp_path_factory.mktemp("site")
    url = server.fresh(folder)
    with site(test_settings(url, folder), folder / "log") as running:
        yield running


def half_an_upload(running: Site) -> socket.socket:
    sock = running.connect()
    sock.sendall(
        b"POST /report/new HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 3000000\r\n\r\n"
        b'--x\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'
        + b"\xff"
        * 20_000
    )
    return sock


def half_a_form(running: Site) -> socket.socket:
    sock = running.connect()
    sock.sendall(
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\nphone="
    )
    return sock


def half_a_chunk(running: Site) -> socket.socket:
    sock = running.connect()
    sock.sendall(
        b"POST /report/new HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"4000\r\n" + b"x" * 100
    )
    return sock


def half_the_headers(running: Site) -> socket.socket:
    sock = running.connect()
    sock.sendall(b"GET / HTTP/1.1\r\nHost: loc")
    return sock


def silence(running: Site) -> socket.socket:
    return running.connect()


@pytest.mark.parametrize(
    ("stall", "count"),
    [
        (half_an_upload, 16),
        (half_an_upload, 80),
        (half_a_chunk, 80),
        (half_the_headers, 80),
        (silence, 80),
    ],
)
def test_pages_are_answered_while_clients_stall(
    shared: Site, stall: Callable[[Site], socket.socket], count: int
) -> None:
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(stall(shared))
        time.sleep(0.5)
        assert [shared.get("/sign-in", seconds=5) for _ in range(PAGES)] == [200] * PAGES


def test_forms_that_stall_without_a_place_are_over_soon(shared: Site) -> None:
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(half_a_form(shared))
        # Those with a place to wait in may wait longer; they never take all threads.
        time.sleep(3)
        assert [shared.get("/sign-in", seconds=5) for _ in range(PAGES)] == [200] * PAGES


def test_headers_in_pieces_and_a_second_request_on_the_same_line_work(shared: Site) -> None:
    with shared.connect() as sock:
        for piece in (b"GET /healthz HT", b"TP/1.1\r\nHost: x\r", b"\n\r\n"):
            sock.sendall(piece)
            time.sleep(0.2)
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        assert (answer.status, answer.read()[:1]) == (200, b"{")
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        received = b""
        while received.count(b"HTTP/1.1 200") < 2:
            received += sock.recv(4096)


def test_too_many_uploads_at_once_are_asked_to_come_again(shared: Site) -> None:
    with ExitStack() as stack:
        for _ in range(80):
            stack.enter_context(half_an_upload(shared))
        time.sleep(0.5)
        answers = set()
        for _ in range(6):
            with half_an_upload(shared) as sock:
                sock.settimeout(3)
                with suppress(TimeoutError, ConnectionError):
                    answers.add(sock.recv(12))
        assert b"HTTP/1.1 503" in answers or b"HTTP/1.1 303" in answers


def test_an_upload_in_pieces_arrives_whole(shared: Site) -> None:
    body = b"phone=13900000001&password=" + b"x" * 100_000
    with shared.connect() as sock:
        sock.sendall(
            b"POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        for begin in range(0, len(body), 30_000):
            sock.sendall(body[begin : begin + 30_000])
            time.sleep(0.3)
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        # What is in it is refused, by the app and not by the gate.
        assert 400 <= answer.status < 500
        assert answer.status != 408


def test_a_body_that_is_too_large_is_refused_in_words_before_it_is_sent(shared: Site) -> None:
    with shared.connect() as sock:
        sock.sendall(
            b"POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n{"
        )
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        assert answer.status == 413
        assert json.loads(answer.read())["status"] == 413


def test_a_dead_scheduler_is_started_again_and_pages_never_stop(
    settings: Settings, tmp_path: Path
) -> None:
    with site(settings, tmp_path / "log") as running:
        (first,) = running.children("scheduler")
        first.send_signal(signal.SIGKILL)
        wait_for(
            lambda: [child.pid for child in running.children("scheduler")] not in ([], [first.pid])
        )
        assert running.answers()
        (web,) = running.children("web")
        web.send_signal(signal.SIGKILL)
        wait_for(running.answers)
        wait_for(lambda: [child.pid for child in running.children("web")] not in ([], [web.pid]))
        wait_for(running.answers)


@pytest.mark.operations
def test_with_reload_both_processes_begin_anew_when_the_program_is_changed(
    settings: Settings, tmp_path: Path
) -> None:
    with site(settings, tmp_path / "log", options=["--reload"]) as running:
        before = {child.pid for name in ("web", "scheduler") for child in running.children(name)}
        os.utime(ROOT / "config" / "default.toml")
        wait_for(
            lambda: (
                not before & {it.pid for it in running.children("web")}
                and not before & {it.pid for it in running.children("scheduler")}
            ),
            60,
        )
        wait_for(running.answers, 60)
        assert "begin anew" in (tmp_path / "log").read_text()


def test_a_change_is_told_once_whatever_it_is(tmp_path: Path) -> None:
    page = tmp_path / "templates" / "page.html"
    page.parent.mkdir()
    page.write_text("one")
    changes = Changes(tmp_path)
    assert not changes.any()
    page.write_text("two")
    os.utime(page, ns=(1, 1))
    assert [changes.any(), changes.any()] == [True, False]
    page.unlink()
    assert [changes.any(), changes.any()] == [True, False]
    (tmp_path / "templates" / "other.html").touch()
    assert [changes.any(), changes.any()] == [True, False]


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.operations)]
)
def test_it_stops_within_seconds_even_while_uploads_stall(
    settings: Settings, tmp_path: Path, number: signal.Signals
) -> None:
    with site(settings, tmp_path / "log") as running, ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(half_an_upload(running))
        family = psutil.Process(running.process.pid).children(recursive=True)
        began = time.monotonic()
        running.process.send_signal(number)
        assert running.process.wait(20) == 0
        assert time.monotonic() - began < 12
        _, alive = psutil.wait_procs(family, timeout=3)
        assert alive == []


def test_the_children_end_when_the_supervisor_is_killed(settings: Settings, tmp_path: Path) -> None:
    with site(settings, tmp_path / "log") as running:
        family = psutil.Process(running.process.pid).children(recursive=True)
        assert len(family) >= 4
        running.process.kill()
        running.process.wait()
        _, alive = psutil.wait_procs(family, timeout=20)
        assert alive == []


def test_a_taken_port_is_said_in_plain_words_and_nothing_is_started(
    settings: Settings, tmp_path: Path
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = start(SERVE, environ_of(settings, PORT=str(port)), tmp_path / "log")
        assert process.wait(60) == 1
        assert process.stdin is not None
        process.stdin.close()
    said = (tmp_path / "log").read_text()
    assert str(port) in said
    assert str(port + 1) in said
    assert "Traceback" not in said


def test_the_address_is_printed_when_it_answers(shared: Site) -> None:
    wait_for(lambda: f"http://127.0.0.1:{shared.port}" in shared.log.read_text())
    assert os.getpid() != shared.process.pid


def test_a_site_on_the_photo_store_of_another_installation_does_not_start(
    server: Databases, tmp_path: Path
) -> None:
    from grid_report.media.store import owner
    from grid_report.media.store.stores import open_store
    from tests.conftest import test_settings

    settings = test_settings(server.fresh(tmp_path), tmp_path)
    now = datetime(2026, 11, 23, tzinfo=UTC)
    owner.claim(open_store(settings.photo_store_url), "0" * 32, now=now)
    log = tmp_path / "log"
    process = start(SERVE, environ_of(settings, PORT=str(free_port()), HOST="127.0.0.1"), log)
    wait_for(lambda: process.poll() is not None, 90)
    assert end(process) == 1
    said = log.read_text()
    assert "belongs to another installation (000000000000, since 2026-11-23)" in said
    assert "属于另一套系统" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("booted", "alive", "ends"), [(True, False, [0]), (False, False, []), (True, True, [])]
)
def test_only_a_worker_that_was_told_to_stop_ends_at_once_and_well(
    monkeypatch: pytest.MonkeyPatch, booted: bool, alive: bool, ends: list[int]
) -> None:
    """One that could not begin keeps gunicorn's code, by which the supervisor knows."""
    left: list[int] = []
    monkeypatch.setattr(supervisor, "leave", left.append)
    supervisor._end_worker(None, SimpleNamespace(booted=booted, alive=alive))
    assert left == ends
