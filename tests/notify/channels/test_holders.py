"""What was for a role reaches those who hold it when it is sent, not when it was written."""

from __future__ import annotations

import pytest

from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.accounts.members.usecases import revoke_role
from tests.notify.channels.sending import AT, Pigeon, deliver, put, send
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database


def test_who_does_not_work_there_any_more_is_told_nothing(make: Make) -> None:
    left, stays = make.worker(), make.worker()
    put(to_role=(Role.WORKER, STATION))
    pigeon = Pigeon()
    deliver(pigeon)
    # While it waited, for the morning or for the channel.
    revoke_role(left.member_id, Grant(Role.WORKER, STATION), actor=None, now=AT)
    assert send(pigeon) == 1
    assert [member_id for _, member_id in pigeon.sent] == [stays.member_id]


def test_the_county_is_told_of_what_nobody_answers_for(make: Make) -> None:
    county = make.administrator()
    put(to_role=(Role.WORKER, STATION))
    pigeon = Pigeon()
    deliver(pigeon, instead=(Role.ADMINISTRATOR, make.settings.county.code))
    assert send(pigeon) == 1
    assert [member_id for _, member_id in pigeon.sent] == [county.member_id]
