"""Marks on photos that no row knows: since when. They lie in the store, beside the photos, so that
every installation with the same id sees them and takes them off what it knows.

A mark is an empty note whose name says all: listing them is one question.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from grid_report.media.store.stores import Store, checked

FOLDER: Final = "unknown"
_WRITTEN = "%Y%m%dT%H%M%SZ"


class Marks:
    """The marks of a store, as they were when this was made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of: dict[str, dict[str, datetime]] = {}
        for text in store.list_notes(FOLDER):
            name, _, written = text.partition(".")
            try:
                at = datetime.strptime(written, _WRITTEN).replace(tzinfo=UTC)
            except ValueError:
                continue
            self._of.setdefault(name, {})[text] = at

    def names(self) -> set[str]:
        """Return which photos are marked."""
        return set(self._of)

    def since(self, name: str) -> datetime | None:
        """Return since when a photo is unknown; of several marks on it the newest counts."""
        return max(self._of.get(name, {}).values(), default=None)

    def put(self, name: str, *, now: datetime) -> None:
        """Mark a photo as unknown since this instant; older marks on it go."""
        before = self._of.pop(name, {})
        text = f"{checked(name)}.{now.astimezone(UTC).strftime(_WRITTEN)}"
        self._store.write_note(f"{FOLDER}/{text}", b"")
        self._of[name] = {text: now}
        self._drop(set(before) - {text})

    def take_off(self, name: str) -> bool:
        """Take every mark off a photo; say whether there was one."""
        found = self._of.pop(name, {})
        self._drop(set(found))
        return bool(found)

    def _drop(self, texts: set[str]) -> None:
        for text in texts:
            self._store.drop_note(f"{FOLDER}/{text}")
