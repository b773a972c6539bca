"""A line as in a stairwell: it is slow, and a part of what is asked never comes, or only its answer does not."""

from __future__ import annotations

import random
import re
import socket
import threading
import time
from contextlib import suppress
from typing import Self

CHUNK = 16 * 1024
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CONNECTION = re.compile(rb"\r\nconnection: *[^\r]*", re.IGNORECASE)
# So much of a longest answer's beginning comes through before it is cut.
OF_AN_ANSWER = 600


class LossyLine:
    """Passes requests on to a port, one a connection.

    `drops` of them are cut at a chance byte, half in the request and half in its answer; each is
    `delay_s` late.
    """

    def __init__(self, port: int, *, drops: float, delay_s: float, seed: int) -> None:
        self.to, self.drops, self.delay_s = port, drops, delay_s
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.sent_bytes = 0
        self.passed = 0
        self.cut = 0
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self.listening.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.listening.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                phone, _ = self.listening.accept()
                threading.Thread(target=self._carry, args=(phone,), daemon=True).start()

    def _carry(self, phone: socket.socket) -> None:
        with phone, suppress(OSError):
            phone.settimeout(60)
            request = self._request(phone)
            if request is None:
                return
            time.sleep(self.delay_s)
            with self.lock:
                drawn, half, part = (self.random.random() for _ in range(3))
                self.passed += 1
                is_cut = drawn < self.drops
                self.cut += is_cut
            head, body, length = request
            # Counted as sent is what left the phone, wherever it was lost.
            left = int(part * (len(head) + length)) if is_cut and half < 0.5 else None
            with socket.create_connection(("127.0.0.1", self.to), timeout=60) as site:
                if not self._up(phone, site, head + body, len(head) + length, left):
                    return
                self._down(site, phone, int(part * OF_AN_ANSWER) if is_cut else None)

    def _request(self, phone: socket.socket) -> tuple[bytes, bytes, int] | None:
        """Read the head of a request, what came of its body already, and the body's length."""
        read = b""
        while b"\r\n\r\n" not in read:
            got = phone.recv(CHUNK)
            if not got:
                return None
            read += got
        head, _, body = read.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        head = CONNECTION.sub(b"", head) + b"\r\nConnection: close\r\n\r\n"
        return head, body, int(length[1]) if length else 0

    def _up(
        self, phone: socket.socket, site: socket.socket, first: bytes, whole: int, left: int | None
    ) -> bool:
        """Pass a request on; False where it was cut."""
        piece, done = first, 0
        while True:
            if left is not None and done + len(piece) >= left:
                self._count(max(0, left - done))
                site.sendall(piece[: max(0, left - done)])
                return False
            self._count(len(piece))
            site.sendall(piece)
            done += len(piece)
            if done >= whole:
                return True
            piece = phone.recv(CHUNK)
            if not piece:
                return False

    def _down(self, site: socket.socket, phone: socket.socket, left: int | None) -> None:
        """Pass the answer on, or so many bytes of it."""
        while piece := site.recv(CHUNK):
            if left is not None and len(piece) > left:
                phone.sendall(piece[:left])
                return
            phone.sendall(piece)
            left = None if left is None else left - len(piece)

    def _count(self, number: int) -> None:
        with self.lock:
            self.sent_bytes += number
