"""Reads about the photo store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from grid_report.db import db
from grid_report.media.upkeep.models import Installation, PhotoRemoval


def installation_key() -> str:
    """Return this installation's id: 32 hex digits, made by the migration."""
    return db.session.scalars(select(Installation.key)).one()


def is_braked() -> bool:
    """Say whether the sweep stopped and the administrators know."""
    return db.session.scalar(select(Installation.braked_at)) is not None


def list_removals(*, limit: int, after: str = "") -> list[tuple[str, datetime]]:
    """Return photos that must go at once, and since when, by name."""
    rows = db.session.execute(
        select(PhotoRemoval.name, PhotoRemoval.asked_at)
        .where(PhotoRemoval.name > after)
        .order_by(PhotoRemoval.name)
        .limit(limit)
    )
    return [(name, asked_at) for name, asked_at in rows]
