"""Two installations on one photo store: neither loses a photo to the other."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text

from grid_report import create_app
from grid_report.accounts.models import AuditEntry
from grid_report.cli import cli
from grid_report.db import db
from grid_report.jobs.registry import BY_NAME
from grid_report.jobs.work import JobContext, sweep_photos
from grid_report.media.store import opening
from grid_report.media.store import owner as owning
from grid_report.media.store.local import LocalStore
from grid_report.media.store.marks import Marks
from grid_report.media.store.owner import StoreOfAnother, StoreUnclaimed
from grid_report.media.store.stores import Store
from grid_report.media.upkeep import queries as upkeep_queries
from grid_report.media.upkeep import usecases as upkeep_usecases
from grid_report.notify.models import Message
from grid_report.reports.models import ReportPhoto
from grid_report.web.context import wiring
from tests.conftest import test_settings
from tests.support.builders import Make
from tests.support.databases import Databases
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

OTHER = "e" * 32
HOURS_3 = timedelta(hours=3)
WEEK = timedelta(days=7)


@pytest.fixture
def other(app: Flask, server: Databases, tmp_path: Path, database_url: str) -> Iterator[Flask]:
    """A second installation: another database, the same photo store. Its id is copied too."""
    folder = tmp_path / "other"
    folder.mkdir()
    url = server.fresh(folder)
    store = app.extensions["grid_report"].settings.storage.photo_store
    settings = test_settings(url, folder, storage={"photo_store": store})
    made = create_app(settings, media=app.extensions["grid_report"].media.beside(settings))
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()
    server.drop(url)


@pytest.fixture
def stranger(other: Flask) -> Flask:
    """The second installation with an id of its own."""
    with at(other):
        db.session.execute(text("UPDATE installations SET key = :key"), {"key": OTHER})
        db.session.commit()
    return other


@contextmanager
def at(app: Flask) -> Iterator[None]:
    """Be in another installation for a while."""
    with app.app_context():
        yield
        db.session.remove()


def store() -> Store:
    found: Store = wiring().media.store
    return found


def care() -> Any:
    return upkeep_usecases.care_of(wiring().settings)


def sweep(now: datetime) -> int:
    return sweep_photos(JobContext(wiring().settings, lambda: now, lambda: True))


def after_all(hours: timedelta = HOURS_3) -> datetime:
    """Return an instant so long after the newest photo was stored."""
    files = store().list_before(datetime(9999, 1, 1, tzinfo=UTC))
    return max(file.modified_at for file in files) + hours


def names() -> set[str]:
    return {file.name for file in store().list_before(datetime(9999, 1, 1, tzinfo=UTC))}


def rows() -> set[str]:
    return set(db.session.scalars(select(ReportPhoto.name)))


def reports(make: Make, count: int) -> set[str]:
    """Send reports with a photo each, stored directly: 59 decodings would be slow."""
    found = set()
    for _ in range(count):
        photo = make.photo()
        make.report(photos=(photo,))
        found.add(photo.name)
    return found


def claimed(now: datetime | None = None) -> None:
    upkeep_usecases.claim(store(), wiring().photo_names_in_use, care(), now=now or after_all())


def command(app: Flask, *words: str, typed: str = "") -> Result:
    """Run `grid-report …` in an installation."""
    group, *rest = words
    found = cli.get_command(click.Context(cli), group)
    assert found is not None
    return app.test_cli_runner().invoke(found, rest, input=typed)


def stored(count: int, first: int = 1) -> set[str]:
    """Put photos into the store for which no row is made."""
    from tests.media.test_stores import pair

    found = {f"{number:064x}" for number in range(first, first + count)}
    store().put([pair(store(), name) for name in sorted(found)])
    return found


def know(make: Make, photos: set[str]) -> None:
    """Give photos their rows, all in one report."""
    first = make.photo()
    report_id = make.report(photos=(first,))
    row = db.session.scalars(select(ReportPhoto).where(ReportPhoto.name == first.name)).one()
    values = {
        column.name: getattr(row, column.name)
        for column in ReportPhoto.__table__.columns
        if column.name not in {"id", "name"}
    }
    db.session.add_all(ReportPhoto(**values, name=name) for name in sorted(photos))
    db.session.commit()
    assert report_id


def test_the_sweep_of_one_installation_deletes_nothing_of_the_other(
    app: Flask, stranger: Flask, make: Make
) -> None:
    """58 of 118 files were gone after one run: 29 photos of the one, 30 of the other."""
    mine = stored(29)
    know(make, mine)
    claimed()
    with at(stranger):
        theirs = stored(29, first=100)
        know(Make(stranger), theirs)
    everything, now = names(), after_all()
    assert len(everything) == 60
    with at(stranger):
        assert "belongs to another installation" in opening.why_not(now=now)
        with pytest.raises(StoreOfAnother):
            sweep(now)
        with pytest.raises(StoreOfAnother):
            sweep(now + WEEK)
    # The owner's own sweep does not know the other's photos: far too many, so it stops.
    for instant in (now, now + WEEK, now + 2 * WEEK):
        sweep(instant)
    assert names() == everything
    assert Marks(store()).names() == set()


def test_a_dump_restored_beside_loses_nothing_of_the_newer_rows(
    app: Flask, other: Flask, make: Make
) -> None:
    """The same id and older rows: it marks what it does not know, the newer one takes the marks off."""
    newer = reports(make, 3)
    abandoned = make.photo().name
    claimed()
    start = after_all()
    for day in range(20):
        with at(other):
            assert opening.why_not(now=start) == ""
            sweep(start + timedelta(days=day))
            assert Marks(store()).names() >= newer
        sweep(start + timedelta(days=day, hours=1))
        assert Marks(store()).names() <= {abandoned}
    assert names() == newer


def test_what_nobody_claimed_for_all_its_days_goes(app: Flask, make: Make) -> None:
    kept = reports(make, 1)
    abandoned = make.photo().name
    claimed()
    now = after_all()
    assert sweep(now) == 1
    assert sweep(now + WEEK - timedelta(minutes=1)) == 0
    assert names() == kept | {abandoned}
    assert sweep(now + WEEK) == 1
    assert names() == kept


def test_a_marked_photo_is_kept_by_the_restore_command(app: Flask, make: Make) -> None:
    reports(make, 1)
    abandoned = make.photo().name
    claimed()
    now = after_all()
    sweep(now)
    listed = command(app, "media", "restore").output
    assert listed == f"{abandoned} {now.replace(microsecond=0).isoformat()}\n"
    said = command(app, "media", "restore", abandoned)
    assert "Photos kept: 1." in said.output
    assert "已保留照片 1 张" in said.output
    sweep(now + WEEK)
    assert abandoned in names()
    assert command(app, "media", "restore", "--all").exit_code == 0
    assert Marks(store()).names() == set()
    audited = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert audited.count("photos-restored") == 2


def test_the_brake_tells_the_administrators_once_in_both_languages(
    app: Flask, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    admin = make.administrator()
    kept = reports(make, 1)
    claimed()
    unknown = stored(21)
    now = after_all()

    def told() -> list[Message]:
        db.session.rollback()
        return list(
            db.session.scalars(select(Message).where(Message.kind == "photo_sweep_stopped"))
        )

    with caplog.at_level(logging.ERROR, "grid_report"):
        for hour in range(3):
            assert sweep(now + timedelta(hours=hour)) == 0
    assert [message.facts for message in told()] == [{"unknown": 21, "looked_at": 22}]
    line = caplog.records[0].getMessage()
    assert "照片清理已停止：22 张照片中有 21 张" in line
    assert "21 of 22 photos have no row" in line
    assert names() == kept | unknown
    # It is over when somebody has looked; the next time is told of again.
    assert (
        upkeep_usecases.sweep(
            store(), wiring().photo_names_in_use, care(), now=now, past_brake=True
        ).marked
        == 21
    )
    assert upkeep_queries.is_braked()
    store().delete(sorted(unknown)[0])
    sweep(now)
    assert not upkeep_queries.is_braked()
    stored(1, first=500)
    sweep(after_all())
    assert len(told()) == 2
    BY_NAME["deliver-messages"].run(JobContext(wiring().settings, lambda: now, lambda: True))
    for language, sentence in (
        ("zh-CN", "照片清理已停止"),
        ("en", "Clearing away photos has stopped"),
    ):
        page = make.signed_in(admin).get("/inbox", headers={"Accept-Language": language})
        assert page.status_code == 200
        assert sentence in page.text or language == "en"


def test_two_sweeps_at_once_tell_the_administrators_once(
    app: Flask, make: Make, in_parallel: InParallel
) -> None:
    claimed(datetime(2026, 11, 23, tzinfo=UTC))
    stored(21)
    now = after_all()
    assert in_parallel(lambda _: sweep(now), 3) == [0, 0, 0]
    db.session.rollback()
    told = select(Message).where(Message.kind == "photo_sweep_stopped")
    assert len(list(db.session.scalars(told))) == 1


def test_a_store_without_a_mark_is_claimed_when_its_photos_are_known(
    app: Flask, make: Make
) -> None:
    know(make, stored(26))
    stored(3, first=100)
    now = after_all()
    assert opening.why_not(now=now) == ""
    owner = owning.find_owner(store())
    assert owner is not None
    assert owner.installation == upkeep_queries.installation_key()


def test_a_store_without_a_mark_is_refused_when_its_photos_are_not_known(
    app: Flask, make: Make
) -> None:
    know(make, stored(25))
    stored(3, first=100)
    now = after_all()
    said = opening.why_not(now=now)
    assert "does not know 3 of the 29 photos" in said
    assert "看过的 29 张照片中有 3 张不在本数据库里" in said
    assert "grid-report media adopt" in said
    with pytest.raises(StoreUnclaimed):
        sweep(now)
    assert owning.find_owner(store()) is None


def test_an_empty_store_is_claimed_at_the_first_start_and_by_one(
    app: Flask, stranger: Flask
) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert opening.why_not(now=now) == ""
    with at(stranger):
        said = opening.why_not(now=now)
    assert "belongs to another installation" in said
    assert "属于另一套系统" in said
    assert OTHER[:12] in said
    assert "grid-report media adopt" in said


def test_a_store_taken_over_on_purpose_is_audited_and_refuses_the_one_before(
    app: Flask, stranger: Flask, make: Make
) -> None:
    reports(make, 1)
    claimed()
    now, mine = after_all(), upkeep_queries.installation_key()
    with at(stranger):
        asked = command(stranger, "media", "adopt", typed="n\n")
        assert asked.exit_code == 1
        assert mine[:12] in asked.output
        with pytest.raises(StoreOfAnother):
            sweep(now)
        done = command(stranger, "media", "adopt", "--yes")
        assert (done.exit_code, "belongs to this installation now" in done.output) == (0, True)
        entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.about, entry.details) == (
            "photo-store-adopted",
            OTHER,
            {"before": mine},
        )
        assert opening.why_not(now=now) == ""
        sweep(now)
    with pytest.raises(StoreOfAnother):
        sweep(now)
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["checks"]["photo_store"]) == (503, "failed")


def test_commands_and_scheduler_refuse_a_store_of_another(app: Flask, stranger: Flask) -> None:
    opening.why_not(now=datetime(2026, 11, 23, tzinfo=UTC))
    with at(stranger):
        for words in (["scheduler"], ["media", "sweep"], ["media", "restore", "--all"],
                      ["demo", "load", "--reports", "0"]):  # fmt: skip
            refused = command(stranger, *words)
            assert refused.exit_code == 1, words
            assert "belongs to another installation" in refused.output
            assert "属于另一套系统" in refused.output


def test_a_database_or_store_that_is_away_does_not_keep_the_site_from_starting(
    app: Flask, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    kept = store()
    assert isinstance(kept, LocalStore)
    root = Path(str(kept.root))
    root.parent.mkdir(parents=True, exist_ok=True)
    root.write_text("no folder")
    assert opening.why_not(now=now) == ""
    root.unlink()
    db.session.execute(text("DROP TABLE installations"))
    db.session.commit()
    assert opening.why_not(now=now) == ""


def test_the_mark_says_whose_and_nothing_else(app: Flask) -> None:
    opening.why_not(now=datetime(2026, 11, 23, tzinfo=UTC))
    content = store().read_note("owner")
    assert content is not None
    assert json.loads(content) == {
        "installation": upkeep_queries.installation_key(),
        "since": "2026-11-23T00:00:00+00:00",
    }
