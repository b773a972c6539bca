"""How reports come in, and how their places were found. Pure."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """How a report came in: through the page, sent later by its queue, or by a program."""

    PAGE = "page"
    QUEUE = "queue"
    API = "api"
    OPEN311 = "open311"


class LocatedBy(StrEnum):
    """How a place was found: measured by the phone, or chosen by hand in one of three ways."""

    PHONE = "phone"
    PIN = "pin"
    QR = "qr"
    LIST = "list"
    # No place at all: the point written down is the county's middle and means nothing.
    NOWHERE = "nowhere"


def settle(
    said: LocatedBy | None, *, has_point: bool, has_compound: bool, has_community: bool
) -> LocatedBy:
    """Return how a place was found; a point nobody says was chosen by hand is the phone's."""
    if has_point and said in (LocatedBy.PHONE, LocatedBy.PIN):
        return said
    if has_compound and said is LocatedBy.QR:
        return said
    if (has_compound or has_community) and (said is LocatedBy.LIST or not has_point):
        return LocatedBy.LIST
    return LocatedBy.PHONE if has_point else LocatedBy.NOWHERE
