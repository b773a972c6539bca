"""The shapes of what a member wants to be told of beside the inbox."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from grid_report.web.api.shapes import Answer, Body

TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class QuietHoursShown(Answer):
    begins: str
    ends: str = Field(description="the same as `begins`: no quiet hours")


class NewsChannel(Answer):
    name: str
    reaches: bool = Field(description="whether the member has an address there")


class NewsChosen(Answer):
    kind: str
    channel: str
    wanted: bool


class Notifications(Answer):
    quiet: QuietHoursShown
    channels: list[NewsChannel]
    items: list[NewsChosen]


class QuietHoursAsked(Body):
    begins: TimeOfDay
    ends: TimeOfDay


class NewsAsked(Body):
    kind: Code
    channel: Code
    wanted: bool


class NotificationsAsked(Body):
    """What is not named stays as it was."""

    quiet: QuietHoursAsked | None = None
    items: Annotated[list[NewsAsked], Field(max_length=200)] | None = None
