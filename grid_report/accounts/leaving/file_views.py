"""Handing out an export, piece by piece."""

from __future__ import annotations

from flask import Response, stream_with_context

from grid_report.accounts.leaving import export_queries
from grid_report.accounts.leaving.models import Export

ZIP = "application/zip"


def file_response(export: Export) -> Response:
    """Answer with the file, for its owner alone: nothing in between keeps a copy."""
    pieces = stream_with_context(export_queries.pieces_of(export.id))
    response = Response(pieces, mimetype=ZIP)
    response.content_length = export.byte_count
    day = f"{export.asked_at:%Y%m%d}"
    response.headers["Content-Disposition"] = f'attachment; filename="grid-report-{day}.zip"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
