"""The migrations as functions: up, down, and whether a database is at the head."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from grid_report import connections

FOLDER = Path(__file__).resolve().parent.parent / "migrations"

# Any number will do, as long as every process that migrates takes the same lock.
POSTGRES_LOCK = 2112821123


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """Return the newest revision there is a file for."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


def current(engine: Engine) -> str | None:
    """Return the revision a database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring a database up to a revision, alone and in one transaction."""
    connections.make_file(engine)
    with _alone(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take a database down to a revision, alone and in one transaction."""
    with _alone(engine) as connection:
        command.downgrade(_config(connection), revision)


class _alone:
    """One migrating transaction at a time, over all hosts."""

    def __init__(self, engine: Engine) -> None:
        self.connection = engine.connect().execution_options(grid_report_write=True)

    def __enter__(self) -> Connection:
        self.transaction = self.connection.begin()
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(
                text("SELECT pg_advisory_xact_lock(:key)"), {"key": POSTGRES_LOCK}
            )
        return self.connection

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if kind is None:
                self.transaction.commit()
            else:
                self.transaction.rollback()
        finally:
            self.connection.close()
