"""Reports that wait for their rider's proof: how they go, and how one is taken back.

`usecases.py` and `kept_steps.py` keep them. Nobody but the rider knows of one before it goes: not a desk, not a list, not
a figure. What nobody proves waits as long as its rider leaves it.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid, NotFound, Stale
from grid_report.places.geo.datum import Datum, to_wgs84
from grid_report.places.geo.points import Point
from grid_report.places.geo.reference import Reference
from grid_report.places.geo.routing import NOBODY, Match
from grid_report.places.queries import reference
from grid_report.reports.commands import SubmitReport, TakeStep
from grid_report.reports.errors import KeyReused
from grid_report.reports.idempotency_steps import Sent
from grid_report.reports.kept_models import KeptReport
from grid_report.reports.lifecycle import KEPT_WORKFLOW, Part, Step
from grid_report.reports.models import Report
from grid_report.reports.submission import kept_steps, usecases
from grid_report.web.context import settings

__all__ = ["Sent", "send_on", "take_step"]


def send_on(
    _sender: object, *, session: Session, member_id: int, was_id: int, now: datetime
) -> None:
    """Send on everything that waited for this proof. Hears `accounts.signals.person_proved`.

    In the proof's own transaction: both are done or neither. What the person sent from an account
    that is left becomes a report of the one gone on with.
    """
    places = reference()
    for kept in kept_steps.lock_waiting(session, was_id):
        _send_on(session, kept, Actor(member_id, ""), places, now)


def _send_on(
    session: Session, kept: KeptReport, rider: Actor, places: Reference, now: datetime
) -> None:
    command = kept_steps.as_sent(session, kept)
    number, sent, sent_at = kept.number, kept.fingerprint, kept.created_at
    category = places.categories.get(kept.category_code)
    if rider.member_id != kept.reporter_id and _uses_key(session, rider, kept.key):
        command = replace(command, key=str(uuid.uuid4()))
    kept_steps.let_go(session, kept)
    point, match = _place(command, Point(kept.lat, kept.lng), places)
    usecases.take_in(
        session, command, point, match, number=number, sent=sent, category=category, actor=rider,
        places=places, settings=settings(), now=now, sent_at=sent_at,
    )  # fmt: skip


def _uses_key(session: Session, rider: Actor, key: str) -> bool:
    """Tell whether the account that goes on sent something with this key: it keeps it then."""
    sent = select(Report.id).where(Report.reporter_id == rider.member_id, Report.key == key)
    return session.scalar(sent) is not None


def _place(command: SubmitReport, shown: Point, places: Reference) -> tuple[Point, Match]:
    """Find whose it is today; what nobody answers for any more is the county's to assign."""
    try:
        return usecases.route(command, places)
    except Invalid:
        if command.lat is None or command.lng is None:
            return shown, NOBODY
        return to_wgs84(Point(command.lat, command.lng), Datum(command.datum)), NOBODY


@use_case
def take_step(number: str, command: TakeStep, *, actor: Actor, now: datetime) -> Sent:
    """Take a step on a kept report of one's own: there is one, taking it back.

    Raises NotFound, IllegalStep, Stale, KeyReused.
    """
    with transaction() as session:
        kept = kept_steps.lock_own(session, number, actor.member_id)
        if kept is None:
            raise NotFound
        if command.key is not None and command.key == kept.withdrawn_key:
            if command.step is not Step.WITHDRAW:
                raise KeyReused(number)
            return Sent(kept, replayed=True)
        if command.version not in (None, kept.version):
            raise Stale(command.version, kept.version)
        KEPT_WORKFLOW.move_for(kept.state, command.step, lambda it: Part.RIDER in it[1])
        kept.withdrawn_at, kept.withdrawn_key = now, command.key
    return Sent(kept)
