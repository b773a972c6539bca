"""Which pages a phone may keep for where there is no network: the server names each, and whose it is.

The service worker (`static/js/sw.mjs`) keeps nothing that does not carry the header, drops what
comes back without it, and lets go of everything when somebody else's comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final

from flask import make_response
from werkzeug.wrappers import Response

from grid_report.web.context import keeper
from grid_report.web.pages.filters import local

HEADER = "X-Keep-Offline"
# Of the pages that are nobody's: the same bytes for everybody of one language and look.
SHELL_HEADER = "X-Keep-Shell"


def _riders_only(permission: str, _it: Any = None) -> bool:
    return permission == "report.submit"


def _no_flashes(**_asked: Any) -> list[Any]:
    return []


# What a page is drawn with that is kept for everybody: a rider's, and of no rider.
NOBODY: Final[Mapping[str, Any]] = {
    "shell": True,
    "actor": None,
    "keeper": "",
    "may": _riders_only,
    "agrees": lambda _kind: False,
    "get_flashed_messages": _no_flashes,
}


def keep_shell(page: str) -> Response:
    """Answer with a page that was drawn with NOBODY, to be kept on the phone of whoever asks."""
    answer = make_response(page)
    answer.headers[SHELL_HEADER] = "1"
    return answer


def keep_offline(page: str, *, live: bool) -> Response:
    """Answer with a page of the actor's own, to be kept on the phone as long as it is live."""
    answer = make_response(page)
    if live:
        answer.headers[HEADER] = keeper()
    return answer


def day_ends(at: datetime) -> float:
    """Return when the county's day of an instant is over, in seconds since 1970."""
    day = local(at)
    return datetime.combine(day.date() + timedelta(days=1), time(), tzinfo=day.tzinfo).timestamp()
