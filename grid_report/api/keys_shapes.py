"""What a call about keys answers."""

from __future__ import annotations

from grid_report.web.api.shapes import Answer


class KeyShown(Answer):
    """What was made with a key: a report or a step on it, or a redemption."""

    report: str | None
    redemption: str | None
