"""What one redemption adds to the figures, as `counts/cells.py` says it of a case. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from grid_report.clock import Month
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.statistics.counts.cells import Cell, Cells
from grid_report.statistics.measures import Facet, Measure


@dataclass(frozen=True)
class ServiceFacts:
    """What the figures know of a redemption."""

    state: RedemptionState
    community: str | None
    street: str | None
    station: str | None
    offer_id: int
    is_permit: bool
    points: int
    created_at: datetime
    delivered_at: datetime | None
    ended_at: datetime | None


def service_cells(service: ServiceFacts, zone: tzinfo) -> Cells:
    """Count one redemption: asked for by its day, handed out and given back by theirs."""
    found: Cells = Counter()
    for at, measure, amount in _of_service(service):
        month = str(Month.of(at, zone))
        found[Cell(month, Facet.SERVICES, "", measure)] += amount
        found[Cell(month, Facet.OFFER, str(service.offer_id), measure)] += amount
        if service.station is not None:
            found[Cell(month, Facet.STATION, service.station, measure)] += amount
    return found


def _of_service(service: ServiceFacts) -> Iterator[tuple[datetime, Measure, int]]:
    yield service.created_at, Measure.RESERVED, 1
    if service.is_permit:
        yield service.created_at, Measure.APPLICATIONS, 1
    if service.delivered_at is not None:
        yield service.delivered_at, Measure.DELIVERED, 1
        yield service.delivered_at, Measure.DELIVERED_POINTS, service.points
        if service.is_permit:
            yield service.delivered_at, Measure.CARDS_ISSUED, 1
    if service.ended_at is None:
        return
    if service.state is RedemptionState.REFUNDED:
        yield service.ended_at, Measure.REFUNDED, 1
        yield service.ended_at, Measure.REFUNDED_POINTS, service.points
    elif service.state is RedemptionState.NO_SHOW:
        yield service.ended_at, Measure.NO_SHOWS, 1
