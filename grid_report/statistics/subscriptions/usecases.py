"""Public writes of the scheduled delivery: choosing who is told, and telling each month once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import CursorResult, delete, update

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts.members import lookup_queries
from grid_report.accounts.steps import audit
from grid_report.clock import Month, local_day
from grid_report.db import db, insert_of, table_of, transaction, use_case
from grid_report.errors import Invalid
from grid_report.languages import LANGUAGES, written_in_all
from grid_report.notify import outbox
from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics.counts import rules_queries
from grid_report.statistics.counts.areas import Area, find_area
from grid_report.statistics.models import StatisticsDelivery
from grid_report.statistics.permissions import STATISTICS_DELIVER, STATISTICS_READ
from grid_report.statistics.subscriptions.days import month_due, told_before
from grid_report.statistics.subscriptions.queries import DeliveryRow, list_due

logger = logging.getLogger(__name__)

_TABLE: Final = table_of(StatisticsDelivery)
# As what somebody reads the news of a month, the widest first.
READS_AS: Final = (Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR, Role.WORKER)


@dataclass(frozen=True)
class AddDelivery:
    """Who is to be told of which area on which day of the month."""

    member_id: int
    area: str
    day: int


@use_case
def add_delivery(
    command: AddDelivery, *, actor: Actor, places: Reference, county: County, now: datetime
) -> None:
    """Have a member told of an area's months; asked again it changes the day.

    Raises Forbidden, Invalid.
    """
    access.check(actor, STATISTICS_DELIVER)
    with transaction() as session:
        area = find_area(command.area, places, county)
        reader = lookup_queries.actors_of([command.member_id]).get(command.member_id)
        if reader is None:
            raise Invalid.field("member", "member-unknown")
        if area is None or not access.allowed(reader, STATISTICS_READ, area):
            raise Invalid.field("area", "delivery-not-readable")
        today = local_day(now, county.tz)
        session.execute(
            insert_of(session, _TABLE)
            .values(
                member_id=command.member_id,
                area=area.code,
                day=command.day,
                created_by_id=actor.member_id,
                created_at=now,
                told_month=str(told_before(command.day, today)),
            )
            # What was told of stays told of.
            .on_conflict_do_update(
                index_elements=[_TABLE.c.member_id, _TABLE.c.area], set_={"day": command.day}
            )
        )
        audit(
            session,
            actor,
            "statistics-delivery-added",
            f"member:{command.member_id}",
            now,
            area=area.code,
            day=command.day,
        )


@use_case
def remove_delivery(delivery_id: int, *, actor: Actor, now: datetime) -> None:
    """Tell somebody no more; removing what is gone already changes nothing. Raises Forbidden."""
    access.check(actor, STATISTICS_DELIVER)
    with transaction() as session:
        gone = session.execute(
            delete(_TABLE)
            .where(_TABLE.c.id == delivery_id)
            .returning(_TABLE.c.member_id, _TABLE.c.area)
        ).one_or_none()
        if gone is not None:
            audit(
                session,
                actor,
                "statistics-delivery-removed",
                f"member:{gone.member_id}",
                now,
                area=gone.area,
            )


def deliver_due(
    *,
    places: Reference,
    county: County,
    now: datetime,
    should_continue: Callable[[], bool] = lambda: True,
) -> int:
    """Tell everybody whose day has come that the month before can be fetched; return how many.

    Whoever may not read the area any more, or is shut out, is told nothing.
    """
    if not rules_queries.is_done():
        # There is nothing to fetch yet; whoever is due is told by a later run.
        db.session.rollback()
        return 0
    today = local_day(now, county.tz)
    rows = list_due(today)
    readers = lookup_queries.actors_of(row.member_id for row in rows)
    db.session.rollback()
    told = 0
    for row in rows:
        if not should_continue():
            break
        area, reader = find_area(row.area, places, county), readers.get(row.member_id)
        if area is None or reader is None:
            continue
        if access.allowed(reader, STATISTICS_READ, area):
            month = month_due(row.day, today)
            told += _tell(row, month, area, _role_of(reader), county=county, now=now)
    return told


def _role_of(reader: Actor) -> Role:
    return next(role for role in READS_AS if reader.holds_any(role))


@use_case
def _tell(
    row: DeliveryRow, month: Month, area: Area, role: Role, *, county: County, now: datetime
) -> bool:
    """Write the message and that it is written, both or neither; tell whether it was this turn's."""
    with transaction() as session:
        noted = cast(
            "CursorResult[Any]",
            session.execute(
                update(_TABLE)
                .where(_TABLE.c.id == row.id, _TABLE.c.told_month < str(month))
                .values(told_month=str(month))
            ),
        )
        if noted.rowcount != 1:
            return False
        outbox.put(
            session,
            "statistics_ready",
            to_member=row.member_id,
            read_as=role,
            about=f"{month}-{area.code}",
            facts={
                "month": str(month),
                "area": written_in_all(county, "name")
                if area.is_county
                else dict.fromkeys(LANGUAGES, area.name),
            },
            now=now,
        )
    logger.info("month told of", extra={"month": str(month), "area": area.code})
    return True
