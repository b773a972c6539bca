"""Compare rows, files and digests: what is missing, what is damaged, what nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from grid_report.errors import NotFound
from grid_report.media.store.marks import Marks
from grid_report.media.store.stores import Size, Store
from grid_report.media.store.verification import is_whole
from grid_report.media.upkeep.sweep import Care, Referenced

AT_ONCE = 500

ListFiles = Callable[[str, int], list[tuple[str, int | None]]]


@dataclass
class Findings:
    """What a check found so far. Photos, and of missing and damaged ones files."""

    known: int = 0
    missing: int = 0
    damaged: int = 0
    unknown: int = 0
    marked: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether every row has its files, whole, and every old file its row or its mark."""
        return not (self.missing or self.damaged or self.unknown)


def check_store(
    store: Store,
    list_files: ListFiles,
    referenced: Referenced,
    care: Care,
    *,
    now: datetime,
    tell: Callable[[str], None],
    progress: Callable[[int], None],
) -> Findings:
    """Read every file there should be, then list every file there is. Changes nothing.

    `tell` gets a line for each thing that is wrong. Raises PhotoStoreUnavailable.
    """
    found = Findings()
    after = ""
    while rows := list_files(after, AT_ONCE):
        after = rows[-1][0]
        for name, byte_count in rows:
            found.known += 1
            wrong = list(_wrong(store, name, byte_count))
            # A row that went meanwhile took its files with it.
            if wrong and name in set(referenced([name])):
                for what, size in wrong:
                    tell(f"{what} {name} {size.value}")
                    found.missing += what == "missing"
                    found.damaged += what == "damaged"
        progress(found.known)
    marks = Marks(store)
    names = _names(store, now - care.older_than)
    while some := list(islice(names, AT_ONCE)):
        for name in sorted(set(some) - set(referenced(some))):
            if marks.since(name) is None:
                found.unknown += 1
                tell(f"unknown {name}")
            else:
                found.marked += 1
    return found


def _wrong(store: Store, name: str, byte_count: int | None) -> Iterator[tuple[str, Size]]:
    for size in Size:
        try:
            with store.open(name, size) as file:
                if not is_whole(file, name, size, byte_count=byte_count, thorough=True):
                    yield "damaged", size
        except NotFound:
            yield "missing", size


def _names(store: Store, before: datetime) -> Iterator[str]:
    last = ""
    for stored in store.list_before(before):
        if stored.name != last:
            last = stored.name
            yield last
