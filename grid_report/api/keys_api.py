"""What became of a request: asked by its key, before it is sent again."""

from __future__ import annotations

import uuid

from flask import Response

from grid_report.api.keys_shapes import KeyShown
from grid_report.errors import NotFound
from grid_report.offers.redemptions.queries import ref_by_key
from grid_report.reports.queries import number_by_key
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer
from grid_report.web.context import current_actor


@bp.get("/keys/<key>")
@operation(summary="What a key of the caller made", answers={200: KeyShown}, refuses=(404,))
def show_key(key: str) -> Response:
    """Say what was made with a key; one that made nothing yet is not there."""
    actor = current_actor()
    try:
        known = str(uuid.UUID(key))
    except ValueError:
        raise NotFound from None
    report = number_by_key(actor, known)
    redemption = ref_by_key(actor.member_id, known)
    if report is None and redemption is None:
        raise NotFound
    return answer(KeyShown(report=report, redemption=redemption))
