"""The month is told of once: on its day or after, whatever stops, doubles or comes late."""

from __future__ import annotations

import os
import signal
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from grid_report.access import Actor
from grid_report.accounts.members import usecases as members_usecases
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid
from grid_report.notify.delivery import deliver_due as bring
from grid_report.notify.models import Message
from grid_report.places.queries import reference
from grid_report.statistics.models import StatisticsDelivery
from grid_report.statistics.subscriptions import usecases as subscriptions_usecases
from grid_report.statistics.subscriptions.days import (
    FIRST_DAY,
    LAST_DAY,
    month_due,
    next_day,
    told_before,
)
from grid_report.statistics.subscriptions.usecases import AddDelivery
from tests.support.builders import BRIGHT, STATION, STREET, Make
from tests.support.parallel import InParallel

COUNTY = "211282"
# The first of April in the county is the last of March in Greenwich.
APRIL_1 = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "today", "due"),
    [
        (1, date(2026, 4, 1), Month(2026, 3)),
        (5, date(2026, 4, 4), Month(2026, 2)),
        (5, date(2026, 4, 5), Month(2026, 3)),
        (28, date(2026, 3, 1), Month(2026, 1)),
        (28, date(2026, 2, 28), Month(2026, 1)),
        (1, date(2026, 1, 1), Month(2025, 12)),
        (2, date(2026, 1, 1), Month(2025, 11)),
    ],
)
def test_a_month_is_due_from_its_day_on_and_the_one_before_until_then(
    day: int, today: date, due: Month
) -> None:
    assert month_due(day, today) == due


def test_who_is_added_on_the_day_is_told_that_day_and_later_the_next_time() -> None:
    for today, first in ((date(2026, 4, 5), date(2026, 4, 5)), (date(2026, 4, 6), date(2026, 5, 5)),
                         (date(2026, 4, 4), date(2026, 4, 5)), (date(2026, 12, 9), date(2027, 1, 5))):  # fmt: skip
        told = str(told_before(5, today))
        assert next_day(5, told, today) == first
        assert (told < str(month_due(5, today))) is (first == today)


@pytest.mark.parametrize(
    ("told", "today", "following"),
    [
        ("2026-03", date(2026, 4, 5), date(2026, 5, 5)),
        ("2026-03", date(2026, 4, 6), date(2026, 5, 5)),
        ("2026-02", date(2026, 4, 5), date(2026, 4, 5)),
        ("2026-02", date(2026, 4, 4), date(2026, 4, 5)),
        ("2026-11", date(2026, 12, 5), date(2027, 1, 5)),
    ],
)
def test_whoever_was_told_today_is_told_again_in_a_month(
    told: str, today: date, following: date
) -> None:
    assert next_day(5, told, today) == following


def test_every_day_that_every_month_has_can_be_chosen() -> None:
    assert (FIRST_DAY, LAST_DAY) == (1, 28)


def add(make: Make, reader: Actor, area: str, day: int = 1, at: datetime = APRIL_1) -> None:
    subscriptions_usecases.add_delivery(
        AddDelivery(reader.member_id, area, day),
        actor=make.administrator(),
        places=reference(),
        county=make.settings.county,
        now=at,
    )


def deliver(make: Make, at: datetime = APRIL_1, **more: Any) -> int:
    return subscriptions_usecases.deliver_due(
        places=reference(), county=make.settings.county, now=at, **more
    )


def told() -> list[tuple[int | None, str]]:
    db.session.rollback()
    rows = db.session.execute(
        select(Message.member_id, Message.about)
        .where(Message.kind == "statistics_ready")
        .order_by(Message.id)
    ).all()
    db.session.rollback()
    return [(row[0], row[1]) for row in rows]


@pytest.mark.database
def test_each_is_told_once_of_each_month_on_the_day_or_after(make: Make) -> None:
    street, worker = make.supervisor(), make.worker()
    add(make, street, STREET, day=1)
    add(make, worker, STATION, day=5)
    assert deliver(make) == 1
    assert deliver(make) == 0
    assert told() == [(street.member_id, f"2026-03-{STREET}")]
    # Down for days: told as soon as it is up again.
    assert deliver(make, APRIL_1 + timedelta(days=12)) == 1
    assert told()[1:] == [(worker.member_id, f"2026-03-{STATION}")]
    assert deliver(make, APRIL_1 + timedelta(days=28)) == 0
    assert deliver(make, APRIL_1 + timedelta(days=30)) == 1
    assert told()[2:] == [(street.member_id, f"2026-04-{STREET}")]


@pytest.mark.database
def test_a_month_missed_altogether_is_told_of_while_it_is_the_newest(make: Make) -> None:
    reader = make.auditor()
    add(make, reader, COUNTY, day=28)
    assert deliver(make, APRIL_1) == 0
    # Down from the 27th of April until the 3rd of May.
    assert deliver(make, APRIL_1 + timedelta(days=32)) == 1
    assert told() == [(reader.member_id, f"2026-03-{COUNTY}")]


@pytest.mark.database
def test_many_jobs_at_once_tell_once(make: Make, in_parallel: InParallel) -> None:
    readers = [make.worker() for _ in range(3)]
    for reader in readers:
        add(make, reader, STATION)
    db.session.remove()
    counts = in_parallel(lambda number: deliver(make), 6)
    assert sum(counts) == 3
    assert sorted(told()) == sorted((it.member_id, f"2026-03-{STATION}") for it in readers)


@pytest.mark.database
def test_killed_in_the_middle_it_is_told_by_the_next_run(make: Make) -> None:
    """The child dies between the note that it is told and the message."""
    reader = make.worker()
    add(make, reader, STATION)
    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child == 0:

        @event.listens_for(db.engine, "before_cursor_execute")
        def die(_c: Any, _cu: Any, statement: str, *_more: Any) -> None:
            if "INSERT INTO" in statement and "outbox" in statement:
                os.kill(os.getpid(), signal.SIGKILL)

        deliver(make)
        os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert told() == []
    assert deliver(make) == 1
    assert told() == [(reader.member_id, f"2026-03-{STATION}")]


@pytest.mark.database
def test_who_may_not_read_the_area_any_more_is_told_nothing(make: Make) -> None:
    moved, gone, stays = make.worker(), make.worker(), make.worker()
    for reader in (moved, gone, stays):
        add(make, reader, STATION)
    administrator = make.administrator()
    (grant,) = moved.grants
    members_usecases.revoke_role(moved.member_id, grant, actor=administrator, now=APRIL_1)
    members_usecases.suspend_member(gone.member_id, actor=administrator, now=APRIL_1)
    assert deliver(make) == 1
    assert told() == [(stays.member_id, f"2026-03-{STATION}")]


@pytest.mark.database
def test_only_who_may_read_an_area_can_be_chosen_and_only_by_an_administrator(make: Make) -> None:
    for reader, area in (
        (make.worker(), BRIGHT),
        (make.worker(), STREET),
        (make.supervisor(), COUNTY),
        (make.rider(), STATION),
        (make.auditor(), "nowhere"),
    ):
        with pytest.raises(Invalid) as refused:
            add(make, reader, area)
        assert refused.value.problems["area"][0].code == "delivery-not-readable"
    command = AddDelivery(make.worker().member_id, STATION, 1)
    for actor in (make.auditor(), make.supervisor(), make.worker()):
        with pytest.raises(Forbidden):
            subscriptions_usecases.add_delivery(
                command,
                actor=actor,
                places=reference(),
                county=make.settings.county,
                now=APRIL_1,
            )
        with pytest.raises(Forbidden):
            subscriptions_usecases.remove_delivery(1, actor=actor, now=APRIL_1)


@pytest.mark.database
def test_chosen_twice_at_once_there_is_one_with_the_newest_day(
    make: Make, in_parallel: InParallel
) -> None:
    reader, administrator = make.worker(), make.administrator()
    db.session.remove()

    def choose(number: int) -> None:
        subscriptions_usecases.add_delivery(
            AddDelivery(reader.member_id, STATION, number + 1),
            actor=administrator,
            places=reference(),
            county=make.settings.county,
            now=APRIL_1,
        )

    assert in_parallel(choose, 4) == [None] * 4
    assert len(db.session.scalars(select(StatisticsDelivery)).all()) == 1
    db.session.rollback()
    # What was told of is not told again because the day changed.
    add(make, reader, STATION, day=1)
    first = deliver(make)
    add(make, reader, STATION, day=2)
    assert first + deliver(make, APRIL_1 + timedelta(days=3)) <= 1


@pytest.mark.database
def test_the_message_leads_to_the_month_and_its_workbook(make: Make) -> None:
    reader = make.supervisor()
    add(make, reader, STREET)
    deliver(make)
    bring(now=lambda: APRIL_1 + timedelta(minutes=1))
    client = make.signed_in(reader)
    inbox = client.get("/inbox").text
    assert "2026年3月统计月报：新城街道" in inbox
    link = inbox.split('href="/inbox/')[1].split('"')[0]
    leads = client.get(f"/inbox/{link}")
    assert leads.location == f"/statistics/delivered/2026-03-{STREET}"
    month = client.get(leads.location)
    assert month.location == f"/statistics/2026-03?area={STREET}"
    page = client.get(month.location)
    assert page.status_code == 200
    assert "/statistics/2026-03.xlsx?area=" in page.text
    elsewhere = make.signed_in(make.worker(BRIGHT))
    assert elsewhere.get(f"/statistics/delivered/2026-03-{STATION}").status_code == 404
    for odd in ("2026-03", "2026-03-", "x", "2026-03_211282"):
        assert client.get(f"/statistics/delivered/{odd}").status_code == 404


@pytest.mark.database
def test_an_administrator_finds_somebody_adds_and_removes_them(make: Make) -> None:
    reader = make.supervisor(name="赵主任")
    make.rider(name="赵骑手")
    client = make.signed_in(make.administrator())
    page = client.get("/statistics/deliveries?q=赵")
    assert "赵主任" in page.text
    # A rider has no figures to read.
    assert "赵骑手" not in page.text
    token = page.text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    form = {"csrf_token": token, "q": "赵", "member": str(reader.member_id), "day": "28"}
    refused = client.post("/statistics/deliveries", data={**form, "area": COUNTY})
    assert refused.status_code == 422
    assert "对方无权查看这个范围的统计" in refused.text
    # What was typed is still there.
    assert "赵主任" in refused.text
    assert '<option value="28" selected' in refused.text
    assert f'<option value="{COUNTY}" selected' in refused.text
    for wrong in (
        {"day": "29"},
        {"day": "x"},
        {"member": ""},
        {"member": "9" * 20},
        {"area": "\0"},
    ):
        sent = {**form, "area": STREET, **wrong}
        assert client.post("/statistics/deliveries", data=sent).status_code == 422, wrong
    done = client.post("/statistics/deliveries", data={**form, "area": STREET})
    assert done.status_code == 303
    listed = client.get(done.location).text
    assert "赵主任" in listed
    remove = listed.split('action="/statistics/deliveries/')[1].split('"')[0]
    for _ in range(2):
        gone = client.post(f"/statistics/deliveries/{remove}", data={"csrf_token": token})
        assert gone.status_code == 303
    assert "赵主任" not in client.get("/statistics/deliveries").text
