"""The page under Me on which members choose what reaches them beside the inbox, and when not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.errors import GridReportError
from grid_report.notify.choices import forms, queries, usecases
from grid_report.notify.choices.offered import offers
from grid_report.notify.choices.usecases import Choice
from grid_report.notify.outgoing import Channel
from grid_report.notify.quiet_hours import shown
from grid_report.notify.wechat import routes as wechat_routes
from grid_report.web.context import current_actor, wants_json
from grid_report.web.pages.words import said, sentence
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("choices", __name__)


def switched_on() -> Sequence[Channel]:
    """Return the channels that are switched on."""
    found: Sequence[Channel] = current_app.extensions["grid_report_channels"]
    return found


def _context(errors: Errors) -> dict[str, Any]:
    actor, channels = current_actor(), switched_on()
    reached = [one.name for one in channels if one.reaches(actor.member_id)]
    quiet = queries.find_quiet_hours(actor.member_id)
    roles = {grant.role for grant in actor.grants}
    offered = offers(roles, channels, queries.find_choices(actor.member_id))
    return {
        "offered": offered,
        "titles": {one.kind: sentence("messages/topics", one.kind) for one in offered},
        "channels": [one.name for one in channels],
        "reached": reached,
        "begins": request.form.get("quiet_begins", shown(quiet.begins)),
        "ends": request.form.get("quiet_ends", shown(quiet.ends)),
        "wechat": wechat_routes.seen_by(actor)
        if "wechat" in [it.name for it in channels]
        else None,
        "errors": errors,
    }


@bp.get("/me/notifications")
def mine() -> str:
    """Show what reaches the member beside the inbox, and when not."""
    return render_template("notify/choices.html", **_context({}))


@bp.post("/me/notifications")
def choose() -> Response:
    """Switch one kind on one channel on or off; it counts from now on."""
    kind, channel = request.form.get("kind", ""), request.form.get("channel", "")
    wanted = forms.wanted_of(request.form.get("wanted", ""))
    usecases.choose(
        [Choice(kind, channel, wanted)],
        channels=switched_on(),
        actor=current_actor(),
        now=clock.now(),
    )
    if wants_json():
        return jsonify(wanted=wanted)
    return redirect(url_for("choices.mine", _anchor=f"{kind}-{channel}"), 303)


@bp.post("/me/notifications/quiet")
def keep_quiet() -> Response:
    """Keep the member's own quiet hours."""
    try:
        usecases.choose(
            [],
            quiet=forms.quiet_hours_of(
                request.form.get("quiet_begins", ""), request.form.get("quiet_ends", "")
            ),
            channels=switched_on(),
            actor=current_actor(),
            now=clock.now(),
        )
    except REFUSED as error:
        return _again(error)
    flash(said("quiet-hours-kept"))
    return redirect(url_for("choices.mine"), 303)


def _again(error: GridReportError) -> Response:
    return shown_again(error, lambda it: render_template("notify/choices.html", **_context(it)))
