"""The administrator's pages of members, as somebody at a browser sees them."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.points.history.queries import balance
from tests.accounts.browsing import PHONE, post_form
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider(phone=PHONE, name="小李")


def test_an_administrator_makes_a_worker(make: Make, client: FlaskClient) -> None:
    admin = make.signed_in(make.administrator())
    answer = post_form(
        admin, "/admin/members", page="/admin/members/new", name="新网格员", phone="13977770003",
        role="worker", place=STATION, password="rain at the station", language="zh_CN",
    )  # fmt: skip
    assert answer.status_code == 303
    page = admin.get(answer.headers["Location"]).get_data(as_text=True)
    assert "新网格员" in page
    assert "139****0003" in page
    done = post_form(client, "/sign-in", phone="13977770003", password="rain at the station")
    assert done.status_code == 303


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "emperor"},
        {"role": "worker", "place": "999"},
        {"role": "worker", "place": ""},
        {"phone": PHONE},
        {"phone": "x", "name": "", "password": "short"},
        {"language": "tlh"},
        {"name": "a\x00b\ud800".encode("utf-8", "replace").decode(), "role": "\x00"},
    ],
)
def test_a_member_badly_described_is_shown_again(
    make: Make, rider: Actor, fields: dict[str, str]
) -> None:
    admin = make.signed_in(make.administrator())
    good = {
        "name": "新网格员", "phone": "13977770003", "role": "worker", "place": STATION,
        "password": "rain at the station", "language": "zh_CN",
    }  # fmt: skip
    answer = post_form(admin, "/admin/members", page="/admin/members/new", **{**good, **fields})
    assert answer.status_code == 422
    assert "rain at the station" not in answer.get_data(as_text=True)


def test_roles_are_given_and_taken_on_the_page(make: Make, rider: Actor) -> None:
    admin = make.signed_in(make.administrator())
    home = f"/admin/members/{rider.member_id}"
    assert post_form(admin, f"{home}/roles", page=home, role="auditor").status_code == 303
    page = admin.get(home).get_data(as_text=True)
    revoke = re.findall(rf"{home}/roles/\d+/revoke", page)
    assert len(revoke) == 2
    assert post_form(admin, revoke[1], page=home).status_code == 303
    again = post_form(admin, revoke[1], page=home)
    assert again.status_code == 404
    assert post_form(admin, f"{home}/roles", page=home, role="rider").status_code == 422


def test_the_last_administrator_is_told_why_not(make: Make) -> None:
    me = make.administrator()
    admin, home = make.signed_in(me), f"/admin/members/{me.member_id}"
    page = admin.get(home).get_data(as_text=True)
    revoke = re.findall(rf"{home}/roles/\d+/revoke", page)[0]
    assert post_form(admin, revoke, page=home).status_code == 409
    assert admin.get(home).status_code == 200


def test_a_member_is_suspended_and_let_in_again(make: Make, rider: Actor) -> None:
    admin, theirs = make.signed_in(make.administrator()), make.signed_in(rider)
    home = f"/admin/members/{rider.member_id}"
    assert post_form(admin, f"{home}/suspend", page=home).status_code == 303
    assert theirs.get("/me").status_code == 303
    assert post_form(admin, f"{home}/restore", page=home).status_code == 303


def test_an_auditor_reads_members_and_changes_nothing(make: Make, rider: Actor) -> None:
    auditor, home = make.signed_in(make.auditor()), f"/admin/members/{rider.member_id}"
    assert auditor.get("/admin/members").status_code == 200
    page = auditor.get(home).get_data(as_text=True)
    assert "/revoke" not in page
    assert "/suspend" not in page
    assert auditor.get("/admin/members/new").status_code == 403
    for path in (f"{home}/roles", f"{home}/suspend", f"{home}/restore", f"{home}/sign-out"):
        assert post_form(auditor, path, page="/me", role="auditor").status_code == 403
    assert post_form(auditor, "/admin/members", page="/me").status_code == 403


@pytest.mark.parametrize("who", ["rider", "worker", "supervisor", "handler"])
def test_others_do_not_see_the_member_list(make: Make, who: str) -> None:
    browser = make.signed_in(getattr(make, who)())
    for path in ("/admin/members", "/admin/members/new", "/admin/members/1"):
        assert browser.get(path).status_code == 403


@pytest.mark.parametrize(
    "query", ["q=%25", "q=%00", "role=emperor", "place=%27", "cursor=5", "q=" + "9" * 300]
)
def test_odd_searches_are_harmless(make: Make, query: str) -> None:
    admin = make.signed_in(make.administrator())
    assert admin.get(f"/admin/members?{query}").status_code == 200


@pytest.mark.parametrize("cursor", ["x", "-1", "1" * 30, "١"])
def test_an_unreadable_cursor_is_refused(make: Make, cursor: str) -> None:
    admin = make.signed_in(make.administrator())
    answer = admin.get("/admin/members", query_string={"cursor": cursor})
    assert answer.status_code == 422


def test_the_member_list_takes_as_many_statements_for_one_as_for_many(make: Make) -> None:
    from sqlalchemy import event

    admin = make.signed_in(make.administrator())
    counts = []
    for _ in range(2):
        statements: list[str] = []
        note = lambda *args, kept=statements: kept.append(args[2])  # noqa: E731
        admin.get("/admin/members")
        event.listen(db.engine, "before_cursor_execute", note)
        admin.get("/admin/members")
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(statements))
        for _ in range(12):
            make.member(Grant(Role.RIDER), Grant(Role.WORKER, STATION))
    assert counts[0] == counts[1]


def test_stopped_points_stop_nothing_else(make: Make, rider: Actor) -> None:
    admin = make.signed_in(make.administrator())
    home = f"/admin/members/{rider.member_id}"
    for nothing in (" ", "\x00", "长" * 201):
        refused = post_form(admin, f"{home}/points/stop", page=home, reason=nothing)
        assert refused.status_code == 422
    done = post_form(admin, f"{home}/points/stop", page=home, reason="照片是网上找的")
    assert done.status_code == 303
    assert "照片是网上找的" in admin.get(home).text
    worker, theirs = make.worker(), make.signed_in(rider)
    report = make.report(rider, photos=(make.photo(),))
    make.step(report, "accept", worker, category="RD02", severity=2)
    page = theirs.get("/my/points").text
    assert "照片是网上找的" in page
    assert balance(rider.member_id, make.now).available == 0
    assert post_form(admin, f"{home}/points/allow", page=home).status_code == 303
    another = make.report(rider, category="UT01", photos=(make.photo(),))
    make.step(another, "accept", worker, category="UT01", severity=3)
    assert balance(rider.member_id, make.now).available == 25
    assert "照片是网上找的" not in theirs.get("/my/points").text
