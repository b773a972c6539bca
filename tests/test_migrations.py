"""The migrations: numbered, both directions with data, and equal to the models to the last CHECK."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, bindparam, create_engine, inspect, select, text

from grid_report import schema
from grid_report.access import Actor
from grid_report.accounts import consent_queries
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consents import usecases as consents_usecases
from grid_report.connections import make_file
from grid_report.db import Base, UtcInstant, db, prepare, table_of, transaction
from grid_report.jobs import models as jobs_models
from grid_report.notify import queries as notify_queries
from grid_report.notify import usecases as notify_usecases
from grid_report.notify.models import Delivery, Message
from grid_report.places.models import Category
from tests.notify.channels.sending import AT, Pigeon, deliver, put, rows, send
from tests.support.builders import Make
from tests.support.databases import Databases
from tests.support.lengths import Length

pytestmark = pytest.mark.database

# No module of the app reads these tables but the scheduler; the comparison needs them loaded.
assert jobs_models

REVISIONS = [
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
    "0024",
    "0025",
    "0026",
    "0027",
    "0028",
    "0029",
    "0030",
    "0031",
    "0032",
    "0033",
    "0034",
    "0035",
    "0036",
    "0037",
    "0038",
    "0039",
    "0040",
]


@pytest.fixture
def two_engines(server: Databases, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Return a database made by the migrations and one made from the models."""
    urls = []
    engines = []
    for name in ("migrated", "modelled"):
        folder = tmp_path / name
        folder.mkdir()
        urls.append(server.empty(folder))
        engines.append(create_engine(urls[-1]))
        prepare(engines[-1])
        make_file(engines[-1])
    yield engines[0], engines[1]
    for engine, url in zip(engines, urls, strict=True):
        engine.dispose()
        server.drop(url)


def squeezed(sql: str | None) -> str:
    """Return a condition without the spelling a database adds to it."""
    plain = re.sub(r"::[a-z ]+(\(\d+\))?(\[\])?", "", (sql or "").lower())
    return re.sub(r"[\s()\"]", "", plain)


def described(engine: Engine) -> dict[str, Any]:
    """Describe every table: columns, keys, constraints with their conditions, indexes."""
    look = inspect(engine)
    # Asked for all tables at once: one by one they are thousands of questions.
    columns, primary = look.get_multi_columns(), look.get_multi_pk_constraint()
    foreign, unique = look.get_multi_foreign_keys(), look.get_multi_unique_constraints()
    checks, indexes = look.get_multi_check_constraints(), look.get_multi_indexes()
    tables: dict[str, Any] = {}
    for where in columns:
        table = where[1]
        if table == "alembic_version":
            continue
        tables[table] = {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"])
                for column in columns[where]
            },
            "primary": primary[where]["constrained_columns"],
            "foreign": sorted(
                (tuple(key["constrained_columns"]), key["referred_table"]) for key in foreign[where]
            ),
            "unique": sorted(
                (str(key["name"]), tuple(key["column_names"])) for key in unique[where]
            ),
            "checks": sorted(
                (str(check["name"]), squeezed(check["sqltext"])) for check in checks[where]
            ),
            "indexes": sorted(
                (
                    str(index["name"]),
                    tuple(str(name) for name in index["column_names"]),
                    bool(index["unique"]),
                    squeezed(_where(index, engine.dialect.name)),
                )
                for index in indexes[where]
            ),
        }
    return tables


def _where(index: Any, dialect: str) -> str:
    where = index.get("dialect_options", {}).get(f"{dialect}_where")
    return "" if where is None else str(where)


def triggers(engine: Engine) -> set[str]:
    """Name every trigger of a database."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with engine.connect() as connection:
        return set(connection.execute(text(query)).scalars())


def test_revisions_are_numbered_in_one_line() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.FOLDER))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [script.revision for script in reversed(scripts)] == REVISIONS
    for script in scripts:
        assert Path(script.path).name.startswith(f"{script.revision}_")


def test_the_migrated_database_equals_the_models(two_engines: tuple[Engine, Engine]) -> None:
    migrated, modelled = two_engines
    schema.upgrade(migrated)
    Base.metadata.create_all(modelled)
    first, second = described(migrated), described(modelled)
    assert first.keys() == second.keys()
    for table, expected in second.items():
        for part, value in expected.items():
            assert first[table][part] == value, f"{table}: {part}"


def test_what_may_never_change_is_guarded_by_triggers(make: Make) -> None:
    found = triggers(db.engine)
    for table in (
        "report_history", "redemption_history", "audit_entries", "point_journal", "point_transfers",
    ):  # fmt: skip
        guards = [name for name in found if name.startswith(table)]
        assert guards, f"{table} has no trigger among {sorted(found)}"


def newest(length: Length) -> list[str]:
    """Return the revisions to walk: what is long released does not change any more."""
    return REVISIONS[-length(8, len(REVISIONS)) :]


@pytest.mark.slow
def test_every_step_goes_down_and_up_again_with_the_same_schema(
    two_engines: tuple[Engine, Engine], length: Length
) -> None:
    engine = two_engines[0]
    walked = newest(length)
    schema.upgrade(engine, walked[0])
    shapes: dict[str, tuple[Any, set[str]]] = {}
    for revision in walked:
        schema.upgrade(engine, revision)
        shapes[revision] = described(engine), triggers(engine)
    for below, here in reversed(list(pairwise(walked))):
        schema.downgrade(engine, below)
        assert schema.current(engine) == below
        assert (described(engine), triggers(engine)) == shapes[below], f"{here} left traces"
    schema.downgrade(engine, "base")
    assert (schema.current(engine), described(engine), triggers(engine)) == (None, {}, set())
    schema.upgrade(engine)
    assert (described(engine), triggers(engine)) == shapes[REVISIONS[-1]]


@pytest.mark.slow
def test_going_down_and_up_keeps_the_data_of_what_stays(make: Make, length: Length) -> None:
    """At every revision: down to it, up again by one and down once more, with what is there."""
    worker, handler, second = make.worker(), make.handler(), make.worker()
    report = make.handled(worker, handler)
    make.step(report, "pass", second)
    make.redemption(make.rider(), make.offer(make.station("station-1")))
    db.session.remove()
    stays = {
        "0001": ["members", "role_grants"],
        "0002": ["members", "communities", "categories"],
        "0003": ["members", "communities", "reports", "report_history", "report_photos"],
        "0004": ["reports", "point_journal", "point_transfers", "point_lots"],
    }
    most = ["reports", "report_history", "outbox", "point_transfers", "point_lots"]

    def counted(revision: str) -> dict[str, int]:
        with db.engine.connect() as connection:
            return {
                table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in stays.get(revision, most)
            }

    walked = newest(length)
    before = {revision: counted(revision) for revision in walked}
    assert all(all(rows.values()) for rows in before.values())
    for below, here in reversed(list(pairwise(walked))):
        schema.downgrade(db.engine, below)
        assert counted(below) == before[below], f"{here} down"
        schema.upgrade(db.engine, here)
        assert counted(below) == before[below], f"{here} up"
        schema.downgrade(db.engine, below)
        assert counted(below) == before[below], f"{here} down again"
    schema.upgrade(db.engine)
    assert counted(walked[0]) == before[walked[0]]
    assert schema.current(db.engine) == schema.head()


def test_a_failing_migration_leaves_nothing_half_done(
    two_engines: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = two_engines[0]
    schema.upgrade(engine, "0002")
    before = described(engine)
    real = command.upgrade

    def fail_late(*arguments: Any) -> None:
        real(*arguments)
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", fail_late)
    with pytest.raises(RuntimeError):
        schema.upgrade(engine)
    assert schema.current(engine) == "0002"
    assert described(engine) == before


def test_what_waits_for_a_number_is_not_taken_away_by_going_down(make: Make) -> None:
    number = make.report(make.unproved()).number
    db.session.remove()
    with pytest.raises(RuntimeError, match="1 reports still wait"):
        schema.downgrade(db.engine, "0030")
    assert schema.current(db.engine) == schema.head()
    with db.engine.connect() as connection:
        kept = connection.execute(text("SELECT number FROM kept_reports")).scalars().all()
    assert kept == [number]


def test_what_waits_at_the_upgrade_goes_out_once(make: Make) -> None:
    rider = make.rider()
    for about in ("KY-20261116-0001", "KY-20261116-0002", "KY-20261116-0003"):
        put(to_member=rider.member_id, about=about)
    # One is delivered, one has its inbox copy and was to be tried again, one was never tried.
    for message_id in notify_queries.list_due(now=AT, limit=2):
        notify_usecases.post(message_id, now=AT)
    with transaction() as session:
        half = session.scalars(select(Message).order_by(Message.id).offset(1).limit(1)).one()
        half.state, half.delivered_at, half.attempts = Delivery.WAITING, None, 3
        half.retry_at, half.last_error = AT, "ConnectionError"
    db.session.remove()
    schema.downgrade(db.engine, "0032")
    schema.upgrade(db.engine)
    channels = first, second = Pigeon("first"), Pigeon("second", fails=1)
    for minute in range(3):
        at = AT + timedelta(minutes=minute)
        deliver(*channels, at=at)
        send(*channels, at=at)
    told = [row.about for row in notify_queries.list_inbox(rider.member_id)[0]]
    assert sorted(told) == ["KY-20261116-0001", "KY-20261116-0002", "KY-20261116-0003"]
    assert notify_queries.outbox_health().waiting == 0
    # What the inboxes had before is not sent on a channel now.
    assert (len(first.sent), len(set(first.sent))) == (2, 2)
    assert (len(second.sent), len(set(second.sent))) == (3, 2)
    assert [row.state.value for row in rows()] == ["sent"] * 4


def test_kinds_keep_the_signs_they_had_by_code(make: Make) -> None:
    # One left the file, and one is a county's own, whose file knows no signs.
    with transaction() as session:
        for old, new in (("RD02", "XX01"), ("EN99", "XX02")):
            row = session.execute(text(f"SELECT * FROM categories WHERE code = '{old}'")).mappings()
            values = {**row.one(), "code": new, "group_code": "XX"}
            session.execute(table_of(Category).insert().values(values))
    db.session.remove()
    before = _signs()
    schema.downgrade(db.engine, "0033")
    schema.upgrade(db.engine)
    after = _signs()
    assert after == before | {
        "XX01": ("dots", "dots", None),
        "XX02": ("dots", "dots", None),
    }
    assert after["RD02"] == ("road", "road", 1)


def _signs() -> dict[str, tuple[str, str, int | None]]:
    with db.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT code, icon, group_icon, asked_first FROM categories")
        )
        return {row[0]: tuple(row[1:]) for row in rows}


def test_consents_become_acts_and_go_back_as_the_newest(make: Make) -> None:
    who = make.rider(consents=()).member_id
    db.session.remove()
    schema.downgrade(db.engine, "0022")
    days = [datetime(2026, 9, day, 4, tzinfo=UTC) for day in range(1, 7)]
    # Position: an older text taken back, the newer one stands; photos: taken back.
    rows = [
        ("position", "2026-01", days[0], days[1]),
        ("position", "2026-11", days[2], None),
        ("photos", "2026-11", days[0], days[3]),
    ]
    table = "member_id, kind, notice_version, given_at, withdrawn_at"
    bound = {"given": UtcInstant(), "withdrawn": UtcInstant()}
    insert = text(
        f"INSERT INTO consents ({table}) VALUES (:who, :kind, :version, :given, :withdrawn)"
    ).bindparams(*(bindparam(name, type_=kind) for name, kind in bound.items()))
    with db.engine.begin() as connection:
        for kind, version, given, withdrawn in rows:
            connection.execute(
                insert,
                {"who": who, "kind": kind, "version": version, "given": given,
                 "withdrawn": withdrawn},
            )  # fmt: skip
    schema.upgrade(db.engine)
    acts = [
        (it.kind.value, it.agreed, it.notice_version, it.at)
        for it in consent_queries.list_acts(who)
    ]
    assert acts == [
        ("photos", False, "2026-11", days[3]),
        ("position", True, "2026-11", days[2]),
        ("position", False, "2026-01", days[1]),
        ("photos", True, "2026-11", days[0]),
        ("position", True, "2026-01", days[0]),
    ]
    assert {kind.value for kind in consent_queries.consents_of(who)} == {"position"}
    db.session.rollback()
    # Agreed to once more, and taken back: on the way down the newest of each text stays.
    actor = Actor(member_id=who, name="", grants=frozenset())
    policy = replace(make.policy, notice_version="2026-11")
    for kind, agree, at in (
        (ConsentKind.PHOTOS, True, days[4]),
        (ConsentKind.POSITION, False, days[5]),
    ):
        consents_usecases.say_consent(kind, agree, actor=actor, policy=policy, now=at)
    db.session.remove()
    schema.downgrade(db.engine, "0022")
    select = text(f"SELECT {table} FROM consents ORDER BY kind, notice_version").columns(
        given_at=UtcInstant(), withdrawn_at=UtcInstant()
    )
    with db.engine.connect() as connection:
        found = [tuple(row)[1:] for row in connection.execute(select)]
    assert found == [
        ("photos", "2026-11", days[4], None),
        ("position", "2026-01", days[0], days[1]),
        ("position", "2026-11", days[2], days[5]),
    ]
    schema.upgrade(db.engine)
