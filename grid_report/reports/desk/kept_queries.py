"""Reads on reports that wait for their rider's proof: by their rider, and by nobody else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from grid_report.access import Actor
from grid_report.db import db
from grid_report.errors import Invalid, NotFound
from grid_report.reports.desk import queries
from grid_report.reports.desk.filters import ReportFilter, Sort
from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.lifecycle import KeptState, State
from grid_report.reports.models import Report
from grid_report.web.paging import BIGGEST_ID, Page, pack, unpack

# What a cursor begins with that goes on among the kept ones.
_HERE = "kept"


def find_kept(number: str, actor: Actor) -> KeptReport:
    """Return one kept report of one's own. Raises NotFound."""
    found = db.session.scalars(
        select(KeptReport).where(
            KeptReport.number == number, KeptReport.reporter_id == actor.member_id
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def as_kept(it: Report | KeptReport) -> KeptReport | None:
    """Return a report that waits for the proof as what it is; None for any other."""
    return it if isinstance(it, KeptReport) else None


def photos_of_kept(ids: Collection[int]) -> dict[int, list[KeptPhoto]]:
    """Return the photos of kept reports by their ids, in one statement or none."""
    found: dict[int, list[KeptPhoto]] = {one: [] for one in ids}
    if found:
        rows = db.session.scalars(
            select(KeptPhoto).where(KeptPhoto.report_id.in_(found)).order_by(KeptPhoto.id)
        )
        for photo in rows:
            found[photo.report_id].append(photo)
    return found


def find_kept_photo(
    number: str, actor: Actor, *, photo_id: int | None = None, name: str = ""
) -> KeptPhoto:
    """Return one photo of a kept report of one's own, by id or by name. Raises NotFound."""
    kept = find_kept(number, actor)
    which = KeptPhoto.id == photo_id if photo_id is not None else KeptPhoto.name == name
    photo = db.session.scalars(
        select(KeptPhoto)
        .where(KeptPhoto.report_id == kept.id, which)
        .order_by(KeptPhoto.id)
        .limit(1)
    ).first()
    if photo is None:
        raise NotFound
    return photo


def list_with_kept(
    actor: Actor,
    wanted: ReportFilter,
    *,
    now: datetime,
    cursor: str | None = None,
    limit: int = 50,
    whole: bool = True,
) -> tuple[Sequence[KeptReport], Page[Any]]:
    """List one's own kept reports before what `list_reports` lists; both are one page together."""
    after = _after(cursor)
    only_kept = wanted.kept and not wanted.states
    if only_kept and cursor and after is None:
        raise Invalid.field("cursor", "cursor-unreadable")
    kept: Sequence[KeptReport] = ()
    if after is not None or not cursor:
        kept = _page(actor, wanted, after, limit)
        if len(kept) == limit:
            return kept, Page([], pack(_HERE, kept[-1].id))
        cursor = None
    if only_kept:
        return kept, Page([], None)
    rest = queries.list_reports(
        actor, wanted, now=now, cursor=cursor, limit=limit - len(kept), whole=whole
    )
    return kept, rest


def _after(cursor: str | None) -> int | None:
    """Return the id after which a cursor goes on among the kept ones; None when it is not theirs."""
    try:
        here, last = unpack(cursor, 2) or (None, None)
    except Invalid:
        # One of the list of reports, or of nobody: that one says so.
        return None
    if here != _HERE:
        return None
    if type(last) is not int or not 0 <= last <= BIGGEST_ID:
        raise Invalid.field("cursor", "cursor-unreadable")
    return last


def _page(
    actor: Actor, wanted: ReportFilter, after: int | None, limit: int
) -> Sequence[KeptReport]:
    if not (states := _states(wanted)):
        return ()
    it = KeptReport
    query = select(it).where(it.reporter_id == actor.member_id)
    if states == {KeptState.KEPT}:
        query = query.where(it.withdrawn_at.is_(None))
    elif states == {KeptState.WITHDRAWN}:
        query = query.where(it.withdrawn_at.is_not(None))
    if wanted.category is not None:
        query = query.where(
            (it.category_code == wanted.category) | (it.group_code == wanted.category)
        )
    if wanted.since is not None:
        query = query.where(it.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(it.created_at < wanted.until)
    if wanted.words:
        query = query.where(queries.says(it, wanted.words))
    if after is not None:
        query = query.where(it.id < after)
    return db.session.scalars(query.order_by(it.id.desc()).limit(limit)).all()


def _states(wanted: ReportFilter) -> frozenset[KeptState]:
    """Return which kept ones a list may hold; none where it asks for what only a community gives."""
    of_a_place = (wanted.community, wanted.street, wanted.unit, wanted.light, wanted.fold)
    by_time_left = wanted.sort is Sort.DUE
    if by_time_left or wanted.unrouted or any(one is not None for one in of_a_place):
        return frozenset()
    if not wanted.states and not wanted.kept:
        return frozenset(KeptState)
    asked = {KeptState.KEPT} if wanted.kept else set()
    if State.WITHDRAWN in wanted.states:
        asked.add(KeptState.WITHDRAWN)
    return frozenset(asked)
