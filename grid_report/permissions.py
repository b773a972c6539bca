"""Every permission there is, by the name templates and documents call it."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from grid_report.access import Permission
from grid_report.accounts import permissions as accounts
from grid_report.fairness import permissions as fairness
from grid_report.media.resumable import permissions as uploads
from grid_report.offers.catalogue import permissions as catalogue
from grid_report.offers.permits import permissions as permits
from grid_report.offers.redemptions import permissions as redemptions
from grid_report.offers.settlements import permissions as settlements
from grid_report.places import permissions as places
from grid_report.points import permissions as points
from grid_report.reports import permissions as reports
from grid_report.statistics import permissions as statistics

ROOMS: Final = (
    reports,
    accounts,
    uploads,
    places,
    points,
    catalogue,
    redemptions,
    settlements,
    permits,
    statistics,
    fairness,
)


def _declared(rooms: tuple[ModuleType, ...]) -> Mapping[str, Permission[Any]]:
    found = [one for room in rooms for one in vars(room).values() if isinstance(one, Permission)]
    by_name = {one.name: one for one in found}
    assert len(by_name) == len(found), "two permissions have one name"
    return by_name


PERMISSIONS: Final = _declared(ROOMS)
