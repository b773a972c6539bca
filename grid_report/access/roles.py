"""Roles, and the kind of place each is held at."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    RIDER = "rider"
    WORKER = "worker"
    SUPERVISOR = "supervisor"
    HANDLER = "handler"
    STATION_STAFF = "station_staff"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class PlaceKind(StrEnum):
    COMMUNITY = "community"
    STREET = "street"
    UNIT = "unit"
    STATION = "station"
    COUNTY = "county"


# Riders are at home everywhere; everybody else answers for one place.
HELD_AT: Final[Mapping[Role, PlaceKind | None]] = {
    Role.RIDER: None,
    Role.WORKER: PlaceKind.COMMUNITY,
    Role.SUPERVISOR: PlaceKind.STREET,
    Role.HANDLER: PlaceKind.UNIT,
    Role.STATION_STAFF: PlaceKind.STATION,
    Role.ADMINISTRATOR: PlaceKind.COUNTY,
    Role.AUDITOR: PlaceKind.COUNTY,
}

# Who sees or decides what a whole street or county reported: they confirm a code on a new browser.
SECOND_STEP: Final = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR})
STAFF: Final = frozenset(Role) - {Role.RIDER}
