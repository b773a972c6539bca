"""Members, what they may do where, how they are signed in, and what staff did."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.access.roles import Role
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.db import BIG, Base, Instant, RowId, UtcInstant, enum_column
from grid_report.languages import DEFAULT, LANGUAGES


class Standing(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ERASED = "erased"


class ProvedHow(StrEnum):
    """Who or what showed that a number is the member's."""

    CODE = "code"
    STAFF = "staff"
    MIGRATION = "migration"
    ADMINISTRATOR = "administrator"


class Member(Base):
    """A person with an account. The phone number is never stored in the clear.

    A proved number is one member's only. Until it is proved it is a claim, and any number of
    strangers may claim the same one: none of them keeps its owner out.
    """

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint(
            "(standing <> 'erased' OR (phone_lookup IS NULL AND phone_claim IS NULL))"
            " AND (phone_lookup IS NULL OR (phone_claim IS NULL AND phone_proved_at IS NOT NULL))"
            " AND (phone_proved_at IS NULL) = (phone_proved_how IS NULL)"
            " AND (phone_proved_how IS NULL"
            " OR phone_proved_how IN ('administrator', 'code', 'migration', 'staff'))",
            name="phone_proved_or_claimed",
        ),
        CheckConstraint(f"language IN ({', '.join(map(repr, LANGUAGES))})", name="language_known"),
    )

    id: Mapped[RowId]
    # Keyed hash to find a member by a proved number, or by one only claimed so far; the encrypted
    # number to show or call it.
    phone_lookup: Mapped[str | None] = mapped_column(String(64), unique=True)
    phone_claim: Mapped[str | None] = mapped_column(String(64), index=True)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_tail: Mapped[str] = mapped_column(String(4), default="")
    # Stays when the number goes to somebody else: what was earned since is still this member's.
    phone_proved_at: Mapped[Instant | None]
    phone_proved_how: Mapped[str | None] = mapped_column(String(16))
    # Since when the member has no number: its owner proved it, or it was given out again.
    phone_parted_at: Mapped[Instant | None]
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8), default=DEFAULT)
    standing: Mapped[Standing] = mapped_column(
        enum_column(Standing, "standing_known"), default=Standing.ACTIVE
    )
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Instant]
    # Nothing is earned from then on; reporting, stations and cards stay open.
    points_stopped_at: Mapped[Instant | None]
    points_stopped_why: Mapped[str | None] = mapped_column(String(200))


class RoleGrant(Base):
    """A role held at a place; `place` is '' for riders so that the pair stays unique."""

    __tablename__ = "role_grants"
    __table_args__ = (
        UniqueConstraint("member_id", "role", "place", name="a_role_once_a_place"),
        CheckConstraint("(role = 'rider') = (place = '')", name="riders_have_no_place"),
        Index("ix_role_grants_role_place", "role", "place"),
    )

    id: Mapped[RowId]
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    role: Mapped[Role] = mapped_column(enum_column(Role, "role_known"))
    place: Mapped[str] = mapped_column(String(20), default="")
    granted_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    granted_at: Mapped[Instant]


class ConsentAct(Base):
    """A member agreed to a version of the notice, or took that back. Append-only: the newest
    act of a kind says what stands."""

    __tablename__ = "consent_acts"
    __table_args__ = (
        Index("ix_consent_acts_member_id_kind_id", "member_id", "kind", "id"),
        Index("ix_consent_acts_at", "at"),
    )

    id: Mapped[RowId]
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    kind: Mapped[ConsentKind] = mapped_column(enum_column(ConsentKind, "consent_kind_known"))
    agreed: Mapped[bool]
    notice_version: Mapped[str] = mapped_column(String(20))
    at: Mapped[Instant]


class SignInKind(StrEnum):
    BROWSER = "browser"
    TOKEN = "token"  # noqa: S105 - a kind, not a secret


class SignIn(Base):
    """One signed-in browser or one API token; only a hash of its secret is kept."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_member_id", "member_id"),)

    id: Mapped[RowId]
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    kind: Mapped[SignInKind] = mapped_column(enum_column(SignInKind, "sign_in_kind_known"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(120), default="")
    # Whoever just read a code on the phone may choose a new password without the old one.
    by_code: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    # When staff last did something here, to a few minutes; None is "not since it was made".
    seen_at: Mapped[Instant | None]


class ProvedDevice(Base):
    """A browser that signed in as a member before; only a hash of its secret is kept.

    Strangers who guess at the member's number do not slow it down. It signs nobody in.
    """

    __tablename__ = "proved_devices"
    __table_args__ = (Index("ix_proved_devices_member_id", "member_id"),)

    id: Mapped[RowId]
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(120), default="")
    # The newest sign-in there; not a reference, for sign-ins are swept and devices stay.
    sign_in_id: Mapped[int | None] = mapped_column(BIG)
    first_at: Mapped[Instant]
    last_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]


class SmsCode(Base):
    """A one-time code sent to a phone; hashed, short-lived, few tries."""

    __tablename__ = "sms_codes"
    __table_args__ = (
        CheckConstraint("tries >= 0", name="tries_counted"),
        Index("ix_sms_codes_phone_lookup_asker_id", "phone_lookup", "asker", "id"),
    )

    id: Mapped[RowId]
    phone_lookup: Mapped[str] = mapped_column(String(64))
    # Who asked for it. Somebody else can neither replace it by another one nor use its tries up.
    asker: Mapped[str] = mapped_column(String(64), default="")
    code_hash: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    # When the account was chosen that the used code opens; a code opens one.
    opened_at: Mapped[Instant | None]


class CarriedForm(Base):
    """The words of a form that met no sign-in, sealed, until they are given back or too old."""

    __tablename__ = "carried_forms"
    __table_args__ = (Index("ix_carried_forms_expires_at", "expires_at"),)

    id: Mapped[RowId]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # Whose form it was, where the browser still knew; nobody else gets it back.
    member_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    sealed: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[Instant]


class RateCounter(Base):
    """How often something was tried in one fixed window; shared by every worker and host."""

    __tablename__ = "rate_counters"
    __table_args__ = (Index("ix_rate_counters_window_start", "window_start"),)

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(UtcInstant(), primary_key=True)
    hits: Mapped[int] = mapped_column(default=0)


class FailedTries(Base):
    """Tries under one name that came to nothing, and when the next one is taken."""

    __tablename__ = "failed_tries"
    __table_args__ = (Index("ix_failed_tries_last_at", "last_at"),)

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[Instant]
    free_at: Mapped[Instant]


class AuditEntry(Base):
    """Something staff did outside a report's own history. Append-only."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_about_id", "about", "id"),
        Index("ix_audit_entries_action_at", "action", "at"),
        Index("ix_audit_entries_at_id", "at", "id"),
        Index("ix_audit_entries_actor_id_at", "actor_id", "at"),
    )

    id: Mapped[RowId]
    at: Mapped[Instant]
    actor_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    action: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(String(120))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
