"""Reads about members' WeChats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from grid_report.accounts import queries as accounts_queries
from grid_report.accounts.phones import Vault
from grid_report.db import db
from grid_report.notify.wechat.models import Refusal, WechatBinding, WechatToken


@dataclass(frozen=True)
class Connected:
    """A member's WeChat as the member sees it: since when, and whether it still takes anything."""

    since: datetime
    refusal: Refusal | None


def find_connected(member_id: int) -> Connected | None:
    """Return what a member reads of the own WeChat; None without one."""
    row = db.session.execute(
        select(WechatBinding.bound_at, WechatBinding.refusal).where(
            WechatBinding.member_id == member_id
        )
    ).one_or_none()
    return Connected(row.bound_at, row.refusal) if row else None


def openid_to_tell(member_id: int, vault: Vault) -> str | None:
    """Return the id of an active member's WeChat that takes messages; None without one."""
    row = db.session.execute(
        select(WechatBinding.sealed, WechatBinding.lookup).where(
            WechatBinding.member_id == member_id, WechatBinding.refusal.is_(None)
        )
    ).one_or_none()
    if row is None or not accounts_queries.is_active(member_id):
        return None
    return vault.open(row.sealed, row.lookup)


def kept_token(app_id: str, *, vault: Vault, until: datetime) -> str | None:
    """Return the shared access token if it is good until an instant; None when it is not."""
    row = db.session.execute(
        select(WechatToken.sealed, WechatToken.lookup).where(
            WechatToken.app_id == app_id, WechatToken.expires_at > until
        )
    ).one_or_none()
    # WeChat is asked next, for seconds perhaps: no snapshot is held meanwhile.
    db.session.rollback()
    if row is None or row.sealed is None or row.lookup is None:
        return None
    return vault.open(row.sealed, row.lookup)
