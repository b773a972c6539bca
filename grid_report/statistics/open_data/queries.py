"""The frozen months as open data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from grid_report.clock import Month
from grid_report.db import db, table_of
from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics.counts.queries import read_months
from grid_report.statistics.measures import Facet, Measure
from grid_report.statistics.models import StatisticsCell, StatisticsFreeze
from grid_report.statistics.month import name_queries
from grid_report.statistics.month.name_queries import Names
from grid_report.statistics.month.queries import list_versions
from grid_report.statistics.open_data.rules import LEAST, OpenCount, open_counts

_CELLS: Final = table_of(StatisticsCell).c


@dataclass(frozen=True)
class OpenMonth:
    """A month anybody may fetch: its newest frozen version, and whether its file has a row."""

    month: str
    version: int
    frozen_at: datetime
    has_rows: bool


@dataclass(frozen=True)
class OpenFile:
    """What is in the file of a month, with the names of then."""

    month: str
    version: int
    counts: Sequence[OpenCount]
    names: Names
    street_of: dict[str, str]
    # Of which shape its version's files are (`month.name_queries.SHAPE`).
    shape: int


def list_open_months(places: Reference) -> Sequence[OpenMonth]:
    """List the frozen months, the newest first."""
    # What `open_counts` lets through, asked of the database: a row is enough to know.
    has_rows = (
        select(_CELLS.n)
        .where(
            _CELLS.month == StatisticsFreeze.month,
            _CELLS.version == StatisticsFreeze.version,
            _CELLS.area.in_(sorted(places.communities)),
            _CELLS.facet == Facet.CATEGORY,
            _CELLS.key.in_(
                sorted(it.code for it in places.categories.by_code.values() if not it.sensitive)
            ),
            _CELLS.measure == Measure.RECEIVED,
            _CELLS.also == "",
            _CELLS.n >= LEAST,
        )
        .exists()
    )
    newest = (
        select(StatisticsFreeze.month, func.max(StatisticsFreeze.version).label("version"))
        .where(StatisticsFreeze.sealed)
        .group_by(StatisticsFreeze.month)
        .subquery()
    )
    rows = db.session.execute(
        select(
            StatisticsFreeze.month,
            StatisticsFreeze.version,
            StatisticsFreeze.frozen_at,
            has_rows.label("has_rows"),
        )
        .join(
            newest,
            (newest.c.month == StatisticsFreeze.month)
            & (newest.c.version == StatisticsFreeze.version),
        )
        .order_by(StatisticsFreeze.month.desc())
    )
    return [OpenMonth(*row) for row in rows]


def read_open_month(month: Month, *, places: Reference, county: County) -> OpenFile | None:
    """Return what of a frozen month anybody may have; None when nobody has frozen it."""
    versions = list_versions(month)
    if not versions:
        return None
    newest = versions[0]
    figures = read_months(
        [month],
        places.communities,
        facets={Facet.CATEGORY},
        versions={str(month): newest.version},
        measures={Measure.RECEIVED},
    )
    received = {
        (area, category): number
        for (_, area), found in figures.items()
        for category, number in found.by(Facet.CATEGORY, Measure.RECEIVED).items()
    }
    counts = open_counts(
        received,
        communities=places.communities,
        categories=[(it.code, it.sensitive) for it in places.categories.by_code.values()],
    )
    return OpenFile(
        month=str(month),
        version=newest.version,
        counts=counts,
        names=name_queries.read_names(newest.document, places=places, county=county),
        shape=name_queries.shape_of(newest.document),
        street_of={it.code: it.street_code for it in places.communities.values()},
    )
