"""Who hears what about a report: outbox rows in the transaction of the step.

Whom each step concerns and what they are told is the table of `casework/audience.py`; here it is carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.accounts import queries as accounts_queries
from grid_report.notify import outbox
from grid_report.places.geo.reference import Reference
from grid_report.reports.casework.audience import (
    RIDERS,
    TELLING,
    Cell,
    Event,
    Person,
    When,
    holds,
    named,
)
from grid_report.reports.clocks import Light
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import Report

Told = tuple[Role, str]


@dataclass(frozen=True)
class Before:
    """Who had a report before a step: those who may lose it by the step."""

    community: str | None
    street: str | None
    unit: str | None
    # Riders whose reports were merged into it, each with the number of the own report.
    merged: tuple[tuple[int, str], ...]


def before(session: Session, report: Report) -> Before:
    """Note who has a report, before anything about it is decided."""
    return Before(
        report.community_code, report.street_code, _unit(report), _merged(session, report)
    )


def _unit(report: Report) -> str | None:
    # A unit named at acceptance learns nothing before the dispatch.
    return report.unit_code if report.dispatched_at is not None else None


def _merged(session: Session, report: Report) -> tuple[tuple[int, str], ...]:
    if not report.followers:
        return ()
    rows = session.execute(
        select(Report.reporter_id, Report.number)
        .where(Report.merged_into_id == report.id)
        .order_by(Report.id)
    )
    return tuple((reporter, number) for reporter, number in rows)


def facts(report: Report, places: Reference) -> dict[str, Any]:
    """What a sentence about a report may mention; never who reported or where exactly."""
    community = places.community(report.community_code)
    unit = places.unit(report.unit_code)
    return {
        "category": report.category_code,
        "severity": report.severity,
        "community": community.name if community else None,
        "unit": unit.name if unit else None,
        "handler": unit.name if unit else (community.name if community else None),
    }


@dataclass(frozen=True)
class Happening:
    """A step or an event on a report, with all that a sentence about it may need.

    `words` are for everybody, `inside` for those who work on the case: what the step was given for
    a reason, be it the rider's to read or not. `changes` is what history keeps as changed.
    """

    report: Report
    what: Step | Event
    places: Reference
    county: str
    now: datetime
    before: Before
    actor_id: int | None = None
    target: Report | None = None
    words: str = ""
    inside: str = ""
    changes: Mapping[str, Any] | None = None


def tell(session: Session, it: Happening) -> None:
    """Write every message the table has for a step or an event."""
    outbox.put_all(session, list(rows(session, it)))


def rows(session: Session, it: Happening) -> Iterator[dict[str, Any]]:
    """Make every message the table has for a step or an event."""
    for person, cell in TELLING[it.what].items():
        others = cell.when is not When.NOBODY_ELSE or _others_check(it)
        if not holds(cell.when, person, it.report, others_check=others, target=it.target):
            continue
        if person in RIDERS:
            for rider, number in _riders_of(it, person):
                if rider != it.actor_id:
                    yield outbox.row(
                        cell.kind,
                        to_member=rider,
                        about=number,
                        facts=_said(it, cell, it.words),
                        now=it.now,
                    )
        elif (role := _roles(it).get(person)) is not None:
            yield outbox.row(
                cell.kind,
                to_role=role,
                except_member=it.actor_id,
                about=it.report.number,
                facts=_said(it, cell, it.inside),
                now=it.now,
            )


def _said(it: Happening, cell: Cell, words: str) -> dict[str, Any]:
    clock, due = named(cell.clock, it.report)
    unit = it.places.unit(it.before.unit)
    found = facts(it.report, it.places)
    return found | {
        "unit": found["unit"] or (unit.name if unit else None),
        "clock": clock.value if clock else None,
        "due": due.isoformat() if due else None,
        "words": words,
        "into": it.target.number if it.target else None,
        "review_on": it.report.review_on.isoformat() if it.report.review_on else None,
        # What the rider had called it, where the community calls it otherwise.
        "was": ((it.changes or {}).get("category") or [None])[0],
    }


def _roles(it: Happening) -> dict[Person, Told]:
    """Return who stands for each person of the table; those there are not are left out."""
    report, was = it.report, it.before
    unit = _unit(report)
    found: dict[Person, Told | None] = {
        Person.WORKER: _at(Role.WORKER, report.community_code),
        Person.WORKER_BEFORE: _lost(Role.WORKER, was.community, report.community_code),
        Person.UNIT: _at(Role.HANDLER, unit),
        Person.UNIT_BEFORE: _lost(Role.HANDLER, was.unit, unit),
        Person.STREET: _at(Role.SUPERVISOR, report.street_code),
        Person.STREET_BEFORE: _lost(Role.SUPERVISOR, was.street, report.street_code),
        Person.COUNTY: None if report.community_code else (Role.ADMINISTRATOR, it.county),
    }
    return {person: role for person, role in found.items() if role is not None}


def _at(role: Role, place: str | None) -> Told | None:
    return None if place is None else (role, place)


def _lost(role: Role, had: str | None, has: str | None) -> Told | None:
    return None if had is None or had == has else (role, had)


def _riders_of(it: Happening, person: Person) -> list[tuple[int, str]]:
    """Return riders with the number each knows the case by; nobody is told twice."""
    reporter = it.report.reporter_id
    if person is Person.RIDER:
        return [(reporter, it.report.number)]
    found: dict[int, str] = {}
    for rider, number in it.before.merged:
        if rider != reporter:
            found.setdefault(rider, number)
    return list(found.items())


def _others_check(it: Happening) -> bool:
    """Tell whether the community has somebody to check what it handled itself."""
    report = it.report
    if not report.self_handled:
        return True
    workers = accounts_queries.list_member_ids_with(Role.WORKER, report.community_code)
    out = {report.reporter_id, report.started_by_id, report.handled_by_id, it.actor_id}
    return bool(set(workers) - out)


def about_submission(
    session: Session, report: Report, places: Reference, *, county: str, now: datetime
) -> None:
    """Tell the community of a new report, or the administrators when it is nobody's yet.

    The rider of one that was kept is told that it has gone.
    """
    # The first of very many: those after it are told of by this alone.
    what: Step | Event = Step.SUBMIT if report.folded_id is None else Event.FLOOD
    if report.sent_at is not None:
        what = Event.SENT_ON
    tell(session, Happening(report, what, places, county, now, before(session, report)))


_EVENT_OF: Final = {Light.YELLOW: Event.YELLOW, Light.RED: Event.RED}


def light_rows(
    session: Session, report: Report, light: Light, places: Reference, *, county: str, now: datetime
) -> list[dict[str, Any]]:
    """Make the messages that a case's time is short, or over."""
    nobody = Before(report.community_code, report.street_code, _unit(report), ())
    return list(rows(session, Happening(report, _EVENT_OF[light], places, county, now, nobody)))


def review_rows(
    session: Session, report: Report, places: Reference, *, county: str, now: datetime
) -> list[dict[str, Any]]:
    """Make the message that the day has come on which the street meant to look again."""
    nobody = Before(report.community_code, report.street_code, _unit(report), ())
    return list(rows(session, Happening(report, Event.REVIEW, places, county, now, nobody)))
