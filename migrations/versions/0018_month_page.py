"""Indexes for the lists of a month's page, by place; months are counted anew, for there are new counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

UNHANDLED = "handled_at IS NULL AND state IN ('accepted', 'dispatched', 'in_progress', 'submitted')"
SUSPENDED = "state = 'suspended'"
IS_OPEN = (
    "state IN ('accepted', 'dispatched', 'handled', 'in_progress', 'needs_info', 'submitted',"
    " 'suspended')"
)
OPEN = {
    "ix_reports_community_open": ("community_code",),
    "ix_reports_street_open": ("street_code",),
    "ix_reports_unit_open": ("unit_code",),
    "ix_reports_open": (),
}
REOPENED = "reopened_at IS NOT NULL"
BROKEN_DOWN = ("category_code", "self_handled", "unit_code")
# (name, table, columns, condition)
INDEXES = (
    (
        "ix_reports_unhandled",
        "reports",
        ("fix_due", "id", "street_code", "community_code", *BROKEN_DOWN),
        UNHANDLED,
    ),
    (
        "ix_reports_community_unhandled",
        "reports",
        ("community_code", "fix_due", "id", "street_code", *BROKEN_DOWN),
        UNHANDLED,
    ),
    (
        "ix_reports_street_unhandled",
        "reports",
        ("street_code", "fix_due", "id", "community_code", *BROKEN_DOWN),
        UNHANDLED,
    ),
    ("ix_reports_suspended", "reports", ("fix_due", "id"), SUSPENDED),
    ("ix_reports_community_suspended", "reports", ("community_code", "fix_due", "id"), SUSPENDED),
    ("ix_reports_street_suspended", "reports", ("street_code", "fix_due", "id"), SUSPENDED),
    ("ix_reports_community_reopened", "reports", ("community_code", "reopened_at"), REOPENED),
    ("ix_reports_street_reopened", "reports", ("street_code", "reopened_at"), REOPENED),
    *(
        (name, "reports", (*columns, "sort_due", "id", "next_warn"), IS_OPEN)
        for name, columns in OPEN.items()
    ),
    ("ix_reports_community_open_state", "reports", ("community_code", "state"), IS_OPEN),
    ("ix_reports_street_open_state", "reports", ("street_code", "state"), IS_OPEN),
    ("ix_reports_unit_open_state", "reports", ("unit_code", "state"), IS_OPEN),
    ("ix_reports_submitted", "reports", ("id",), "state = 'submitted'"),
    ("ix_reports_handled", "reports", ("id",), "state = 'handled'"),
    (
        "ix_statistics_corrections_month_version_area_id",
        "statistics_corrections",
        ("month", "version", "area", "id"),
        None,
    ),
    ("ix_consents_given_at", "consents", ("given_at",), None),
    ("ix_consents_withdrawn_at", "consents", ("withdrawn_at",), "withdrawn_at IS NOT NULL"),
    ("ix_audit_entries_action_at", "audit_entries", ("action", "at"), None),
)
BEFORE = (
    ("ix_reports_unhandled", "reports", ("fix_due",), UNHANDLED),
    *((name, "reports", (*columns, "sort_due", "id"), IS_OPEN) for name, columns in OPEN.items()),
)


def upgrade() -> None:
    for name, table, *_ in BEFORE:
        op.drop_index(name, table)
    for name, table, columns, condition in INDEXES:
        _index(name, table, columns, condition)
    # What waits to be handled, what expired and what riders hold are kept from now on: every month
    # counts as never counted, so that the job counts it anew.
    op.execute("DELETE FROM statistics_recounts")


def _index(name: str, table: str, columns: tuple[str, ...], condition: str | None) -> None:
    where = sa.text(condition) if condition else None
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.execute(
        "DELETE FROM statistics_cells WHERE version = 0"
        " AND (month = 'held' OR facet IN ('due', 'due_cat', 'due_unit'))"
    )
    for name, table, *_ in reversed(INDEXES):
        op.drop_index(name, table)
    for before in BEFORE:
        _index(*before)
