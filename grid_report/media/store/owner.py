"""Whose a photo store is: a mark in it names the one installation that may sweep it.

The id is kept in the installation's database, so it is copied with it: a restored dump is the same
installation, and what is deleted for good waits long enough for both (`marks.py`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from grid_report.media.store.stores import Store

_NOTE = "owner"


@dataclass(frozen=True)
class Owner:
    """What the mark says: the installation's id, and since when."""

    installation: str
    since: str


class StoreRefused(Exception):
    """This installation may not use the photo store. `code` and `facts` make the sentence."""

    code = "store_refused"

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code, facts)
        self.facts = facts


class StoreOfAnother(StoreRefused):
    """The mark names another installation. Facts: owner, since, own."""

    code = "store_of_another"


class StoreUnclaimed(StoreRefused):
    """No mark, and photos this database does not know. Facts: unknown, looked_at."""

    code = "store_unclaimed"


def find_owner(store: Store) -> Owner | None:
    """Read the mark. Raises PhotoStoreUnavailable."""
    content = store.read_note(_NOTE)
    if content is None:
        return None
    try:
        said = json.loads(content)
        return Owner(str(said["installation"]), str(said["since"]))
    except (ValueError, KeyError, TypeError):
        # Whatever it is, it is not ours; `media adopt` writes it anew.
        return Owner("", "")


def claim(store: Store, installation: str, *, now: datetime) -> Owner:
    """Put the mark where there is none and return whose it is then: two may try at once."""
    ours = Owner(installation, now.isoformat())
    if store.write_note(_NOTE, json.dumps(asdict(ours)).encode(), only_new=True):
        return ours
    return find_owner(store) or ours


def take_over(store: Store, installation: str, *, now: datetime) -> None:
    """Put the mark, whatever it said before."""
    store.write_note(_NOTE, json.dumps(asdict(Owner(installation, now.isoformat()))).encode())


def expect(store: Store, installation: str) -> None:
    """Raise StoreOfAnother unless the mark names this installation, StoreUnclaimed without one."""
    owner = find_owner(store)
    if owner is None:
        raise StoreUnclaimed(unknown=0, looked_at=0)
    refuse_other(owner, installation)


def refuse_other(owner: Owner, installation: str) -> None:
    """Raise StoreOfAnother unless it is this installation's."""
    if owner.installation != installation:
        raise StoreOfAnother(
            owner=owner.installation[:12] or "?",
            since=owner.since[:10] or "?",
            own=installation[:12],
        )
