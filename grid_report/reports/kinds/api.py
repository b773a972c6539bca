"""The call of the API that lets a phone find kinds by words, with or without network."""

from __future__ import annotations

from flask import Response

from grid_report.places.queries import reference
from grid_report.reports.kinds import queries, shapes
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer


@bp.get("/categories/words")
@operation(summary="Words that point to each category", answers={200: shapes.KindWordsList})
def category_words() -> Response:
    """List what every category is looked for with; what is typed never leaves the phone for it."""
    found = queries.looked_for(reference().categories)
    return answer(shapes.KindWordsList(items=[shapes.KindWords(**it) for it in found]))
