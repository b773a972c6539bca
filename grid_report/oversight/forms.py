"""Reads what of the trail and of the journal is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from grid_report.accounts.aliases import member_of_alias
from grid_report.accounts.members.audit_queries import Cursor, TrailFilter
from grid_report.clock import PlainDate, read_instant
from grid_report.errors import Invalid
from grid_report.plain_characters import plain
from grid_report.points.audit.journal_queries import JournalFilter
from grid_report.points.kinds import AccountKind, EventKind
from grid_report.web.paging import BIGGEST_ID, unpack
from grid_report.web.text import clean

HOLDER = re.compile(rf"(?:{'|'.join(AccountKind)}):[\w-]{{1,40}}:(?:\d{{4}}-\d\d)?", re.ASCII)
MOST_REASON = 200


def read_trail(args: Mapping[str, str], zone: ZoneInfo) -> TrailFilter:
    """Read a filter of the trail. Raises Invalid naming every value that cannot be read."""
    problems = Invalid()
    wanted = TrailFilter(
        member=_member(args, "member", problems),
        action=clean(plain(args.get("action", "")))[:60],
        since=_day(args, "since", zone, problems),
        until=_day(args, "until", zone, problems, end=True),
    )
    problems.raise_if_any()
    return wanted


def read_journal(args: Mapping[str, str], zone: ZoneInfo) -> JournalFilter:
    """Read a filter of the journal. Raises Invalid naming every value that cannot be read."""
    problems = Invalid()
    kind, account = clean(plain(args.get("kind", ""))), clean(plain(args.get("account", "")))
    if kind and kind not in set(EventKind):
        problems.add("kind", "value-unknown")
        kind = ""
    if account and not HOLDER.fullmatch(account):
        rider = _member(args, "account", problems)
        account = f"{AccountKind.RIDER}:{rider}:" if rider is not None else ""
    wanted = JournalFilter(
        kind=EventKind(kind) if kind else None,
        account=account,
        since=_day(args, "since", zone, problems),
        until=_day(args, "until", zone, problems, end=True),
    )
    problems.raise_if_any()
    return wanted


def read_cursor(text: str | None) -> Cursor | None:
    """Read where the last page ended. Raises Invalid."""
    values = unpack(text, 2)
    if values is None:
        return None
    try:
        at = datetime.fromisoformat(values[0])
        if at.tzinfo is None or type(values[1]) is not int or not 0 <= values[1] <= BIGGEST_ID:
            raise ValueError
    except (TypeError, ValueError):
        raise Invalid.field("cursor", "cursor-unreadable") from None
    return at, values[1]


def read_reason(form: Mapping[str, Any]) -> str:
    """Read why somebody's identity is looked at. Raises Invalid."""
    reason = clean(form.get("reason", ""))
    if not reason:
        raise Invalid.field("reason", "field-needed")
    if len(reason) > MOST_REASON:
        raise Invalid.field("reason", "text-too-long", most=MOST_REASON)
    return reason


def _member(args: Mapping[str, str], name: str, problems: Invalid) -> int | None:
    """Read a member by number or alias."""
    text = clean(plain(args.get(name, ""))).lstrip("#")
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) < 18:
        return int(text)
    member = member_of_alias(text)
    if member is None:
        problems.add(name, "value-unknown")
    return member


def _day(
    args: Mapping[str, str], name: str, zone: ZoneInfo, problems: Invalid, *, end: bool = False
) -> datetime | None:
    """Read a day of the county as its first instant; `end`: as the first instant after it."""
    text = clean(plain(args.get(name, "")))
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        if not 1970 <= day.year <= 9000:
            raise ValueError(text)
    except ValueError:
        problems.add(name, "day-unreadable")
        return None
    return read_instant(text, zone, plain=PlainDate.AFTER if end else PlainDate.FIRST)
