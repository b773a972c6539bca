"""Reports that may be the same hazard twice: near, soon after, alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from grid_report.access import Actor
from grid_report.db import db
from grid_report.places.geo.points import Point, distance_m
from grid_report.reports.desk.queries import ROW_COLUMNS, scope_clause
from grid_report.reports.lifecycle import State
from grid_report.reports.models import Report
from grid_report.reports.queries import photos_of
from grid_report.reports.scope import report_scope


@dataclass(frozen=True)
class Twin:
    """A report that may be about the same hazard."""

    row: Any
    distance_m: int
    hash_distance: int | None


TWIN_DAYS = 30


TWIN_HASH_BITS = 10


MOST_TWINS = 5


METRES_A_DEGREE = 111_320


def list_twins(report: Report, actor: Actor, *, radius_m: int, now: datetime) -> list[Twin]:
    """List likely twins: same category group nearby, or looking alike; nearest first.

    Hashes and distances only raise a flag; people decide.
    """
    if report.community_code is None:
        return []
    reach = 3 * radius_m / METRES_A_DEGREE
    rows = db.session.execute(
        select(*ROW_COLUMNS)
        .where(
            scope_clause(report_scope(actor)),
            Report.group_code == report.group_code,
            Report.lat.between(report.lat - reach, report.lat + reach),
            Report.lng.between(report.lng - 2 * reach, report.lng + 2 * reach),
            Report.id != report.id,
            Report.created_at > now - timedelta(days=TWIN_DAYS),
            Report.state.not_in([State.REJECTED, State.WITHDRAWN, State.MERGED]),
        )
        .order_by(Report.id.desc())
        .limit(50)
    ).all()
    photos = photos_of([report.id, *(row.id for row in rows)])
    own = [photo.dhash for photo in photos[report.id]]
    here = Point(report.lat, report.lng)
    twins = []
    for row in rows:
        away = round(distance_m(here, Point(row.lat, row.lng)))
        bits = _least_bits(own, [photo.dhash for photo in photos[row.id]])
        alike = bits is not None and bits <= TWIN_HASH_BITS
        if away <= radius_m or (alike and away <= 3 * radius_m):
            twins.append(Twin(row, away, bits if alike else None))
    return sorted(twins, key=lambda twin: (twin.hash_distance is None, twin.distance_m))[
        :MOST_TWINS
    ]


def _least_bits(own: list[str], others: list[str]) -> int | None:
    return min((bin(int(a, 16) ^ int(b, 16)).count("1") for a in own for b in others), default=None)
