"""Clear away photos that no row knows: what a crash between store and commit leaves behind.

In two steps, because a row may be missing only here: a dump restored beside shares the store with
the installation it was taken from. First such a photo is marked, in the store. Whoever knows it
takes the mark off at the next sweep; only what nobody claimed for days is deleted. When too much is
unknown, something else is wrong and nothing is marked or deleted at all.

Safe to run twice at once, to kill at any moment and to run again.
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
from grid_report.media.store import owner
from grid_report.media.store.marks import Marks
from grid_report.media.store.stores import Size, Store, Stored

BATCH = 500

Referenced = Callable[[Collection[str]], Collection[str]]


@dataclass(frozen=True)
class Care:
    """How careful a sweep is."""

    # A photo younger than this may still get its row.
    older_than: timedelta
    # How long a photo stays after it was marked.
    keep_for: timedelta
    # The brake: no more than this share of the photos may be unknown …
    brake_share: float
    # … or this many, whichever is more: a share of a small store is nothing.
    brake_floor: int


@dataclass(frozen=True)
class Swept:
    """What a sweep did, counted in photos."""

    looked_at: int = 0
    unknown: int = 0
    marked: int = 0
    marks_taken_off: int = 0
    photos_removed: int = 0
    leftovers_removed: int = 0
    # Too many were unknown: nothing was marked, nothing deleted.
    is_stopped: bool = False

    @property
    def done(self) -> int:
        """How much was changed."""
        return self.marked + self.marks_taken_off + self.photos_removed + self.leftovers_removed


def sweep_orphans(
    store: Store,
    referenced: Referenced,
    care: Care,
    now: datetime,
    *,
    installation: str,
    past_brake: bool = False,
    batch: int = BATCH,
) -> Swept:
    """Mark photos no row names, delete those marked long ago, clear stale files on their way in.

    `referenced` gets up to `batch` names and returns those that have a row. It must see every
    commit made before the call. `past_brake`: a person has looked, and means it.
    Raises StoreRefused, PhotoStoreUnavailable.
    """
    owner.expect(store, installation)
    before = now - care.older_than
    marks = Marks(store)
    unmet = marks.names()
    unknown: dict[str, datetime] = {}
    looked_at = taken_off = 0
    for some in _batches(_newest(store.list_before(before)), batch):
        known = set(referenced(list(some)))
        looked_at += len(some)
        unmet.difference_update(some)
        taken_off += sum(marks.take_off(name) for name in some if name in known)
        unknown.update((name, at) for name, at in some.items() if name not in known)
    cleared = _clear_staging(store.staging(), before)
    for name in unmet:
        if not is_there(store, name):  # a sweep was killed between the photo and its mark
            marks.take_off(name)
    if len(unknown) > max(care.brake_floor, care.brake_share * looked_at) and not past_brake:
        return Swept(
            looked_at,
            len(unknown),
            marks_taken_off=taken_off,
            leftovers_removed=cleared,
            is_stopped=True,
        )
    due = set()
    marked = 0
    for name, stored_at in unknown.items():
        since = marks.since(name)
        if since is None or since <= stored_at:  # stored again since: its days begin anew
            marks.put(name, now=now)
            marked += 1
        elif since <= now - care.keep_for:
            due.add(name)
    removed = _remove(store, due, referenced, care=care, now=now, batch=batch)
    return Swept(looked_at, len(unknown), marked, taken_off, removed, cleared)


def _remove(
    store: Store,
    due: Collection[str],
    referenced: Referenced,
    *,
    care: Care,
    now: datetime,
    batch: int,
) -> int:
    """Delete photos whose days are over, unless a row or a mark changed while others were looked at."""
    removed = 0
    if not due:
        return 0
    # Looked at anew: another installation may have taken marks off meanwhile, or put them anew.
    marks = Marks(store)
    for names in _batches(((name, now) for name in sorted(due)), batch):
        known = set(referenced(list(names)))
        for name in names:
            since = marks.since(name)
            if name in known or since is None or since > now - care.keep_for:
                continue
            # The photo first: a mark without a photo is harmless, a photo without one waits anew.
            if store.delete(name, if_before=now - care.older_than):
                removed += 1
                marks.take_off(name)
    return removed


def _newest(files: Iterable[Stored]) -> Iterator[tuple[str, datetime]]:
    last: Stored | None = None
    for stored in files:
        if last is not None and last.name != stored.name:
            yield last.name, last.modified_at
        if last is None or last.name != stored.name or stored.modified_at > last.modified_at:
            last = stored
    if last is not None:
        yield last.name, last.modified_at


def _batches(names: Iterable[tuple[str, datetime]], size: int) -> Iterator[dict[str, datetime]]:
    names = iter(names)
    while some := dict(islice(names, size)):
        yield some


def is_there(store: Store, name: str) -> bool:
    """Say whether anything of a photo is there, were it half of it."""
    if store.exists(name):
        return True
    with contextlib.suppress(NotFound), store.open(name, Size.THUMB):
        return True
    return False


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
