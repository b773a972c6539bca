"""Who may have a body taken in now: the places of one worker, and each one's share of them.

A phone that stalls holds a place until its time is over. Whoever is not signed in shares a few;
the others are for members, two each, and nobody's address gets all of them. An address is never
held below half: carriers put thousands of riders behind one.
"""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from grid_report import troubles
from grid_report.web.context import actor_or_none, client_address

A_MEMBERS: Final = 2
GUESTS_SHARE: Final = 4


@dataclass(frozen=True)
class Sender:
    """Who sends a body, as far as its headers tell."""

    member_id: int | None
    address: str


class Places:
    """The places of one worker. Threads share it."""

    def __init__(self, places: int) -> None:
        self.guests = places // GUESTS_SHARE
        self.members = max(1, places - self.guests)
        self.an_address = min(self.members, max(1, -(-places // 2)))
        self._lock = threading.Lock()
        self._guests = 0
        self._members = 0
        self._by_member: Counter[int] = Counter()
        self._by_address: Counter[str] = Counter()

    def take_as_guest(self) -> Callable[[], None] | None:
        """Take one of the places nobody has to sign in for; return how to give it back."""
        with self._lock:
            if self._guests >= self.guests:
                return None
            self._guests += 1
        return self._leave_as_guest

    def take(self, sender: Sender) -> Callable[[], None] | None:
        """Take a place for a sender; return how to give it back, None when the share is used."""
        member_id, address = sender.member_id, sender.address
        if member_id is None:
            return self.take_as_guest()
        with self._lock:
            if (
                self._members >= self.members
                or self._by_member[member_id] >= A_MEMBERS
                or self._by_address[address] >= self.an_address
            ):
                return None
            self._members += 1
            self._by_member[member_id] += 1
            self._by_address[address] += 1
        return lambda: self._leave(member_id, address)

    def _leave_as_guest(self) -> None:
        with self._lock:
            self._guests -= 1

    def _leave(self, member_id: int, address: str) -> None:
        with self._lock:
            self._members -= 1
            for counts, key in ((self._by_member, member_id), (self._by_address, address)):
                counts[key] -= 1  # type: ignore[index]
                if not counts[key]:  # type: ignore[index]
                    del counts[key]


def places_for(threads: int) -> int:
    """Return how many bodies one worker takes in at once: a third of its threads stays free."""
    return max(1, threads - max(2, -(-threads // 3)))


def sender_of(app: Flask, proxies: int) -> Callable[[dict[str, Any]], Sender]:
    """Return what tells from a request's headers who sends its body."""
    fix = ProxyFix(lambda _environ, _start: [], x_for=proxies, x_proto=proxies, x_host=proxies)

    def sender(environ: dict[str, Any]) -> Sender:
        # The body is still on its way; whoever looks for one here finds none.
        headers = {**environ, "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}
        headers.pop("HTTP_TRANSFER_ENCODING", None)
        fix(headers, lambda *_: lambda _data: None)
        with app.app_context(), app.request_context(headers):
            try:
                actor = actor_or_none()
            except Exception as error:
                # The app meets the same and says so; here it only means that nobody is known.
                trouble = troubles.behind(error)
                if trouble is None:
                    raise
                troubles.log.say(trouble, "sender of a body", error)
                actor = None
            return Sender(actor.member_id if actor else None, client_address())

    return sender
