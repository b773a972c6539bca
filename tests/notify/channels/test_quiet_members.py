"""Each member's own quiet hours: what waits goes at their end, once; the others are told at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.notify.channels import hours
from grid_report.notify.choices import usecases
from grid_report.notify.outgoing import NotNow, Outgoing
from grid_report.notify.quiet_hours import QuietHours
from tests.notify.channels.sending import AT, Pigeon, deliver, put, rows, send, states
from tests.support.builders import STATION, Make
from tests.support.parallel import InParallel
from tests.support.present import COUNTY

pytestmark = pytest.mark.database

# 10:00 in the county.
BY_DAY = QuietHours(9 * 60, 17 * 60)
EVENING = AT + timedelta(hours=7)


class Considerate(Pigeon):
    """A channel that disturbs nobody in their quiet hours."""

    def when(self, message: Outgoing, member_id: int, now: datetime) -> datetime | None:
        return hours.when(message, now, COUNTY, message.quiet_of(member_id))


def rest(member: Actor, quiet: QuietHours = BY_DAY) -> None:
    usecases.choose([], quiet=quiet, channels=(), actor=member, now=AT)


def test_who_sleeps_by_day_is_told_in_the_evening_and_the_others_at_once(make: Make) -> None:
    sleeps, works = make.worker(), make.worker()
    rest(sleeps)
    pigeon = Considerate()
    put(to_role=(Role.WORKER, STATION))
    deliver(pigeon)
    assert send(pigeon) == 0
    assert [one for _, one in pigeon.sent] == [works.member_id]
    assert (rows()[0].retry_at, rows()[0].attempts) == (EVENING, 0)
    assert send(pigeon, at=EVENING - timedelta(seconds=1)) == 0
    assert send(pigeon, at=EVENING) == 1
    assert [one for _, one in pigeon.sent] == [works.member_id, sleeps.member_id]
    assert send(pigeon, at=EVENING + timedelta(hours=1)) == 0
    assert (states(), rows()[0].sent_to) == ([("pigeon", "sent", 1, "")], 2)


def test_what_may_hurt_somebody_is_told_in_quiet_hours_too(make: Make) -> None:
    rest(make.worker())
    pigeon = Considerate()
    for kind in ("report_urged", "report_submitted"):
        put(kind, to_role=(Role.WORKER, STATION))
    deliver(pigeon)
    assert send(pigeon) == 1
    assert [row.state.value for row in rows()] == ["waiting", "sent"]


def test_one_who_may_not_be_told_before_tomorrow_keeps_nobody_sleeping_longer(make: Make) -> None:
    sleeps, other = make.worker(), make.worker()
    rest(sleeps)
    pigeon = Considerate()

    def not_now(_message: Outgoing, member_id: int) -> bool:
        if member_id == other.member_id:
            raise NotNow(AT + timedelta(hours=14))
        return True

    pigeon.does = not_now
    put(to_role=(Role.WORKER, STATION))
    deliver(pigeon)
    send(pigeon)
    assert (rows()[0].retry_at, rows()[0].attempts) == (EVENING, 0)


def test_hours_changed_meanwhile_count_from_then_on(make: Make) -> None:
    worker = make.worker()
    rest(worker)
    pigeon = Considerate()
    put(to_role=(Role.WORKER, STATION))
    deliver(pigeon)
    send(pigeon)
    rest(worker, QuietHours(9 * 60, 18 * 60))
    assert (send(pigeon, at=EVENING), pigeon.sent) == (0, [])
    rest(worker, QuietHours(0, 0))
    assert send(pigeon, at=EVENING + timedelta(hours=1)) == 1


def test_somebody_whose_hours_are_over_first_waits_for_nobody_and_too_late_is_not_told(
    make: Make,
) -> None:
    first, second, never = make.worker(), make.worker(), make.worker()
    rest(first, QuietHours(9 * 60, 12 * 60))
    rest(second)
    rest(never, QuietHours(9 * 60 + 30, 9 * 60))
    pigeon = Considerate()
    put(to_role=(Role.WORKER, STATION), at=AT - timedelta(hours=2))
    deliver(pigeon)
    assert send(pigeon) == 0
    assert send(pigeon, at=AT + timedelta(hours=2)) == 0
    assert [one for _, one in pigeon.sent] == [first.member_id]
    assert send(pigeon, at=EVENING) == 1
    assert [one for _, one in pigeon.sent] == [first.member_id, second.member_id]
    assert rows()[0].state.value == "sent"


def test_deliverers_at_once_tell_each_once_at_the_end_of_the_hours(
    make: Make, in_parallel: InParallel
) -> None:
    members = [make.worker() for _ in range(4)]
    for member in members[:2]:
        rest(member)
    pigeon = Considerate()
    for _ in range(3):
        put(to_role=(Role.WORKER, STATION))
    deliver(pigeon)
    for at in (AT, EVENING):
        in_parallel(lambda _, at=at: send(pigeon, at=at), 4)
    assert len(pigeon.sent) == len(set(pigeon.sent)) == 12
