"""How reports come in. Pure."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """How a report came in: through the page, sent later by its queue, or by a program."""

    PAGE = "page"
    QUEUE = "queue"
    API = "api"
    OPEN311 = "open311"
