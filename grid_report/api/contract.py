"""The JSON API put together: every room's calls on one blueprint, every room's shapes in one document."""

from __future__ import annotations

from flask import Response, current_app, jsonify
from pydantic import BaseModel

from grid_report import __version__
from grid_report.accounts.consents import api as consents_api
from grid_report.accounts.consents import shapes as consents_shapes
from grid_report.accounts.leaving import api as leaving_api
from grid_report.accounts.leaving import shapes as leaving_shapes
from grid_report.accounts.profile import api as profile_api
from grid_report.accounts.profile import shapes as profile_shapes
from grid_report.api import keys_api, keys_shapes
from grid_report.fairness.pages import api as fairness_api
from grid_report.fairness.pages import shapes as fairness_shapes
from grid_report.media.resumable import api as uploads_api
from grid_report.notify.choices import api as choices_api
from grid_report.notify.choices import shapes as choices_shapes
from grid_report.offers.catalogue import api as catalogue_api
from grid_report.offers.catalogue import shapes as catalogue_shapes
from grid_report.offers.counter import api as counter_api
from grid_report.offers.counter import shapes as counter_shapes
from grid_report.oversight import api as oversight_api
from grid_report.oversight import shapes as oversight_shapes
from grid_report.places import api as places_api
from grid_report.places import shapes as places_shapes
from grid_report.points.history import api as statement_api
from grid_report.points.history import shapes as statement_shapes
from grid_report.points.objections import api as objections_api
from grid_report.points.objections import shapes as objections_shapes
from grid_report.points.proposals import api as proposals_api
from grid_report.points.proposals import shapes as proposals_shapes
from grid_report.reports.desk import api as desk_api
from grid_report.reports.desk import shapes as desk_shapes
from grid_report.reports.earnings import api as rewards_api
from grid_report.reports.earnings import points_api
from grid_report.reports.earnings import shapes as rewards_shapes
from grid_report.reports.kinds import api as kinds_api
from grid_report.reports.kinds import shapes as kinds_shapes
from grid_report.reports.pages import api as reports_api
from grid_report.reports.pages import case_shapes, nearby_api, nearby_shapes
from grid_report.reports.pages import shapes as reports_shapes
from grid_report.statistics import api as statistics_api
from grid_report.statistics import shapes as statistics_shapes
from grid_report.web.api import shapes as common_shapes
from grid_report.web.api.openapi import document
from grid_report.web.api.operations import bp
from grid_report.web.api.reading import unless_known
from grid_report.web.guard import public

__all__ = ["CALLS", "SHAPES", "bp", "shapes"]

# Importing them hangs their calls on the blueprint.
CALLS = (
    profile_api,
    consents_api,
    leaving_api,
    uploads_api,
    choices_api,
    places_api,
    statement_api,
    objections_api,
    proposals_api,
    reports_api,
    nearby_api,
    kinds_api,
    desk_api,
    rewards_api,
    points_api,
    catalogue_api,
    counter_api,
    fairness_api,
    oversight_api,
    statistics_api,
    keys_api,
)
SHAPES = (
    common_shapes,
    profile_shapes,
    consents_shapes,
    leaving_shapes,
    choices_shapes,
    places_shapes,
    statement_shapes,
    objections_shapes,
    proposals_shapes,
    case_shapes,
    reports_shapes,
    nearby_shapes,
    kinds_shapes,
    desk_shapes,
    rewards_shapes,
    catalogue_shapes,
    counter_shapes,
    fairness_shapes,
    oversight_shapes,
    statistics_shapes,
    keys_shapes,
)


def shapes() -> list[type[BaseModel]]:
    """List what the document may name: the public shapes of all rooms."""
    return [
        shape
        for module in SHAPES
        for name, shape in sorted(vars(module).items())
        if not name.startswith("_")
        and isinstance(shape, type)
        and issubclass(shape, BaseModel)
        and shape.__module__ == module.__name__
    ]


@bp.get("/openapi.json")
@public
def openapi() -> Response:
    """Hand out the contract."""
    return unless_known(jsonify(document(current_app, __version__, shapes())))
