"""What becomes of this room's tables when a member is erased."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, stays, without_members
from grid_report.fairness.kinds import SignalKind

# What camera and phone said of the rider: such signals go with it, judged or not.
_OF_THE_PHONE: Final = {
    "kind": (
        SignalKind.PHOTO_ALIKE,
        SignalKind.PHOTO_FAR,
        SignalKind.PHOTO_OLD,
        SignalKind.TOO_FAST,
    )
}

TABLES: Final = (
    *without_members("fairness_draws", "fairness_marks"),
    Table("fairness_prints", of="photo_id>report_photos.added_by_id", goes=True),
    Table(
        "fairness_samples",
        stays=stays(Stays.SHELL, "rider_id")
        | stays(Stays.OFFICE, "accepted_by_id judged_by_id words"),
    ),
    Table("fairness_signals", of="rider_id", goes=True, only=_OF_THE_PHONE),
    Table("fairness_signals", of="other_rider_id", goes=True, only=_OF_THE_PHONE),
    # How a community accepts stays to be looked at, by numbers.
    Table(
        "fairness_signals",
        stays=stays(Stays.SHELL, "rider_id other_rider_id")
        | stays(Stays.CODE, "cause")
        | stays(Stays.FIGURES, "facts")
        | stays(Stays.OFFICE, "worker_id judged_by_id words"),
    ),
)
