"""`grid-report serve`: gunicorn's workers and one scheduler, started, watched and stopped together.

The supervisor holds the listening socket, so that a web process that has to be started again
misses no connection. Each child reads a pipe that only the supervisor can write: when
the supervisor is gone, however it went, the pipe ends and the children stop.
"""

from __future__ import annotations

import errno
import http.client
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import click

from grid_report.serving.metrics_folder import SHARED, fresh_folder
from grid_report.serving.reloading import Changes
from grid_report.settings import Settings, load
from grid_report.web.http import logs
from grid_report.web.pages.terminal import say

STOP_S: Final = 8.0
GRACE_S: Final = 4
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0
# A child that lived this long was well: the next failure starts with the short wait again.
WELL_AFTER_S: Final = 30.0
READY_S: Final = 90.0
# What a child ends with that will never be allowed to work as things are.
REFUSED: Final = 78


class CannotListen(OSError):
    """The address cannot be listened on."""


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket. Raises CannotListen."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, proto)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise CannotListen(error.errno, str(error)) from error
    listener.set_inheritable(True)
    return listener


@dataclass
class Child:
    """A process to keep alive."""

    name: str
    arguments: list[str]
    environ: dict[str, str]
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait_s: float = FIRST_WAIT_S
    start_at: float = field(default=0.0)

    def start(self) -> None:
        """Start it with a pipe that ends when this process does."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "grid_report.serving.supervisor", self.name, *self.arguments],
            stdin=subprocess.PIPE,
            env=self.environ,
            pass_fds=self.pass_fds,
            # Ctrl-C is for the supervisor, who then stops everybody in order.
            start_new_session=True,
        )
        self.started = time.monotonic()

    def look_after(self) -> int | None:
        """Start it again when it has ended, after a growing wait; return the code it ended with."""
        if self.process is None:
            if time.monotonic() >= self.start_at:
                self.start()
            return None
        code = self.process.poll()
        if code is None:
            return None
        self._close_pipe()
        self.process = None
        if time.monotonic() - self.started >= WELL_AFTER_S:
            self.wait_s = FIRST_WAIT_S
        self.start_at = time.monotonic() + self.wait_s
        self.wait_s = min(self.wait_s * 2, LONGEST_WAIT_S)
        return code

    def begin_anew(self, until: float) -> None:
        """End it and start it at once, with the program as it is now."""
        self.ask_to_stop()
        self.stop(until)
        self.start()

    def ask_to_stop(self) -> None:
        """Ask it to end in its own time."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self, until: float) -> None:
        """Wait for its end until an instant, then make it end."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()


class Supervisor:
    """Keeps the web process and the scheduler alive until told to stop."""

    def __init__(
        self,
        settings: Settings,
        listener: socket.socket,
        echo: Callable[[str], None],
        changes: Changes | None = None,
    ) -> None:
        self.settings = settings
        self.changes = changes
        self.looked = time.monotonic()
        self.echo = echo
        self.stopping = threading.Event()
        environ = dict(os.environ)
        environ["HOST"], environ["PORT"] = settings.server.host, str(settings.server.port)
        self.figures = None
        if "PROMETHEUS_MULTIPROC_DIR" not in environ:
            self.figures = fresh_folder(settings)
        if self.figures is not None:
            environ["PROMETHEUS_MULTIPROC_DIR"] = str(self.figures.path)
        fd = listener.fileno()
        self.web = Child("web", [str(fd)], environ, (fd,))
        self.scheduler = Child("scheduler", [], environ)

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        was_ready = False
        code = 0
        try:
            self.web.start()
            self.scheduler.start()
            while not self.stopping.wait(0.2 if was_ready else 0.05):
                self._follow_changes()
                ended = self.web.look_after()
                if ended is not None:
                    self.echo(say("web_ended", code=ended))
                    if not was_ready:
                        # It never got as far as answering: trying again would say the same.
                        code = ended if ended > 0 else 1
                        break
                ended = self.scheduler.look_after()
                if ended == REFUSED:
                    code = 1
                    break
                if ended is not None:
                    self.echo(say("scheduler_ended", code=ended))
                if not was_ready and is_answering(self.settings):
                    was_ready = True
                    self.echo(say("ready", address=address_of(self.settings)))
                if not was_ready and time.monotonic() - self.web.started > READY_S:
                    self.echo(say("not_ready"))
                    was_ready = True
        finally:
            self.stop()
        return code

    def _follow_changes(self) -> None:
        if self.changes is None or time.monotonic() < self.looked + 1:
            return
        self.looked = time.monotonic()
        if self.changes.any():
            self.echo(say("reloading"))
            for child in (self.scheduler, self.web):
                child.begin_anew(time.monotonic() + STOP_S)

    def stop(self) -> None:
        """Stop both within seconds."""
        children = (self.scheduler, self.web)
        for child in children:
            child.ask_to_stop()
        until = time.monotonic() + STOP_S
        for child in children:
            child.stop(until)
        if self.figures is not None:
            self.figures.drop()
            self.figures = None


def address_of(settings: Settings) -> str:
    """Return the address to open in a browser of this computer."""
    host = settings.server.host
    if host in ("", "0.0.0.0"):
        host = "127.0.0.1"
    elif host == "::":
        host = "[::1]"
    elif ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{settings.server.port}"


def is_answering(settings: Settings) -> bool:
    """Tell whether the web process answers already."""
    place = address_of(settings).removeprefix("http://").rpartition(":")
    connection = http.client.HTTPConnection(place[0].strip("[]"), int(place[2]), timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


def serve(
    settings: Settings, echo: Callable[[str], None] = click.echo, *, reload: bool = False
) -> int:
    """Serve the site until told to stop; return the exit code.

    `reload` starts both processes anew when the program is changed.
    """
    host, port = settings.server.host, settings.server.port
    try:
        listener = listen(host, port)
    except CannotListen as error:
        code = {errno.EADDRINUSE: "port_taken", errno.EACCES: "port_not_allowed"}.get(
            error.errno or 0, "address_unknown"
        )
        echo(say(code, host=host, port=port, other=port + 1 if port < 65535 else 8000))
        return 1
    with listener:
        return Supervisor(settings, listener, echo, Changes() if reload else None).run()


def run_web(settings: Settings, fd: int) -> None:
    """Run gunicorn on a socket that is listening already."""
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    # Read once and shared by all workers, who begin a second earlier. Only the modules: an app
    # has threads and connections, which do not survive being split in two.
    import grid_report.application  # noqa: F401

    class Web(BaseApplication):
        def load_config(self) -> None:
            options: dict[str, Any] = {
                "bind": [f"fd://{fd}"],
                "workers": settings.server.workers,
                "threads": settings.server.threads,
                "worker_class": "grid_report.serving.slow_clients.PatientWorker",
                "worker_tmp_dir": str(SHARED) if os.access(SHARED, os.W_OK) else None,
                "graceful_timeout": GRACE_S,
                "timeout": 60,
                "keepalive": 5,
                "loglevel": "warning",
                "control_socket_disable": True,
                # Which proxies to believe is decided in one place, by `trusted_proxies`.
                "secure_scheme_headers": {},
                "child_exit": _forget_figures,
                "worker_exit": _end_worker,
                "proc_name": "grid-report",
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from grid_report import create_app
            from grid_report.jobs import starting
            from grid_report.serving.slow_clients import BodyGate
            from grid_report.serving.upload_places import places_for, sender_of

            photos = settings.photos
            app = create_app(settings)
            if starting.why_not(app):
                # The scheduler finds the same, says it once, and the supervisor stops everybody.
                signal.pause()
                sys.exit(1)
            # The photos and a megabyte for the rest of the form.
            app.wsgi_app = BodyGate(  # type: ignore[method-assign]
                app.wsgi_app,
                places=places_for(settings.server.threads),
                most_bytes=(photos.max_files * photos.max_file_mb + 1) * 1024 * 1024,
                sender=sender_of(app, settings.server.trusted_proxies),
            )
            return app

    Web().run()


def _forget_figures(_server: Any, worker: Any) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def _end_worker(_server: Any, worker: Any) -> None:
    # One that could not begin ends with gunicorn's own code for that.
    if worker.booted and not worker.alive:
        leave(0)


def leave(code: int) -> NoReturn:
    """End this process at once, with its decoders: taking Python apart takes seconds for nothing.

    Connections end with the process, and everything written is written already.
    """
    from grid_report.media.decoding import pool

    pool.close_all()
    logging.shutdown()
    os._exit(code)


def stop_with_parent() -> None:
    """End this process in its own time when the supervisor is gone."""
    lifeline = os.dup(0)
    os.set_inheritable(lifeline, False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    own_pid = os.getpid()

    def hold_on() -> None:
        while os.read(lifeline, 1024):
            pass
        os.kill(own_pid, signal.SIGTERM)

    threading.Thread(target=hold_on, name="lifeline", daemon=True).start()


def main(arguments: list[str]) -> None:
    """Run one of the two children."""
    settings = load()
    logs.configure()
    stop_with_parent()
    if arguments[0] == "web":
        code: object = 0
        try:
            run_web(settings, int(arguments[1]))
        except SystemExit as end:
            code = end.code
        leave(code if isinstance(code, int) else bool(code))
    from grid_report import create_app
    from grid_report.jobs import starting
    from grid_report.jobs.scheduler import run_until_signalled

    app = create_app(settings)
    if refused := starting.why_not(app):
        print(refused, file=sys.stderr, flush=True)
        sys.exit(REFUSED)
    run_until_signalled(app, settings)
    leave(0)


if __name__ == "__main__":
    main(sys.argv[1:])
