"""Which pages a phone may keep for where there is no network: the server names each, and whose it is.

The service worker (`static/js/sw.mjs`) keeps nothing that does not carry the header, drops what
comes back without it, and lets go of everything when somebody else's comes.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from flask import make_response
from werkzeug.wrappers import Response

from grid_report.web.context import keeper
from grid_report.web.pages.filters import local

HEADER = "X-Keep-Offline"


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
