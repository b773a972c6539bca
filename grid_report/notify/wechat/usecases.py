"""Connecting a WeChat and letting go of it, and the access token all workers share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, update

from grid_report.access import Actor
from grid_report.accounts import limit_steps
from grid_report.accounts import steps as accounts_steps
from grid_report.accounts.phones import Vault
from grid_report.db import insert_of, lock_one, transaction, use_case
from grid_report.notify.outgoing import NotNow
from grid_report.notify.wechat.models import Refusal, WechatBinding, WechatToken, is_claimed

OPENID: Final = "wechat-openid"
SHARED: Final = "wechat-token"
# A token that is over sooner than this is fetched anew before it is.
MARGIN: Final = timedelta(minutes=5)
# Who was killed while fetching holds the others up no longer.
CLAIM: Final = timedelta(seconds=30)
TRIES_PER_HOUR: Final = 10
HOUR_S: Final = 3600


@use_case
def count_try(*, actor: Actor, now: datetime) -> None:
    """Count a try to connect, before WeChat is asked about it. Raises TooMany."""
    with transaction() as session:
        name = f"wechat:{actor.member_id}"
        limit_steps.count(session, name, window_s=HOUR_S, limit=TRIES_PER_HOUR, now=now)


@use_case
def connect(openid: str, *, actor: Actor, vault: Vault, now: datetime) -> None:
    """Connect the WeChat somebody has just proved to hold: it is theirs from now on, and no one else's."""
    lookup, sealed = vault.seal_as(OPENID, openid)
    said = {
        "member_id": actor.member_id, "sealed": sealed, "bound_at": now, "refusal": None, "refused_at": None,
    }  # fmt: skip
    with transaction() as session:
        accounts_steps.lock_member(session, actor.member_id)
        session.execute(
            delete(WechatBinding).where(
                WechatBinding.member_id == actor.member_id, WechatBinding.lookup != lookup
            )
        )
        session.execute(
            insert_of(session, WechatBinding)
            .values(lookup=lookup, **said)
            .on_conflict_do_update(index_elements=["lookup"], set_=said)
        )
        accounts_steps.audit(session, actor, "wechat.connect", f"member:{actor.member_id}", now)


@use_case
def disconnect(*, actor: Actor, now: datetime) -> None:
    """Forget a member's own WeChat; without one nothing happens."""
    with transaction() as session:
        gone = session.scalars(
            delete(WechatBinding)
            .where(WechatBinding.member_id == actor.member_id)
            .returning(WechatBinding.id)
        ).all()
        if gone:
            about = f"member:{actor.member_id}"
            accounts_steps.audit(session, actor, "wechat.disconnect", about, now)


@use_case
def note_refusal(openid: str, why: Refusal, *, vault: Vault, now: datetime) -> None:
    """Keep that WeChat brings nothing to whoever has this id, until it is connected again."""
    lookup = vault.blind(OPENID, openid)
    with transaction() as session:
        session.execute(
            update(WechatBinding)
            .where(WechatBinding.lookup == lookup, WechatBinding.refusal.is_(None))
            .values(refusal=why, refused_at=now)
        )


@use_case
def claim_token(app_id: str, stale: str, *, vault: Vault, now: datetime) -> str | None:
    """Return the token another one has fetched meanwhile; None: it is the caller's to fetch.

    `stale` is one that does not work any more, '' where there was none. Raises NotNow while another
    one fetches it.
    """
    with transaction() as session:
        session.execute(
            insert_of(session, WechatToken).values(app_id=app_id).on_conflict_do_nothing()
        )
        row = lock_one(session, WechatToken, WechatToken.app_id == app_id)
        is_new = row.lookup is not None and row.lookup != vault.blind(SHARED, stale)
        good = row.expires_at is not None and row.expires_at > now + MARGIN
        if is_new and good and row.sealed is not None and row.lookup is not None:
            return vault.open(row.sealed, row.lookup)
        if is_claimed(row, now, now + CLAIM) and row.claimed_until is not None:
            raise NotNow(row.claimed_until)
        row.claimed_until = now + CLAIM
        return None


@use_case
def keep_token(app_id: str, token: str, *, seconds: int, vault: Vault, now: datetime) -> None:
    """Keep a token that was fetched, for all workers."""
    lookup, sealed = vault.seal_as(SHARED, token)
    with transaction() as session:
        row = lock_one(session, WechatToken, WechatToken.app_id == app_id)
        row.lookup, row.sealed, row.claimed_until = lookup, sealed, None
        row.expires_at = now + timedelta(seconds=seconds)


@use_case
def give_up_claim(app_id: str) -> None:
    """Let others try to fetch the token: this one could not."""
    with transaction() as session:
        session.execute(
            update(WechatToken).where(WechatToken.app_id == app_id).values(claimed_until=None)
        )
