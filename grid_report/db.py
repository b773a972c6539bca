"""The base model, the column types every table shares, and `transaction()`.

Only `transaction()` commits. On SQLite it takes the write lock at once (a deferred BEGIN that
reads and then writes fails whenever another writer got in between, whatever the timeout); on
PostgreSQL the steps lock the rows they decide on. Lost races are retried by `use_case`.
"""

from __future__ import annotations

import fcntl
import functools
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ParamSpec, TypeVar, cast

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    event,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from grid_report import connections
from grid_report.errors import Busy, NotFound
from grid_report.languages import Length, columns, columns_by_language

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of the house."""

    metadata = MetaData(naming_convention=NAMES)


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant in UTC. Naive values are refused: they have no meaning here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Read SQLite's text in one step: a page of a list holds hundreds of instants."""
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)
        return lambda text: None if text is None else datetime.fromisoformat(text + "+00:00")

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def table_of(model: type[Base]) -> Table:
    """Return a model's table, for statements that want rows of columns or write rows of values.

    What the ORM does around such a statement costs more than the statement.
    """
    return cast(Table, model.__table__)


# SQLite only numbers rows by itself in a column typed INTEGER.
BIG = BigInteger().with_variant(Integer(), "sqlite")

Instant = Annotated[datetime, mapped_column(UtcInstant())]
RowId = Annotated[int, mapped_column(BIG, primary_key=True, autoincrement=True)]


def insert_of(session: Session, model: type[Base] | Table) -> postgresql.Insert:
    """Return an INSERT in the database's own words, which knows what to do about a conflict."""
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    # Both say ON CONFLICT by the same methods.
    return cast(postgresql.Insert, make(model))


def enum_column(kind: type[StrEnum], name: str) -> Enum:
    """Store a string enum as text with a CHECK that the database itself enforces."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


Model = TypeVar("Model", bound=Base)


def worded(
    field: str, most: Length | None = None, *, may_be_empty: bool = False
) -> Callable[[type[Model]], type[Model]]:
    """Give a table a column a language for what administrators write.

    Read with `languages.written`. Without `most` it may be of any length.
    """
    more: dict[str, Any] = {"default": ""} if may_be_empty else {}

    def add_columns(model: type[Model]) -> type[Model]:
        for code, name in columns_by_language(field).items():
            kind = String(most.of(code)) if most else Text()
            setattr(model, name, mapped_column(kind, nullable=False, **more))
        return model

    return add_columns


def worded_columns(source: object, field: str) -> list[Any]:
    """Return a field's columns of a table or subquery, in the order of the languages."""
    return [getattr(source, name) for name in columns(field)]


db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    session_options={"expire_on_commit": False, "autoflush": True},
)

_WRITE = "grid_report_write"
_LAST = "grid_report_last"
_IN_TRANSACTION = "grid_report_in_transaction"


class NestedTransaction(RuntimeError):
    """A use case called another one: two commits would pretend to be one."""


class DirtySession(RuntimeError):
    """Rows were changed outside a use case; committing them here would hide it."""


@contextmanager
def transaction() -> Iterator[Session]:
    """Open the one write transaction of a use case; commit at the end, roll back on any error.

    Raises NestedTransaction, DirtySession, and Busy when SQLite stays locked.
    """
    session = db.session()
    if session.info.get(_IN_TRANSACTION):
        raise NestedTransaction("a use case may not call another use case")
    if session.new or session.dirty or session.deleted:
        raise DirtySession("rows were changed outside a transaction")
    # The sign-in lookup opened a read snapshot; deciding on it would be deciding on the past.
    session.rollback()
    session.info[_IN_TRANSACTION] = True
    try:
        with _writers_queue(db.engine):
            _begin(session)
            try:
                yield session
                for work in session.info.pop(_LAST, {}).values():
                    work(session)
                session.commit()
            except BaseException:
                session.rollback()
                raise
    finally:
        session.info.pop(_IN_TRANSACTION, None)
        session.info.pop(_LAST, None)


def before_commit(session: Session, name: str, work: Callable[[Session], None]) -> bool:
    """Have something done last in this transaction, once a name; tell whether the name was new.

    For rows that many transactions change: taken last, they are held shortest, and nobody waits
    for another lock while holding them. Outside a transaction nothing is ever done.
    """
    last = session.info.setdefault(_LAST, {})
    if name in last:
        return False
    last[name] = work
    return True


def _begin(session: Session) -> None:
    try:
        session.connection(execution_options={_WRITE: True})
    except OperationalError as error:
        session.rollback()
        if is_lost_race(error):
            raise Busy from error
        raise


P = ParamSpec("P")
R = TypeVar("R")
Row = TypeVar("Row", bound=Base)

RETRIES = 6
# What the least write to SQLite's log takes, and a little more.
PROBE_BYTES = 64 * 1024
POSTGRES_LOST_RACES = frozenset({"40001", "40P01", "55P03"})


def is_lost_race(error: DBAPIError) -> bool:
    """Tell whether the database refused only because somebody else was at the same rows."""
    if getattr(error.orig, "sqlstate", None) in POSTGRES_LOST_RACES:
        return True
    return "database is locked" in str(error.orig) or "database table is locked" in str(error.orig)


def lock_one(
    session: Session, model: type[Row], *where: ColumnElement[bool], key_share: bool = False
) -> Row:
    """Take one row for deciding on it, as it is now; others wait until the transaction ends.

    With `key_share` they may still write rows that refer to it. Raises NotFound.
    """
    found = session.scalars(
        select(model)
        .where(*where)
        .with_for_update(key_share=key_share)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def use_case(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a public write: one transaction, tried again when the database lost a race.

    The body must be safe to run again, which it is when everything it does is in its transaction.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(RETRIES):
            try:
                return function(*args, **kwargs)
            except DBAPIError as error:
                if not is_lost_race(error):
                    raise
                time.sleep(random.uniform(0.005, 0.02) * 2**attempt)
        raise Busy

    run.__is_use_case__ = True  # type: ignore[attr-defined]
    return run


@contextmanager
def _writers_queue(engine: Engine) -> Iterator[None]:
    """Let SQLite writers wait in the kernel's queue.

    SQLite polls for its lock, which starves one process for seconds under load; a file lock
    around write transactions hands over at once (measured: worst wait 3 s to 0.1 s).
    """
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        yield
        return
    handle = os.open(f"{path}.writers", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def can_be_written(session: Session) -> bool:
    """Tell whether the database answers and takes more. Raises DBAPIError, OSError."""
    session.execute(text("SELECT 1"))
    if session.get_bind().dialect.name != "sqlite":
        read_only = session.scalar(text("SELECT current_setting('transaction_read_only')"))
        return bool(read_only == "off")
    path = connections.file_of(db.engine.url)
    if path:
        # A file of its own beside it: SQLite would only notice when it writes a page.
        with tempfile.TemporaryFile(dir=os.path.dirname(path)) as probe:
            probe.write(b"\0" * PROBE_BYTES)
    return True


def init_app(app: Flask) -> None:
    """Bind the database to an app and teach its connections their manners."""
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)


def prepare(engine: Engine) -> None:
    """Set up an engine's connections; used by the app, the migrations and the tests alike."""
    connections.look_after(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    else:
        event.listen(engine, "connect", _postgres_connect)


def _sqlite_connect(dbapi_connection: Any, _record: object) -> None:
    # The driver must not open transactions on its own, or BEGIN below would come too late.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=10000",
        "foreign_keys=ON",
        # Without it INSERT OR REPLACE rewrites a protected row behind its delete trigger's back.
        "recursive_triggers=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _postgres_connect(dbapi_connection: Any, _record: object) -> None:
    with dbapi_connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute("SET lock_timeout = '10s'")
    dbapi_connection.commit()
