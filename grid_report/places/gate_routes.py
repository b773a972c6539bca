"""Signs for the gates of compounds: a printed code that opens the report with the place chosen."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from grid_report import access
from grid_report.errors import NotFound
from grid_report.places.permissions import GATES_PRINT
from grid_report.places.queries import reference
from grid_report.web.context import current_actor, public_address
from grid_report.web.pages.qr import qr_svg

bp = Blueprint("gates", __name__)

# How many signs of a size fit on a sheet of A4.
ON_A_SHEET = {"a4": 1, "a6": 4}


@bp.get("/admin/gates")
def index() -> str:
    """List the compounds, each with the way to its sign."""
    access.check(current_actor(), GATES_PRINT)
    places = reference()
    compounds = [(it, places.communities[it.community_code]) for it in places.compounds.values()]
    return render_template("admin/gates.html", compounds=compounds)


@bp.get("/admin/gates/<code>")
def sign(code: str) -> str:
    """Show the sign of one compound, on its own sheet or four to a sheet."""
    access.check(current_actor(), GATES_PRINT)
    places = reference()
    compound = places.compound(code)
    if compound is None:
        raise NotFound
    size = request.args.get("size", "a4")
    # Hung up it is read for years: the form takes this address in this spelling.
    address = public_address(url_for("reports.new", compound=compound.code))
    return render_template(
        "admin/gate_sign.html",
        compound=compound,
        community=places.communities[compound.community_code],
        size=size if size in ON_A_SHEET else "a4",
        signs=ON_A_SHEET.get(size, 1),
        address=address,
        picture=qr_svg(address),
    )
