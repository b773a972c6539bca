"""What each job does: ask the use cases of the domains, in pieces, until told to stop."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from grid_report.access.roles import Role
from grid_report.accounts import policy as accounts_policy
from grid_report.accounts.leaving import export_usecases
from grid_report.accounts.leaving import usecases as leaving_usecases
from grid_report.accounts.members import usecases as members_usecases
from grid_report.clock import Month
from grid_report.fairness import scheduled as fairness_scheduled
from grid_report.fairness import usecases as fairness_usecases
from grid_report.jobs import usecases
from grid_report.media.resumable import usecases as resumable_usecases
from grid_report.media.store import opening
from grid_report.media.store.owner import StoreRefused
from grid_report.media.store.stores import Size
from grid_report.media.upkeep import usecases as upkeep_usecases
from grid_report.notify import delivery
from grid_report.notify.outgoing import Channel
from grid_report.offers.counter import usecases as offers_scanning
from grid_report.offers.permits import scheduled as permits_scheduled
from grid_report.offers.redemptions import scheduled as offers_after
from grid_report.offers.settlements import usecases as offers_stating
from grid_report.places import queries as places_queries
from grid_report.points.audit import usecases as points_auditing
from grid_report.points.budgets import scheduled as points_upkeep
from grid_report.points.budgets import usecases as points_usecases
from grid_report.points.policy import terms_of
from grid_report.reports.casework import usecases as reports_usecases
from grid_report.reports.kinds import scheduled as kinds_scheduled
from grid_report.settings import Settings
from grid_report.statistics.counts import usecases as statistics_usecases
from grid_report.statistics.month import usecases as month_usecases
from grid_report.statistics.subscriptions import usecases as subscriptions_usecases
from grid_report.web.context import wiring
from grid_report.web.pages.terminal import say

logger = logging.getLogger(__name__)

LIGHTS_AT_ONCE = 200


@dataclass(frozen=True)
class JobContext:
    """What a job gets: the settings, the time, and whether it may still go on."""

    settings: Settings
    now: Callable[[], datetime]
    should_continue: Callable[[], bool]


def deliver_messages(duty: JobContext) -> int:
    """Bring what waits in the outbox to the inboxes; the county gets what nobody answers for."""
    return delivery.deliver_due(
        now=duty.now,
        channels=_channels(),
        instead=(Role.ADMINISTRATOR, duty.settings.county.code),
        should_continue=duty.should_continue,
    )


def send_messages(duty: JobContext) -> int:
    """Send on by the channels that are switched on what cannot wait for its reader; each alone."""
    return delivery.send_due(
        now=duty.now, channels=_channels(), should_continue=duty.should_continue
    )


def _channels() -> Sequence[Channel]:
    channels: Sequence[Channel] = current_app.extensions["grid_report_channels"]
    return channels


def mark_lights(duty: JobContext) -> int:
    """Tell those responsible about lights that turned."""
    done = 0
    while duty.should_continue():
        told = reports_usecases.mark_lights(
            places=places_queries.reference(),
            settings=duty.settings,
            now=duty.now(),
            limit=LIGHTS_AT_ONCE,
        )
        done += told
        if told < LIGHTS_AT_ONCE:
            break
    return done


def tell_of_reviews(duty: JobContext) -> int:
    """Tell streets of suspended cases whose review day has come."""
    done = 0
    while duty.should_continue():
        told = reports_usecases.tell_of_reviews(
            places=places_queries.reference(),
            settings=duty.settings,
            now=duty.now(),
            limit=LIGHTS_AT_ONCE,
        )
        done += told
        if told < LIGHTS_AT_ONCE:
            break
    return done


def learn_kinds(duty: JobContext) -> int:
    """Count the kinds communities accepted, for the order riders are offered them in."""
    done = 0
    while duty.should_continue():
        counted = kinds_scheduled.learn_kinds(
            places=places_queries.reference(), zone=duty.settings.county.tz, now=duty.now()
        )
        done += counted
        if not counted:
            break
    return done


def open_budgets(duty: JobContext) -> int:
    """Open the month's pools of every community."""
    return points_usecases.open_month_budgets(settings=duty.settings, now=duty.now())


def release_points(duty: JobContext) -> int:
    """Pay what waited for a new month's pool."""
    return points_usecases.release_pending(settings=duty.settings, now=duty.now())


def watch_permits(duty: JobContext) -> int:
    """Remind holders of cards that end soon, end those that are over, let old applications lapse."""
    return permits_scheduled.watch_permits(
        remind_days=duty.settings.cards.remind_days,
        now=duty.now(),
        should_continue=duty.should_continue,
    )


def expire_points(duty: JobContext) -> int:
    """End the points that are over, those over longest first."""
    return points_upkeep.expire_points(now=duty.now(), should_continue=duty.should_continue)


def tell_of_expiry(duty: JobContext) -> int:
    """Tell riders 60, 30 and 7 days before points are over."""
    return points_upkeep.tell_of_expiry(
        terms=terms_of(duty.settings), now=duty.now(), should_continue=duty.should_continue
    )


def close_budgets(duty: JobContext) -> int:
    """Give back what the pools of months that are over did not award."""
    return points_upkeep.close_budgets(
        terms=terms_of(duty.settings), now=duty.now(), should_continue=duty.should_continue
    )


def audit_points(duty: JobContext) -> int:
    """Audit what was written since the last night, everything once a week; tell of what differs."""
    return points_auditing.audit_nightly(zone=duty.settings.county.tz, now=duty.now())


def find_signals(duty: JobContext) -> int:
    """Look for odd things in what came in since the last time; people decide what they are."""
    return fairness_scheduled.find_all(
        zone=duty.settings.county.tz, now=duty.now, should_continue=duty.should_continue
    )


def tell_of_signals(duty: JobContext) -> int:
    """Tell streets once a day how many things worth a second look are new."""
    county = duty.settings.county
    return fairness_usecases.tell_of_signals(zone=county.tz, county=county.code, now=duty.now())


def draw_sample(duty: JobContext) -> int:
    """Draw last month's sample of accepted reports, once."""
    county, now = duty.settings.county, duty.now()
    return fairness_usecases.draw_sample(
        Month.of(now, county.tz).plus(-1),
        zone=county.tz,
        places=places_queries.reference(),
        now=now,
    )


def recount_statistics(duty: JobContext) -> int:
    """Count the newest months anew, one older one, and those never counted; differences are noted and repaired."""
    return statistics_usecases.recount_due(
        places=places_queries.reference(),
        county=duty.settings.county,
        every=timedelta(hours=duty.settings.statistics.recount_hours),
        now=duty.now(),
        should_continue=duty.should_continue,
    )


def freeze_months(duty: JobContext) -> int:
    """Freeze the month that is over, where nobody has by the day of the settings."""
    return month_usecases.freeze_due(
        places=places_queries.reference(),
        county=duty.settings.county,
        day=duty.settings.statistics.freeze_day,
        now=duty.now(),
    )


def deliver_statistics(duty: JobContext) -> int:
    """Tell those who asked that the month before can be fetched: each once, on their day or after."""
    return subscriptions_usecases.deliver_due(
        places=places_queries.reference(),
        county=duty.settings.county,
        now=duty.now(),
        should_continue=duty.should_continue,
    )


def sweep_photos(duty: JobContext) -> int:
    """Mark photo files that never got their row; delete those marked for days."""
    now = duty.now()
    try:
        swept = upkeep_usecases.sweep(
            wiring().media.store,
            wiring().photo_names_in_use,
            upkeep_usecases.care_of(duty.settings),
            now=now,
        )
    except StoreRefused as refusal:
        logger.error(opening.sentence(refusal), extra=refusal.facts)
        raise
    if swept.is_stopped:
        facts = {"unknown": swept.unknown, "looked_at": swept.looked_at}
        logger.error(say("sweep_stopped", **facts), extra=facts)
        usecases.tell_of_brake(**facts, county=duty.settings.county, now=now)
    else:
        usecases.release_brake()
    return swept.done


def sweep_uploads(duty: JobContext) -> int:
    """Let go photos sent in parts that nothing named within a week, and the bytes of those used."""
    return resumable_usecases.sweep(now=duty.now(), should_continue=duty.should_continue)


def sweep_accounts(duty: JobContext) -> int:
    """Delete counters, codes and sign-ins whose time is over."""
    return members_usecases.sweep(now=duty.now())


def make_exports(duty: JobContext) -> int:
    """Write the files members asked for with everything about them, and let go those whose days are over."""
    return export_usecases.make_due(
        current_app.extensions["grid_report_leaving"],
        open_photo=lambda name: wiring().media.store.open(name, Size.MAIN),
        vault=accounts_policy.current().vault,
        now=duty.now,
        should_continue=duty.should_continue,
    )


def erase_members(duty: JobContext) -> int:
    """Erase members whose days to call it back are over, their photos too; go on where it stopped."""
    done = leaving_usecases.erase_due(
        current_app.extensions["grid_report_leaving"],
        now=duty.now(),
        should_continue=duty.should_continue,
    )
    if done:
        # The sweep does it where this cannot be done now.
        upkeep_usecases.remove_asked(
            wiring().media.store,
            wiring().photo_names_in_use,
            upkeep_usecases.care_of(duty.settings),
            now=duty.now(),
        )
    return done


def settle_services(duty: JobContext) -> int:
    """Make final what stations handed out 72 hours ago and nobody disputed."""
    return offers_after.settle_due(now=duty.now(), should_continue=duty.should_continue)


def end_vouchers(duty: JobContext) -> int:
    """Let vouchers past their day expire, and note who did not come; points and places return."""
    done = offers_after.end_overdue(now=duty.now(), should_continue=duty.should_continue)
    return done + offers_scanning.sweep_tries(now=duty.now())


def pass_on_places(duty: JobContext) -> int:
    """Pass freed places on that the next in the queue did not take in time."""
    return offers_after.pass_on_places(now=duty.now(), should_continue=duty.should_continue)


def draw_statements(duty: JobContext) -> int:
    """Draw providers' statements of months that are over; close those both sides confirmed."""
    drawn = offers_stating.draw_due(
        zone=duty.settings.county.tz,
        fen_per_point=duty.settings.points.fen_per_point,
        now=duty.now(),
        should_continue=duty.should_continue,
    )
    return drawn + offers_stating.close_confirmed(
        now=duty.now(), should_continue=duty.should_continue
    )
