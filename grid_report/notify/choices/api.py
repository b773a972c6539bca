"""Calls of the API: what a member is told of beside the inbox, on which channel, and when not."""

from __future__ import annotations

from flask import Response, current_app

from grid_report import clock
from grid_report.access import Actor
from grid_report.notify.choices import forms, queries, shapes, usecases
from grid_report.notify.choices.offered import offers
from grid_report.notify.choices.usecases import Choice
from grid_report.notify.quiet_hours import shown
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, json_body
from grid_report.web.context import current_actor


def _shown(actor: Actor) -> Response:
    channels = current_app.extensions["grid_report_channels"]
    quiet = queries.find_quiet_hours(actor.member_id)
    roles = {grant.role for grant in actor.grants}
    found = offers(roles, channels, queries.find_choices(actor.member_id))
    return answer(
        shapes.Notifications(
            quiet=shapes.QuietHoursShown(begins=shown(quiet.begins), ends=shown(quiet.ends)),
            channels=[
                shapes.NewsChannel(name=one.name, reaches=one.reaches(actor.member_id))
                for one in channels
            ],
            items=[
                shapes.NewsChosen(kind=one.kind, channel=channel, wanted=wanted)
                for one in found
                for channel, wanted in one.wanted.items()
            ],
        )
    )


@bp.get("/me/notifications")
@operation(
    summary="What the member is told of beside the inbox, on which channel, and when not",
    answers={200: shapes.Notifications},
)
def notifications() -> Response:
    """Say what is offered, and what of it is wanted."""
    return _shown(current_actor())


@bp.put("/me/notifications")
@operation(
    summary="Choose kinds, channels and quiet hours; what is not named stays as it was",
    json=shapes.NotificationsAsked,
    answers={200: shapes.Notifications},
    refuses=(404, 415, 422),
)
def choose_notifications() -> Response:
    """Keep all of it or nothing, and say what stands now."""
    body, actor = json_body(shapes.NotificationsAsked), current_actor()
    quiet = body.get("quiet")
    usecases.choose(
        [Choice(**one) for one in body.get("items", [])],
        quiet=forms.quiet_hours_of(quiet["begins"], quiet["ends"]) if quiet else None,
        channels=current_app.extensions["grid_report_channels"],
        actor=actor,
        now=clock.now(),
    )
    return _shown(actor)
