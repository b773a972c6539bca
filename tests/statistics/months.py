"""A month to hand out: cases, services, names that would like to be formulas."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import update

from grid_report import clock
from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import transaction
from grid_report.offers.catalogue.models import Offer, Station
from grid_report.places import steps
from grid_report.places.models import Community, Unit
from grid_report.places.queries import reference
from grid_report.statistics.month import usecases as month_usecases
from tests.support.builders import PROPERTY, STATION, Make

MARCH = Month(2026, 3)
AT = datetime(2026, 3, 5, 1, 30, tzinfo=UTC)
COUNTY = "211282"
HOSTILE: Mapping[str, str] = {
    "community": "=cmd|'/c calc'!A1",
    "unit": "@SUM(1+1)",
    "offer": "+1+1",
}


def month_of_cases(make: Make, cases: int = 3) -> Actor:
    """Have some cases filed and dispatched, and return an administrator."""
    worker = make.worker()
    for _ in range(cases):
        report = make.report(at=AT)
        make.step(report, "accept", worker, category="RD02", severity=2, at=AT)
        make.step(report, "dispatch", worker, unit=PROPERTY, at=AT)
    make.report(at=AT, category="RD03")
    return make.administrator()


def freeze(make: Make, actor: Actor, seen: int = 0, month: Month = MARCH) -> None:
    """Freeze a month once more."""
    month_usecases.freeze_month(
        month,
        actor=actor,
        seen_version=seen,
        reason="更正" if seen else "",
        places=reference(),
        county=make.settings.county,
        now=clock.now(),
    )


def rename(community: str, unit: str, offer: str) -> None:
    """Call things by names nobody should have."""
    with transaction() as session:
        session.execute(update(Community).where(Community.code == STATION).values(name=community))
        session.execute(update(Unit).where(Unit.code == PROPERTY).values(name=unit))
        session.execute(update(Offer).values(title_zh=offer, title_en=offer))
        session.execute(update(Station).values(name=offer))
        steps.renew_stamp(session)


def get(client: FlaskClient, path: str, **more: Any) -> Any:
    """Fetch a file whole."""
    answer = client.get(path, **more)
    answer.get_data()
    answer.close()
    return answer
