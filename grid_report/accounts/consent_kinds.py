"""What a member can agree to. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ConsentKind(StrEnum):
    """Each is asked for, given and taken back on its own."""

    ACCOUNT = "account"
    POSITION = "position"
    PHOTOS = "photos"


# These may be given and taken back at any time; without the first there is no account.
OPTIONAL_CONSENTS: Final = (ConsentKind.POSITION, ConsentKind.PHOTOS)
