"""Which sign a category has, and which kinds are offered first, is reference data.

Until here the program knew both by code, also of kinds that have left `config/categories.csv` or
stand in a county's own file: they keep what they had. What a file says is read in after the upgrade.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

GROUP_ICONS = {
    "FS": "flame", "UT": "bolt", "RD": "road", "BD": "building-skyscraper", "EN": "trash",
    "PS": "old",
}  # fmt: skip
ICONS = {
    "FS01": "firetruck", "FS02": "door-off", "FS03": "packages", "FS04": "scooter-electric",
    "FS05": "plug", "FS06": "fire-extinguisher", "FS07": "flame",
    "UT01": "circle-dotted", "UT02": "wind", "UT03": "bolt", "UT04": "circuit-switch-open",
    "UT05": "droplet", "UT06": "temperature-plus", "UT07": "bucket-droplet", "UT08": "bulb-off",
    "RD01": "road-off", "RD02": "road", "RD03": "ripple", "RD04": "snowflake",
    "RD05": "traffic-lights", "RD06": "traffic-cone",
    "BD01": "window", "BD02": "home-down", "BD03": "backhoe", "BD04": "tree", "BD05": "wall",
    "BD06": "elevator",
    "EN01": "trash", "EN02": "barbell",
    "PS01": "old", "PS02": "ambulance", "PS03": "shield-exclamation", "PS04": "bed",
    "PS05": "dog", "PS06": "tools-kitchen-2",
}  # fmt: skip
ASKED_FIRST = ("RD02", "UT01", "FS05", "FS01", "RD06", "EN01")


def upgrade() -> None:
    for name in ("group_icon", "icon"):
        op.add_column(
            "categories", sa.Column(name, sa.String(40), nullable=False, server_default="dots")
        )
    op.add_column("categories", sa.Column("asked_first", sa.Integer))
    it = sa.table("categories", *map(sa.column, ("code", "group_code", "group_icon", "icon")))
    for group, icon in GROUP_ICONS.items():
        op.execute(sa.update(it).where(it.c.group_code == group).values(group_icon=icon))
    for code, icon in ICONS.items():
        op.execute(sa.update(it).where(it.c.code == code).values(icon=icon))
    ranked = sa.table("categories", sa.column("code"), sa.column("asked_first"))
    for rank, code in enumerate(ASKED_FIRST, 1):
        op.execute(sa.update(ranked).where(ranked.c.code == code).values(asked_first=rank))


def downgrade() -> None:
    for name in ("asked_first", "icon", "group_icon"):
        op.drop_column("categories", name)
    # The file is read again by the version before, or by this one when it comes back.
    op.execute("DELETE FROM stamps WHERE name = 'reference-files'")
