"""Connecting a WeChat: WeChat leads back here with a code that stands for whose it is."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import Blueprint, current_app, flash, redirect, request, session, url_for
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.access import Actor
from grid_report.accounts import policy
from grid_report.errors import NotFound
from grid_report.notify.channels.wechat_channel import WechatChannel
from grid_report.notify.wechat import queries, usecases
from grid_report.notify.wechat.gateway import NotSent
from grid_report.notify.wechat.queries import Connected
from grid_report.web.context import current_actor, settings
from grid_report.web.pages.words import said

bp = Blueprint("wechat", __name__)

_STATE = "wechat_state"
# Longer than any code WeChat gives.
LONGEST_CODE = 200


@dataclass(frozen=True)
class Seen:
    """A member's WeChat, and where it can be connected: '' where only WeChat's own browser can."""

    connected: Connected | None
    way: str


def _channel() -> WechatChannel:
    for channel in current_app.extensions["grid_report_channels"]:
        if isinstance(channel, WechatChannel):
            return channel
    raise NotFound


def seen_by(actor: Actor) -> Seen:
    """Return what a member sees of the own WeChat on this browser."""
    # WeChat tells nobody else who is looking.
    if "MicroMessenger" not in request.user_agent.string:
        return Seen(queries.find_connected(actor.member_id), "")
    state = session.setdefault(_STATE, secrets.token_urlsafe(16))
    back = f"{settings().server.public_url}{url_for('wechat.arrive')}"
    way = _channel().gateway.authorisation(back, state)
    return Seen(queries.find_connected(actor.member_id), way)


@bp.get("/me/wechat")
def arrive() -> Response:
    """Connect the WeChat that was just shown to be this member's. Only where this browser asked."""
    gateway, actor = _channel().gateway, current_actor()
    asked, state = session.pop(_STATE, ""), request.args.get("state", "")
    code = request.args.get("code", "")
    answer = redirect(url_for("choices.mine"), 303)
    same = secrets.compare_digest(asked.encode(), state.encode())
    if not asked or not same or not 0 < len(code) <= LONGEST_CODE:
        flash(said("wechat-not-connected"))
        return answer
    usecases.count_try(actor=actor, now=clock.now())
    try:
        openid = gateway.openid_of(code)
    except NotSent:
        flash(said("wechat-not-connected"))
        return answer
    usecases.connect(openid, actor=actor, vault=policy.current().vault, now=clock.now())
    flash(said("wechat-connected"))
    return answer


@bp.post("/me/wechat/disconnect")
def disconnect() -> Response:
    """Forget the member's WeChat."""
    _channel()
    usecases.disconnect(actor=current_actor(), now=clock.now())
    flash(said("wechat-disconnected"))
    return redirect(url_for("choices.mine"), 303)
