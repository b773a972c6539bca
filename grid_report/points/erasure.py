"""What becomes of this room's tables when a member is erased: the sums stay, by number."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, Told, stays, without_members

TABLES: Final = (
    *without_members(
        "point_audits", "point_freeze", "point_lot_movements", "point_lots", "point_owed",
        "point_routes", "point_transfers", "point_zero",
        # A keyed hash of the number, which leads to no account: who comes back learns once.
        "learning_marks",
    ),
    Table(
        "point_accounts",
        stays=stays(Stays.SHELL, "member_id") | stays(Stays.CODE, "provider_code month holder"),
    ),
    Table(
        "point_journal",
        stays=stays(Stays.SHELL, "rider_id actor_id approved_by_id")
        | stays(
            Stays.CODE,
            "cause_type cause_id month rule tariff_version report_number redemption_ref",
        )
        | stays(Stays.OFFICE, "note"),
    ),
    Table(
        "point_claims",
        stays=stays(Stays.SHELL, "rider_id")
        | stays(Stays.CODE, "cause_type cause_id rule tariff_version report_number"),
    ),
    Table(
        "point_unpaid",
        stays=stays(Stays.SHELL, "rider_id actor_id approved_by_id cancelled_by_id")
        | stays(Stays.CODE, "cause_type cause_id rule tariff_version report_number"),
    ),
    Table("point_expiry_notices", stays=stays(Stays.SHELL, "rider_id")),
    Table(
        "point_proposals",
        stays=stays(Stays.SHELL, "rider_id")
        | stays(Stays.CODE, "key month report_number")
        | stays(Stays.OFFICE, "proposed_by_id decided_by_id reason decision_note"),
    ),
    Table(
        "objections",
        of="rider_id",
        emptied={"words": "—"},
        stays=stays(Stays.SHELL, "rider_id")
        | stays(Stays.CODE, "refused_report report_number")
        | stays(Stays.OFFICE, "decided_by_id approved_by_id answered_by_id answer"),
    ),
    Table("tariff_drafts", stays=stays(Stays.OFFICE, "code rules made_by_id")),
    Table("tariff_versions", stays=stays(Stays.OFFICE, "code rules made_by_id published_by_id")),
)  # fmt: skip

TOLD: Final = (
    Told("points/account", "point_accounts", "member_id", "kind credits debits"),
    Told(
        "points/entries",
        "point_journal",
        "rider_id",
        "id kind cause_type cause_id at points month rule tariff_version severity report_number"
        " redemption_ref reverses_id verdict",
    ),
    Told(
        "points/lots",
        "point_lots",
        "account_id>point_accounts.member_id",
        "points earned_at expires_at free held",
    ),
    Told(
        "points/decisions",
        "point_claims",
        "rider_id",
        "cause_type cause_id at rule tariff_version severity report_number nth rate halved points"
        " cut",
    ),
    Told(
        "points/not_paid",
        "point_unpaid",
        "rider_id",
        "cause_type cause_id at reason points rule tariff_version severity report_number"
        " cancelled_at",
    ),
    Told(
        "points/told_of_expiry",
        "point_expiry_notices",
        "rider_id",
        "expires_at days_before points told_at",
    ),
    Told(
        "objections",
        "objections",
        "rider_id",
        "refused_report report_number words raised_at due_at state answered_at answer withdrawn_at",
    ),
)
