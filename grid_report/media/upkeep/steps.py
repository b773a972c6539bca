"""Writes about the photo store, in an open transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from grid_report.media.store.stores import checked
from grid_report.media.upkeep.models import Installation, PhotoRemoval


def ask_removal(session: Session, names: Collection[str], *, now: datetime) -> None:
    """Have photos deleted without the days of the sweep: erased, blurred, consent taken back.

    In the transaction that takes their rows away; after its commit `upkeep.usecases.remove_asked` does
    it, or the sweep does. A photo another row still shows stays.
    """
    wanted = {checked(name) for name in names}
    there = set(
        session.scalars(select(PhotoRemoval.name).where(PhotoRemoval.name.in_(sorted(wanted))))
    )
    session.add_all(PhotoRemoval(name=name, asked_at=now) for name in sorted(wanted - there))


def forget_removals(session: Session, names: Collection[str]) -> None:
    """Note that these are gone, or belong to somebody again."""
    session.execute(delete(PhotoRemoval).where(PhotoRemoval.name.in_(sorted(names))))


def brake(session: Session, *, now: datetime) -> bool:
    """Note that the sweep is stopped; say whether it was not before."""
    stopped = session.scalars(
        update(Installation)
        .where(Installation.braked_at.is_(None))
        .values(braked_at=now)
        .returning(Installation.id)
        .execution_options(synchronize_session=False)
    )
    return stopped.one_or_none() is not None


def release(session: Session) -> None:
    """Note that the sweep goes on."""
    session.execute(
        update(Installation).values(braked_at=None).execution_options(synchronize_session=False)
    )
