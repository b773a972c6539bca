"""The inbox page: whose it is, what it says, where it leads."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, insert

from grid_report import clock
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.db import db, transaction
from grid_report.errors import NotFound
from grid_report.notify import delivery, outbox, queries, usecases
from grid_report.notify.models import InboxEntry, Message
from tests.support.builders import PROPERTY, STATION, Make

pytestmark = pytest.mark.database

NUMBER = "KY-20261123-0042"
FACTS = {"category": "RD02", "community": "站前社区", "due": None, "words": "看不清"}


def tell(kind: str, **to: Any) -> None:
    with transaction() as session:
        outbox.put(session, kind, about=NUMBER, facts=FACTS, now=clock.now(), **to)
    delivery.deliver_due(now=clock.now)


def newest(actor: Actor) -> queries.InboxRow:
    db.session.rollback()
    return queries.list_inbox(actor.member_id)[0][0]


def form_of(browser: FlaskClient) -> dict[str, str]:
    """Return the fields of the form that marks all read."""
    form = browser.get("/inbox").text.split('class="inbox-all"')[1].split("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def test_a_guest_is_sent_to_sign_in(client: FlaskClient) -> None:
    for path in ("/inbox", "/inbox/1", "/inbox/unread.json"):
        assert client.get(path).status_code == 303


def test_an_empty_inbox_says_what_to_do_next(make: Make) -> None:
    page = make.signed_in(make.rider()).get("/inbox")
    assert page.status_code == 200
    assert "/report/new" in page.text.split("<main")[1].split("</main>")[0]


def test_a_message_shows_with_the_categorys_name_and_a_mark_for_unread(make: Make) -> None:
    rider = make.rider()
    tell("report_accepted", to_member=rider.member_id)
    page = make.signed_in(rider).get("/inbox").text
    assert "站前社区已受理" in page
    assert "RD02" not in page
    assert "is-unread" in page


@pytest.mark.parametrize(
    ("role", "place", "path"),
    [
        (Role.WORKER, STATION, f"/desk/{NUMBER}"),
        (Role.HANDLER, PROPERTY, f"/unit/{NUMBER}"),
    ],
)
def test_opening_a_message_leads_to_the_page_of_the_readers_role_and_marks_it_read(
    make: Make, role: Role, place: str, path: str
) -> None:
    actor = make.worker() if role is Role.WORKER else make.handler()
    tell("report_failed", to_role=(role, place))
    answer = make.signed_in(actor).get(f"/inbox/{newest(actor).id}")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert newest(actor).is_read


def test_a_rider_is_led_to_the_own_report_and_to_the_points(make: Make) -> None:
    rider = make.rider()
    browser = make.signed_in(rider)
    tell("report_closed", to_member=rider.member_id)
    assert browser.get(f"/inbox/{newest(rider).id}").headers["Location"] == f"/my/reports/{NUMBER}"
    with transaction() as session:
        outbox.put(
            session,
            "points_awarded",
            to_member=rider.member_id,
            about=NUMBER,
            facts={"points": 15, "rule": "R1"},
            now=clock.now(),
        )
    delivery.deliver_due(now=clock.now)
    assert browser.get(f"/inbox/{newest(rider).id}").headers["Location"] == "/my/points"


@pytest.mark.parametrize("message_id", [0, 999_999, 2**63, 10**30])
def test_a_message_that_is_not_there_is_not_found(make: Make, message_id: int) -> None:
    assert make.signed_in(make.rider()).get(f"/inbox/{message_id}").status_code == 404


def test_somebody_elses_message_looks_absent_and_stays_unread(make: Make) -> None:
    owner, other = make.rider(), make.rider()
    tell("report_closed", to_member=owner.member_id)
    assert make.signed_in(other).get(f"/inbox/{newest(owner).id}").status_code == 404
    with pytest.raises(NotFound):
        usecases.mark_read(newest(owner).id, member_id=other.member_id, now=clock.now())
    assert not newest(owner).is_read


def test_marking_all_read_spares_what_came_in_since(make: Make) -> None:
    rider, other = make.rider(), make.rider()
    tell("report_closed", to_member=rider.member_id)
    tell("report_closed", to_member=other.member_id)
    shown = newest(rider).id
    browser = make.signed_in(rider)
    form = form_of(browser)
    assert form["up_to"] == str(shown)
    tell("report_closed", to_member=rider.member_id)
    answer = browser.post("/inbox/read", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox")
    db.session.rollback()
    assert queries.count_unread(rider.member_id) == 1
    assert queries.count_unread(other.member_id) == 1


@pytest.mark.parametrize("up_to", ["", "-1", "x", "١", "9" * 40])
def test_a_mark_that_makes_no_sense_is_refused(make: Make, up_to: str) -> None:
    rider = make.rider()
    tell("report_closed", to_member=rider.member_id)
    browser = make.signed_in(rider)
    answer = browser.post("/inbox/read", data=form_of(browser) | {"up_to": up_to})
    assert answer.status_code == 422
    assert queries.count_unread(rider.member_id) == 1


def test_marking_read_needs_the_forms_token(make: Make) -> None:
    assert make.signed_in(make.rider()).post("/inbox/read", data={"up_to": 1}).status_code == 400


def test_the_unread_count_is_there_for_scripts_and_kept_by_nobody(make: Make) -> None:
    rider = make.rider()
    tell("report_closed", to_member=rider.member_id)
    answer = make.signed_in(rider).get("/inbox/unread.json")
    assert answer.json == {"unread": 1}
    assert "no-store" in answer.headers["Cache-Control"]


def many(rider: Actor, count: int) -> None:
    with transaction() as session:
        outbox.put_all(
            session,
            [
                outbox.row(
                    "report_closed",
                    to_member=rider.member_id,
                    about=f"KY-20261123-{number:04d}",
                    facts=FACTS,
                    now=clock.now() - timedelta(minutes=number),
                )
                for number in range(count)
            ],
        )
        ids = sorted(session.scalars(db.select(Message.id)))
        session.execute(
            insert(InboxEntry).values(
                [
                    {"message_id": one, "member_id": rider.member_id, "role": Role.RIDER}
                    for one in ids
                ]
            )
        )


def test_pages_follow_each_other_without_gap_or_repeat(make: Make) -> None:
    rider = make.rider()
    many(rider, 65)
    seen: list[int] = []
    before: int | None = None
    while True:
        rows, before = queries.list_inbox(rider.member_id, before=before, limit=30)
        seen += [row.id for row in rows]
        if before is None:
            break
    assert len(seen) == 65
    assert seen == sorted(set(seen), reverse=True)
    browser = make.signed_in(rider)
    first = browser.get("/inbox").text
    assert first.count("inbox-row") == 30
    assert "cursor=" in first


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "WzEuNV0", "W3RydWVd", "Wy0xXQ", "[1]"])
def test_a_cursor_that_makes_no_sense_is_refused(make: Make, cursor: str) -> None:
    assert make.signed_in(make.rider()).get(f"/inbox?cursor={cursor}").status_code == 422


def test_the_count_of_unread_stops_at_a_hundred(make: Make) -> None:
    rider = make.rider()
    many(rider, 130)
    assert queries.count_unread(rider.member_id) == 100


def test_a_page_costs_the_same_number_of_statements_for_one_message_and_for_thirty(
    make: Make,
) -> None:
    few, lots = make.rider(), make.rider()
    tell("report_closed", to_member=few.member_id)
    many(lots, 40)
    counts = []
    for actor in (few, lots):
        browser = make.signed_in(actor)
        browser.get("/inbox")
        statements: list[str] = []

        def note(_c: Any, _k: Any, statement: str, *_: Any, into: list[str] = statements) -> None:
            into.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        browser.get("/inbox")
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[0] <= 6
