"""Providers, stations, offers with slots; redemptions, their history, which nothing ever changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0008"
down_revision = "0007"

KINDS = ("voucher", "slot", "application")
PICTURES = (
    "meal",
    "drink",
    "power",
    "battery",
    "haircut",
    "gloves",
    "knees",
    "rain",
    "helmet",
    "card",
    "child",
    "bike",
    "clinic",
    "advice",
    "lesson",
    "gift",
)
PERIODS = ("day", "week", "month", "year")
FOR_WHOM = ("rider", "family", "child")
STATES = (
    "reserved",
    "delivered",
    "disputed",
    "settled",
    "refunded",
    "cancelled",
    "provider_cancelled",
    "expired",
    "no_show",
)
STEPS = (
    "confirm",
    "cancel",
    "provider_cancel",
    "expire",
    "miss",
    "dispute",
    "dismiss",
    "refund",
    "settle",
    "reserve",
    "rate",
)
TRIES = ("ok", "wrong", "refused")
WAITING = ("waiting", "offered", "taken", "lapsed", "left")
BOOKED = ("confirmed", "disputed", "refused")


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def partial_index(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    op.create_table(
        "providers",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
    )
    op.create_table(
        "stations",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("provider_code", sa.String(20), sa.ForeignKey("providers.code"), nullable=False),
        sa.Column(
            "community_code", sa.String(12), sa.ForeignKey("communities.code"), nullable=False
        ),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("lat", sa.Double, nullable=False),
        sa.Column("lng", sa.Double, nullable=False),
        sa.Column("hours", sa.String(200), nullable=False),
        sa.Column("free_services", sa.JSON, nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant()),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="on_earth"),
        sa.UniqueConstraint("code", "provider_code", name="a_station_with_its_provider"),
    )
    op.create_index("ix_stations_community_code", "stations", ["community_code"])
    op.create_table(
        "offers",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("provider_code", sa.String(20), sa.ForeignKey("providers.code"), nullable=False),
        sa.Column("station_code", sa.String(20)),
        sa.Column("kind", one_of("kind_known", KINDS), nullable=False),
        sa.Column("title_zh", sa.String(80), nullable=False),
        sa.Column("title_en", sa.String(80), nullable=False),
        sa.Column("description_zh", sa.Text, nullable=False),
        sa.Column("description_en", sa.Text, nullable=False),
        sa.Column("picture", one_of("picture_known", PICTURES), nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("for_rider", sa.Boolean, nullable=False),
        sa.Column("for_family", sa.Boolean, nullable=False),
        sa.Column("for_child", sa.Boolean, nullable=False),
        sa.Column("quota", sa.Integer),
        sa.Column("quota_period", one_of("quota_period_known", PERIODS)),
        sa.Column("stock", sa.Integer),
        sa.Column("reserved", sa.Integer, nullable=False),
        sa.Column("hours", sa.String(200), nullable=False),
        sa.Column("valid_days", sa.Integer, nullable=False),
        sa.Column("cancel_minutes", sa.Integer, nullable=False),
        sa.Column("noshow_percent", sa.Integer, nullable=False),
        sa.Column("needs", sa.String(200), nullable=False),
        sa.Column("ratings", sa.Integer, nullable=False),
        sa.Column("stars", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("retired_at", UtcInstant()),
        sa.CheckConstraint("cancel_minutes >= 0", name="cancel_before"),
        sa.CheckConstraint("for_rider OR for_family OR for_child", name="for_somebody"),
        sa.CheckConstraint("noshow_percent BETWEEN 0 AND 20", name="noshow_at_most_a_fifth"),
        sa.CheckConstraint("kind = 'voucher' OR stock IS NULL", name="only_vouchers_have_stock"),
        sa.CheckConstraint("points >= 0", name="points_not_negative"),
        sa.CheckConstraint("(quota IS NULL) = (quota_period IS NULL)", name="quota_has_a_period"),
        sa.CheckConstraint("quota >= 1", name="quota_positive"),
        sa.CheckConstraint("ratings >= 0 AND stars BETWEEN ratings AND 5 * ratings", name="rated"),
        sa.CheckConstraint(
            "kind = 'application' OR station_code IS NOT NULL", name="redeemed_somewhere"
        ),
        sa.CheckConstraint("reserved >= 0", name="reserved_counts"),
        sa.CheckConstraint("valid_days BETWEEN 1 AND 366", name="valid_for_a_while"),
        sa.CheckConstraint("stock IS NULL OR reserved <= stock", name="within_stock"),
        sa.ForeignKeyConstraint(
            ["station_code", "provider_code"],
            ["stations.code", "stations.provider_code"],
            name="at_a_station_of_its_provider",
        ),
    )
    op.create_index("ix_offers_station_code", "offers", ["station_code"])
    op.create_table(
        "offer_slots",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("offer_id", BIG, sa.ForeignKey("offers.id"), nullable=False),
        sa.Column("starts_at", UtcInstant(), nullable=False),
        sa.Column("ends_at", UtcInstant(), nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("reserved", sa.Integer, nullable=False),
        sa.Column("called_off_at", UtcInstant()),
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
        sa.CheckConstraint("capacity >= 1", name="has_places"),
        sa.CheckConstraint("reserved BETWEEN 0 AND capacity", name="within_capacity"),
        sa.UniqueConstraint("offer_id", "starts_at", name="a_slot_a_time"),
        sa.UniqueConstraint("id", "offer_id", name="a_slot_with_its_offer"),
    )
    op.create_table(
        "redemptions",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("ref", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("rider_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("offer_id", BIG, sa.ForeignKey("offers.id"), nullable=False),
        sa.Column("slot_id", BIG),
        sa.Column("provider_code", sa.String(20), sa.ForeignKey("providers.code"), nullable=False),
        sa.Column("station_code", sa.String(20)),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("for_whom", one_of("for_whom_known", FOR_WHOM), nullable=False),
        sa.Column("guardian_at", UtcInstant()),
        sa.Column("state", one_of("state_known", STATES), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("holds_until", UtcInstant(), nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("delivered_at", UtcInstant()),
        sa.Column("confirmed_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("confirm_nonce", sa.String(64)),
        sa.Column("by_book", sa.Boolean, nullable=False),
        sa.Column("disputed_at", UtcInstant()),
        sa.Column("ended_at", UtcInstant()),
        sa.Column("penalty_points", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "(delivered_at IS NULL) = (confirm_nonce IS NULL)", name="delivered_by_a_nonce"
        ),
        sa.CheckConstraint(
            "(state IN ('delivered', 'disputed', 'settled', 'refunded')) = (delivered_at IS NOT NULL)",
            name="delivered_iff_dated",
        ),
        sa.CheckConstraint(
            "state <> 'disputed' OR disputed_at IS NOT NULL", name="disputed_is_dated"
        ),
        sa.CheckConstraint(
            "for_whom <> 'child' OR guardian_at IS NOT NULL", name="guardian_consents"
        ),
        sa.CheckConstraint("confirmed_by_id <> rider_id", name="nobody_confirms_their_own"),
        sa.CheckConstraint(
            "penalty_points = 0 OR state = 'no_show'", name="only_no_shows_are_penalised"
        ),
        sa.CheckConstraint(
            "(state IN ('reserved', 'delivered', 'disputed')) = (ended_at IS NULL)",
            name="over_iff_ended",
        ),
        sa.CheckConstraint(
            "penalty_points BETWEEN 0 AND points / 5", name="penalty_at_most_a_fifth"
        ),
        sa.CheckConstraint("points >= 0", name="points_not_negative"),
        sa.CheckConstraint("version >= 1", name="version_counts"),
        sa.ForeignKeyConstraint(
            ["slot_id", "offer_id"],
            ["offer_slots.id", "offer_slots.offer_id"],
            name="a_slot_of_its_offer",
        ),
        sa.ForeignKeyConstraint(
            ["station_code", "provider_code"],
            ["stations.code", "stations.provider_code"],
            name="at_a_station_of_its_provider",
        ),
        sa.UniqueConstraint("rider_id", "key", name="a_redemption_once"),
        sa.UniqueConstraint("ref", name=op.f("uq_redemptions_ref")),
    )
    partial_index(
        "ix_redemptions_held", "redemptions", ["holds_until"], "state = 'reserved'", unique=False
    )
    op.create_index("ix_redemptions_rider_id_id", "redemptions", ["rider_id", "id"])
    op.create_index("ix_redemptions_rider_id_offer_id", "redemptions", ["rider_id", "offer_id"])
    op.create_index("ix_redemptions_slot_id", "redemptions", ["slot_id"])
    op.create_index("ix_redemptions_station_code_state", "redemptions", ["station_code", "state"])
    partial_index(
        "ix_redemptions_unsettled",
        "redemptions",
        ["delivered_at"],
        "state = 'delivered'",
        unique=False,
    )
    op.create_table(
        "redemption_history",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("redemption_id", BIG, sa.ForeignKey("redemptions.id"), nullable=False),
        sa.Column("step", one_of("step_known", STEPS), nullable=False),
        sa.Column("from_state", one_of("from_state_known", STATES)),
        sa.Column("to_state", one_of("to_state_known", STATES), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("actor_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_index(
        "ix_redemption_history_redemption_id_id", "redemption_history", ["redemption_id", "id"]
    )
    op.create_table(
        "voucher_tries",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("station_code", sa.String(20), sa.ForeignKey("stations.code"), nullable=False),
        sa.Column("redemption_id", BIG, sa.ForeignKey("redemptions.id")),
        sa.Column("actor_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("result", one_of("result_known", TRIES), nullable=False),
        sa.CheckConstraint(
            "result <> 'ok' OR redemption_id IS NOT NULL", name="what_was_right_is_known"
        ),
    )
    op.create_index("ix_voucher_tries_redemption_id_at", "voucher_tries", ["redemption_id", "at"])
    op.create_index("ix_voucher_tries_station_code_at", "voucher_tries", ["station_code", "at"])
    op.create_table(
        "offer_queue",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("slot_id", BIG, sa.ForeignKey("offer_slots.id"), nullable=False),
        sa.Column("rider_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("state", one_of("wait_state_known", WAITING), nullable=False),
        sa.Column("since", UtcInstant(), nullable=False),
        sa.Column("kept_until", UtcInstant()),
        sa.CheckConstraint(
            "(state = 'offered') = (kept_until IS NOT NULL)", name="kept_iff_offered"
        ),
    )
    partial_index(
        "ix_offer_queue_in_line",
        "offer_queue",
        ["slot_id", "rider_id"],
        "state IN ('waiting', 'offered')",
        unique=True,
    )
    op.create_index("ix_offer_queue_rider_id", "offer_queue", ["rider_id"])
    op.create_table(
        "offer_ratings",
        sa.Column(
            "redemption_id",
            BIG,
            sa.ForeignKey("redemptions.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("offer_id", BIG, sa.ForeignKey("offers.id"), nullable=False),
        sa.Column("stars", sa.Integer, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name="stars_known"),
    )
    op.create_index("ix_offer_ratings_offer_id", "offer_ratings", ["offer_id"])
    op.create_table(
        "station_book",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("station_code", sa.String(20), sa.ForeignKey("stations.code"), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("redemption_id", BIG, sa.ForeignKey("redemptions.id")),
        sa.Column("actor_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("written_at", UtcInstant(), nullable=False),
        sa.Column("uploaded_at", UtcInstant(), nullable=False),
        sa.Column("result", one_of("book_result_known", BOOKED), nullable=False),
        sa.Column("why", sa.String(40), nullable=False),
        sa.UniqueConstraint("station_code", "nonce", name="a_line_once"),
    )
    op.create_index("ix_station_book_redemption_id", "station_book", ["redemption_id"])
    _keep_history_as_written()


def _keep_history_as_written() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER redemption_history_no_{verb.lower()} BEFORE {verb}"
                " ON redemption_history BEGIN SELECT RAISE(ABORT, 'history_is_append_only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION redemption_history_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'history_is_append_only' USING ERRCODE = 'check_violation';"
        " END $$"
    )
    op.execute(
        "CREATE TRIGGER redemption_history_no_change BEFORE UPDATE OR DELETE ON redemption_history"
        " FOR EACH ROW EXECUTE FUNCTION redemption_history_refuse()"
    )
    op.execute(
        "CREATE TRIGGER redemption_history_no_truncate BEFORE TRUNCATE ON redemption_history"
        " FOR EACH STATEMENT EXECUTE FUNCTION redemption_history_refuse()"
    )


def downgrade() -> None:
    for table in (
        "station_book",
        "offer_ratings",
        "offer_queue",
        "voucher_tries",
        "redemption_history",
        "redemptions",
        "offer_slots",
        "offers",
        "stations",
        "providers",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION redemption_history_refuse()")
