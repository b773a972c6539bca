"""What a service, a recall and a movement of points add to the figures, and of which month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.statistics.counts.points_cells import (
    DEBTS,
    ON_HOLD,
    areas_of_points,
    moved_cell,
    points_cell,
)
from grid_report.statistics.counts.recall_cells import RecallFacts, recall_cells
from grid_report.statistics.counts.service_cells import ServiceFacts, service_cells
from grid_report.statistics.measures import Facet, Measure
from tests.statistics.counts.test_measures import ZONE

# The last evening of June here; two hours later it is July.
AT = datetime(2025, 6, 30, 15, tzinfo=UTC)
LATER = AT + timedelta(hours=2)
TAKEN = ServiceFacts(
    state=RedemptionState.RESERVED, community="c", street="s", station="station-1", offer_id=7,
    is_permit=False, points=80, created_at=AT, delivered_at=None, ended_at=None,
)  # fmt: skip
_S = RedemptionState


def whole(service: ServiceFacts) -> dict[tuple[str, str], int]:
    return {
        (it.month, it.measure): n
        for it, n in service_cells(service, ZONE).items()
        if it.facet == Facet.SERVICES
    }


JUNE, JULY = "2025-06", "2025-07"
ASKED = {(JUNE, Measure.RESERVED): 1}
GIVEN = {(JULY, Measure.DELIVERED): 1, (JULY, Measure.DELIVERED_POINTS): 80}


@pytest.mark.parametrize(
    ("service", "counts"),
    [
        (TAKEN, ASKED),
        (replace(TAKEN, is_permit=True), ASKED | {(JUNE, Measure.APPLICATIONS): 1}),
        (replace(TAKEN, state=_S.DELIVERED, delivered_at=LATER), ASKED | GIVEN),
        (
            replace(TAKEN, state=_S.DELIVERED, delivered_at=LATER, is_permit=True),
            ASKED | GIVEN | {(JUNE, Measure.APPLICATIONS): 1, (JULY, Measure.CARDS_ISSUED): 1},
        ),
        (
            replace(TAKEN, state=_S.REFUNDED, delivered_at=LATER, ended_at=LATER),
            ASKED | GIVEN | {(JULY, Measure.REFUNDED): 1, (JULY, Measure.REFUNDED_POINTS): 80},
        ),
        (replace(TAKEN, state=_S.NO_SHOW, ended_at=LATER), ASKED | {(JULY, Measure.NO_SHOWS): 1}),
        # Over without anything given back or missed.
        (replace(TAKEN, state=_S.CANCELLED, ended_at=LATER), ASKED),
        (replace(TAKEN, state=_S.SETTLED, delivered_at=LATER, ended_at=LATER), ASKED | GIVEN),
    ],
)
def test_a_service_counts_where_it_was_asked_for_handed_out_and_ended(
    service: ServiceFacts, counts: dict[tuple[str, str], int]
) -> None:
    assert whole(service) == counts


def test_a_service_counts_for_its_offer_and_for_its_station_if_it_has_one() -> None:
    found = {(it.facet, it.key): n for it, n in service_cells(TAKEN, ZONE).items()}
    assert found == {
        (Facet.SERVICES, ""): 1,
        (Facet.OFFER, "7"): 1,
        (Facet.STATION, "station-1"): 1,
    }
    keys = {(it.facet, it.key) for it in service_cells(replace(TAKEN, station=None), ZONE)}
    assert keys == {(Facet.SERVICES, ""), (Facet.OFFER, "7")}


@pytest.mark.parametrize(("unit", "key"), [("u1", "u1"), (None, "self")])
def test_a_recall_counts_under_whoever_had_the_case(unit: str | None, key: str) -> None:
    found = recall_cells(RecallFacts(LATER, "s", "c", "RD02", unit), ZONE)
    assert {(it.facet, it.key): n for it, n in found.items()} == {
        (Facet.ALL, ""): 1, (Facet.CATEGORY, "RD02"): 1, (Facet.UNIT, key): 1,
    }  # fmt: skip
    assert {(it.month, it.measure) for it in found} == {(JULY, Measure.RECALLED)}


def test_points_count_for_every_area_there_is() -> None:
    assert areas_of_points("county", "s", "c") == ("county", "s", "c")
    assert areas_of_points("county", None, "c") == ("county",)
    assert points_cell(JUNE, Measure.AWARDED)[:4] == (JUNE, Facet.POINTS, "", Measure.AWARDED)
    for what in ("award", ON_HOLD, DEBTS):
        assert moved_cell(JUNE, what)[:4] == (JUNE, Facet.MOVED, "", what)
