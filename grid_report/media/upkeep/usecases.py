"""Keep the photo store: whose it is, sweeping it, and what must go at once.

Nothing here happens to the store inside a transaction: a store may take seconds to answer.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import islice

from grid_report.accounts.steps import audit
from grid_report.db import db, transaction, use_case
from grid_report.media.store import owner as owning
from grid_report.media.store.marks import Marks
from grid_report.media.store.owner import StoreUnclaimed
from grid_report.media.store.stores import Store
from grid_report.media.upkeep import queries, steps
from grid_report.media.upkeep.sweep import Care, Referenced, Swept, is_there, sweep_orphans
from grid_report.settings import Settings

# How many photos of a store without a mark are looked at; a tenth of them may be unknown, and a few
# where there are few.
SAMPLE = 1000
FEW = 2
AT_ONCE = 200


def care_of(settings: Settings) -> Care:
    """Return how careful a sweep is, by the settings."""
    return Care(
        older_than=timedelta(minutes=settings.jobs.orphan_minutes),
        keep_for=timedelta(days=settings.photos.unknown_days),
        brake_share=settings.photos.brake_share,
        brake_floor=settings.photos.brake_floor,
    )


def claim(store: Store, referenced: Referenced, care: Care, *, now: datetime) -> None:
    """Make sure that the store is this installation's; one without a mark becomes it.

    That is: an empty one, and one whose photos this database knows, all but a tenth.
    Raises StoreOfAnother, StoreUnclaimed, PhotoStoreUnavailable.
    """
    own = queries.installation_key()
    owner = owning.find_owner(store)
    if owner is None:
        unknown, looked_at = count_unknown(store, referenced, care, now=now)
        if unknown > max(looked_at / 10, min(FEW, looked_at - unknown)):
            raise StoreUnclaimed(unknown=unknown, looked_at=looked_at)
        owner = owning.claim(store, own, now=now)
    owning.refuse_other(owner, own)


def refuse_other(store: Store) -> None:
    """Raise StoreOfAnother when the store is another installation's; one without a mark is not."""
    owner = owning.find_owner(store)
    if owner is not None:
        owning.refuse_other(owner, queries.installation_key())


def count_unknown(
    store: Store, referenced: Referenced, care: Care, *, now: datetime
) -> tuple[int, int]:
    """Return how many of the first thousand photos this database does not know, and of how many."""
    found = islice(store.list_before(now - care.older_than), 2 * SAMPLE)
    names = sorted({stored.name for stored in found})
    known = set(referenced(names)) if names else set()
    return len(names) - len(known), len(names)


@use_case
def _audit(action: str, about: str, now: datetime, **details: object) -> None:
    with transaction() as session:
        audit(session, None, action, about, now, **details)


def adopt(store: Store, *, now: datetime) -> None:
    """Take a store over, whoever it belonged to. Audited before it is done."""
    own, owner = queries.installation_key(), owning.find_owner(store)
    before = owner.installation if owner else ""
    _audit("photo-store-adopted", own, now, before=before)
    owning.take_over(store, own, now=now)


def restore(store: Store, names: Collection[str] | None, *, now: datetime) -> int:
    """Take the marks off these photos, or off all: their days begin anew if nobody claims them.

    Raises StoreRefused.
    """
    owning.expect(store, queries.installation_key())
    marks = Marks(store)
    chosen = marks.names() if names is None else marks.names() & set(names)
    if chosen:
        _audit("photos-restored", "photo-store", now, count=len(chosen))
    return sum(marks.take_off(name) for name in sorted(chosen))


def list_marked(store: Store) -> list[tuple[str, datetime]]:
    """Return the photos that wait to be deleted, and since when, longest first."""
    marks = Marks(store)
    found = [(name, since) for name in marks.names() if (since := marks.since(name))]
    return sorted(found, key=lambda one: (one[1], one[0]))


def sweep(
    store: Store, referenced: Referenced, care: Care, *, now: datetime, past_brake: bool = False
) -> Swept:
    """Do what must be done at once, then sweep. Raises StoreRefused, PhotoStoreUnavailable."""
    claim(store, referenced, care, now=now)
    remove_asked(store, referenced, care, now=now)
    if past_brake:
        _audit("photo-sweep-past-brake", "photo-store", now)
    return sweep_orphans(
        store,
        referenced,
        care,
        now,
        installation=queries.installation_key(),
        past_brake=past_brake,
    )


def remove_asked(store: Store, referenced: Referenced, care: Care, *, now: datetime) -> int:
    """Delete the photos somebody asked to be gone at once; say how many went.

    The only way around the days of the sweep. Killed in the middle it goes on at the next sweep.
    Raises StoreRefused, PhotoStoreUnavailable.
    """
    removed, after = 0, ""
    while due := queries.list_removals(limit=AT_ONCE, after=after):
        claim(store, referenced, care, now=now)
        after = due[-1][0]
        marks = Marks(store)
        known = set(referenced([name for name, _ in due]))
        done = set(known)
        for name, asked_at in due:
            if name in known:
                continue
            # Stored again after it was asked for, it may be about to get a new row.
            before = max(asked_at, now - care.older_than)
            removed += store.delete(name, if_before=before)
            if not is_there(store, name):
                marks.take_off(name)
                done.add(name)
        _forget(done)
    db.session.rollback()
    return removed


@use_case
def _forget(names: Collection[str]) -> None:
    if names:
        with transaction() as session:
            steps.forget_removals(session, names)
