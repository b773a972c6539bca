"""What broke in running copies of other systems (the list is in the design): here it may not.

Defects that other tests already hold are named where they are held:
invented states and stale forms `tests/reports/casework/test_steps.py`, doubled posts and lost races
`tests/reports/casework/test_races.py`, pictures `tests/media/`, statement counts `tests/reports/desk/test_lists.py`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError

from grid_report import clock
from grid_report.db import db, transaction
from grid_report.errors import Invalid
from grid_report.media.errors import PhotoStoreUnavailable
from grid_report.places.queries import reference
from grid_report.reports.desk import queries as desk_queries
from grid_report.reports.desk.filters import ReportFilter, Sort
from grid_report.reports.models import HistoryEntry, Report, ReportPhoto
from tests.support.builders import BRIGHT, PROPERTY, STATION, Make, center_of, picture

pytestmark = pytest.mark.database


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_an_invented_state_is_refused_by_the_database_itself(make: Make) -> None:
    report = make.report()
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(
            text("UPDATE reports SET state = 'fixed' WHERE id = :id"), {"id": report.id}
        )


def test_a_state_sent_along_with_a_step_changes_nothing(make: Make) -> None:
    worker, report = make.worker(), make.report()
    answer = make.app.test_client().post(
        f"/api/v1/reports/{report.number}/steps",
        json={"step": "note", "note": "x", "state": "closed", "closed_at": "2026-01-01T00:00:00Z"},
        headers=make.token(worker),
    )
    assert (answer.status_code, answer.get_json()["state"]) == (200, "submitted")


def test_a_stale_form_shows_both_versions_and_overwrites_nothing(make: Make) -> None:
    first, second = make.worker(), make.worker()
    report = make.report()
    make.step(report, "accept", first, category="RD02", severity=3)
    answer = make.app.test_client().post(
        f"/api/v1/reports/{report.number}/steps",
        json={"step": "transfer", "community": BRIGHT, "reason": "x", "version": 1},
        headers={**make.token(second), "Accept-Language": "en"},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (409, "stale")
    assert "version 1, now it is 2" in answer.get_json()["detail"]
    assert make.fresh(report).community_code == STATION


def test_missing_fields_never_reach_the_database(make: Make) -> None:
    rider, worker = make.token(make.rider()), make.token(make.worker())
    report, client = make.report(), make.app.test_client()
    whole = {"category": "RD02", "community": STATION}
    for missing in whole:
        data: dict[str, Any] = {k: v for k, v in whole.items() if k != missing}
        data["photos"] = [(io.BytesIO(picture()), "a.jpg")]
        assert client.post("/api/v1/reports", data=data, headers=rider).status_code == 422
    for step in ("accept", "reject", "ask", "merge", "transfer", "note", "urge", "assign"):
        answer = client.post(
            f"/api/v1/reports/{report.number}/steps", json={"step": step}, headers=worker
        )
        assert answer.status_code in (403, 422), (step, answer.text)
    assert count(Report) == 1
    assert count(HistoryEntry) == 1


def test_a_report_and_its_photos_come_together_or_not_at_all(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store fails on the second of two photos: no report, no row, nothing acknowledged."""
    media = make.app.extensions["grid_report"].media
    kept = media.store.put

    def fails_halfway(pairs: Any) -> None:
        kept(pairs[:1])
        raise PhotoStoreUnavailable

    monkeypatch.setattr(media.store, "put", fails_halfway)
    answer = make.app.test_client().post(
        "/api/v1/reports",
        data={
            "category": "RD02",
            "community": STATION,
            "photos": [(io.BytesIO(picture()), "a.jpg"), (io.BytesIO(picture()), "b.jpg")],
        },
        headers=make.token(make.rider()),
    )
    assert (answer.status_code, answer.get_json()["code"]) == (503, "photo-store-unavailable")
    assert answer.headers["Retry-After"]
    assert (count(Report), count(ReportPhoto)) == (0, 0)


def test_permission_is_asked_on_every_object_a_step_names(make: Make) -> None:
    """A worker merges into, and learns about, nothing of another community."""
    worker, elsewhere = make.worker(), make.report(community=BRIGHT)
    mine, client = make.report(), make.app.test_client()
    answers = [
        client.post(
            f"/api/v1/reports/{mine.number}/steps",
            json={"step": "merge", "into": into},
            headers=make.token(worker),
        )
        for into in (elsewhere.number, "KY-20200101-0001")
    ]
    assert [a.status_code for a in answers] == [422, 422]
    assert answers[0].get_json()["errors"] == answers[1].get_json()["errors"]
    assert make.fresh(elsewhere).followers == 0


def test_a_unit_cannot_be_named_for_a_place_it_does_not_cover(make: Make) -> None:
    bright, report = make.worker(BRIGHT), make.report(community=BRIGHT)
    with pytest.raises(Invalid):
        make.step(report, "accept", bright, category="RD02", severity=2, unit=PROPERTY)


@pytest.mark.parametrize("path", ["/api/v1/categories", "/report/new", "/admin/categories"])
def test_the_list_of_categories_costs_no_statement_a_category(make: Make, path: str) -> None:
    actor = make.administrator() if path.startswith("/admin") else make.rider()
    client = make.signed_in(actor)
    client.get(path)
    statements: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len([s for s in statements if not s.startswith("BEGIN")]) <= 4, statements


@pytest.mark.parametrize("sort", list(Sort))
def test_no_page_skips_rows_by_counting_them(make: Make, sort: Sort) -> None:
    worker, photo = make.worker(), make.photo()
    skipped: list[str] = []
    for _ in range(3):
        make.report(category="RD01", photos=(photo,))

    def note(_c: Any, _k: Any, statement: str, values: Any, *_: Any) -> None:
        # SQLite is always sent an OFFSET, as the last value: it has to be nothing.
        harmless = statement.endswith("LIMIT ? OFFSET ?") and values[-1] == 0
        if "OFFSET" in statement.upper() and not harmless:
            skipped.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        cursor = None
        for _ in range(3):
            page = desk_queries.list_reports(
                worker, ReportFilter(sort=sort), now=clock.now(), cursor=cursor, limit=1
            )
            cursor = page.next
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert not skipped


def test_a_review_day_is_judged_by_the_countys_calendar_and_not_by_utcs(make: Make) -> None:
    worker, street = make.worker(), make.supervisor()
    # Half past one at night in the county; in UTC it is still the day before.
    night = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
    report = make.report(at=night - timedelta(hours=1))
    make.step(report, "accept", worker, category="RD02", severity=2, at=night)
    today = night.astimezone(make.settings.county.tz).date()
    with pytest.raises(Invalid) as refused:
        make.step(report, "suspend", street, reason="等", review_on=today, at=night)
    assert refused.value.problems["review_on"][0].code == "review-not-later"
    make.step(report, "suspend", street, reason="等", review_on=today + timedelta(days=1), at=night)


def test_another_process_sees_new_boundaries_without_a_restart(
    make: Make, another_app: Callable[..., Flask]
) -> None:
    """Two apps on one database: what one imports, the other routes by with its next request."""
    other = another_app()
    center = center_of(STATION)
    with other.app_context():
        assert reference().locate(center).community_code == STATION
        db.session.remove()
    with transaction() as session:
        session.execute(text("DELETE FROM boundaries"))
        from grid_report.places import steps

        steps.renew_stamp(session)
    with other.app_context():
        matched = reference().locate(center)
        assert matched.matched_by != "boundary"
        db.session.remove()


def test_a_carriers_shared_address_does_not_stop_its_riders(make: Make) -> None:
    """Limits are per member: thirty riders behind one address report within the same minute."""
    client, photo = make.app.test_client(), picture()
    for _ in range(30):
        answer = client.post(
            "/api/v1/reports",
            data={
                "category": "RD02",
                "community": STATION,
                "photos": [(io.BytesIO(photo), "a.jpg")],
            },
            headers=make.token(make.rider()),
            environ_overrides={"REMOTE_ADDR": "100.64.0.1"},
        )
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    "query",
    ["since=2026-02-30T00:00:00Z", "until=%00", "since=now", "since=2026-11-23T00:00", "until=-1"],
)
def test_a_bad_date_names_its_field(make: Make, query: str) -> None:
    answer = make.app.test_client().get(
        f"/api/v1/reports?{query}", headers=make.token(make.worker())
    )
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [query.split("=")[0]]


def test_everything_works_from_the_first_minute(make: Make) -> None:
    """No script has run, nobody reported: every page of every role opens."""
    for actor, paths in (
        (make.rider(), ("/my/reports", "/my/points", "/inbox", "/me", "/report/new")),
        (make.worker(), ("/desk", "/inbox", "/admin/categories")),
        (make.handler(), ("/unit",)),
        (make.administrator(), ("/desk", "/admin/members", "/admin/unrouted", "/admin/boundaries")),
    ):
        browser = make.signed_in(actor)
        for path in paths:
            assert browser.get(path).status_code == 200, path
