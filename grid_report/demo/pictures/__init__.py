"""Pictures for the demo: drawn scenes that look like the hazard, and like its repair."""

from __future__ import annotations

from grid_report.demo.pictures.gallery import hazard_picture

__all__ = ["hazard_picture"]
