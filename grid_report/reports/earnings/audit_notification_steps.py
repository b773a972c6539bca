"""Who is told what was found and taken back in the points; hears `points.signals`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.notify import outbox
from grid_report.places.queries import reference
from grid_report.points.kinds import Verdict


def tell_administrators(
    _sender: object, *, session: Session, differences: int, warnings: int, first: str, now: datetime
) -> None:
    """Tell the county of differences, or of jobs that are late. Hears `audit_found`."""
    outbox.put(
        session,
        "audit_found",
        to_role=(Role.ADMINISTRATOR, reference().county_code),
        about="points",
        facts={"differences": differences, "warnings": warnings, "words": first},
        now=now,
    )


def tell_the_rider(
    _sender: object,
    *,
    session: Session,
    rider_id: int,
    verdict: Verdict,
    taken: int,
    owed: int,
    debt: int,
    reason: str,
    now: datetime,
) -> None:
    """Tell a rider what was taken back, what is still to come, and why. Hears `award_reversed`."""
    outbox.put(
        session,
        "points_taken_back",
        to_member=rider_id,
        about="",
        facts={
            "verdict": verdict.value,
            "taken": taken,
            "owed": owed,
            "debt": debt,
            "words": reason,
        },
        now=now,
    )
