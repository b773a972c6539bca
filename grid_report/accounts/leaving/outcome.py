"""What goes, ends and stays when a member leaves, by code; the words are in `words/leaving.txt`."""

from __future__ import annotations

from typing import Final

GOES: Final = ("goes-account", "goes-words", "goes-photos")
ENDS: Final = ("ends-reports", "ends-services", "ends-cards", "ends-points")
STAYS: Final = (
    "stays-cases",
    "stays-points",
    "stays-figures",
    "stays-consents",
    "stays-mark",
    "stays-office",
    "stays-backups",
)
