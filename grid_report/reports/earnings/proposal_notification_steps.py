"""Who is told that a proposal about points waits for a second person; hears `points.signals`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.notify import outbox
from grid_report.places.queries import reference


def tell_the_others(_sender: object, *, session: Session, proposal: Any, now: datetime) -> None:
    """Tell administrators, and not the one who proposes. Hears `proposal_waiting`."""
    places = reference()
    community = places.community(proposal.community_code)
    outbox.put(
        session,
        "proposal_waiting",
        to_role=(Role.ADMINISTRATOR, places.county_code),
        except_member=proposal.proposed_by_id,
        about=proposal.report_number or f"#{proposal.id}",
        facts={
            "proposed": proposal.kind,
            "points": proposal.points,
            "community": community.name if community else None,
            "words": proposal.reason,
        },
        now=now,
    )
