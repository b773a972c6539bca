"""What a report or step says of an upload: which one, and which photo it became."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """An upload that is used up with what it is sent for."""

    ref: str
    photo: str
