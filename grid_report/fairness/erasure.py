"""What becomes of this room's tables when a member is erased."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, stays, without_members

TABLES: Final = (
    *without_members("fairness_draws", "fairness_marks"),
    Table("fairness_prints", of="photo_id>report_photos.added_by_id", goes=True),
    Table(
        "fairness_samples",
        stays=stays(Stays.SHELL, "rider_id")
        | stays(Stays.OFFICE, "accepted_by_id judged_by_id words"),
    ),
    Table(
        "fairness_signals",
        stays=stays(Stays.SHELL, "rider_id other_rider_id")
        | stays(Stays.CODE, "cause")
        | stays(Stays.FIGURES, "facts")
        | stays(Stays.OFFICE, "worker_id judged_by_id words"),
    ),
)
