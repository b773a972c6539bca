"""The administrator's page of categories and their deadlines."""

from __future__ import annotations

from flask import Blueprint, render_template

from grid_report import access
from grid_report.places.permissions import CATEGORIES_READ
from grid_report.places.queries import reference
from grid_report.web.context import current_actor

bp = Blueprint("categories", __name__)


@bp.get("/admin/categories")
def index() -> str:
    """Show every category with its deadlines; read-only."""
    access.check(current_actor(), CATEGORIES_READ)
    return render_template("admin/categories.html", groups=reference().categories.groups())
