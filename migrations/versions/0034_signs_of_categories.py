"""Which sign a category has, and which kinds are offered first, is reference data.

What `config/categories.csv` says is read in after the upgrade, as with every change of that file.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    for name in ("group_icon", "icon"):
        op.add_column(
            "categories", sa.Column(name, sa.String(40), nullable=False, server_default="dots")
        )
    op.add_column("categories", sa.Column("asked_first", sa.Integer))


def downgrade() -> None:
    for name in ("asked_first", "icon", "group_icon"):
        op.drop_column("categories", name)
    # The file is read again by the version before, or by this one when it comes back.
    op.execute("DELETE FROM stamps WHERE name = 'reference-files'")
