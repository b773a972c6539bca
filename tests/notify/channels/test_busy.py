"""A database that is busy while somebody is told: the next run goes on, nobody waits for the first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grid_report.errors import Busy
from grid_report.notify.outgoing import Outgoing
from tests.notify.channels.sending import AT, Pigeon, deliver, put, send, states
from tests.support.builders import Make

pytestmark = pytest.mark.database


def test_what_a_busy_database_stopped_goes_with_the_next_run(make: Make) -> None:
    def is_busy(_message: Outgoing, _member_id: int) -> None:
        raise Busy

    put(to_member=make.rider().member_id)
    pigeon = Pigeon()
    pigeon.does = is_busy
    deliver(pigeon)
    with pytest.raises(Busy):
        send(pigeon)
    pigeon.does = None
    assert send(pigeon, at=AT + timedelta(seconds=2)) == 1
    assert states() == [("pigeon", "sent", 1, "")]
