"""What members said of a channel as a whole, before they could choose kinds."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from grid_report import schema
from grid_report.db import db
from grid_report.notify.choices import queries as choices_queries
from tests.support.builders import Make

pytestmark = pytest.mark.database


def test_what_was_said_of_a_channel_counts_for_each_kind_it_brought(make: Make) -> None:
    wants, stopped, one_less = (it().member_id for it in (make.rider, make.worker, make.worker))
    db.session.remove()
    schema.downgrade(db.engine, "0038")
    said = (
        "INSERT INTO channel_choices (member_id, channel, wanted, at)"
        " VALUES (:member, 'sms', :wanted, '2026-11-01 00:00:00')"
    )
    with db.engine.begin() as connection:
        for member, wanted in ((wants, True), (stopped, False)):
            connection.execute(text(said), {"member": member, "wanted": wanted})
    schema.upgrade(db.engine)
    assert len(choices_queries.find_choices(wants)) == 6
    assert choices_queries.find_choices(wants)["place_offered", "sms"] is True
    assert set(choices_queries.find_choices(stopped).values()) == {False}
    db.session.remove()
    # Going down, one kind that is wanted is enough to want the channel.
    one = "UPDATE channel_choices SET wanted = false WHERE kind <> 'light_red'"
    with db.engine.begin() as connection:
        connection.execute(text(one))
        # Who stopped one kind and said nothing of the others wants the channel as staff do.
        connection.execute(
            text(
                "INSERT INTO channel_choices (member_id, kind, channel, wanted, at)"
                " VALUES (:member, 'report_urged', 'sms', false, '2026-11-01 00:00:00')"
            ),
            {"member": one_less},
        )
    schema.downgrade(db.engine, "0038")
    kept = "SELECT member_id, wanted FROM channel_choices ORDER BY member_id"
    with db.engine.connect() as connection:
        rows_left = [(row[0], bool(row[1])) for row in connection.execute(text(kept))]
    assert rows_left == [(wants, True), (stopped, False)]
    schema.upgrade(db.engine)
