"""All of the contract's calls on one blueprint: importing this module is what gathers them."""

from __future__ import annotations

from grid_report.accounts.consents import api as account_routes
from grid_report.fairness.pages import api as fairness_routes
from grid_report.offers.catalogue import api as offer_routes
from grid_report.oversight import api as oversight_routes
from grid_report.places.api import bp
from grid_report.points.objections import api as objection_routes
from grid_report.reports.pages import api as report_routes
from grid_report.reports.rewards import api as thanks_routes
from grid_report.statistics import api as statistics_routes

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
