"""Run by Alembic. The connection and its transaction come from `grid_report.schema`."""

from __future__ import annotations

from alembic import context

from grid_report.db import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    # Batch mode rebuilds a SQLite table and drops its triggers: nobody gets it by accident.
    render_as_batch=False,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
