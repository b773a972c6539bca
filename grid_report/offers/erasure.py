"""What becomes of this room's tables when a member is erased."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, Told, stays, without_members

TABLES: Final = (
    *without_members(
        "offer_slots", "offers", "paper_offers", "providers", "statement_due", "statement_lines",
        "stations",
    ),
    Table("offer_ratings", of="redemption_id>redemptions.rider_id", emptied={"words": ""}),
    Table("offer_queue", stays=stays(Stays.SHELL, "rider_id")),
    Table("voucher_tries", stays=stays(Stays.OFFICE, "actor_id")),
    Table("station_book", stays=stays(Stays.OFFICE, "actor_id nonce why")),
    Table(
        "redemption_history",
        of="actor_id",
        emptied={"words": ""},
        only={"role": ("rider",)},
        stays=stays(Stays.SHELL, "actor_id") | stays(Stays.CODE, "role"),
    ),
    Table(
        "application_history",
        of="actor_id",
        emptied={"words": ""},
        only={"role": ("rider",)},
        stays=stays(Stays.SHELL, "actor_id") | stays(Stays.CODE, "role"),
    ),
    Table(
        "applications",
        of="rider_id",
        emptied={"nickname": "", "purpose": "", "card_number": ""},
        stays=stays(Stays.SHELL, "rider_id paused_by_id")
        | stays(Stays.CODE, "compound_name")
        | stays(Stays.BY_STEP, "plate token"),
    ),
    Table(
        "redemptions",
        of="rider_id",
        emptied={"fingerprint": "", "secret": "", "person_mark": None},
        stays=stays(Stays.SHELL, "rider_id confirmed_by_id")
        | stays(Stays.CODE, "ref key station_code confirm_nonce"),
    ),
    Table("owner_prices", stays=stays(Stays.OFFICE, "set_by_id words")),
    Table("subsidies", stays=stays(Stays.OFFICE, "actor_id words")),
    Table(
        "statements",
        stays=stays(
            Stays.OFFICE,
            "provider_confirmed_by_id county_confirmed_by_id disputed_by_id disputed_ref"
            " provider_name month",
        ),
    ),
    Table("statement_history", stays=stays(Stays.OFFICE, "actor_id words ref")),
)  # fmt: skip

TOLD: Final = (
    Told(
        "redemptions",
        "redemptions",
        "rider_id",
        "id ref offer_id slot_id provider_code station_code points for_whom guardian_at state"
        " holds_until created_at delivered_at disputed_at ended_at penalty_points",
    ),
    Told(
        "redemption_history",
        "redemption_history",
        "redemption_id>redemptions.rider_id",
        "redemption_id step from_state to_state at role words",
        mine="actor_id",
    ),
    Told(
        "ratings",
        "offer_ratings",
        "redemption_id>redemptions.rider_id",
        "redemption_id stars words at",
    ),
    Told("queues", "offer_queue", "rider_id", "slot_id state since kept_until"),
    Told(
        "cards",
        "applications",
        "rider_id",
        "id redemption_id paper compound_name community_code owners_fen points nickname plate"
        " purpose state created_at valid_from valid_until card_number ended_at",
    ),
    Told(
        "card_history",
        "application_history",
        "application_id>applications.rider_id",
        "application_id step from_state to_state at role words",
        mine="actor_id",
    ),
)
