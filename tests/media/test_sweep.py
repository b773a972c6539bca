"""Files without a row go, but only old ones, and a sweep may be cut short at any point."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest

from grid_report import clock
from grid_report.media.local_store import LocalStore
from grid_report.media.stores import Size
from grid_report.media.sweep import Swept, sweep_orphans
from tests.media.conftest import files_under
from tests.media.test_stores import ONE, THREE, TWO, pair

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TWO_HOURS = timedelta(hours=2)


def put(store: LocalStore, name: str, *, hours_old: float) -> None:
    store.put([pair(store, name)])
    for size in Size:
        aged(store.root / name[:2] / f"{name}-{size}.jpg", hours_old)


def aged(path, hours_old: float) -> None:
    at = clock.by_machine(NOW - timedelta(hours=hours_old)).timestamp()
    os.utime(path, (at, at))


def rows(*names: str):
    return lambda asked: set(names) & set(asked)


def test_only_old_files_without_a_row_go(store):
    put(store, ONE, hours_old=3)
    put(store, TWO, hours_old=3)
    put(store, THREE, hours_old=1)
    assert sweep_orphans(store, rows(TWO), TWO_HOURS, NOW).photos_removed == 1
    assert [store.exists(name) for name in (ONE, TWO, THREE)] == [False, True, True]
    assert len(files_under(store.root)) == 4


def test_a_second_sweep_finds_nothing_to_do(store):
    put(store, ONE, hours_old=3)
    sweep_orphans(store, rows(), TWO_HOURS, NOW)
    assert sweep_orphans(store, rows(), TWO_HOURS, NOW) == Swept()


def test_an_empty_or_absent_store_is_swept_too(store):
    assert sweep_orphans(store, rows(), TWO_HOURS, NOW) == Swept()


def test_names_are_asked_for_in_batches(store):
    asked: list[int] = []

    def referenced(names: Collection[str]) -> set[str]:
        asked.append(len(names))
        return set()

    for at in range(7):
        put(store, f"{at:064x}", hours_old=3)
    swept = sweep_orphans(store, referenced, TWO_HOURS, NOW, batch=3)
    assert swept.photos_removed == 7
    assert max(asked) <= 3
    assert files_under(store.root) == []


def test_half_a_photo_goes_too(store):
    put(store, ONE, hours_old=3)
    (store.root / ONE[:2] / f"{ONE}-main.jpg").unlink()
    assert sweep_orphans(store, rows(), TWO_HOURS, NOW).photos_removed == 1
    assert files_under(store.root) == []


def test_a_sweep_that_is_cut_short_is_finished_by_the_next(store):
    for name in (ONE, TWO, THREE):
        put(store, name, hours_old=3)

    class Killed(BaseException):
        pass

    calls = 0

    def referenced(names: Collection[str]) -> set[str]:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Killed
        return {TWO} & set(names)

    with pytest.raises(Killed):
        sweep_orphans(store, referenced, TWO_HOURS, NOW, batch=1)
    sweep_orphans(store, rows(TWO), TWO_HOURS, NOW)
    assert [store.exists(name) for name in (ONE, TWO, THREE)] == [False, True, False]


def test_a_photo_sent_again_while_it_is_swept_stays(store):
    put(store, ONE, hours_old=3)

    def referenced(names: Collection[str]) -> set[str]:
        put(store, ONE, hours_old=0)  # its row is not committed yet
        return set()

    assert sweep_orphans(store, referenced, TWO_HOURS, NOW).photos_removed == 0
    assert store.exists(ONE)


def test_leftovers_of_killed_uploads_go_when_they_are_old(store):
    old, young = store.staging() / "in-old", store.staging() / "in-young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "0.sent").write_bytes(b"half a photo")
    aged(old, 3)
    aged(young, 1)
    stray = store.staging() / "gone-abc"
    stray.write_bytes(b"")
    aged(stray, 3)
    assert sweep_orphans(store, rows(), TWO_HOURS, NOW).leftovers_removed == 2
    assert [path.name for path in files_under(store.root)] == ["0.sent"]
    assert young.exists()


def test_a_link_among_the_leftovers_is_removed_not_followed(store, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_bytes(b"kept")
    link = store.staging() / "in-link"
    link.symlink_to(elsewhere)
    old = clock.by_machine(NOW - timedelta(hours=3)).timestamp()
    os.utime(link, (old, old), follow_symlinks=False)
    sweep_orphans(store, rows(), TWO_HOURS, NOW)
    assert not link.is_symlink()
    assert (elsewhere / "kept").exists()


def test_files_that_are_no_photos_are_left_alone(store):
    store.check()
    others = [store.root / "README", store.root / "ab" / "notes.txt", store.root / "abc" / "x"]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
        aged(path, 999)
    sweep_orphans(store, rows(), TWO_HOURS, NOW)
    assert all(path.exists() for path in others)
