"""All of the contract's calls on one blueprint: importing this module is what gathers them."""

from __future__ import annotations

from grid_report.api import (
    account_routes,
    fairness_routes,
    objection_routes,
    offer_routes,
    oversight_routes,
    report_routes,
    statistics_routes,
    thanks_routes,
)
from grid_report.api.routes import bp

__all__ = [
    "account_routes",
    "bp",
    "fairness_routes",
    "objection_routes",
    "offer_routes",
    "oversight_routes",
    "report_routes",
    "statistics_routes",
    "thanks_routes",
]
