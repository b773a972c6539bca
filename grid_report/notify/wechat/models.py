"""The WeChat of a member, and the one access token all workers share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column


class Refusal(StrEnum):
    """Why WeChat brings a member nothing any more."""

    REFUSED = "refused"
    UNFOLLOWED = "unfollowed"
    UNKNOWN = "unknown"


class WechatBinding(Base):
    """The WeChat a member connected, by the id the service account knows it under: sealed.

    One member has one, and one WeChat is one member's: the last who proved to hold it.
    """

    __tablename__ = "wechat_bindings"
    __table_args__ = (
        UniqueConstraint("member_id", name="one_wechat_a_member"),
        UniqueConstraint("lookup", name="one_member_a_wechat"),
        CheckConstraint("(refusal IS NULL) = (refused_at IS NULL)", name="refused_iff_dated"),
    )

    id: Mapped[RowId]
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    lookup: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    bound_at: Mapped[Instant]
    refusal: Mapped[Refusal | None] = mapped_column(enum_column(Refusal, "refusal_known"))
    refused_at: Mapped[Instant | None]


class WechatToken(Base):
    """The access token of a service account, sealed; whoever fetches it claims the row first."""

    __tablename__ = "wechat_tokens"

    app_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    lookup: Mapped[str | None] = mapped_column(String(64))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[Instant | None]
    claimed_until: Mapped[Instant | None]


def is_claimed(row: WechatToken, now: datetime, longest: datetime) -> bool:
    """Tell whether another one is fetching it; a claim further off than any was set by a wrong clock."""
    return row.claimed_until is not None and now < row.claimed_until <= longest
