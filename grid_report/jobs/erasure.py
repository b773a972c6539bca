"""What becomes of this room's tables when a member is erased: nothing, they name processes."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import without_members

TABLES: Final = tuple(without_members("job_runs", "leases"))
