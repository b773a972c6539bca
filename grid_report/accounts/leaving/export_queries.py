"""What an export says of a member, table by table and a few hundred rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from sqlalchemy import select

from grid_report.access.roles import Role
from grid_report.accounts.leaving.fates import Told
from grid_report.accounts.leaving.models import Departure, Export, ExportPiece
from grid_report.accounts.leaving.way_queries import is_of
from grid_report.db import db
from grid_report.errors import NotFound

AT_ONCE: Final = 200


def rows_of(told: Told, member_id: int) -> Iterator[Mapping[str, Any]]:
    """Read a member's rows of one table, oldest first. Nothing stays open between two batches."""
    table = db.metadata.tables[told.table]
    mine = told.mine
    by = table.c.id if "id" in table.c else None
    shown = [table.c[name] for name in told.columns.split()]
    query = select(*shown, *([table.c[mine].label("_mine")] if mine else []))
    query = query.where(is_of(told.table, told.of, member_id))
    if told.only_mine:
        query = query.where(table.c[mine] == member_id)
    if by is None:
        yield from (_plain(row, told, member_id) for row in _read(query))
        return
    last = 0
    while True:
        batch = _read(
            query.add_columns(by.label("_by")).where(by > last).order_by(by).limit(AT_ONCE)
        )
        yield from (_plain(row, told, member_id) for row in batch)
        if len(batch) < AT_ONCE:
            return
        last = batch[-1]["_by"]


def _read(query: Any) -> list[dict[str, Any]]:
    found = [dict(row) for row in db.session.execute(query).mappings()]
    db.session.rollback()
    return found


def _plain(row: Mapping[str, Any], told: Told, member_id: int) -> dict[str, Any]:
    said = {name: as_json(row[name]) for name in told.columns.split()}
    if "_mine" in row:
        said["by_me"] = row["_mine"] == member_id
        if told.hides and not said["by_me"] and said["role"] == Role.RIDER.value:
            said |= dict.fromkeys(told.hides.split(), "")
    return said


def as_json(value: Any) -> Any:
    """Write an instant, a day or a state as JSON can hold it."""
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime | date) else value


def newest_export(member_id: int) -> Export | None:
    """Return the export a member asked for last, as long as it is kept."""
    return db.session.scalars(
        select(Export).where(Export.member_id == member_id).order_by(Export.id.desc()).limit(1)
    ).one_or_none()


def find_export(ref: str, member_id: int, now: datetime) -> Export:
    """Return an own export by its unguessable name. Raises NotFound for everybody else's."""
    found = db.session.scalars(
        select(Export).where(
            Export.ref == ref, Export.member_id == member_id, Export.expires_at > now
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def pieces_of(export_id: int) -> Iterator[bytes]:
    """Read a finished export piece by piece; nothing of the database is held in between."""
    nth = 0
    while True:
        data = db.session.scalar(
            select(ExportPiece.data).where(
                ExportPiece.export_id == export_id, ExportPiece.nth == nth
            )
        )
        db.session.rollback()
        if data is None:
            return
        yield data
        nth += 1


def departure_of(member_id: int) -> Departure | None:
    """Return a member's wish to be erased, if there is one."""
    return db.session.get(Departure, member_id)
