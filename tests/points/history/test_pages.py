"""The rider's points history and the page behind each of its lines."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from grid_report.access import Actor
from grid_report.points.policy import Terms
from tests.points.book import TERMS, Book, counted
from tests.support import present
from tests.support.builders import Make

pytestmark = pytest.mark.database


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider()


def test_guests_are_sent_to_the_sign_in(client: FlaskClient) -> None:
    for path in ("/my/points", "/my/points/1"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert "/sign-in" in answer.location


def test_staff_have_no_points_page(make: Make) -> None:
    client = make.signed_in(make.worker())
    assert client.get("/my/points").status_code == 403
    assert client.get("/my/points/1").status_code == 403


def test_an_empty_history_says_how_to_earn(make: Make, rider: Actor) -> None:
    page = make.signed_in(rider).get("/my/points").get_data(as_text=True)
    assert "还没有积分" in page
    assert "怎样得积分" in page


@pytest.mark.at(present.USUAL)
def test_every_line_has_its_reason_and_opens(make: Make, book: Book, rider: Actor) -> None:
    paid = book.award(rider.member_id, 25, cause="KY-20261123-0001", severity=3)
    client = make.signed_in(rider)
    page = client.get("/my/points").get_data(as_text=True)
    assert "你的上报被受理了" in page
    assert "+25" in page
    assert "2027年11月30日" in page
    assert f"/my/points/{paid.entry_id}" in page
    why = client.get(f"/my/points/{paid.entry_id}").get_data(as_text=True)
    for words in ("KY-20261123-0001", "社区受理", "R1 上报被受理（重大）", "2020-1", "还可以用"):
        assert words in why


def test_a_line_that_was_taken_back_says_so_on_both_ends(
    make: Make, book: Book, rider: Actor
) -> None:
    paid = book.award(rider.member_id, 15, severity=2)
    back = book.reverse(paid.entry_id, note="同一处重复受理")
    client = make.signed_in(rider)
    assert "−15" in client.get("/my/points").get_data(as_text=True)
    assert "同一处重复受理" in client.get(f"/my/points/{back.entry_id}").get_data(as_text=True)
    assert f"/my/points/{back.entry_id}" in client.get(f"/my/points/{paid.entry_id}").get_data(
        as_text=True
    )


def test_what_waits_is_shown_with_the_reason(make: Make, book: Book, rider: Actor) -> None:
    book.award(rider.member_id, 10, terms=Terms(TERMS.zone, 5, 0))
    page = make.signed_in(rider).get("/my/points").get_data(as_text=True)
    assert "下个月一开始先发给你" in page


def test_older_entries_are_a_link_away(make: Make, book: Book, rider: Actor) -> None:
    entries = [book.award(rider.member_id).entry_id for _ in range(32)]
    client = make.signed_in(rider)
    first = client.get("/my/points").get_data(as_text=True)
    assert f'/my/points/{entries[-1]}"' in first
    assert f'/my/points/{entries[1]}"' not in first
    assert "cursor=" in first
    cursor = first.split("cursor=")[1].split('"')[0]
    older = client.get(f"/my/points?cursor={cursor}").get_data(as_text=True)
    assert f'/my/points/{entries[1]}"' in older
    assert f'/my/points/{entries[-1]}"' not in older


def test_the_page_costs_the_same_for_two_lines_and_for_thirty(
    make: Make, book: Book, rider: Actor
) -> None:
    client = make.signed_in(rider)
    book.award(rider.member_id)
    client.get("/my/points")
    with counted() as few:
        client.get("/my/points")
    for _ in range(29):
        book.award(rider.member_id)
    with counted() as many:
        client.get("/my/points")
    assert len(many) == len(few), many


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIl0", "Wy0xXQ", "WzFlOTld"])
def test_an_odd_cursor_is_refused(make: Make, rider: Actor, cursor: str) -> None:
    assert make.signed_in(rider).get(f"/my/points?cursor={cursor}").status_code == 422


def test_the_entries_of_others_do_not_exist(make: Make, book: Book, rider: Actor) -> None:
    theirs = book.award(book.rider()).entry_id
    client = make.signed_in(rider)
    for entry in (theirs, 999_999, 2**70):
        assert client.get(f"/my/points/{entry}").status_code == 404


def test_the_history_is_there_in_english(make: Make, book: Book, rider: Actor) -> None:
    book.award(rider.member_id)
    client = make.signed_in(rider)
    client.set_cookie("language", "en")
    page = client.get("/my/points").get_data(as_text=True)
    assert "Your report was accepted" in page
    assert "How you earn points" in page
