"""Pages of no domain: what a phone shows without network, and the look of every component."""

from __future__ import annotations

from flask import Blueprint, render_template

from grid_report.errors import NotFound
from grid_report.web.context import settings
from grid_report.web.guard import public

bp = Blueprint("pages", __name__)


@bp.get("/offline")
@public
def offline() -> str:
    """Say kindly that there is no network."""
    return render_template("errors/offline.html")


@bp.get("/components")
@public
def components() -> str:
    """Show every component on one page, for those who build pages. Raises NotFound in production."""
    if settings().server.environment == "production":
        raise NotFound
    return render_template("components/index.html")
