"""The table of periodic work: name, cadence, what it does. Every job may run twice, or at once
with itself, or be killed in the middle, and nothing but the delay changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from grid_report.jobs import work
from grid_report.jobs.work import JobContext
from grid_report.settings import Jobs
from grid_report.settings_sections import JobName


@dataclass(frozen=True)
class Job:
    """One kind of periodic work. `is_frequent`: runs that did nothing are noted once a minute."""

    name: JobName
    run: Callable[[JobContext], int]
    usual_s: Callable[[Jobs], int] = lambda s: s.sweep_minutes * 60
    is_frequent: bool = False

    def every_s(self, settings: Jobs) -> int:
        """Return how many seconds lie between two runs: what is set for its name, or as usual."""
        named = settings.minutes.get(self.name)
        return named * 60 if named else self.usual_s(settings)


JOBS: Final[tuple[Job, ...]] = (
    Job("deliver-messages", work.deliver_messages, lambda s: s.deliver_seconds, is_frequent=True),
    Job("send-messages", work.send_messages, lambda s: s.deliver_seconds, is_frequent=True),
    Job("mark-lights", work.mark_lights, lambda s: s.lights_seconds, is_frequent=True),
    Job("tell-of-reviews", work.tell_of_reviews),
    Job("learn-kinds", work.learn_kinds),
    Job("open-budgets", work.open_budgets),
    Job("release-points", work.release_points),
    Job("expire-points", work.expire_points),
    Job("tell-of-expiry", work.tell_of_expiry),
    Job("close-budgets", work.close_budgets),
    Job("audit-points", work.audit_points),
    Job("settle-services", work.settle_services),
    Job("end-vouchers", work.end_vouchers),
    Job("pass-on-places", work.pass_on_places, lambda s: s.lights_seconds, is_frequent=True),
    Job("draw-statements", work.draw_statements),
    Job("watch-cards", work.watch_permits),
    Job("find-signals", work.find_signals),
    Job("tell-of-signals", work.tell_of_signals),
    Job("draw-sample", work.draw_sample),
    Job("recount-statistics", work.recount_statistics),
    Job("freeze-months", work.freeze_months),
    Job("deliver-statistics", work.deliver_statistics),
    Job("sweep-photos", work.sweep_photos),
    Job("sweep-uploads", work.sweep_uploads),
    Job("sweep-accounts", work.sweep_accounts),
    Job("make-exports", work.make_exports, lambda s: s.lights_seconds, is_frequent=True),
    Job("erase-members", work.erase_members),
)

BY_NAME: Final[dict[str, Job]] = {job.name: job for job in JOBS}
