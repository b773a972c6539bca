"""Each channel has a message its own way: one that fails is tried again alone, the others never."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report.access.roles import Role
from grid_report.db import db, transaction
from grid_report.notify import delivery, queries, retries, usecases
from grid_report.notify.channels import usecases as channel_usecases
from grid_report.notify.models import ChannelDelivery, Delivery, Message, Sending
from grid_report.notify.outgoing import NotNow, Outgoing
from tests.notify.channels.sending import AT, Pigeon, deliver, put, rows, say, send, states
from tests.support.builders import STATION, Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database


def test_a_channel_that_fails_is_tried_again_alone(make: Make) -> None:
    rider = make.rider()
    put(to_member=rider.member_id)
    first, second = Pigeon("first"), Pigeon("second", fails=2)
    assert deliver(first, second) == 1
    assert send(first, second) == 1
    assert states() == [("first", "sent", 1, ""), ("second", "waiting", 1, "ConnectionError")]
    # The inbox has waited for nobody.
    assert queries.count_unread(rider.member_id) == 1
    assert queries.outbox_health().waiting == 0
    at = AT
    for attempts in (1, 2):
        # Not before its time, whatever is asked in between.
        at += retries.wait_after(attempts)
        assert send(first, second, at=at - timedelta(seconds=1)) == 0
        assert send(first, second, at=at) == attempts - 1
    assert states() == [("first", "sent", 1, ""), ("second", "sent", 3, "")]
    assert [len(first.sent), len(second.sent)] == [1, 3]
    assert len({*first.sent, *second.sent}) == 1
    assert [(row.sent_at, row.sent_to) for row in rows()] == [(AT, 1), (at, 1)]
    assert send(first, second, at=at + timedelta(days=1)) == 0
    assert queries.count_unread(rider.member_id) == 1


def test_what_is_given_up_touches_no_other_channel_and_can_be_tried_again(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    put(to_member=make.rider().member_id)
    first, second = Pigeon("first"), Pigeon("second", fails=retries.MOST_ATTEMPTS)
    deliver(first, second)
    at = AT
    for _ in range(retries.MOST_ATTEMPTS + 3):
        send(first, second, at=at)
        at += retries.LONGEST_WAIT
    assert [len(first.sent), len(second.sent)] == [1, retries.MOST_ATTEMPTS]
    assert "sending given up" in caplog.text
    assert "13800000001" not in " ".join(str(vars(record)) for record in caplog.records)
    health = queries.outbox_health()
    assert (health.given_up, health.to_send, health.sending_given_up) == (0, 0, 1)
    assert [
        (it.kind, it.channel, it.attempts, it.last_error) for it in queries.list_given_up()
    ] == [("report_urged", "second", retries.MOST_ATTEMPTS, "ConnectionError")]
    assert usecases.retry_given_up() == 1
    assert send(first, second, at=at) == 1
    assert states() == [("first", "sent", 1, ""), ("second", "sent", 1, "")]
    assert len(first.sent) == 1


class Crash(BaseException):
    """The process is gone."""


def test_a_crash_between_sending_and_noting_sends_again_as_the_same_message(make: Make) -> None:
    workers = [make.worker().member_id for _ in range(3)]
    put(to_role=(Role.WORKER, STATION))
    pigeon = Pigeon()

    def crash(message: Outgoing, member_id: int) -> bool:
        if len(pigeon.sent) == 2:
            raise Crash
        return True

    pigeon.does = crash
    deliver(pigeon)
    with pytest.raises(Crash):
        send(pigeon)
    # For the others it looks as if somebody were at it.
    assert send(pigeon, at=AT + retries.WHILE_SENDING - timedelta(seconds=1)) == 0
    assert send(pigeon, at=AT + retries.WHILE_SENDING) == 1
    message_id = rows()[0].message_id
    # Who was noted is not told again; who was not may be, under the same id.
    assert sorted(pigeon.sent) == sorted((message_id, one) for one in (*workers, workers[1]))
    assert (rows()[0].attempts, rows()[0].sent_to) == (2, 3)


def test_nobody_else_sends_while_one_does_and_no_transaction_is_open(make: Make) -> None:
    put(to_member=make.rider().member_id)
    pigeon = Pigeon()
    seen: list[int] = []

    def look(message: Outgoing, member_id: int) -> bool:
        # A use case within a transaction would be refused.
        seen.append(delivery.send_due(now=lambda: AT, channels=[pigeon]))
        return True

    pigeon.does = look
    deliver(pigeon)
    assert send(pigeon) == 1
    assert (seen, len(pigeon.sent)) == ([0], 1)


def test_deliverers_at_once_send_each_message_once(make: Make, in_parallel: InParallel) -> None:
    make.worker()
    for _ in range(20):
        put(to_role=(Role.WORKER, STATION))
    pigeons = Pigeon("first"), Pigeon("second")

    def slow(message: Outgoing, member_id: int) -> bool:
        time.sleep(0.002)
        return True

    for pigeon in pigeons:
        pigeon.does = slow
    in_parallel(lambda _: deliver(*pigeons), 4)
    counts = in_parallel(lambda _: send(*pigeons), 4)
    assert sum(counts) == 40
    for pigeon in pigeons:
        assert len(pigeon.sent) == len(set(pigeon.sent)) == 20


def test_a_delivery_another_one_looks_at_is_passed_by(make: Make) -> None:
    """The row is locked without waiting: on PostgreSQL a second deliverer goes on to the next."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    put(to_member=make.rider().member_id)
    pigeon = Pigeon()
    deliver(pigeon)
    row_id = rows()[0].id
    db.session.rollback()
    with db.engine.begin() as other:
        other.execute(
            select(ChannelDelivery.id).where(ChannelDelivery.id == row_id).with_for_update()
        )
        other.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        assert channel_usecases.take(row_id, channel=pigeon, now=AT) is None
    assert send(pigeon) == 1


def test_a_channel_switched_on_later_sends_nothing_of_before(make: Make) -> None:
    rider = make.rider()
    put(to_member=rider.member_id)
    deliver()
    pigeon = Pigeon()
    assert (deliver(pigeon), send(pigeon)) == (0, 0)
    put(to_member=rider.member_id)
    assert (deliver(pigeon), send(pigeon)) == (1, 1)
    assert len(pigeon.sent) == 1


def test_a_channel_switched_off_leaves_nothing_that_waits(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    rider = make.rider()
    put(to_member=rider.member_id)
    stays, goes = Pigeon("stays", fails=1), Pigeon("goes", fails=1)
    deliver(stays, goes)
    send(stays, goes)
    assert "dropped" not in caplog.text
    assert send(stays) == 0
    assert states() == [
        ("stays", "waiting", 1, "ConnectionError"),
        ("goes", "dropped", 1, "switched_off"),
    ]
    assert "dropped" in caplog.text
    # Switched on again it begins with what comes then.
    later = AT + timedelta(hours=1)
    assert send(stays, goes, at=later) == 1
    assert (len(goes.sent), queries.outbox_health().to_send) == (1, 0)
    assert queries.count_unread(rider.member_id) == 1


def test_a_message_delivered_twice_to_the_inbox_goes_on_a_channel_once(make: Make) -> None:
    put(to_member=make.rider().member_id)
    pigeon = Pigeon()
    deliver(pigeon)
    send(pigeon)
    with transaction() as session:
        again = session.scalars(select(Message)).one()
        again.state, again.delivered_at = Delivery.WAITING, None
    assert deliver(pigeon) == 1
    assert (send(pigeon), len(pigeon.sent)) == (0, 1)


def test_a_channel_gets_only_what_it_carries_and_only_for_somebody(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    pigeon = Pigeon()
    put(to_role=(Role.WORKER, STATION))
    assert deliver(pigeon) == 1
    assert rows() == []
    make.worker()
    monkeypatch.setattr(pigeon, "carries", lambda message: message.role is Role.HANDLER)
    put(to_role=(Role.WORKER, STATION))
    deliver(pigeon)
    assert rows() == []


def test_one_who_cannot_be_reached_keeps_it_from_nobody(make: Make) -> None:
    workers = [make.worker().member_id for _ in range(5)]
    put(to_role=(Role.WORKER, STATION))
    pigeon, gone = Pigeon(), set(workers[:3])

    def reach(message: Outgoing, member_id: int) -> bool:
        if member_id in gone:
            raise ConnectionError
        return True

    pigeon.does = reach
    deliver(pigeon)
    send(pigeon)
    # After three it is rather the channel: the next attempt begins with another one.
    assert [member_id for _, member_id in pigeon.sent] == workers[:3]
    at = AT + retries.wait_after(1)
    send(pigeon, at=at)
    at += retries.wait_after(2)
    assert sorted(rows()[0].done_for) == workers[3:]
    gone.clear()
    assert send(pigeon, at=at) == 1
    assert (rows()[0].state, rows()[0].sent_to) == (Sending.SENT, 5)
    for one in workers[3:]:
        assert sum(member_id == one for _, member_id in pigeon.sent) == 1


def test_a_channel_that_is_away_is_left_alone_until_the_next_run(make: Make) -> None:
    rider = make.rider()
    for _ in range(5):
        put(to_member=rider.member_id)
    away, other = Pigeon("away", fails=99), Pigeon("other")
    deliver(away, other)
    assert send(away, other) == 5
    assert (len(away.sent), len(other.sent)) == (delivery.FAILURES_IN_A_ROW, 5)


def test_what_there_is_nothing_to_send_of_is_no_failure_of_the_channel(make: Make) -> None:
    reads, other = make.rider(), make.rider()
    pigeon = Pigeon()
    for _ in range(delivery.FAILURES_IN_A_ROW + 1):
        put(to_member=reads.member_id)
    deliver(pigeon)
    usecases.mark_all_read(member_id=reads.member_id, up_to=10_000, now=AT)
    put(to_member=other.member_id)
    deliver(pigeon)
    assert send(pigeon) == 1
    assert [member_id for _, member_id in pigeon.sent] == [other.member_id]


def test_what_may_not_go_now_waits_and_counts_as_no_attempt(make: Make) -> None:
    put(to_member=make.rider().member_id)
    pigeon = Pigeon()
    morning = AT + timedelta(hours=9)
    pigeon.not_before = morning
    deliver(pigeon)
    assert send(pigeon) == 0
    assert send(pigeon, at=morning - timedelta(seconds=1)) == 0
    assert (states(), pigeon.sent) == ([("pigeon", "waiting", 0, "")], [])

    def not_now(message: Outgoing, member_id: int) -> bool:
        raise NotNow(morning + timedelta(days=1))

    pigeon.does = not_now
    assert send(pigeon, at=morning) == 0
    assert states() == [("pigeon", "waiting", 0, "")]
    pigeon.does = None
    assert send(pigeon, at=morning + timedelta(hours=23)) == 0
    assert send(pigeon, at=morning + timedelta(days=1)) == 1
    assert states() == [("pigeon", "sent", 1, "")]


def test_what_is_too_late_is_dropped(make: Make) -> None:
    put(to_member=make.rider().member_id)
    pigeon = Pigeon()
    pigeon.not_before = None
    deliver(pigeon)
    assert (send(pigeon), pigeon.sent) == (0, [])
    assert states() == [("pigeon", "dropped", 0, "too_late")]


def test_who_has_read_it_or_has_no_address_is_told_nothing_more(make: Make) -> None:
    reads, refuses, homeless, told = (make.worker() for _ in range(4))
    put(to_role=(Role.WORKER, STATION))
    pigeon = Pigeon()
    pigeon.does = lambda message, member_id: member_id != homeless.member_id
    deliver(pigeon)
    entry = queries.list_inbox(reads.member_id)[0][0]
    usecases.mark_read(entry.id, member_id=reads.member_id, now=AT)
    for channel, who in (("pigeon", refuses), ("another", told)):
        say(who.member_id, channel, False)
    assert send(pigeon) == 1
    assert [member_id for _, member_id in pigeon.sent] == [homeless.member_id, told.member_id]
    assert (rows()[0].state, rows()[0].sent_to) == (Sending.SENT, 1)


def test_riders_are_told_once_they_asked_for_it_and_the_last_word_counts(make: Make) -> None:
    rider = make.rider().member_id
    pigeon = Pigeon()
    for number, wanted in enumerate((None, True, False, True)):
        if wanted is not None:
            say(rider, "pigeon", wanted)
        put(to_member=rider, read_as=Role.RIDER, about=f"KY-20261116-000{number}")
        deliver(pigeon)
        send(pigeon)
    # What nobody wants has no row at all.
    assert [row.state.value for row in rows()] == ["sent", "sent"]
    assert len(pigeon.sent) == 2


def test_what_nobody_can_be_told_is_dropped_and_not_called_sent(make: Make) -> None:
    reads, homeless = make.rider(), make.rider()
    for one in (reads, homeless):
        put(to_member=one.member_id)
    pigeon = Pigeon()
    pigeon.does = lambda message, member_id: False
    deliver(pigeon)
    usecases.mark_all_read(member_id=reads.member_id, up_to=10_000, now=AT)
    send(pigeon)
    assert states() == [("pigeon", "dropped", 0, "nobody"), ("pigeon", "dropped", 1, "nobody")]


def test_a_channel_with_a_mistake_in_it_holds_up_neither_inbox_nor_the_others(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError

    rider = make.rider()
    put(to_member=rider.member_id)
    wrong, fine = Pigeon("wrong"), Pigeon("fine")
    with monkeypatch.context() as patch:
        patch.setattr(wrong, "carries", fail)
        assert deliver(wrong, fine) == 1
    assert [row.channel for row in rows()] == ["fine"]
    put(to_member=rider.member_id)
    deliver(wrong, fine)
    monkeypatch.setattr(wrong, "when", fail)
    assert send(wrong, fine) == 2
    assert states()[-2:] == [("wrong", "waiting", 1, "ZeroDivisionError"), ("fine", "sent", 1, "")]
    assert queries.count_unread(rider.member_id) == 2


def test_a_wait_set_by_a_wrong_clock_is_not_waited_for(make: Make) -> None:
    put(to_member=make.rider().member_id)
    pigeon = Pigeon(fails=1)
    deliver(pigeon)
    send(pigeon, at=AT + timedelta(days=300))
    assert send(pigeon) == 1


def test_sending_stops_between_two_messages_when_told_to(make: Make) -> None:
    rider = make.rider()
    for _ in range(3):
        put(to_member=rider.member_id)
    pigeon = Pigeon()
    deliver(pigeon)
    answers = iter([True, True, False])
    assert send(pigeon, should_continue=lambda: next(answers)) == 1
    assert queries.outbox_health().to_send == 2


def test_a_failure_is_logged_by_ids_and_kind_only(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    put(to_member=make.rider().member_id)
    pigeon = Pigeon(fails=1)
    deliver(pigeon)
    send(pigeon)
    logged = next(it for it in caplog.records if it.message == "sending put off")
    assert (vars(logged)["channel"], vars(logged)["error"]) == ("pigeon", "ConnectionError")
    assert "13800000001" not in " ".join(str(vars(record)) for record in caplog.records)
