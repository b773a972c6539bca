"""May this actor do this to that? Each room says who may do what in its `permissions.py`.

What no permission was written for cannot be asked: its name is an error, not a refusal.
"""

from __future__ import annotations

from grid_report.access.actor import Actor, Grant
from grid_report.access.permission import Permission, allowed, anyone_with, check

__all__ = ["Actor", "Grant", "Permission", "allowed", "anyone_with", "check"]
