"""Grid Report: riders report hazards, communities handle them, service is thanked with service."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from grid_report.media.kit import Media
    from grid_report.settings import Settings

__version__ = "0.1.0"


def create_app(settings: Settings | None = None, *, media: Media | None = None) -> Flask:
    """Build, wire and return the app; without settings they are read from the environment."""
    # Imported late: a photo decoder imports this package too and must stay small.
    from grid_report import settings as configuration
    from grid_report.application import build

    return build(settings or configuration.load(), media=media)
