"""What a tile says of a kind, what it is looked for with, and what communities made of kinds.

Short names, synonyms, colours and the row of numbers to call first are reference data; they are read
in from `config/categories.csv` after the upgrade. The counts begin with the first run of their job.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

TEXTS = {"short_zh": 4, "short_en": 14, "synonyms_zh": 200, "synonyms_en": 300}


def upgrade() -> None:
    for name, most in TEXTS.items():
        op.add_column(
            "categories", sa.Column(name, sa.String(most), nullable=False, server_default="")
        )
    op.add_column(
        "categories", sa.Column("colour", sa.String(10), nullable=False, server_default="grey")
    )
    op.add_column("categories", sa.Column("call_row", sa.Integer))
    op.create_table(
        "kind_counts",
        sa.Column("area_code", sa.String(12), nullable=False),
        sa.Column("month", sa.Integer, nullable=False),
        sa.Column("category_code", sa.String(8), sa.ForeignKey("categories.code"), nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("area_code", "month", "category_code"),
        sa.CheckConstraint("month BETWEEN 1 AND 12", name="month_of_a_year"),
        sa.CheckConstraint("accepted > 0", name="accepted_counts"),
    )
    op.create_table(
        "kind_letters",
        sa.Column("category_code", sa.String(8), sa.ForeignKey("categories.code"), nullable=False),
        sa.Column("letter", sa.String(1), nullable=False),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("category_code", "letter"),
        sa.CheckConstraint("seen > 0", name="seen_counts"),
    )
    # The file is read again, whatever it was read as before.
    op.execute("DELETE FROM stamps WHERE name = 'reference-files'")


def downgrade() -> None:
    op.execute("DELETE FROM stamps WHERE name IN ('reference-files', 'kinds-learned')")
    op.drop_table("kind_letters")
    op.drop_table("kind_counts")
    for name in ("call_row", "colour", *reversed(TEXTS)):
        op.drop_column("categories", name)
