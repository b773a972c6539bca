"""What the demo's first two riders have been through with points; told into a site's database.

`python -m tests.support.visits.points_story` in the site's environment: lessons that paid, a meal taken,
one given back, one on hold, an award that waits for a budget, and an objection that is late.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select

from grid_report import clock, create_app
from grid_report import settings as settings_module
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.models import Member, RoleGrant
from grid_report.clock import Month
from grid_report.db import db, transaction, use_case
from grid_report.places.queries import reference
from grid_report.points import ledger
from grid_report.points.causes import Cause
from grid_report.points.objections import usecases as objections_usecases
from grid_report.points.objections.rules import Decision, Subject
from grid_report.points.policy import Terms
from grid_report.points.rates import Earning
from grid_report.statistics.month import usecases as month_usecases
from grid_report.statistics.month.usecases import FrozenMeanwhile
from tests.support.visits.browser import ROOT, Site

COMMUNITY = "211282001001"
WORDS = "照片里看得很清楚，井盖是整个没有了，不是松动。请再看一次等级。"


def tell(site: Site) -> None:
    """Tell the story into a running site."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.visits.points_story"],
        env=site.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def _first(role: Role, count: int = 1) -> list[int]:
    found = db.session.scalars(
        select(Member.id)
        .join(RoleGrant, RoleGrant.member_id == Member.id)
        .where(RoleGrant.role == role)
        .order_by(Member.id)
        .limit(count)
    ).all()
    db.session.rollback()
    assert len(found) == count
    return list(found)


HELD_WITHOUT_SERVICE = ("R-3K7MQ9A", "R-8PZ2A4C", "R-5H2W7TX")


@use_case
def _live() -> None:
    now, zone = clock.now(), settings_module.load().county.tz
    paid_ref, given_back_ref, held_ref = HELD_WITHOUT_SERVICE
    (rider_id, second_id), (worker_id,) = _first(Role.RIDER, 2), _first(Role.WORKER)
    with transaction() as session:

        def learned(
            key: str, points: int, budget: int, days: int, who: int = rider_id
        ) -> ledger.Award:
            return ledger.award(
                session,
                who,
                cause=Cause("lesson", key),
                earning=Earning(points, "R8", "2020-1"),
                community_code=COMMUNITY,
                terms=Terms(zone, budget, 0),
                at=now - timedelta(days=days),
                actor_id=worker_id,
            )

        def held(ref: str, points: int, hours: int) -> None:
            ledger.hold(
                session,
                rider_id,
                ref=ref,
                points=points,
                provider_code="S1",
                holds_until=now + timedelta(hours=30),
                at=now - timedelta(hours=hours),
            )

        # Enough for every journey, whichever goes first and whatever the hour made of the demo.
        learned("handbook-2025", 45, 3000, 5)
        learned("winter-2025", 45, 3000, 5, who=second_id)
        learned("winter-2026", 45, 3000, 4, who=second_id)
        paid = learned("handbook-2026", 40, 3000, 4)
        learned("winter-roads", 10, 1, 900)
        held(paid_ref, 20, 70)
        ledger.capture(session, paid_ref, at=now - timedelta(hours=60), actor_id=None)
        held(given_back_ref, 15, 50)
        ledger.capture(session, given_back_ref, at=now - timedelta(hours=40), actor_id=None)
        ledger.refund(session, given_back_ref, at=now - timedelta(hours=2), actor_id=None)
        held(held_ref, 10, 1)
    objections_usecases.raise_objection(
        Decision(Subject.ENTRY, str(paid.entry_id)),
        words=WORDS,
        days=7,
        actor=Actor(rider_id, "", frozenset({Grant(Role.RIDER)})),
        places=reference(),
        now=now - timedelta(days=9),
    )


def _freeze_the_last_month() -> None:
    """Let there be a frozen month on any day: the job freezes the last one from the 8th on."""
    county = settings_module.load().county
    (admin_id,) = _first(Role.ADMINISTRATOR)
    # The site runs: its job may have been quicker.
    with suppress(FrozenMeanwhile):
        month_usecases.freeze_month(
            Month.of(clock.now(), county.tz).plus(-1),
            actor=Actor(admin_id, "", frozenset({Grant(Role.ADMINISTRATOR, county.code)})),
            seen_version=0,
            reason="",
            places=reference(),
            county=county,
            now=clock.now(),
        )


if __name__ == "__main__":
    with create_app(settings_module.load()).app_context():
        _live()
        _freeze_the_last_month()
