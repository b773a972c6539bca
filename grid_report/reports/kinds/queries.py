"""Reads of what is kept of kinds."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import bindparam, func, select

from grid_report.db import db
from grid_report.places.geo.categories import Categories
from grid_report.reports.kinds import learning
from grid_report.reports.kinds.models import KindCount, KindLetter
from grid_report.reports.kinds.ordering import Tally, months_around
from grid_report.reports.models import Report

# Where the rider's newest report was: riders ride where they rode.
_LAST_PLACE: Final = (
    select(Report.community_code)
    .where(Report.reporter_id == bindparam("member_id"))
    .order_by(Report.id.desc())
    .limit(1)
    .scalar_subquery()
)
_TALLY: Final = (
    select(KindCount.area_code, KindCount.category_code, func.sum(KindCount.accepted))
    .where(
        KindCount.area_code.in_(
            [bindparam("county"), func.coalesce(bindparam("community"), _LAST_PLACE)]
        ),
        KindCount.month.in_(bindparam("months", expanding=True)),
    )
    .group_by(KindCount.area_code, KindCount.category_code)
)


def tally(*, county: str, month: int, member_id: int | None, community: str | None = None) -> Tally:
    """Return how often kinds were accepted around a month: in the county, and in a community.

    Without one it is that of the member's newest report. At most a few hundred rows by their key.
    """
    asked = {
        "county": county, "community": community, "member_id": member_id,
        "months": months_around(month),
    }  # fmt: skip
    here: dict[str, int] = {}
    everywhere: dict[str, int] = {}
    for area, code, count in db.session.execute(_TALLY, asked):
        (everywhere if area == county else here)[code] = int(count)
    return Tally(here, everywhere)


def looked_for(categories: Categories) -> list[dict[str, Any]]:
    """Return what every kind in use is looked for with, and what its reports taught."""
    seen: dict[str, dict[str, int]] = {}
    rows = db.session.execute(select(KindLetter.category_code, KindLetter.letter, KindLetter.seen))
    for code, letter, count in rows:
        seen.setdefault(code, {})[letter] = count
    return [
        {"code": it.code, "words": list(it.words()), "seen": learning.told(seen.get(it.code, {}))}
        for it in categories.in_use
    ]
