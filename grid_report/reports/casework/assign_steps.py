"""Giving an unrouted report to a community: by hand, or because its ground is somebody's now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.places.geo.reference import CommunityInfo, Reference
from grid_report.places.geo.routing import MatchedBy
from grid_report.reports import steps
from grid_report.reports.casework import effect_steps, notification_steps
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import Report
from grid_report.reports.sources import LocatedBy
from grid_report.settings import Settings


def assign(
    session: Session,
    report: Report,
    community: CommunityInfo,
    *,
    matched_by: MatchedBy,
    actor: Actor | None,
    role: str,
    places: Reference,
    settings: Settings,
    now: datetime,
    note: str = "",
    changes: dict[str, Any] | None = None,
) -> None:
    """Give an unrouted report its community; its acceptance clock begins, and both are told."""
    before = notification_steps.before(session, report)
    report.community_code, report.street_code = community.code, community.street_code
    report.matched_by = matched_by
    if report.located_by is LocatedBy.NOWHERE:
        # From now on it lies where a report does whose community was chosen from the list.
        point = places.stand_in(community.code)
        report.lat = report.sent_lat = point.lat
        report.lng = report.sent_lng = point.lng
        report.located_by = LocatedBy.LIST
    report.version += 1
    category = places.categories.get(report.category_code)
    steps.begin_acceptance(report, effect_steps.hours(category, settings.cases), now)
    steps.wind_clocks(report, settings.cases, now)
    steps.record(
        session,
        report,
        Step.ASSIGN,
        came_from=report.state,
        actor=actor,
        role=role,
        now=now,
        internal_note=note,
        changes={"community": [None, community.code], **(changes or {})},
    )
    happening = notification_steps.Happening(
        report, Step.ASSIGN, places, settings.county.code, now, before,
        actor_id=actor.member_id if actor else None,
    )  # fmt: skip
    notification_steps.tell(session, happening)
