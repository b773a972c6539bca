"""Photos without a row are marked first and go days later; a sweep may be cut short at any point."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

from grid_report import clock
from grid_report.media.store import owner
from grid_report.media.store.local import LocalStore
from grid_report.media.store.marks import Marks
from grid_report.media.store.owner import StoreOfAnother, StoreUnclaimed
from grid_report.media.store.stores import Size, Store
from grid_report.media.upkeep.sweep import Care, Referenced, Swept, sweep_orphans
from tests.media.conftest import files_under
from tests.media.test_stores import ONE, THREE, TWO, any_store, pair, s3_endpoint, s3_url

__all__ = ["any_store", "s3_endpoint", "s3_url"]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
CARE = Care(timedelta(hours=2), WEEK, brake_share=0.01, brake_floor=20)
OURS, OTHERS = "a" * 32, "b" * 32


P = ParamSpec("P")
T = TypeVar("T")


@pytest.fixture
def store(store: LocalStore) -> LocalStore:
    """The store of all tests here, owned by us."""
    owner.claim(store, OURS, now=NOW)
    return store


def put(store: LocalStore, name: str, *, hours_old: float) -> None:
    store.put([pair(store, name)])
    for size in Size:
        aged(store.root / name[:2] / f"{name}-{size}.jpg", hours_old)


def aged(path: Path, hours_old: float) -> None:
    at = clock.by_machine(NOW - timedelta(hours=hours_old)).timestamp()
    os.utime(path, (at, at))


def rows(*names: str) -> Referenced:
    return lambda asked: set(names) & set(asked)


def sweep(store: Store, known: Referenced, now: datetime = NOW, **more: Any) -> Swept:
    return sweep_orphans(store, known, CARE, now, **{"installation": OURS, **more})


def there(store: Store, *names: str) -> list[bool]:
    return [store.exists(name) for name in names]


def photos_under(store: LocalStore) -> list[str]:
    return [path.name for path in files_under(store.root) if path.suffix == ".jpg"]


def test_only_old_files_without_a_row_are_marked_and_go_after_their_days(store: LocalStore) -> None:
    put(store, ONE, hours_old=3)
    put(store, TWO, hours_old=3)
    put(store, THREE, hours_old=1)
    assert sweep(store, rows(TWO)) == Swept(looked_at=2, unknown=1, marked=1)
    assert Marks(store).names() == {ONE}
    known = rows(TWO, THREE)
    assert sweep(store, known, NOW + WEEK - timedelta(minutes=1)).photos_removed == 0
    assert there(store, ONE, TWO, THREE) == [True, True, True]
    assert sweep(store, known, NOW + WEEK).photos_removed == 1
    assert there(store, ONE, TWO, THREE) == [False, True, True]
    assert len(photos_under(store)) == 4
    assert Marks(store).names() == set()


def test_both_steps_are_the_same_in_every_store(any_store: Store) -> None:
    store = any_store
    owner.claim(store, OURS, now=NOW)
    store.put([pair(store, ONE), pair(store, TWO)])
    stored = [file.modified_at for file in store.list_before(datetime(9000, 1, 1, tzinfo=UTC))]
    now = max(stored) + timedelta(hours=3)
    assert sweep(store, rows(TWO), now) == Swept(looked_at=2, unknown=1, marked=1)
    assert Marks(store).since(ONE) == now.replace(microsecond=0)
    assert sweep(store, rows(TWO), now + WEEK / 2).marked == 0
    assert there(store, ONE, TWO) == [True, True]
    assert sweep(store, rows(TWO), now + WEEK).photos_removed == 1
    assert there(store, ONE, TWO) == [False, True]
    assert sweep(store, rows(TWO), now + WEEK) == Swept(looked_at=1)


def test_whoever_knows_a_marked_photo_takes_the_mark_off_and_its_days_begin_anew(
    store: LocalStore,
) -> None:
    put(store, ONE, hours_old=3)
    sweep(store, rows())
    assert sweep(store, rows(ONE), NOW + WEEK).marks_taken_off == 1
    assert sweep(store, rows(), NOW + WEEK + timedelta(hours=1)).marked == 1
    assert sweep(store, rows(), NOW + 2 * WEEK).photos_removed == 0
    assert store.exists(ONE)


def test_a_claim_while_photos_are_being_deleted_saves_it(store: LocalStore) -> None:
    """The other installation takes the mark off, or commits the row, after the first look."""
    put(store, ONE, hours_old=3)
    put(store, TWO, hours_old=3)
    sweep(store, rows())
    looks = 0

    def referenced(names: Collection[str]) -> set[str]:
        nonlocal looks
        looks += 1
        if looks == 1:
            Marks(store).take_off(ONE)
            return set()
        return {TWO}

    assert sweep(store, referenced, NOW + WEEK).photos_removed == 0
    assert there(store, ONE, TWO) == [True, True]


def test_a_mark_put_anew_while_photos_are_being_deleted_gives_it_all_its_days(
    store: LocalStore,
) -> None:
    """The other installation lost its row just now: its days begin, whatever ours say."""
    put(store, ONE, hours_old=3)
    sweep(store, rows())
    looks = 0

    def referenced(names: Collection[str]) -> set[str]:
        nonlocal looks
        looks += 1
        if looks == 1:
            Marks(store).put(ONE, now=NOW + WEEK)
        return set()

    assert sweep(store, referenced, NOW + WEEK).photos_removed == 0
    assert store.exists(ONE)
    assert sweep(store, rows(), NOW + 2 * WEEK).photos_removed == 1


def test_a_photo_sent_again_after_its_mark_gets_all_its_days(store: LocalStore) -> None:
    put(store, ONE, hours_old=3)
    sweep(store, rows())
    put(store, ONE, hours_old=-24 * 6.9)  # stored again on the last day, and left without a row
    swept = sweep(store, rows(), NOW + WEEK)
    assert (swept.photos_removed, swept.marked) == (0, 1)
    assert sweep(store, rows(), NOW + 2 * WEEK).photos_removed == 1


def test_a_second_sweep_finds_nothing_to_do(store: LocalStore) -> None:
    put(store, ONE, hours_old=3)
    assert sweep(store, rows()).done == 1
    assert sweep(store, rows()).done == 0
    assert sweep(store, rows(), NOW + WEEK).done == 1
    assert sweep(store, rows(), NOW + WEEK) == Swept()


def test_an_empty_store_is_swept_too(store: LocalStore) -> None:
    assert sweep(store, rows()) == Swept()


def test_names_are_asked_for_in_batches_each_once(store: LocalStore) -> None:
    asked: list[str] = []

    def referenced(names: Collection[str]) -> set[str]:
        assert len(names) <= 3
        asked.extend(names)
        return set()

    for at in range(7):
        put(store, f"{at:064x}", hours_old=3)
    assert sweep(store, referenced, batch=3).marked == 7
    assert sorted(asked) == [f"{at:064x}" for at in range(7)]
    assert sweep(store, referenced, NOW + WEEK, batch=3).photos_removed == 7
    assert photos_under(store) == []


def test_half_a_photo_goes_too(store: LocalStore) -> None:
    put(store, ONE, hours_old=3)
    (store.root / ONE[:2] / f"{ONE}-main.jpg").unlink()
    sweep(store, rows())
    assert sweep(store, rows(), NOW + WEEK).photos_removed == 1
    assert photos_under(store) == []


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("cut", range(9))
def test_a_sweep_that_is_cut_short_is_finished_by_the_next(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    """Killed before any of its questions, marks and deletions, and run again."""
    for name in (ONE, TWO, THREE):
        put(store, name, hours_old=3)
    left = cut

    def or_killed(function: Callable[P, T]) -> Callable[P, T]:
        def run(*args: P.args, **more: P.kwargs) -> T:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return function(*args, **more)

        return run

    known = rows(TWO)
    for now in (NOW, NOW + WEEK):
        with monkeypatch.context() as patch:
            for name in ("write_note", "drop_note", "delete"):
                patch.setattr(store, name, or_killed(getattr(store, name)))
            with contextlib.suppress(Killed):
                while True:
                    sweep(store, or_killed(known), now, batch=1)
        assert store.exists(TWO)
        left = cut
        if now == NOW:
            sweep(store, known, now)
            assert there(store, ONE, TWO, THREE) == [True, True, True]
    sweep(store, known, NOW + WEEK)
    assert there(store, ONE, TWO, THREE) == [False, True, False]
    sweep(store, known, NOW + WEEK)
    assert Marks(store).names() == set()


def test_sweeps_at_the_same_time_delete_what_is_due_and_lose_nothing(store: LocalStore) -> None:
    known = [f"{at:064x}" for at in range(12)]
    unknown = [f"{at:064x}" for at in range(100, 108)]
    for name in (*known, *unknown):
        put(store, name, hours_old=8 * 7 * 24)
    # Were this ahead of the machine, what another one is just writing would be left-overs to clear.
    for now in (NOW - 5 * WEEK, NOW - 4 * WEEK):
        done: list[Swept] = []
        threads = [
            threading.Thread(target=lambda: done.append(sweep(store, rows(*known), now, batch=3)))  # noqa: B023
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 4
        assert all(there(store, *known))
    # Two that took one half of a photo each both count it.
    assert sum(swept.photos_removed for swept in done) >= 8
    assert not any(there(store, *unknown))
    sweep(store, rows(*known), NOW - 4 * WEEK)
    assert Marks(store).names() == set()


def test_a_photo_sent_again_while_it_is_deleted_stays(store: LocalStore) -> None:
    put(store, ONE, hours_old=3)
    sweep(store, rows())

    def referenced(names: Collection[str]) -> set[str]:
        put(store, ONE, hours_old=-7 * 24)  # its row is not committed yet
        return set()

    assert sweep(store, referenced, NOW + WEEK).photos_removed == 0
    assert store.exists(ONE)


def filled(store: LocalStore, count: int) -> list[str]:
    names = [f"{at:064x}" for at in range(count)]
    for name in names:
        put(store, name, hours_old=3)
    return names


def test_more_than_the_floor_and_the_share_unknown_stops_the_sweep(store: LocalStore) -> None:
    names = filled(store, 40)
    swept = sweep(store, rows(*names[:19]))
    assert swept == Swept(looked_at=40, unknown=21, is_stopped=True)
    assert Marks(store).names() == set()
    assert sweep(store, rows(*names[:20])).marked == 20


def test_the_share_counts_where_it_is_more_than_the_floor(store: LocalStore) -> None:
    names = filled(store, 40)
    care = replace(CARE, brake_share=0.5, brake_floor=1)
    assert sweep_orphans(store, rows(*names[:19]), care, NOW, installation=OURS).is_stopped
    assert not sweep_orphans(store, rows(*names[:20]), care, NOW, installation=OURS).is_stopped


def test_the_brake_stops_the_deleting_too_but_never_taking_marks_off(store: LocalStore) -> None:
    names = filled(store, 40)
    sweep(store, rows(*names[20:]))
    assert len(Marks(store).names()) == 20
    swept = sweep(store, rows(*names[:10]), NOW + WEEK)
    assert (swept.is_stopped, swept.marks_taken_off, swept.photos_removed) == (True, 10, 0)
    assert all(there(store, *names))


def test_past_the_brake_only_because_somebody_says_so_and_in_two_steps_all_the_same(
    store: LocalStore,
) -> None:
    names = filled(store, 40)
    swept = sweep(store, rows(*names[:10]), past_brake=True)
    assert (swept.marked, swept.photos_removed) == (30, 0)
    assert all(there(store, *names))


def test_a_store_of_another_installation_is_not_touched(store: LocalStore) -> None:
    put(store, ONE, hours_old=3)
    before = files_under(store.root)
    with pytest.raises(StoreOfAnother):
        sweep(store, rows(), installation=OTHERS)
    store.drop_note("owner")
    with pytest.raises(StoreUnclaimed):
        sweep(store, rows())
    assert [path for path in before if path.name != "owner"] == files_under(store.root)


def test_of_two_that_claim_a_store_at_once_one_gets_it(any_store: Store) -> None:
    owners: list[str] = []

    def claim(key: str) -> None:
        owners.append(owner.claim(any_store, key, now=NOW).installation)

    threads = [threading.Thread(target=claim, args=(key * 32,)) for key in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = owner.find_owner(any_store)
    assert found is not None
    assert owners == [found.installation] * 4


def test_a_mark_nobody_can_read_belongs_to_nobody(store: LocalStore) -> None:
    store.write_note("owner", b"\xff{")
    with pytest.raises(StoreOfAnother):
        sweep(store, rows())
    owner.take_over(store, OURS, now=NOW)
    assert sweep(store, rows()) == Swept()


def test_leftovers_of_killed_uploads_go_when_they_are_old(store: LocalStore) -> None:
    old, young = store.staging() / "in-old", store.staging() / "in-young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "0.sent").write_bytes(b"half a photo")
    aged(old, 3)
    aged(young, 1)
    stray = store.staging() / "gone-abc"
    stray.write_bytes(b"")
    aged(stray, 3)
    assert sweep(store, rows()).leftovers_removed == 2
    assert [path.name for path in files_under(store.staging())] == ["0.sent"]
    assert young.exists()


def test_a_link_among_the_leftovers_is_removed_not_followed(
    store: LocalStore, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_bytes(b"kept")
    link = store.staging() / "in-link"
    link.symlink_to(elsewhere)
    old = clock.by_machine(NOW - timedelta(hours=3)).timestamp()
    os.utime(link, (old, old), follow_symlinks=False)
    sweep(store, rows())
    assert not link.is_symlink()
    assert (elsewhere / "kept").exists()


def test_files_that_are_no_photos_are_left_alone(store: LocalStore) -> None:
    store.check()
    others = [store.root / "README", store.root / "ab" / "notes.txt", store.root / "abc" / "x"]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
        aged(path, 999)
    sweep(store, rows())
    assert all(path.exists() for path in others)
