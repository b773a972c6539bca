"""Redemptions as the monthly figures read them: what counts, and where it was handed out."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grid_report.offers.catalogue.models import Station
from grid_report.offers.permits.models import Application
from grid_report.offers.redemptions.models import Redemption

# One row a redemption. A card has no station: it belongs where its compound is. Databases see
# through the subquery, so that the indexes of `redemptions` serve.
SERVICES: Final = (
    select(
        Redemption.id,
        Redemption.ref,
        Redemption.state,
        Redemption.offer_id,
        Redemption.station_code,
        Redemption.points,
        Redemption.created_at,
        Redemption.delivered_at,
        Redemption.ended_at,
        func.coalesce(Station.community_code, Application.community_code).label("community_code"),
        Application.id.is_not(None).label("is_permit"),
    )
    .select_from(Redemption)
    .outerjoin(Station, Station.code == Redemption.station_code)
    .outerjoin(Application, Application.redemption_id == Redemption.id)
    .subquery("services")
)


def place_of(session: Session, redemption: Redemption) -> tuple[str | None, bool]:
    """Return the community a redemption belongs to, and whether it is a card."""
    row = session.execute(
        select(SERVICES.c.community_code, SERVICES.c.is_permit).where(
            SERVICES.c.id == redemption.id
        )
    ).one()
    return row.community_code, row.is_permit
