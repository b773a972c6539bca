"""The ledger: events, their transfers, the accounts they move, and the lots points come in.

Only what `points/ledger/__init__.py` gathers writes these tables. The triggers that keep them honest are in
migrations 0004 and 0006, written once for both databases; `audit/expected_triggers.py` lists them and the audit
misses each one gone.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column
from grid_report.points.kinds import (
    AccountKind,
    EventKind,
    MovementKind,
    Phase,
    Verdict,
)


class Route(Base):
    """A way points may go, in which phase, by which kind of event. Changed by migration only."""

    __tablename__ = "point_routes"
    __table_args__ = (
        UniqueConstraint(
            "code", "phase", "event", "debit_kind", "credit_kind", name="a_route_as_a_whole"
        ),
    )

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    phase: Mapped[Phase] = mapped_column(enum_column(Phase, "phase_known"), primary_key=True)
    event: Mapped[EventKind] = mapped_column(
        enum_column(EventKind, "event_known"), primary_key=True
    )
    debit_kind: Mapped[AccountKind] = mapped_column(enum_column(AccountKind, "debit_kind_known"))
    credit_kind: Mapped[AccountKind] = mapped_column(enum_column(AccountKind, "credit_kind_known"))


class Zero(Base):
    """One row, 0: what the gap between lots and balance must point at when a commit comes."""

    __tablename__ = "point_zero"
    __table_args__ = (CheckConstraint("value = 0", name="only_zero"),)

    value: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class Freeze(Base):
    """One row: whether a failed audit has stopped all writing of events."""

    __tablename__ = "point_freeze"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    frozen_at: Mapped[Instant | None]
    reason: Mapped[str] = mapped_column(String(200), default="")


# Finds an account by what it is, in one lookup: `rider:17:`, `budget:211282001001:2026-11`.
HOLDER = (
    "kind || ':' || COALESCE(CAST(member_id AS VARCHAR), community_code, provider_code, 'county')"
    " || ':' || month"
)
LOTS_GAP = (
    "CASE WHEN kind = 'rider' THEN ABS(credits - debits - lots_total)"
    " + ABS(pending_debits - lots_held) ELSE ABS(lots_total) + ABS(lots_held) END"
)


class Account(Base):
    """Where points are. The figures are moved by the triggers of transfers and lot movements."""

    __tablename__ = "point_accounts"
    __table_args__ = (
        UniqueConstraint("holder", name="one_account_each"),
        UniqueConstraint("id", "kind", name="an_account_with_its_kind"),
        CheckConstraint(
            "kind IN ('mint', 'rider_debt') OR credits - debits - pending_debits >= 0",
            name="no_overdraft",
        ),
        CheckConstraint("kind <> 'rider_debt' OR credits <= debits", name="debt_not_overpaid"),
        CheckConstraint(
            "credits >= 0 AND debits >= 0 AND pending_debits >= 0", name="sums_only_grow"
        ),
        CheckConstraint(
            "(kind IN ('rider', 'rider_debt')) = (member_id IS NOT NULL)",
            name="riders_have_a_member",
        ),
        CheckConstraint(
            "(kind IN ('escrow', 'provider')) = (provider_code IS NOT NULL)",
            name="providers_have_a_code",
        ),
        CheckConstraint(
            "kind NOT IN ('expired', 'clawback', 'penalty') OR community_code IS NOT NULL",
            name="ends_have_a_community",
        ),
        CheckConstraint(
            "kind IN ('budget', 'expired', 'clawback', 'penalty') OR community_code IS NULL",
            name="only_pools_have_a_community",
        ),
        CheckConstraint("(kind = 'budget') = (month <> '')", name="budgets_have_a_month"),
        # At commit the lots are the balance and the held lots the held points, or nothing happened.
        ForeignKeyConstraint(
            ["lots_gap"],
            ["point_zero.value"],
            name="lots_equal_balance",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index(
            "ix_point_accounts_debts",
            "member_id",
            sqlite_where=text("kind = 'rider_debt'"),
            postgresql_where=text("kind = 'rider_debt'"),
        ),
    )

    id: Mapped[RowId]
    kind: Mapped[AccountKind] = mapped_column(enum_column(AccountKind, "kind_known"))
    member_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    # A budget without a community is the county's reserve.
    community_code: Mapped[str | None] = mapped_column(ForeignKey("communities.code"))
    provider_code: Mapped[str | None] = mapped_column(String(20))
    month: Mapped[str] = mapped_column(String(7), default="")
    holder: Mapped[str] = mapped_column(String(60), Computed(HOLDER, persisted=True))
    credits: Mapped[int] = mapped_column(BIG, default=0)
    debits: Mapped[int] = mapped_column(BIG, default=0)
    pending_debits: Mapped[int] = mapped_column(BIG, default=0)
    lots_total: Mapped[int] = mapped_column(BIG, default=0)
    lots_held: Mapped[int] = mapped_column(BIG, default=0)
    # The newest row that moved the figures: nothing older can be applied a second time.
    last_transfer_id: Mapped[int] = mapped_column(BIG, default=0)
    last_movement_id: Mapped[int] = mapped_column(BIG, default=0)
    lots_gap: Mapped[int] = mapped_column(BIG, Computed(LOTS_GAP, persisted=True))


IS_EXPIRY = "kind = 'expiry'"
OF_REDEMPTIONS = "redemption_ref IS NOT NULL"
ONCE = "kind IN ('capture', 'hold', 'noshow', 'release', 'settle')"


class Journal(Base):
    """One business event, forever. Its cause can be written only once; transfers are its legs."""

    __tablename__ = "point_journal"
    __table_args__ = (
        UniqueConstraint("cause_type", "cause_id", name="a_cause_is_paid_once"),
        UniqueConstraint("id", "kind", name="an_event_with_its_kind"),
        UniqueConstraint("id", "cause_type", "cause_id", name="an_event_with_its_cause"),
        CheckConstraint("points > 0 OR (points = 0 AND kind = 'reversal')", name="points_positive"),
        CheckConstraint(
            "NOT (kind = 'reversal' OR (kind = 'award' AND points > 50)"
            " OR (kind = 'grant' AND cause_type <> 'budget-opened'))"
            " OR (actor_id IS NOT NULL AND approved_by_id IS NOT NULL"
            " AND actor_id <> approved_by_id)",
            name="second_person",
        ),
        CheckConstraint(
            "kind NOT IN ('award', 'reversal') OR (COALESCE(actor_id, 0) <> rider_id"
            " AND COALESCE(approved_by_id, 0) <> rider_id)",
            name="nobody_decides_for_oneself",
        ),
        CheckConstraint(
            "(kind IN ('grant', 'ungrant', 'settle', 'statement')) = (rider_id IS NULL)",
            name="rider_events_have_a_rider",
        ),
        CheckConstraint(
            "kind <> 'award' OR (rule IS NOT NULL AND tariff_version IS NOT NULL"
            " AND community_code IS NOT NULL)",
            name="awards_say_why",
        ),
        CheckConstraint(
            "(kind IN ('grant', 'ungrant', 'award')) = (month IS NOT NULL)",
            name="budget_events_have_a_month",
        ),
        # The system may open a month by itself, once a community and month; the rest is by hand.
        CheckConstraint(
            "cause_type <> 'budget-opened' OR (kind = 'grant' AND community_code IS NOT NULL"
            " AND cause_id = community_code || ':' || month)",
            name="a_month_opens_once",
        ),
        CheckConstraint(
            "(kind IN ('reversal', 'refund')) = (reverses_id IS NOT NULL)",
            name="reversals_name_the_original",
        ),
        CheckConstraint(
            "(kind = 'reversal') = (verdict IS NOT NULL)", name="reversals_have_a_verdict"
        ),
        CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        Index("ix_point_journal_rider_id_id", "rider_id", "id"),
        Index("ix_point_journal_at_id", "at", "id"),
        Index("ix_point_journal_community_code_month", "community_code", "month"),
        Index("ix_point_journal_reverses_id", "reverses_id"),
        Index("ix_point_journal_report_number", "report_number"),
        Index(
            "ix_point_journal_expired_at",
            "at",
            sqlite_where=text(IS_EXPIRY),
            postgresql_where=text(IS_EXPIRY),
        ),
        # Not partial by kind: what looks for one step of a redemption has to be served on SQLite too.
        Index(
            "ix_point_journal_redemption_ref",
            "redemption_ref",
            sqlite_where=text(OF_REDEMPTIONS),
            postgresql_where=text(OF_REDEMPTIONS),
        ),
        # Held once, taken or given back once, settled once; refunds may be several.
        Index(
            "a_redemption_step_once",
            "redemption_ref",
            "kind",
            unique=True,
            sqlite_where=text(ONCE),
            postgresql_where=text(ONCE),
        ),
    )

    id: Mapped[RowId]
    kind: Mapped[EventKind] = mapped_column(enum_column(EventKind, "kind_known"))
    cause_type: Mapped[str] = mapped_column(String(40))
    cause_id: Mapped[str] = mapped_column(String(60))
    at: Mapped[Instant]
    points: Mapped[int]
    rider_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    # Nobody is an actor where a job or a rule acts by itself.
    actor_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    approved_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    community_code: Mapped[str | None] = mapped_column(ForeignKey("communities.code"))
    month: Mapped[str | None] = mapped_column(String(7))
    rule: Mapped[str | None] = mapped_column(String(8))
    tariff_version: Mapped[str | None] = mapped_column(String(20))
    severity: Mapped[int | None]
    report_number: Mapped[str | None] = mapped_column(String(24))
    redemption_ref: Mapped[str | None] = mapped_column(String(40))
    reverses_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("point_journal.id"))
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict, "verdict_known"))
    note: Mapped[str] = mapped_column(Text, default="")


class Transfer(Base):
    """Points going from one account to another, forever. Its insert moves the balances."""

    __tablename__ = "point_transfers"
    __table_args__ = (
        UniqueConstraint("pending_id", name="a_hold_resolves_once"),
        UniqueConstraint("id", "credit_account_id", "amount", name="a_transfer_with_its_sum"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
        CheckConstraint(
            "(phase IN ('post', 'void')) = (pending_id IS NOT NULL)", name="resolves_a_hold"
        ),
        CheckConstraint(
            "(phase = 'pending') = (holds_until IS NOT NULL)", name="holds_have_a_deadline"
        ),
        ForeignKeyConstraint(
            ["journal_id", "event"],
            ["point_journal.id", "point_journal.kind"],
            name="a_leg_of_its_event",
        ),
        ForeignKeyConstraint(
            ["route", "phase", "event", "debit_kind", "credit_kind"],
            [
                "point_routes.code",
                "point_routes.phase",
                "point_routes.event",
                "point_routes.debit_kind",
                "point_routes.credit_kind",
            ],
            name="only_allowed_routes",
        ),
        ForeignKeyConstraint(
            ["debit_account_id", "debit_kind"],
            ["point_accounts.id", "point_accounts.kind"],
            name="debit_account_of_that_kind",
        ),
        ForeignKeyConstraint(
            ["credit_account_id", "credit_kind"],
            ["point_accounts.id", "point_accounts.kind"],
            name="credit_account_of_that_kind",
        ),
        ForeignKeyConstraint(["pending_id"], ["point_transfers.id"], name="a_hold_that_exists"),
        Index("ix_point_transfers_journal_id", "journal_id"),
        Index("ix_point_transfers_debit_account_id_id", "debit_account_id", "id"),
        Index("ix_point_transfers_credit_account_id_id", "credit_account_id", "id"),
    )

    id: Mapped[RowId]
    journal_id: Mapped[int] = mapped_column(BIG)
    event: Mapped[EventKind] = mapped_column(enum_column(EventKind, "event_known"))
    route: Mapped[str] = mapped_column(String(20))
    phase: Mapped[Phase] = mapped_column(enum_column(Phase, "phase_known"))
    debit_account_id: Mapped[int] = mapped_column(BIG)
    debit_kind: Mapped[AccountKind] = mapped_column(enum_column(AccountKind, "debit_kind_known"))
    credit_account_id: Mapped[int] = mapped_column(BIG)
    credit_kind: Mapped[AccountKind] = mapped_column(enum_column(AccountKind, "credit_kind_known"))
    amount: Mapped[int]
    pending_id: Mapped[int | None] = mapped_column(BIG)
    holds_until: Mapped[Instant | None]


class Lot(Base):
    """The points of one award that are still there: free to spend, or held for a service."""

    __tablename__ = "point_lots"
    __table_args__ = (
        UniqueConstraint("transfer_id", name="a_lot_an_award"),
        CheckConstraint("account_kind = 'rider'", name="only_riders_have_lots"),
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint(
            "free >= 0 AND held >= 0 AND free + held <= points", name="within_its_award"
        ),
        CheckConstraint("expires_at > earned_at", name="expires_after_earning"),
        ForeignKeyConstraint(
            ["account_id", "account_kind"],
            ["point_accounts.id", "point_accounts.kind"],
            name="a_lot_of_a_rider",
        ),
        ForeignKeyConstraint(
            ["transfer_id", "account_id", "points"],
            ["point_transfers.id", "point_transfers.credit_account_id", "point_transfers.amount"],
            name="a_lot_is_one_award",
        ),
        Index(
            "ix_point_lots_spendable",
            "account_id",
            "expires_at",
            sqlite_where=text("free > 0"),
            postgresql_where=text("free > 0"),
        ),
        Index(
            "ix_point_lots_expiring",
            "expires_at",
            sqlite_where=text("free > 0"),
            postgresql_where=text("free > 0"),
        ),
    )

    id: Mapped[RowId]
    account_id: Mapped[int] = mapped_column(BIG)
    account_kind: Mapped[AccountKind] = mapped_column(
        enum_column(AccountKind, "account_kind_known"), default=AccountKind.RIDER
    )
    transfer_id: Mapped[int] = mapped_column(BIG)
    points: Mapped[int]
    earned_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    free: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    last_movement_id: Mapped[int] = mapped_column(BIG, default=0)


class LotMovement(Base):
    """What one transfer did to one lot, forever: which report paid for which meal."""

    __tablename__ = "point_lot_movements"
    __table_args__ = (
        UniqueConstraint("transfer_id", "lot_id", "kind", name="a_lot_moves_once_a_transfer"),
        CheckConstraint(
            "(kind IN ('earn', 'refund') AND free_delta > 0 AND held_delta = 0)"
            " OR (kind = 'hold' AND free_delta < 0 AND held_delta = -free_delta)"
            " OR (kind = 'release' AND free_delta > 0 AND held_delta = -free_delta)"
            " OR (kind = 'capture' AND free_delta = 0 AND held_delta < 0)"
            " OR (kind = 'spend' AND free_delta < 0 AND held_delta = 0)",
            name="sums_fit_the_kind",
        ),
        Index("ix_point_lot_movements_lot_id_id", "lot_id", "id"),
    )

    id: Mapped[RowId]
    lot_id: Mapped[int] = mapped_column(BIG, ForeignKey("point_lots.id"))
    transfer_id: Mapped[int] = mapped_column(BIG, ForeignKey("point_transfers.id"))
    kind: Mapped[MovementKind] = mapped_column(enum_column(MovementKind, "kind_known"))
    free_delta: Mapped[int]
    held_delta: Mapped[int]
