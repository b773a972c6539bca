"""Grid Report: riders report hazards, communities handle them, service is thanked with service."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from grid_report.media.kit import Media
    from grid_report.settings import Settings

__version__ = "0.1.0"


def create_app(settings: Settings | None = None, *, media: Media | None = None) -> Flask:
    """Build, wire and return the app; without settings they are read from the environment."""
    if "grid_report.application" not in sys.modules:
        _load()
    # Imported late: a photo decoder imports this package too and must stay small.
    from grid_report import settings as configuration
    from grid_report.application import build

    return build(settings or configuration.load(), media=media)


def _load() -> None:
    """Import the whole program without looking for garbage in it: it is there for good.

    That is an eighth of the time of every start, and forked workers go on sharing its memory.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        importlib.import_module("grid_report.application")
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
