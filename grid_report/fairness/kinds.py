"""The words of this room: what a signal says, where it stands, what a look at a sample found."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

from grid_report.reports.lifecycle import Step


class SignalKind(StrEnum):
    """What looked odd. It says nothing about anybody until a person has looked."""

    PHOTO_ALIKE = "photo_alike"
    PHOTO_OLD = "photo_old"
    PHOTO_FAR = "photo_far"
    TOO_FAST = "too_fast"
    ONE_ACCEPTOR = "one_acceptor"
    QUICK_ACCEPT = "quick_accept"


class SignalState(StrEnum):
    OPEN = "open"
    DISMISSED = "dismissed"
    FOLLOWED_UP = "followed_up"


class Finding(StrEnum):
    """Whether a second look at an accepted report agrees with the acceptance."""

    AGREE = "agree"
    DISAGREE = "disagree"


class Trust(IntEnum):
    """In which order signals about a rider are looked at, and nothing else: low comes first."""

    LOW = 1
    MIDDLE = 2
    HIGH = 3


# Whoever took one of these on a report has judged it already. A check is about the repair: where
# a community has one worker the street checks everything, and would have nothing left to review.
DECIDING: Final = frozenset({Step.ACCEPT, Step.REJECT, Step.MERGE})
