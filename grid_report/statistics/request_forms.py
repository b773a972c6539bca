"""Which month, area and version a request asks for, and whether it may: shared by pages and API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.errors import Invalid, NotFound
from grid_report.places.geo.reference import Reference
from grid_report.plain_characters import plain
from grid_report.settings import County, Settings
from grid_report.statistics.counts import rules_queries
from grid_report.statistics.counts.areas import Area, find_area
from grid_report.statistics.month import name_queries, table_queries
from grid_report.statistics.month.queries import MonthReport, read_report
from grid_report.statistics.month.table_queries import Tables
from grid_report.statistics.permissions import STATISTICS_OPEN, STATISTICS_READ
from grid_report.web.pages.words import sentence

LONGEST_VERSION: Final = 6


def own_area(actor: Actor) -> str:
    """Return the code of the area somebody reads first: the county, the own street or community."""
    if actor.holds_any(Role.ADMINISTRATOR, Role.AUDITOR):
        return ""
    own = sorted(actor.places(Role.SUPERVISOR)) or sorted(actor.places(Role.WORKER))
    return own[0] if own else ""


def asked_area(code: str, *, actor: Actor, places: Reference, county: County) -> Area:
    """Return the area asked for, the own one for "". Raises Forbidden, NotFound."""
    access.check(actor, STATISTICS_OPEN)
    area = find_area(code or own_area(actor), places, county)
    if area is None or not access.allowed(actor, STATISTICS_READ, area):
        raise NotFound
    return area


def asked_version(text: str) -> int | None:
    """Return the version asked for: None the newest, 0 the running counts. Raises Invalid."""
    text = plain(text).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_VERSION):
        raise Invalid.field("version", "value-unknown")
    return int(text)


def read_asked(
    month: str,
    asked: Mapping[str, str],
    *,
    actor: Actor,
    places: Reference,
    settings: Settings,
    now: datetime,
) -> MonthReport:
    """Return the month somebody asks for, to be handed out. Raises Forbidden, NotFound, Invalid.

    A month that has not begun is not found: what is due in it says nothing yet.
    """
    access.check(actor, STATISTICS_OPEN)
    rules_queries.check()
    wanted, version = Month.parse(month), asked_version(asked.get("version", ""))
    area = asked_area(asked.get("area", ""), actor=actor, places=places, county=settings.county)
    if wanted > Month.of(now, settings.county.tz):
        raise NotFound
    return read_report(
        wanted,
        area,
        version=version,
        places=places,
        county=settings.county,
        now=now,
    )


def say(code: str, **facts: object) -> str:
    """Say a word of the tables in the reader's language."""
    return sentence("exports", code, **facts)


def in_words(
    report: MonthReport, *, places: Reference, settings: Settings, language: str
) -> Tables:
    """Put the tables of a month into the reader's language."""
    kept = report.frozen.document if report.frozen else None
    names = name_queries.read_names(kept, places=places, county=settings.county)
    return table_queries.build(report, names, language=language, say=say)
