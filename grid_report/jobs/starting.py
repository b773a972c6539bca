"""May this process start to work?"""

from __future__ import annotations

from flask import Flask

from grid_report import clock
from grid_report.media.store import opening


def why_not(app: Flask) -> str:
    """Say why this process may not work, in both languages; '' when it may."""
    with app.app_context():
        return opening.why_not(now=clock.now())
