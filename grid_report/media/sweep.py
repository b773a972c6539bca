"""Clear away files that no row knows: what a crash between store and commit leaves behind.

Safe to run twice at once, to kill at any moment and to run again: it only removes what is old and
still unreferenced when looked at.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from grid_report import clock
from grid_report.errors import NotFound
from grid_report.media.stores import Store

BATCH = 500


@dataclass(frozen=True)
class Swept:
    """What a sweep did."""

    looked_at: int = 0
    photos_removed: int = 0
    leftovers_removed: int = 0


def sweep_orphans(
    store: Store,
    referenced: Callable[[Collection[str]], Collection[str]],
    older_than: timedelta,
    now: datetime,
    *,
    batch: int = BATCH,
) -> Swept:
    """Remove photos older than that which no row names, and stale files on their way in.

    `referenced` gets up to `batch` names and returns those that have a row. It must see every
    commit made before the call. Raises PhotoStoreUnavailable.
    """
    before = now - older_than
    looked_at = removed = 0
    for names in _batches(_names(store, before), batch):
        known = set(referenced(names))
        looked_at += len(names)
        removed += sum(store.delete(name, if_before=before) for name in names if name not in known)
    return Swept(looked_at, removed, _clear_staging(store.staging(), before))


def _names(store: Store, before: datetime) -> Iterator[str]:
    # Both files of a photo lie side by side in every store's listing or nearly so; a name that
    # comes twice is asked twice, which is harmless.
    last = ""
    for stored in store.list_before(before):
        if stored.name != last:
            yield stored.name
        last = stored.name


def _batches(names: Iterable[str], size: int) -> Iterator[list[str]]:
    names = iter(names)
    while some := list(dict.fromkeys(islice(names, size))):
        yield some


def _clear_staging(folder: Path, before: datetime) -> int:
    removed = 0
    by_machine = clock.by_machine(before).timestamp()
    with contextlib.suppress(NotFound):
        for left in sorted(folder.iterdir()):
            with contextlib.suppress(OSError):  # just finished, or cleared by another sweep
                if left.lstat().st_mtime >= by_machine:
                    continue
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink()
                removed += 1
    return removed
