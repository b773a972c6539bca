"""Pictures for the demo: drawn scenes that look like the hazard, and like its repair."""

from __future__ import annotations

from tools.painter.gallery import any_picture, hazard_picture

__all__ = ["any_picture", "hazard_picture"]
