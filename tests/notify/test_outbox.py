"""Messages leave after the commit, arrive once, and are never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from grid_report import clock
from grid_report.access.roles import Role
from grid_report.db import db, transaction
from grid_report.notify import delivery, outbox, queries, retries, steps, usecases
from grid_report.notify.kinds import MissingFacts
from grid_report.notify.models import Delivery, InboxEntry, Message
from tests.support.builders import STATION, Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

NUMBER = "KY-20261123-0042"
FACTS = {
    "category": "RD02",
    "community": "站前社区",
    "clock": "accept",
    "due": "2026-11-23T10:00:00+00:00",
}


def put(kind: str = "report_submitted", **more: Any) -> None:
    values: dict[str, Any] = {"about": NUMBER, "facts": FACTS, "now": clock.now(), **more}
    with transaction() as session:
        outbox.put(session, kind, **values)


def deliver(**more: Any) -> int:
    return delivery.deliver_due(now=clock.now, **more)


def copies() -> list[tuple[int, int]]:
    db.session.rollback()
    rows = db.session.execute(select(InboxEntry.message_id, InboxEntry.member_id))
    return sorted((message_id, member_id) for message_id, member_id in rows)


def message() -> Message:
    db.session.rollback()
    return db.session.scalars(select(Message).execution_options(populate_existing=True)).one()


def test_a_message_to_a_role_reaches_everybody_who_holds_it_there(make: Make) -> None:
    here = [make.worker(), make.worker()]
    make.worker(community="211282001003")
    make.rider()
    put(to_role=(Role.WORKER, STATION))
    assert deliver() == 1
    assert [member for _, member in copies()] == sorted(one.member_id for one in here)


def test_who_holds_the_role_is_asked_at_delivery_not_before(make: Make) -> None:
    put(to_role=(Role.WORKER, STATION))
    late = make.worker()
    deliver()
    assert [member for _, member in copies()] == [late.member_id]


def test_the_one_who_did_it_gets_no_copy(make: Make) -> None:
    doer, other = make.worker(), make.worker()
    put(to_role=(Role.WORKER, STATION), except_member=doer.member_id)
    deliver()
    assert [member for _, member in copies()] == [other.member_id]


def test_what_nobody_answers_for_goes_to_the_administrators(make: Make) -> None:
    administrator = make.administrator()
    county = make.settings.county.code
    put(to_role=(Role.WORKER, STATION))
    deliver(instead=(Role.ADMINISTRATOR, county))
    rows, _ = queries.list_inbox(administrator.member_id)
    assert [(row.kind, row.role) for row in rows] == [("report_submitted", Role.ADMINISTRATOR)]


def test_nothing_is_delivered_for_a_change_that_was_rolled_back(make: Make) -> None:
    rider = make.rider()

    def change() -> None:
        with transaction() as session:
            outbox.put(
                session,
                "report_withdrawn",
                to_member=rider.member_id,
                about=NUMBER,
                facts=FACTS,
                now=clock.now(),
            )
            raise RuntimeError("the change failed after its message was written")

    with pytest.raises(RuntimeError):
        change()
    assert deliver() == 0
    assert copies() == []


def test_several_messages_are_one_statement(make: Make) -> None:
    rider = make.rider()
    rows = [
        outbox.row(kind, to_member=rider.member_id, about=NUMBER, facts=FACTS, now=clock.now())
        for kind in ("report_withdrawn", "report_controlled", "report_closed")
    ]
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with transaction() as session:
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            outbox.put_all(session, rows)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
    assert len(statements) == 1
    assert deliver() == 3


def test_a_message_that_forgets_a_fact_fails_with_its_change(app: Flask) -> None:
    with pytest.raises(MissingFacts), transaction() as session:
        outbox.put(session, "report_rejected", to_member=1, about=NUMBER, facts={}, now=clock.now())


def test_facts_that_a_kind_does_not_tell_are_not_kept(make: Make) -> None:
    put(
        "report_withdrawn",
        to_role=(Role.HANDLER, "property-01"),
        facts={**FACTS, "reporter": "somebody"},
    )
    assert message().facts == {"category": "RD02"}


def test_delivering_again_changes_nothing(make: Make) -> None:
    worker = make.worker()
    put(to_role=(Role.WORKER, STATION))
    deliver()
    entry = queries.list_inbox(worker.member_id)[0][0]
    usecases.mark_read(entry.id, member_id=worker.member_id, now=clock.now())
    with transaction() as session:
        again = session.scalars(select(Message)).one()
        again.state, again.delivered_at = Delivery.WAITING, None
    deliver()
    assert len(copies()) == 1
    assert queries.list_inbox(worker.member_id)[0][0].is_read


def test_deliverers_at_once_neither_double_nor_lose(make: Make, in_parallel: InParallel) -> None:
    workers = [make.worker() for _ in range(3)]
    for _ in range(20):
        put(to_role=(Role.WORKER, STATION))
    counts = in_parallel(lambda _: deliver(), 4)
    assert sum(counts) == 20
    assert len(copies()) == len(set(copies())) == 20 * len(workers)


def _same(at: datetime) -> datetime:
    return at


def refuse(monkeypatch: pytest.MonkeyPatch, about: str, times: int = 10_000) -> None:
    """Let a message find no receivers so many times: as a broken row would."""
    real, left = steps.receivers, [times]

    def fails(message: Message, *more: Any) -> Any:
        if message.about.endswith(about) and left[0]:
            left[0] -= 1
            raise ZeroDivisionError("13800000001")
        return real(message, *more)

    monkeypatch.setattr(steps, "receivers", fails)


def test_a_hopeless_message_is_given_up_visibly_and_can_be_tried_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rider = make.rider()
    put("report_withdrawn", to_member=rider.member_id)
    refuse(monkeypatch, "0042", times=retries.MOST_ATTEMPTS)
    at = clock.now()
    for _ in range(retries.MOST_ATTEMPTS + 3):
        assert delivery.deliver_due(now=partial(_same, at)) == 0
        at += retries.LONGEST_WAIT
    assert queries.outbox_health().given_up == 1
    assert [(one.channel, one.attempts, one.last_error) for one in queries.list_given_up()] == [
        ("inbox", retries.MOST_ATTEMPTS, "ZeroDivisionError")
    ]
    assert usecases.retry_given_up() == 1
    assert delivery.deliver_due(now=lambda: at) == 1


def test_a_message_that_cannot_be_delivered_does_not_hold_up_the_others(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rider = make.rider()
    put("report_withdrawn", to_member=rider.member_id, about="KY-20261123-0001")
    put("report_withdrawn", to_member=rider.member_id, about="KY-20261123-0002")
    refuse(monkeypatch, "0001")
    assert deliver() == 1
    assert [row.about for row in queries.list_inbox(rider.member_id)[0]] == ["KY-20261123-0002"]
    assert queries.outbox_health().waiting == 1
    # Not before its time, whatever is asked in between.
    start = clock.now()
    monkeypatch.undo()
    assert delivery.deliver_due(now=lambda: start + timedelta(seconds=5)) == 0
    assert delivery.deliver_due(now=lambda: start + timedelta(seconds=11)) == 1


def test_a_clock_that_jumps_back_delays_no_new_message(make: Make) -> None:
    rider = make.rider()
    put("report_withdrawn", to_member=rider.member_id, now=datetime(2031, 1, 1, tzinfo=UTC))
    assert delivery.deliver_due(now=lambda: datetime(2026, 1, 1, tzinfo=UTC)) == 1


def test_a_retry_set_by_a_wrong_clock_is_not_waited_for(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rider = make.rider()
    put("report_withdrawn", to_member=rider.member_id)
    refuse(monkeypatch, "0042", times=1)
    wrong = clock.now() + timedelta(days=300)
    assert delivery.deliver_due(now=lambda: wrong) == 0
    assert deliver() == 1


def test_delivery_stops_between_two_messages_when_told_to(make: Make) -> None:
    rider = make.rider()
    for _ in range(3):
        put("report_withdrawn", to_member=rider.member_id)
    answers = iter([True, False])
    assert deliver(should_continue=lambda: next(answers)) == 1
    assert queries.outbox_health().waiting == 2


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 10), (1, 10), (2, 20), (5, 160), (10, 3600), (10_000, 3600)]
)
def test_waits_double_up_to_an_hour(attempts: int, seconds: int) -> None:
    assert retries.wait_after(attempts) == timedelta(seconds=seconds)
