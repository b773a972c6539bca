"""The shop's own fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.points import signals
from tests.offers.books import DAY, END, HOUR, draw, served
from tests.offers.cards import Cards
from tests.offers.shop import NOW, Shop
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
def drawn(shop: Shop) -> Shop:
    """Return a shop whose November is drawn: two meals and something free."""
    for points in (80, 20, 0):
        served(shop, points)
    assert redemptions_scheduled.settle_due(now=NOW + 3 * DAY) == 3
    assert draw(END + HOUR) == 1
    return shop


@pytest.fixture
def cards(app: Flask, make: Make) -> Cards:
    """Return compounds to ask cards of."""
    return Cards(make)
