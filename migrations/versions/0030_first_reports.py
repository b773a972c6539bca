"""Who was thanked for learning; whom an offer is open to, and how much of what is free.

Offers and providers of before keep their rule: open to whoever has a proved number, without a quota
of the provider's.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

from grid_report.db import UtcInstant

revision = "0030"
down_revision = "0029"

LEARNED = ("learning-quiz", "learning-unit")


def upgrade() -> None:
    op.create_table(
        "learning_marks",
        sa.Column("mark", sa.String(64), primary_key=True),
        sa.Column("at", UtcInstant(), nullable=False),
    )
    _mark_those_of_before()
    # In the columns themselves: SQLite adds no constraint to a table without building it anew.
    op.execute(
        "ALTER TABLE offers ADD COLUMN opens_to VARCHAR(32) DEFAULT 'proved' NOT NULL"
        " CONSTRAINT ck_offers_opens_to_known CHECK (opens_to IN ('proved', 'first_accepted'))"
    )
    op.execute(
        "ALTER TABLE providers ADD COLUMN free_a_month INTEGER DEFAULT 0 NOT NULL"
        " CONSTRAINT ck_providers_free_counts CHECK (free_a_month >= 0)"
    )
    op.add_column("redemptions", sa.Column("person_mark", sa.String(64), nullable=True))
    op.create_index("ix_redemptions_person_mark", "redemptions", ["person_mark"])


def _mark_those_of_before() -> None:
    """Mark who learned already, by the number the account has today; without one nobody is known."""
    marks = sa.table("learning_marks", sa.column("mark", sa.String), sa.column("at", UtcInstant()))
    claims = sa.table(
        "point_claims",
        sa.column("cause_type", sa.String),
        sa.column("cause_id", sa.String),
        sa.column("rider_id", sa.BigInteger),
        sa.column("at", UtcInstant()),
    )
    members = sa.table(
        "members", sa.column("id", sa.BigInteger), sa.column("phone_lookup", sa.String)
    )
    rows = op.get_bind().execute(
        sa.select(claims.c.cause_type, claims.c.cause_id, claims.c.at, members.c.phone_lookup)
        .join_from(claims, members, members.c.id == claims.c.rider_id)
        .where(claims.c.cause_type.in_(LEARNED), members.c.phone_lookup.is_not(None))
    )
    found = {}
    for kind, cause_id, at, lookup in rows:
        topic = cause_id.partition(":")[2]
        found[hashlib.sha256(f"{kind}:{topic}:{lookup}".encode()).hexdigest()] = at
    if found:
        op.bulk_insert(marks, [{"mark": mark, "at": at} for mark, at in found.items()])


def downgrade() -> None:
    op.drop_index("ix_redemptions_person_mark", "redemptions")
    op.drop_column("redemptions", "person_mark")
    op.drop_column("providers", "free_a_month")
    op.drop_column("offers", "opens_to")
    op.drop_table("learning_marks")
