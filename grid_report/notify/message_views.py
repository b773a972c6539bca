"""Messages as their reader sees them: category names, times near today, the sentence by kind."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Final, cast

from flask import current_app
from jinja2 import UndefinedError

from grid_report.access.roles import Role
from grid_report.notify.kinds import in_one_language, page_for
from grid_report.notify.queries import InboxRow
from grid_report.web.context import language

logger = logging.getLogger(__name__)

FILES: Final = (
    "words/messages/messages.txt",
    "words/messages/messages_points.txt",
    "words/messages/messages_services.txt",
)
# Who looks at a case from the body's side reads what its workers read.
READS_LIKE: Final = {
    Role.SUPERVISOR: Role.WORKER,
    Role.ADMINISTRATOR: Role.WORKER,
    Role.AUDITOR: Role.WORKER,
}


@dataclass(frozen=True)
class Moment:
    """An instant as people say it: how many days off, and the clock."""

    instant: datetime
    days: int
    time: str


@dataclass(frozen=True)
class InboxLine:
    """One message, ready to show."""

    id: int
    title: str
    body: str
    about: str
    kind: str
    at: datetime
    is_read: bool
    endpoint: str


def moment(at: datetime, *, now: datetime, zone: tzinfo) -> Moment:
    """Say how many days an instant is from today in a zone, and its clock there."""
    local = at.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    return Moment(at, days, local.strftime("%H:%M"))


def lines(
    rows: Sequence[InboxRow],
    *,
    category_name: Callable[[str], str],
    now: datetime,
    zone: tzinfo,
) -> list[InboxLine]:
    """Put a page of messages into the reader's language."""
    return [_line(row, category_name, now, zone) for row in rows]


def _line(
    row: InboxRow, category_name: Callable[[str], str], now: datetime, zone: tzinfo
) -> InboxLine:
    facts = in_one_language(row.facts, language())
    for code in ("category", "was"):
        if facts.get(code):
            facts[code] = category_name(facts[code])
    if facts.get("due"):
        facts["due"] = moment(datetime.fromisoformat(facts["due"]), now=now, zone=zone)
    for day in ("review_on", "last_day"):
        if facts.get(day):
            facts[day] = date.fromisoformat(facts[day])
    title, body = _sentences(row.kind, row.role, {"about": row.about, **facts})
    return InboxLine(
        id=row.id,
        title=title,
        body=body,
        about=row.about,
        kind=row.kind,
        at=row.at,
        is_read=row.is_read,
        endpoint=page_for(row.kind, row.role),
    )


def _sentences(kind: str, role: Role, facts: dict[str, Any]) -> tuple[str, str]:
    try:
        return _say("title", kind, role, facts), _say("body", kind, role, facts)
    except (LookupError, TypeError, UndefinedError):
        # Written by another version of this program: one such row must not cost the whole page.
        logger.warning("message without words", extra={"kind": kind}, exc_info=True)
        return _tidy(_macro("title_of_any")(about=facts["about"])), ""


def _say(part: str, kind: str, role: Role, facts: dict[str, Any]) -> str:
    reader = READS_LIKE.get(role, role)
    try:
        macro = _macro(f"{part}_{kind}_for_{reader.value}")
    except LookupError:
        macro = _macro(f"{part}_{kind}")
    return _tidy(macro(**facts))


def _macro(name: str) -> Callable[..., str]:
    for file in FILES:
        macro = getattr(current_app.jinja_env.get_template(file).module, name, None)
        if macro is not None:
            return cast("Callable[..., str]", macro)
    raise LookupError(name)


# Chinese has no space between two sentences; a mark of full width brings its own.
_AFTER_A_MARK: Final = re.compile(r"(?<=[。！？；：，]) ")


def _tidy(text: str) -> str:
    return _AFTER_A_MARK.sub("", " ".join(str(text).split()))
