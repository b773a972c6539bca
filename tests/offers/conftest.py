"""The shop's own fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from grid_report.points import signals
from tests.offers.cards import Cards
from tests.offers.shop import Shop
from tests.support.builders import Make


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """Audit the ledger by itself: these points are for reports nobody sent."""
    with signals.report_facts.muted():
        yield


@pytest.fixture
def shop(app: Flask, make: Make) -> Shop:
    """Return a station to take things from."""
    return Shop(make)


@pytest.fixture
def cards(app: Flask, make: Make) -> Cards:
    """Return compounds to ask cards of."""
    return Cards(make)
