"""The words of offers and stations: what something is, for whom, and which picture shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grid_report.languages import Length

# How long the name of an offer may be.
TITLE: Final = Length(characters=80, letters=80)


@dataclass(frozen=True)
class Way:
    """How an offer of a kind is had; what is in nobody's way is for all kinds alike.

    `has_stock`: so many there are, until a day. `has_slots`: for a time of its own, with a queue.
    `is_applied_for`: others decide, and it costs what the owners say.
    """

    has_stock: bool = False
    has_slots: bool = False
    is_applied_for: bool = False


class OfferKind(StrEnum):
    VOUCHER = "voucher"
    SLOT = "slot"
    APPLICATION = "application"

    @property
    def way(self) -> Way:
        """How offers of this kind are had."""
        return WAYS[self]


WAYS: Final = {
    OfferKind.VOUCHER: Way(has_stock=True),
    OfferKind.SLOT: Way(has_slots=True),
    OfferKind.APPLICATION: Way(is_applied_for=True),
}
APPLIED_FOR: Final = tuple(kind for kind, way in WAYS.items() if way.is_applied_for)


class ForWhom(StrEnum):
    RIDER = "rider"
    FAMILY = "family"
    CHILD = "child"


class OpensTo(StrEnum):
    """Whom an offer is open to. Anybody at all proves a phone number first."""

    PROVED = "proved"
    FIRST_ACCEPTED = "first_accepted"


class Period(StrEnum):
    """What a quota is counted in; days and months are the county's."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class FreeService(StrEnum):
    """Always free, for everybody, never for points."""

    REST = "rest"
    WATER = "water"
    CHARGING = "charging"
    READING = "reading"
    TOILET = "toilet"
    FIRST_AID = "first_aid"
    MEDIATION = "mediation"
    LOST_GOODS = "lost_goods"
    LEGAL_ADVICE = "legal_advice"
    CLINIC = "clinic"
    TRAINING = "training"


class Picture(StrEnum):
    """The drawn pictures an offer may carry; `templates/offers/_parts.html` has an icon for each."""

    MEAL = "meal"
    DRINK = "drink"
    POWER = "power"
    BATTERY = "battery"
    HAIRCUT = "haircut"
    GLOVES = "gloves"
    KNEES = "knees"
    RAIN = "rain"
    HELMET = "helmet"
    CARD = "card"
    CHILD = "child"
    BIKE = "bike"
    CLINIC = "clinic"
    ADVICE = "advice"
    LESSON = "lesson"
    GIFT = "gift"


# What stations give everybody for nothing is never had for points.
ALWAYS_FREE: Final = frozenset({Picture.CLINIC, Picture.ADVICE, Picture.LESSON})


class WaitState(StrEnum):
    """A place in the queue for a full slot."""

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    LAPSED = "lapsed"
    LEFT = "left"


class TryResult(StrEnum):
    """What came of showing a code at a station."""

    OK = "ok"
    WRONG = "wrong"
    REFUSED = "refused"


class BookResult(StrEnum):
    """What came of a line that a station wrote down without network."""

    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    REFUSED = "refused"


# An offline line is a promise nobody could check: only small ones are taken.
BOOK_MOST_POINTS: Final = 20
