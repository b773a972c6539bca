"""A WeChat on loopback, a channel over it, and members who have connected theirs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from grid_report.access import Actor
from grid_report.demo.wechat.pretended import APP_ID, SECRET, PretendedWechat
from grid_report.notify.channels import registry, wechat_channel
from grid_report.notify.channels.wechat_channel import WechatChannel
from grid_report.notify.wechat import usecases
from grid_report.settings import CONFIG, Settings, load
from tests.notify.channels.sending import AT, say
from tests.support.builders import Make

EXAMPLE = CONFIG / "message_templates.example.csv"


def wechat_of(endpoint: str, channels: Any = ("wechat",), **more: Any) -> dict[str, dict[str, Any]]:
    """Return the settings of a service account whose WeChat is at an address."""
    return {
        "server": {"public_url": "https://grid.example.org"},
        "wechat": {
            "endpoint": endpoint,
            "authorize_url": f"{endpoint}/connect/oauth2/authorize",
            "app_id": APP_ID,
            "app_secret": SECRET,
            "timeout_seconds": 1,
            **more,
        },
        "notify": {"channels": channels, "templates": str(EXAMPLE)},
    }


@contextmanager
def pretended() -> Iterator[PretendedWechat]:
    """Run a WeChat for one test."""
    wechat = PretendedWechat()
    try:
        yield wechat
    finally:
        wechat.close()


def channel(wechat: PretendedWechat, **more: Any) -> WechatChannel:
    """Return the channel over a WeChat, with the example's templates."""
    settings: Settings = load({"GRID_REPORT_ENV": "testing"}, wechat_of(wechat.endpoint, **more))
    return wechat_channel.build(settings, registry.table_of(settings))


def connect(
    make: Make, wechat: PretendedWechat, member: Actor, *kinds: str, at: datetime = AT
) -> str:
    """Connect a member's WeChat, who then wants to be told of kinds on it."""
    openid = f"o-member-{member.member_id}"
    usecases.connect(openid, actor=member, vault=make.policy.vault, now=at)
    wechat.followers.add(openid)
    for kind in kinds:
        say(member.member_id, "wechat", True, kind)
    return openid
