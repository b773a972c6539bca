"""The table of periodic work: name, cadence, what it does. Every job may run twice, or at once
with itself, or be killed in the middle, and nothing but the delay changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from grid_report.jobs import work
from grid_report.jobs.work import Duty
from grid_report.settings import Jobs


@dataclass(frozen=True)
class Job:
    """One kind of periodic work. `is_frequent`: runs that did nothing are noted once a minute."""

    name: str
    every_s: Callable[[Jobs], int]
    run: Callable[[Duty], int]
    is_frequent: bool = False


JOBS: Final[tuple[Job, ...]] = (
    Job("deliver-messages", lambda s: s.deliver_seconds, work.deliver_messages, is_frequent=True),
    Job("send-messages", lambda s: s.deliver_seconds, work.send_messages, is_frequent=True),
    Job("mark-lights", lambda s: s.lights_seconds, work.mark_lights, is_frequent=True),
    Job("tell-of-reviews", lambda s: s.sweep_minutes * 60, work.tell_of_reviews),
    Job("open-budgets", lambda s: s.sweep_minutes * 60, work.open_budgets),
    Job("release-points", lambda s: s.sweep_minutes * 60, work.release_points),
    Job("expire-points", lambda s: s.sweep_minutes * 60, work.expire_points),
    Job("tell-of-expiry", lambda s: s.sweep_minutes * 60, work.tell_of_expiry),
    Job("close-budgets", lambda s: s.sweep_minutes * 60, work.close_budgets),
    Job("audit-points", lambda s: s.sweep_minutes * 60, work.audit_points),
    Job("settle-services", lambda s: s.sweep_minutes * 60, work.settle_services),
    Job("end-vouchers", lambda s: s.sweep_minutes * 60, work.end_vouchers),
    Job("pass-on-places", lambda s: s.lights_seconds, work.pass_on_places, is_frequent=True),
    Job("draw-statements", lambda s: s.sweep_minutes * 60, work.draw_statements),
    Job("watch-cards", lambda s: s.sweep_minutes * 60, work.watch_cards),
    Job("find-signals", lambda s: s.sweep_minutes * 60, work.find_signals),
    Job("tell-of-signals", lambda s: s.sweep_minutes * 60, work.tell_of_signals),
    Job("draw-sample", lambda s: s.sweep_minutes * 60, work.draw_sample),
    Job("recount-statistics", lambda s: s.sweep_minutes * 60, work.recount_statistics),
    Job("freeze-months", lambda s: s.sweep_minutes * 60, work.freeze_months),
    Job("deliver-statistics", lambda s: s.sweep_minutes * 60, work.deliver_statistics),
    Job("sweep-photos", lambda s: s.sweep_minutes * 60, work.sweep_photos),
    Job("sweep-accounts", lambda s: s.sweep_minutes * 60, work.sweep_accounts),
)

BY_NAME: Final = {job.name: job for job in JOBS}
