"""Reads of open reports around a spot, for riders about to report there: nobody's name or words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import BindParameter, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from grid_report.access import Actor
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consent_queries import standing
from grid_report.accounts.numbers import queries as numbers_queries
from grid_report.accounts.policy import SHOWN_NEARBY_SINCE
from grid_report.db import db, table_of
from grid_report.errors import NotFound
from grid_report.places.geo.categories import CategoryInfo
from grid_report.places.geo.points import Point
from grid_report.reports.models import Report, ReportPhoto
from grid_report.reports.nearby.near import (
    JOINABLE,
    MEASURED,
    METRES_A_DEGREE,
    least_severity,
    nearest,
)

MOST_LOOKED_AT: Final = 50
SALT: Final = "photo-nearby"
PASS_HOLDS: Final = timedelta(minutes=30)

_MERGED: Final = aliased(Report)
_ME: Final[BindParameter[int]] = bindparam("member_id")
# Whose photos are shown is looked up for each report.
_RIDER: Final = table_of(Report).c.reporter_id
_IS_JOINABLE: Final = (
    Report.state.in_(sorted(JOINABLE)),
    Report.sensitive.is_(False),
    or_(Report.located_by.is_(None), Report.located_by.in_(sorted(MEASURED))),
)
_NEAR: Final = (
    select(
        Report.id,
        Report.number,
        Report.category_code,
        Report.created_at,
        Report.lat,
        Report.lng,
        Report.thumb_name,
        # Of whoever left there is no photo, whatever their case shows now.
        (Report.fingerprint == "").label("rider_left"),
        standing(ConsentKind.PHOTOS, _RIDER).label("agreed"),
        or_(
            Report.reporter_id == _ME,
            exists().where(_MERGED.merged_into_id == Report.id, _MERGED.reporter_id == _ME),
        ).label("joined"),
    )
    .where(
        *_IS_JOINABLE,
        Report.community_code == bindparam("community"),
        Report.group_code == bindparam("group"),
        Report.severity >= bindparam("least"),
        Report.lat.between(bindparam("south"), bindparam("north")),
        Report.lng.between(bindparam("west"), bindparam("east")),
    )
    # Not by the bare id: its index would lead through every report there is.
    .order_by((Report.id + 0).desc())
    .limit(MOST_LOOKED_AT)
)


@dataclass(frozen=True)
class Near:
    """An open report that may be about the same hazard."""

    number: str
    category_code: str
    distance_m: int
    age_h: int
    has_photo: bool
    joined: bool


def list_near(
    point: Point, category: CategoryInfo, community: str | None, actor: Actor, *, now: datetime
) -> list[Near]:
    """List open reports of the category's group within its radius, newest first: two statements.

    None for a sensitive kind, and none for whoever has not proved a number.
    """
    if category.sensitive or community is None:
        return []
    if not numbers_queries.is_proved(actor.member_id):
        return []
    reach = category.dedupe_radius_m / METRES_A_DEGREE
    rows = db.session.execute(
        _NEAR,
        {
            "member_id": actor.member_id, "community": community, "group": category.group_code,
            "least": least_severity(category.severity),
            "south": point.lat - reach, "north": point.lat + reach,
            "west": point.lng - 2 * reach, "east": point.lng + 2 * reach,
        },
    ).all()  # fmt: skip
    return [_near(row, away, now) for row, away in nearest(rows, point, category.dedupe_radius_m)]


def _near(row: Any, away: int, now: datetime) -> Near:
    return Near(
        number=row.number,
        category_code=row.category_code,
        distance_m=away,
        age_h=max(0, int((now - row.created_at).total_seconds() // 3600)),
        has_photo=row.thumb_name is not None and not row.rider_left and _may_be_shown(row.agreed),
        joined=bool(row.joined),
    )


def _may_be_shown(agreed: str | None) -> bool:
    """Tell whether a rider agreed to a notice that says who sees photos before they report."""
    return agreed is not None and agreed >= SHOWN_NEARBY_SINCE


def photo_pass(number: str, actor: Actor, *, secret: str, now: datetime) -> str:
    """Return what opens one report's photo to one member for half an hour."""
    until = int((now + PASS_HOLDS).timestamp())
    return URLSafeSerializer(secret, salt=SALT).dumps([number, actor.member_id, until])


def find_photo(
    number: str, actor: Actor, *, signed: str, secret: str, now: datetime
) -> tuple[str, int]:
    """Return name and size of the photo a pass opens, while its case is open. Raises NotFound."""
    try:
        *about, until = URLSafeSerializer(secret, salt=SALT).loads(signed)
    except BadData:
        raise NotFound from None
    if about != [number, actor.member_id] or now.timestamp() > until:
        raise NotFound
    row = db.session.execute(
        select(
            ReportPhoto.name,
            ReportPhoto.byte_count,
            standing(ConsentKind.PHOTOS, _RIDER).label("agreed"),
        )
        .join(Report, Report.id == ReportPhoto.report_id)
        .where(
            Report.number == number,
            *_IS_JOINABLE,
            ReportPhoto.name == Report.thumb_name,
            ReportPhoto.added_by_id == Report.reporter_id,
        )
        .order_by(ReportPhoto.id)
        .limit(1)
    ).one_or_none()
    if row is None or not _may_be_shown(row.agreed):
        raise NotFound
    return row.name, row.byte_count
