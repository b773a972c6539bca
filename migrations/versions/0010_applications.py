"""Applications for cards: owners' prices, steps that nothing ever changes, the county's subsidies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0010"
down_revision = "0009"

PAPERS = ("access_card", "vehicle")
STATES = (
    "submitted",
    "property_approved",
    "approved",
    "active",
    "paused",
    "declined",
    "withdrawn",
    "lapsed",
    "returned",
    "renewed",
    "expired",
    "revoked",
)
STEPS = (
    "property_approve",
    "property_decline",
    "community_approve",
    "community_decline",
    "withdraw",
    "call_off",
    "lapse",
    "issue",
    "pause",
    "resume",
    "return",
    "renew",
    "expire",
    "revoke",
    "apply",
)
WAITING = "state IN ('submitted', 'property_approved', 'approved')"
HELD = "state IN ('active', 'paused')"
ISSUED = "state IN ('active', 'paused', 'returned', 'renewed', 'expired', 'revoked')"
LIVING = "state IN ('submitted', 'property_approved', 'approved', 'active', 'paused')"
APPEND_ONLY = ("owner_prices", "application_history", "subsidies")
# Who holds which card of what compound, at what price: decided once.
FIXED = ("rider_id", "redemption_id", "paper", "compound_code", "price_id", "owners_fen", "points")


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def one_only(name: str, where: str) -> None:
    op.create_index(
        name,
        "applications",
        ["rider_id", "compound_code", "paper"],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    op.create_index("ix_redemptions_id_points", "redemptions", ["id", "points"], unique=True)
    op.create_table(
        "paper_offers",
        sa.Column("paper", one_of("paper_known", PAPERS), primary_key=True),
        sa.Column("offer_id", BIG, sa.ForeignKey("offers.id"), nullable=False),
        sa.UniqueConstraint("offer_id", name=op.f("uq_paper_offers_offer_id")),
    )
    op.create_table(
        "owner_prices",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("compound_code", sa.String(20), sa.ForeignKey("compounds.code"), nullable=False),
        sa.Column("paper", one_of("paper_known", PAPERS), nullable=False),
        sa.Column("owners_fen", sa.Integer, nullable=False),
        sa.Column("subsidy_fen", sa.Integer, nullable=False),
        sa.Column("unit_code", sa.String(20), sa.ForeignKey("units.code")),
        sa.Column("set_at", UtcInstant(), nullable=False),
        sa.Column("set_by_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.CheckConstraint("owners_fen BETWEEN 0 AND 100000", name="price_in_bounds"),
        sa.CheckConstraint("subsidy_fen BETWEEN 0 AND owners_fen", name="subsidy_within_price"),
        sa.CheckConstraint("unit_code IS NULL OR subsidy_fen = 0", name="subsidy_without_firm"),
        sa.UniqueConstraint(
            "id", "compound_code", "paper", "owners_fen", name="a_price_with_its_compound"
        ),
    )
    op.create_index(
        "ix_owner_prices_compound_code_paper", "owner_prices", ["compound_code", "paper", "id"]
    )
    op.create_table(
        "applications",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("redemption_id", BIG, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("rider_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("paper", one_of("paper_known", PAPERS), nullable=False),
        sa.Column("compound_code", sa.String(20), sa.ForeignKey("compounds.code"), nullable=False),
        sa.Column("compound_name", sa.String(80), nullable=False),
        sa.Column(
            "community_code", sa.String(12), sa.ForeignKey("communities.code"), nullable=False
        ),
        sa.Column("unit_code", sa.String(20), sa.ForeignKey("units.code")),
        sa.Column("price_id", BIG, nullable=False),
        sa.Column("owners_fen", sa.Integer, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("nickname", sa.String(20), nullable=False),
        sa.Column("plate", sa.String(16), nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("state", one_of("application_state_known", STATES), nullable=False),
        sa.Column("renews_id", BIG, sa.ForeignKey("applications.id")),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("waiting_since", UtcInstant(), nullable=False),
        sa.Column("valid_from", UtcInstant()),
        sa.Column("valid_until", UtcInstant()),
        sa.Column("card_number", sa.String(40), nullable=False),
        sa.Column("token", sa.String(43)),
        sa.Column("paused_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("reminded_at", UtcInstant()),
        sa.Column("ended_at", UtcInstant()),
        sa.CheckConstraint(
            "points >= 0 AND points * 10 <= owners_fen", name="at_most_owners_price"
        ),
        sa.CheckConstraint("unit_code IS NOT NULL OR points = 0", name="free_without_firm"),
        sa.CheckConstraint(
            "state <> 'property_approved' OR unit_code IS NOT NULL", name="approved_by_a_firm"
        ),
        sa.CheckConstraint("version >= 1", name="version_counts"),
        sa.CheckConstraint("(paper = 'vehicle') = (plate <> '')", name="vehicles_have_plates"),
        sa.CheckConstraint(f"({ISSUED}) = (valid_until IS NOT NULL)", name="issued_iff_dated"),
        sa.CheckConstraint(
            "(valid_from IS NULL) = (valid_until IS NULL) AND valid_from <= valid_until",
            name="valid_for_a_while",
        ),
        sa.CheckConstraint("(token IS NULL) = (valid_until IS NULL)", name="shown_iff_issued"),
        sa.CheckConstraint("(state = 'paused') = (paused_by_id IS NOT NULL)", name="paused_by_one"),
        sa.CheckConstraint(f"({LIVING}) = (ended_at IS NULL)", name="over_iff_ended"),
        sa.CheckConstraint("renews_id <> id", name="renews_another"),
        sa.ForeignKeyConstraint(
            ["redemption_id", "points"],
            ["redemptions.id", "redemptions.points"],
            name="costs_what_its_redemption_costs",
        ),
        sa.ForeignKeyConstraint(
            ["price_id", "compound_code", "paper", "owners_fen"],
            [
                "owner_prices.id",
                "owner_prices.compound_code",
                "owner_prices.paper",
                "owner_prices.owners_fen",
            ],
            name="at_a_price_of_its_compound",
        ),
        sa.UniqueConstraint("redemption_id", name=op.f("uq_applications_redemption_id")),
        sa.UniqueConstraint("token", name=op.f("uq_applications_token")),
    )
    one_only("ix_applications_one_card", HELD)
    one_only("ix_applications_one_open", WAITING)
    op.create_index(
        "ix_applications_community_code_state", "applications", ["community_code", "state"]
    )
    op.create_index("ix_applications_unit_code_state", "applications", ["unit_code", "state"])
    op.create_index("ix_applications_valid_until", "applications", ["valid_until"])
    op.create_table(
        "application_history",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("application_id", BIG, sa.ForeignKey("applications.id"), nullable=False),
        sa.Column("step", one_of("application_step_known", STEPS), nullable=False),
        sa.Column("from_state", one_of("application_from_known", STATES)),
        sa.Column("to_state", one_of("application_to_known", STATES), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("actor_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_index(
        "ix_application_history_application_id_id", "application_history", ["application_id", "id"]
    )
    op.create_table(
        "subsidies",
        sa.Column(
            "application_id",
            BIG,
            sa.ForeignKey("applications.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("compound_code", sa.String(20), sa.ForeignKey("compounds.code"), nullable=False),
        sa.Column("fen", sa.Integer, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("actor_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("words", sa.Text, nullable=False),
        sa.CheckConstraint("fen > 0", name="some_money"),
    )
    op.create_index("ix_subsidies_compound_code", "subsidies", ["compound_code"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'history_is_append_only'); END"
            )
    op.execute(
        f"CREATE TRIGGER applications_holder_bound BEFORE UPDATE OF {', '.join(FIXED)}"
        " ON applications BEGIN SELECT RAISE(ABORT, 'cards_are_holder_bound'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION application_history_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'history_is_append_only' USING ERRCODE = 'check_violation';"
        " END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION application_history_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION application_history_refuse()"
        )
    op.execute(
        "CREATE FUNCTION applications_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'cards_are_holder_bound' USING ERRCODE = 'check_violation';"
        " END $$"
    )
    op.execute(
        f"CREATE TRIGGER applications_holder_bound BEFORE UPDATE OF {', '.join(FIXED)}"
        " ON applications FOR EACH ROW EXECUTE FUNCTION applications_refuse()"
    )


def downgrade() -> None:
    for table in (
        "subsidies",
        "application_history",
        "applications",
        "owner_prices",
        "paper_offers",
    ):
        op.drop_table(table)
    op.drop_index("ix_redemptions_id_points", "redemptions")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION application_history_refuse()")
        op.execute("DROP FUNCTION applications_refuse()")
