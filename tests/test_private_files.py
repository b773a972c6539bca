"""What lies on the disk is the service's own: nobody else on the machine reads it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from grid_report import connections
from grid_report.application import build
from grid_report.db import db
from grid_report.media.store.local import LocalStore
from grid_report.media.store.stores import Size
from grid_report.schema import upgrade
from grid_report.settings import load
from tests.support.builders import Make


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"


def test_a_new_database_and_its_folder_are_0600_and_0700(tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = load({"GRID_REPORT_ENV": "testing"}, {"storage": {"data": str(data)}})
    app = build(settings)
    with app.app_context():
        upgrade(db.engine)
        with db.engine.connect():
            kept = {path.name: mode(path) for path in data.iterdir() if path.is_file()}
        db.engine.dispose()
    app.extensions["grid_report"].media.close()
    assert mode(data) == "0700"
    assert kept["grid_report.sqlite"] == "0600"
    assert set(kept.values()) == {"0600"}, kept


def test_a_database_everybody_could_read_is_closed_to_them_at_the_next_start(
    tmp_path: Path,
) -> None:
    file = tmp_path / "old.sqlite"
    for name in ("old.sqlite", "old.sqlite-wal", "old.sqlite-shm"):
        (tmp_path / name).touch(mode=0o644)
    connections.keep_private(file)
    assert {mode(path) for path in tmp_path.iterdir()} == {"0600"}
    connections.keep_private(tmp_path / "none.sqlite")


@pytest.mark.database
def test_photos_and_their_folders_are_the_services_own(make: Make) -> None:
    photo = make.photo()
    make.report(photos=(photo,))
    store = make.app.extensions["grid_report"].media.store
    assert isinstance(store, LocalStore)
    with store.open(photo.name, Size.MAIN) as file:
        path = Path(file.name)
    assert (mode(path), mode(path.parent), mode(store.root)) == ("0600", "0700", "0700")
