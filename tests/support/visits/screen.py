"""One screen of the site, as the journeys visit it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass(frozen=True)
class Screen:
    """A page: its address, or a page with the link to follow; then what is done on it."""

    name: str
    endpoint: str
    path: str
    link: str = ""
    act: Callable[[Page], None] | None = None
    status: int = 200
    # What lies over the page, where something does: the rest is half covered and not examined.
    within: str = ""
