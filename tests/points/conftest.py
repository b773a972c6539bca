"""The ledger's own fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from grid_report.points import signals
from tests.points.book import Book


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """Audit the ledger by itself: these awards are for reports nobody sent.

    That the two agree is audited in `tests/reports/earnings/test_steps.py`.
    """
    with signals.report_facts.muted():
        yield


@pytest.fixture
def book(app: Flask) -> Book:
    """Return people and pools to try the ledger with."""
    return Book()
