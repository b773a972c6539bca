"""What becomes of this room's tables when a member is erased."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, Told, stays

TABLES: Final = (
    Table("export_pieces", of="export_id>exports.member_id", goes=True),
    Table("exports", of="member_id", goes=True),
    Table("carried_forms", of="member_id", goes=True),
    Table("proved_devices", of="member_id", goes=True),
    Table("sign_ins", of="member_id", goes=True),
    Table(
        "role_grants",
        of="member_id",
        goes=True,
        stays=stays(Stays.SHELL, "granted_by_id"),
    ),
    # That somebody agreed, to which text and when, has to be shown for as long as the case stays.
    Table(
        "consent_acts",
        stays=stays(Stays.SHELL, "member_id") | stays(Stays.CODE, "notice_version"),
    ),
    Table("departures", stays=stays(Stays.SHELL, "member_id")),
    # Kept under hashes of the number: found by it in the step that makes the member a shell.
    Table("sms_codes", stays=stays(Stays.BY_STEP, "phone_lookup asker code_hash")),
    Table("rate_counters", stays=stays(Stays.BY_STEP, "name")),
    Table("failed_tries", stays=stays(Stays.BY_STEP, "name")),
    Table(
        "audit_entries",
        stays=stays(Stays.SHELL, "actor_id")
        | stays(Stays.CODE, "action about")
        | stays(Stays.OFFICE, "details"),
    ),
    Table(
        "members",
        of="id",
        emptied={
            "phone_lookup": None,
            "phone_claim": None,
            "phone_sealed": None,
            "phone_tail": "",
            "phone_proved_at": None,
            "phone_proved_how": None,
            "phone_parted_at": None,
            "name": "",
            "password_hash": None,
            "points_stopped_why": None,
        },
        stays=stays(Stays.CODE, "language"),
    ),
)

TOLD: Final = (
    Told(
        "profile",
        "members",
        "id",
        "id name language standing created_at phone_proved_at phone_proved_how phone_parted_at"
        " points_stopped_at points_stopped_why",
    ),
    Told("consents", "consent_acts", "member_id", "kind agreed notice_version at"),
    Told("roles", "role_grants", "member_id", "role place granted_at"),
    Told(
        "sign_ins", "sign_ins", "member_id", "kind label created_at expires_at revoked_at seen_at"
    ),
    Told("devices", "proved_devices", "member_id", "label first_at last_at revoked_at"),
    Told("exports", "exports", "member_id", "asked_at made_at failed_at expires_at byte_count"),
    Told("departure", "departures", "member_id", "asked_at due_at"),
    Told("forms_kept", "carried_forms", "member_id", "expires_at"),
    Told("own_acts", "audit_entries", "actor_id", "at action about"),
)
