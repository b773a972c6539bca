"""Keep pages quick while phones stall: the embedded server's protection against slow clients.

Behind nginx none of this has much to do, because nginx takes in whole requests first. Without it,
a phone that loses its network in the middle of an upload would hold one of the few threads
(gunicorn's gthread waits for ever), and each would hold a database connection as well. So:

- a connection gets a thread only when a request's headers are there, and has little time for them;
- a request's body is taken in before the app sees the request, within limits of time, and by
  no more than a share of the threads at once: the rest always has room for pages
  (`serving/upload_places.py` says whose share that is); an upload in parts is passed on as it comes,
  and holds a place as long as its bytes move (`serving/bodies.py`);
- whatever is over its time has its socket shut by one watching thread, which also waits for the
  far end of closed connections (gunicorn does that in the one loop everybody depends on).
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, cast

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from grid_report import troubles
from grid_report.errors import Busy, GridReportError, TooLarge
from grid_report.serving.bodies import PassedOn, RefusedBody, come_in_parts
from grid_report.serving.upload_places import Places, Sender

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

HEADERS_S: Final = 10.0
HEAD_PIECE: Final = 16 * 1024
LONGEST_HEAD: Final = 256 * 1024
# One piece in this time: 1.6 kB/s, what a phone at the edge of a 2G cell still manages.
PIECE: Final = 32 * 1024
PIECE_S: Final = 20.0
BODY_S: Final = 300.0
ANSWER_S: Final = 300.0
LINGER_S: Final = 2.0
# A form without photos arrives with its headers; it may try its luck when the places are taken.
SMALL: Final = 64 * 1024
SMALL_S: Final = 1.0
IN_MEMORY: Final = 1024 * 1024
RETRY_AFTER_S: Final = 5


class Watch:
    """Shuts sockets that are over their time. One thread a process, started when first needed."""

    LOOK_S = 0.2

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[int, tuple[socket.socket, float, int]] = {}
        self._closing: list[tuple[socket.socket, float]] = []
        self._pid = 0

    def set(self, sock: socket.socket | None, seconds: float, how: int = socket.SHUT_RD) -> None:
        """Give a socket so many seconds from now, whatever it had before."""
        if sock is None:
            return
        with self._lock:
            self._watched[id(sock)] = (sock, time.monotonic() + seconds, how)
            self._begin()

    def forget(self, sock: socket.socket | None) -> None:
        """Leave a socket alone again."""
        with self._lock:
            self._watched.pop(id(sock), None)

    def close(self, sock: socket.socket) -> None:
        """Close a socket once the far end has read its answer, or soon in any case (RFC 9112, 9.6)."""
        try:
            sock.shutdown(socket.SHUT_WR)
            sock.setblocking(False)
        except OSError:
            sock.close()
            return
        if _is_at_end(sock):
            sock.close()
            return
        with self._lock:
            self._closing.append((sock, time.monotonic() + LINGER_S))
            self._begin()

    def _begin(self) -> None:
        if self._pid != os.getpid():
            self._pid = os.getpid()
            threading.Thread(target=self._look, name="slow-clients", daemon=True).start()

    def _look(self) -> None:
        while True:
            time.sleep(self.LOOK_S)
            now = time.monotonic()
            with self._lock:
                late = [entry for entry in self._watched.values() if entry[1] <= now]
                for sock, _, how in late:
                    del self._watched[id(sock)]
                    # Inside the lock: the descriptor cannot be closed and given to another.
                    with suppress(OSError):
                        sock.shutdown(how)
                closing, self._closing = self._closing, []
            for sock, until in closing:
                if until <= now or _is_at_end(sock):
                    sock.close()
                else:
                    with self._lock:
                        self._closing.append((sock, until))


def _is_at_end(sock: socket.socket) -> bool:
    """Drop what came in; tell whether the far end has closed."""
    try:
        for _ in range(16):
            if not sock.recv(64 * 1024):
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True
    return False


watch = Watch()
_serving = threading.local()


class PatientConnection(TConn):
    """A connection whose headers are read, and whose end is waited for, outside the threads."""

    head = b""

    def read_head(self) -> bool:
        """Read what is there; tell whether a thread can go on with it. Raises OSError at the end."""
        try:
            data = self.sock.recv(HEAD_PIECE)
        except BlockingIOError:
            return False
        if not data:
            raise ConnectionResetError
        self.head += data
        # Too much without an end is for the parser to refuse.
        return b"\r\n\r\n" in self.head or len(self.head) > LONGEST_HEAD

    def init(self) -> None:
        """Make the parser if there is none, and give it what was read."""
        super().init()
        head, self.head = self.head, b""
        if head:
            self.parser.unreader.unread(head)

    def close(self, graceful: bool = False) -> None:
        """Close it without holding anybody up."""
        if graceful:
            watch.close(self.sock)
        else:
            super().close()


class PatientWorker(ThreadWorker):
    """gunicorn's threaded worker, with a thread for whole headers only. Plain HTTP/1."""

    def accept(self, listener: Any) -> None:
        """Take a new connection in."""
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        self._await_head(PatientConnection(self.cfg, sock, client, listener.getsockname()))

    def on_client_socket_readable(self, conn: PatientConnection, client: socket.socket) -> None:
        """Begin with the next request of a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_head(conn)

    def _await_head(self, conn: PatientConnection) -> None:
        conn.timeout = time.monotonic() + HEADERS_S
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))
        self.on_pending_socket_readable(conn, conn.sock)

    def on_pending_socket_readable(self, conn: PatientConnection, client: socket.socket) -> None:
        """Read on; give the connection a thread when its headers are there."""
        is_over = False
        try:
            if not conn.read_head():
                return
        except OSError:
            is_over = True
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if is_over:
            self.nr_conns -= 1
            conn.close()
            return
        conn.data_ready = True
        self.enqueue_req(conn)

    def handle(self, conn: PatientConnection) -> Any:
        """Serve one request of a connection within the time its parts may take."""
        sock = conn.sock
        watch.set(sock, HEADERS_S)
        try:
            return super().handle(conn)
        finally:
            watch.forget(sock)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Serve a request whose headers are there."""
        _serving.request = req
        try:
            return super().handle_request(req, conn)
        finally:
            _serving.request = None


def _close_afterwards() -> None:
    """Let the connection end with this answer: what is left of the body is not waited for."""
    request = getattr(_serving, "request", None)
    if request is not None:
        request.force_close()


class Stalled(Exception):
    """The rest of a body did not come."""


class BodyGate:
    """Takes in whole bodies before the app runs. Wraps the WSGI app of one worker."""

    def __init__(
        self,
        app: App,
        *,
        places: int,
        most_bytes: int,
        sender: Callable[[Environ], Sender] = lambda environ: Sender(
            None, environ.get("REMOTE_ADDR", "")
        ),
    ) -> None:
        self.app = app
        self.places = Places(places)
        self.most_bytes = most_bytes
        self.sender = sender

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        sock = environ.get("gunicorn.socket")
        length = _length(environ)
        if length != 0 and come_in_parts(environ):
            return self._pass_on(environ, start_response, length)
        if length != 0:
            try:
                self._take_in(environ, length, sock)
            except (Stalled, OSError):
                _close_afterwards()
                return _too_slow(start_response)
        watch.set(sock, ANSWER_S, socket.SHUT_RDWR)
        return self.app(environ, start_response)

    def _pass_on(
        self, environ: Environ, start_response: Callable[..., Any], length: int | None
    ) -> Iterable[bytes]:
        if length is not None and length > self.most_bytes:
            _refuse(environ, self._too_large())
            return self.app(environ, start_response)
        leave = self._take_place(environ, is_small=length is not None and length <= SMALL)
        sock = environ.get("gunicorn.socket")
        go_on = partial(watch.set, sock, ANSWER_S, socket.SHUT_RDWR)
        go_on()
        if leave is None:
            _refuse(environ, Busy(RETRY_AFTER_S))
            return self.app(environ, start_response)
        body = PassedOn(
            environ["wsgi.input"],
            length,
            most=PIECE,
            wait=lambda: watch.set(sock, PIECE_S),
            go_on=go_on,
        )
        _put(environ, body)
        try:
            return self.app(environ, start_response)
        finally:
            leave()
            if not body.is_read:
                _close_afterwards()

    def _take_place(self, environ: Environ, *, is_small: bool) -> Callable[[], None] | None:
        # A small form comes with its headers: nobody is looked up for it unless guests crowd.
        leave = self.places.take_as_guest() if is_small else None
        return leave or self.places.take(self.sender(environ))

    def _take_in(self, environ: Environ, length: int | None, sock: socket.socket | None) -> None:
        if length is not None and length > self.most_bytes:
            _refuse(environ, self._too_large())
            return
        is_small = length is not None and length <= SMALL
        leave = self._take_place(environ, is_small=is_small)
        has_place = leave is not None
        try:
            if not has_place and not is_small:
                _refuse(environ, Busy(RETRY_AFTER_S))
                return
            body, size = self._receive(
                environ["wsgi.input"], length, sock, BODY_S if has_place else SMALL_S
            )
        except GridReportError as error:
            _refuse(environ, error)
            return
        finally:
            if leave is not None:
                leave()
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["CONTENT_LENGTH"] = str(size)
        _put(environ, body)

    def _receive(
        self, stream: IO[bytes], length: int | None, sock: socket.socket | None, seconds: float
    ) -> tuple[IO[bytes], int]:
        until = time.monotonic() + seconds
        size = 0
        body = cast("IO[bytes]", SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - handed on
        while length is None or size < length:
            left = until - time.monotonic()
            if left <= 0:
                raise Stalled
            watch.set(sock, min(PIECE_S, left))
            piece = stream.read(PIECE if length is None else min(PIECE, length - size))
            if not piece:
                break
            size += len(piece)
            if size > self.most_bytes:
                raise self._too_large()
            try:
                body.write(piece)
            except OSError as error:
                # Large ones wait on disk. It is not the phone that is slow.
                raise troubles.behind(error) or Busy(RETRY_AFTER_S) from error
        if length is not None and size < length:
            raise Stalled
        body.seek(0)
        return body, size

    def _too_large(self) -> TooLarge:
        return TooLarge(self.most_bytes // (1024 * 1024))


def _length(environ: Environ) -> int | None:
    """Return the body's length in bytes; None when only its end will tell."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdecimal() else 0


def _put(environ: Environ, body: Any) -> None:
    environ["wsgi.input"] = body
    # There is nothing behind its end to be guarded from.
    environ["wsgi.input_terminated"] = True


def _refuse(environ: Environ, error: GridReportError) -> None:
    _put(environ, RefusedBody(error))
    _close_afterwards()


def _too_slow(start_response: Callable[..., Any]) -> Iterable[bytes]:
    # Most likely nobody is there any more to read this; a program's log is.
    answer = json.dumps(
        {
            "type": "about:blank",
            "title": "Request Timeout",
            "status": 408,
            "code": "slow-request",
        }
    ).encode()
    start_response(
        "408 Request Timeout",
        [
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(answer))),
            ("Connection", "close"),
        ],
    )
    return [answer]
