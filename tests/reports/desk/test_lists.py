"""Lists: constant statements, keyset paging, filters, lights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from grid_report import clock
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.notify import delivery
from grid_report.notify.queries import count_unread
from grid_report.reports.clocks import Light
from grid_report.reports.desk import queries as desk_queries
from grid_report.reports.desk.filters import ReportFilter, Sort
from grid_report.reports.desk.queries import count_for_desk, list_reports
from grid_report.reports.lifecycle import OPEN
from tests.support.builders import BRIGHT, STATION, Make

pytestmark = pytest.mark.database


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["/desk", "/api/v1/reports", "/my/reports"])
def test_a_list_takes_as_many_statements_for_twenty_rows_as_for_two(make: Make, path: str) -> None:
    rider, worker = make.rider(), make.worker()
    actor = rider if path == "/my/reports" else worker
    client = make.signed_in(actor)
    photo = make.photo()
    used = []
    for target in (2, 20):
        for number in range(target):
            # Each of another rider: ten urgent ones of one would be one row at the desk.
            make.report(
                rider if actor is rider else make.rider(), category="RD01", photos=(photo,),
                at=clock.now() - timedelta(minutes=number),
            )  # fmt: skip
        with counted() as statements:
            assert client.get(path).status_code == 200
        used.append(len(statements))
    assert used[0] == used[1]
    # Who asks and how many messages wait are two of them.
    assert used[1] <= (5 if path == "/my/reports" else 4), statements


def test_the_desk_takes_four_statements_for_ten_rows_and_for_fifty(make: Make) -> None:
    client, photo, shown = make.signed_in(make.worker()), make.photo(), 0
    for rows in (10, 50):
        for _ in range(rows - shown):
            make.report(make.rider(), category="RD01", photos=(photo,))
        shown = rows
        with counted() as statements:
            page = client.get("/desk").text
        assert page.count("data-row ") + page.count("data-row>") == rows
        assert len(statements) <= 4, "\n".join(statements)


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_hold_every_report_once(make: Make, sort: Sort) -> None:
    worker, photo = make.worker(), make.photo()
    start = clock.now() - timedelta(hours=3)
    made = {
        make.report(category="RD01", photos=(photo,), at=start + timedelta(minutes=n // 2)).number
        for n in range(23)
    }
    seen: list[str] = []
    cursor = None
    while True:
        page = list_reports(
            worker, ReportFilter(sort=sort), now=clock.now(), cursor=cursor, limit=5
        )
        seen += [row.number for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 23
    assert set(seen) == made


def plans(actor: Actor, wanted: ReportFilter) -> list[str]:
    """Return how SQLite finds what a desk asks for, one line a step."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _k: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        list_reports(actor, wanted, now=clock.now())
        count_for_desk(actor, now=clock.now())
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    connection = db.session.connection()
    return [
        line[3]
        for statement, values in asked
        if statement.startswith("SELECT")
        for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    ]


@pytest.mark.parametrize("light", [None, *Light])
def test_a_desk_looks_at_open_reports_only_and_in_the_order_of_their_index(
    make: Make, light: Light | None
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by the size of the table, and this one is empty")
    wanted = ReportFilter(states=OPEN, light=light, sort=Sort.DUE)
    for actor, index in (
        (make.worker(), "ix_reports_community_open"),
        (make.supervisor(), "ix_reports_street_open"),
        (make.handler(), "ix_reports_unit_open"),
    ):
        seen = plans(actor, wanted)
        # The list and four counts, and three by state (of one those folded); beside them only what this person reported.
        state = f"{index}_state ("
        assert sum(f"{index} (" in line for line in seen) == 5, seen
        assert sum(state in line and "state=?" in line for line in seen) == 3, seen
        looked_at = [line for line in seen if line.startswith(("SEARCH reports", "SCAN reports"))]
        others = {line.partition(" USING ")[2] for line in looked_at if index not in line}
        assert all("reporter_id=?" in it or it.startswith("INTEGER PRIMARY") for it in others), seen
    everywhere = plans(make.auditor(), wanted)
    assert "reports USING INDEX ix_reports_open" in everywhere[0]
    assert not any("TEMP B-TREE FOR ORDER BY" in line for line in everywhere)
    # Those of one state are found by it.
    for state in ("submitted", "folded", "handled"):
        assert any(f"INDEX ix_reports_{state}" in line for line in everywhere), everywhere
    assert not any(line == "SCAN reports" for line in everywhere), everywhere


def test_what_comes_by_two_ways_is_listed_and_counted_once(make: Make) -> None:
    both = make.member(Grant(Role.RIDER), Grant(Role.WORKER, STATION), Grant(Role.WORKER, BRIGHT))
    own, now = make.report(both), clock.now()
    others = [make.report(community=place).number for place in (STATION, BRIGHT)]
    for sort in Sort:
        rows = list_reports(both, ReportFilter(states=OPEN, sort=sort), now=now).items
        assert sorted(row.number for row in rows) == sorted([own.number, *others])
    assert count_for_desk(both, now=now)["submitted"] == 3


def test_a_count_stops_at_a_hundred_over_all_places_together(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_queries, "MOST_COUNTED", 3)
    desk_queries._counting.cache_clear()
    both = make.member(Grant(Role.WORKER, STATION), Grant(Role.WORKER, BRIGHT))
    for place in (STATION, BRIGHT) * 2:
        make.report(community=place)
    try:
        assert count_for_desk(both, now=clock.now())["submitted"] == 3
    finally:
        desk_queries._counting.cache_clear()


def test_the_messages_counted_beside_the_lights_are_this_persons(make: Make) -> None:
    worker, other = make.worker(), make.worker(BRIGHT)
    make.report()
    delivery.deliver_due(now=clock.now)
    unread = [count_for_desk(actor, now=clock.now())["unread"] for actor in (worker, other)]
    assert unread == [1, 0] == [count_unread(actor.member_id) for actor in (worker, other)]


def test_what_burns_first_is_on_top_and_what_waits_is_last(make: Make) -> None:
    worker = make.worker()
    now = clock.now()
    slow = make.report(category="EN02", at=now)
    urgent = make.report(category="RD01", at=now)
    waiting = make.report(category="RD01", at=now)
    make.step(waiting, "ask", worker, reason="哪里？")
    rows = list_reports(worker, ReportFilter(states=OPEN, sort=Sort.DUE), now=now).items
    assert [r.number for r in rows] == [urgent.number, slow.number, waiting.number]


def test_filters_by_light_agree_with_the_lights_shown(make: Make) -> None:
    worker, now = make.worker(), clock.now()
    # Accept within 8 hours: green, yellow in the last two, red after.
    ages = {Light.GREEN: 1, Light.YELLOW: 7, Light.RED: 9}
    numbers = {
        light: make.report(at=now - timedelta(hours=age)).number for light, age in ages.items()
    }
    for light, number in numbers.items():
        rows = list_reports(worker, ReportFilter(light=light), now=now).items
        assert [row.number for row in rows] == [number]
    counts = count_for_desk(worker, now=now)
    assert (counts["red"], counts["yellow"], counts["green"]) == (1, 1, 1)


def test_words_are_found_and_wildcards_are_letters(make: Make) -> None:
    worker = make.worker()
    report = make.report(description="井盖 100% 坏了")
    make.report(description="别的")
    for words in ("井盖", "100%", report.number.lower()):
        rows = list_reports(worker, ReportFilter(words=words), now=clock.now()).items
        assert [row.number for row in rows] == [report.number]
    assert not list_reports(worker, ReportFilter(words="%"), now=clock.now()).items[1:]


@pytest.mark.parametrize(
    "query",
    ["state=fixed", "light=blue", "sort=oldest", "limit=0", "limit=201", "limit=x", "cursor=%00",
     "cursor=AAAA", "cursor=W10", "since=yesterday", "since=23.11.2026", "community='--",
     "limit=99999999999999999999", "state=open,closed"],
)  # fmt: skip
def test_an_unknown_filter_value_names_its_field(make: Make, query: str) -> None:
    answer = make.app.test_client().get(
        f"/api/v1/reports?{query}", headers=make.token(make.worker())
    )
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [query.split("=")[0]]


def test_unchanged_lists_and_reports_are_not_sent_again(make: Make) -> None:
    report, token = make.report(), make.token(make.worker())
    client = make.app.test_client()
    for path in ("/api/v1/reports", f"/api/v1/reports/{report.number}"):
        first = client.get(path, headers=token)
        again = client.get(path, headers={**token, "If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304)
