"""What can be reported, in pictures, and how to photograph it without danger."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Blueprint, render_template

from grid_report import clock
from grid_report.places.queries import reference
from grid_report.reports.kinds.gallery_views import gallery
from grid_report.web.context import language, settings
from grid_report.web.guard import public

bp = Blueprint("kinds", __name__)

PICTURES = Path(__file__).resolve().parents[2] / "static" / "hazards"


@bp.get("/hazards")
@public
def index() -> str:
    """Show every kind with its picture; whoever thinks of signing up may look as well."""
    county = settings().county
    groups = reference().categories.groups(clock.now().astimezone(county.tz).month)
    return render_template(
        "guide/hazards.html", groups=gallery(groups, language(), county, pictures())
    )


@cache
def pictures() -> frozenset[str]:
    """Return the kinds there is a picture of."""
    return frozenset(file.stem for file in PICTURES.glob("*.jpg"))
