"""Pages of no domain: what a phone does without network, and the look of every component."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from grid_report.errors import NotFound
from grid_report.web.context import settings
from grid_report.web.guard import public
from grid_report.web.pages import assets

bp = Blueprint("pages", __name__)


@bp.get("/offline")
@public
def offline() -> str:
    """Say kindly that there is no network."""
    return render_template("errors/offline.html")


@bp.get("/sw.js")
@public
def worker() -> Response:
    """Hand out the service worker. At the top, because a worker answers for its own folder only.

    Raises NotFound where nothing was built.
    """
    name = assets.manifest().get("sw.js")
    if name is None:
        raise NotFound
    answer = make_response((assets.BUILD / name).read_bytes())
    answer.mimetype = "text/javascript"
    # Each visit asks whether there is a newer one: its name, unlike its content, never changes.
    answer.headers["Cache-Control"] = "no-cache"
    answer.set_etag(name)
    return answer.make_conditional(request)


@bp.get("/components")
@public
def components() -> str:
    """Show every component on one page, for those who build pages. Raises NotFound in production."""
    if settings().server.environment == "production":
        raise NotFound
    return render_template("components/index.html")
