"""Pages of no domain: what a phone does without network and on its home screen, the tour, components."""

from __future__ import annotations

from flask import Blueprint, jsonify, make_response, render_template, request
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from grid_report.errors import NotFound
from grid_report.web.context import actor_or_none, settings
from grid_report.web.guard import public
from grid_report.web.pages import assets, manifests, offline_pages
from grid_report.web.pages.preferences import own_path

bp = Blueprint("pages", __name__)


@bp.get("/offline")
@public
def offline() -> str:
    """Say kindly that there is no network. The phone keeps it for everybody: nobody is in it."""
    return render_template("errors/offline.html", **offline_pages.NOBODY)


@bp.get("/session")
@public
def session() -> Response:
    """Say who this browser is signed in as, and what its requests have to carry along.

    What waits on the phone asks at the moment it is sent: a page kept there knows neither.
    """
    actor = actor_or_none()
    member = str(actor.member_id) if actor is not None else ""
    answer = jsonify(member=member, token=generate_csrf() if member else "")
    answer.headers["Cache-Control"] = "no-store"
    return answer


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


@bp.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """Say what the site is called and looks like on a phone's home screen."""
    answer = jsonify(manifests.manifest())
    answer.mimetype = "application/manifest+json"
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Cookie, Accept-Language"
    return answer


@bp.get("/tour")
@public
def tour() -> str:
    """Show in four pictures how it goes; `next` is where its reader was going."""
    return render_template("guide/tour.html", next=own_path(request.args.get("next"), ""))


@bp.get("/components")
@public
def components() -> str:
    """Show every component on one page, for those who build pages. Raises NotFound in production."""
    if settings().server.environment == "production":
        raise NotFound
    return render_template("components/index.html")
