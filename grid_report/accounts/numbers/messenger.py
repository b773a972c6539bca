"""Sends codes to phones. Nothing is sent before the code's row is committed.

A crash between the commit and the sending loses the message and nothing else: the code dies in
minutes and another one can be asked for. It is not kept in the outbox, where it could be read.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TextIO

from flask import Flask, current_app, flash
from werkzeug.wrappers import Response

from grid_report.web.pages.words import said

logger = logging.getLogger(__name__)

_KEY = "grid_report_messenger"


@dataclass(frozen=True)
class CodeMessage:
    """A code on its way. The id lets a gateway drop the second copy of one message."""

    id: int
    at: datetime
    phone: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True)
class NoticeMessage:
    """A registered text on its way. The id is the same at every try, for one message and one member."""

    id: str
    at: datetime
    phone: str = field(repr=False)
    template: str
    variables: Mapping[str, str] = field(repr=False)


class Messenger(Protocol):
    """Whatever brings a code to a phone. May raise; the code is then simply asked for again."""

    def send_code(self, message: CodeMessage) -> None:
        """Send one code."""


class ConsoleMessenger:
    """Writes codes to the console of the developer who runs the site."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out

    def send_code(self, message: CodeMessage) -> None:
        """Print the code; the log gets its id only."""
        print(f"SMS {message.id}: {message.code}", file=self._out or sys.stdout, flush=True)


class ScreenMessenger:
    """The demo's phone: the code is shown on the page, which says that it is a demo's."""

    def send_code(self, message: CodeMessage) -> None:
        """Show one code to whoever asked for it."""
        flash(said("code-on-screen", digits=message.code))


def connect(app: Flask, messenger: Messenger | None) -> None:
    """Give the app its messenger; without one, sign-in by code is not offered."""
    app.extensions[_KEY] = messenger


def current() -> Messenger | None:
    """Return the app's messenger: without one, the demo's screen, a developer's console, or none."""
    extensions = current_app.extensions
    if _KEY not in extensions:
        # A console that is kept as a log would hold everybody's codes.
        settings = extensions["grid_report"].settings
        if settings.server.environment == "production":
            extensions[_KEY] = None
        else:
            extensions[_KEY] = ScreenMessenger() if settings.demo.enabled else ConsoleMessenger()
    messenger: Messenger | None = extensions[_KEY]
    return messenger


def on_screen(messenger: Messenger) -> bool:
    """Tell whether codes are shown on the page that asked for them."""
    return isinstance(messenger, ScreenMessenger)


def hand_over(messenger: Messenger, message: CodeMessage, response: Response) -> None:
    """Send a code when the answer is out: how long a gateway takes must not tell numbers apart."""
    if on_screen(messenger):
        messenger.send_code(message)
    else:
        response.call_on_close(lambda: deliver(messenger, message))


def deliver(messenger: Messenger, message: CodeMessage) -> None:
    """Send a code; a failure is logged by id and goes no further."""
    try:
        messenger.send_code(message)
    except Exception:  # a gateway may fail in any way; the page was already answered
        # Without the traceback: a gateway's error may well quote the number it was given.
        logger.warning("code not sent", extra={"code_id": message.id})
    else:
        logger.info("code sent", extra={"code_id": message.id})
