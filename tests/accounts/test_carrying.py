"""An expired session costs nobody their words: they are back after the sign-in, and not yet sent."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from grid_report.access import Actor
from grid_report.accounts import queries
from grid_report.accounts.carried_forms import usecases as carried_forms_usecases
from grid_report.accounts.carried_forms.fill_in import fill
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import CarriedForm
from grid_report.accounts.sign_in import sign_out_usecases
from grid_report.db import db
from tests.accounts.browsing import post_form
from tests.support.builders import PASSWORD, STATION, Make, picture

pytestmark = pytest.mark.database

HOST = "http://localhost"


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def expire(make: Make, who: Actor) -> None:
    sign_out_usecases.sign_out_everywhere(
        who.member_id, actor=who, now=make.now + timedelta(hours=1)
    )


def sign_in(make: Make, browser: FlaskClient, who: Actor, **fields: Any) -> Any:
    phone = queries.phone_of(who.member_id, make.policy.vault)
    return post_form(browser, "/sign-in", phone=phone, password=PASSWORD, **fields)


def kept() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(CarriedForm)) or 0


def send(browser: FlaskClient, page: str, path: str, *, referrer: str = "", **fields: Any) -> Any:
    token = token_of(browser.get(page).get_data(as_text=True))
    return lambda: browser.post(
        path,
        data={"csrf_token": token, **fields},
        headers={"Referer": referrer or f"{HOST}{page}"},
    )


def test_the_words_are_back_after_the_sign_in_and_nothing_was_sent(make: Make) -> None:
    who = make.rider()
    browser = make.signed_in(who)
    post = send(
        browser, "/report/new", "/report/new", description='坑 "深"\n第二行', place_note="<东门>",
        category="RD02", community=STATION, photos=(io.BytesIO(picture()), "a.jpg"),
    )  # fmt: skip
    expire(make, who)
    refused = post()
    assert (refused.status_code, refused.location) == (303, "/sign-in?next=/report/new")
    # The number is typed wrongly first: the words wait.
    post_form(browser, "/sign-in", phone="13900000000", password="not this one")
    answer = sign_in(make, browser, who, next="/report/new")
    assert answer.location == "/report/new"
    page = browser.get("/report/new").get_data(as_text=True)
    assert "你写的字回来了，还没有发送" in page
    assert "照片和文件需要重新选择" in page
    assert ">\n坑 &quot;深&quot;\n第二行</textarea>" in page
    assert 'value="&lt;东门&gt;"' in page
    assert re.search(r'name="category" value="RD02"[^>]* checked', page)
    assert re.search(rf'<option value="{STATION}" selected>', page)
    assert kept() == 0
    assert "你写的字回来了" not in browser.get("/report/new").get_data(as_text=True)


def test_a_step_of_a_worker_comes_back_where_its_form_is(make: Make) -> None:
    worker, report = make.worker(), make.report()
    browser = make.signed_in(worker)
    shown = f"/desk/{report.number}"
    post = send(browser, shown, f"/reports/{report.number}/steps/reject", reason="不在本辖区")
    expire(make, worker)
    assert post().location == f"/sign-in?next={shown}"
    sign_in(make, browser, worker, next=shown)
    page = browser.get(shown).get_data(as_text=True)
    assert "不在本辖区</textarea>" in page
    # The fold it stands in is open.
    before = page[: page.index("不在本辖区</textarea>")]
    assert re.findall(r"<details[^>]*>", before)[-1].endswith(" open>")
    assert make.fresh(report).state.value == "submitted"


def test_words_without_a_form_any_more_are_shown(make: Make) -> None:
    worker, other, report = make.worker(), make.worker(), make.report()
    browser = make.signed_in(worker)
    shown = f"/desk/{report.number}"
    post = send(browser, shown, f"/reports/{report.number}/steps/reject", reason="不在本辖区")
    expire(make, worker)
    post()
    make.step(report, "reject", other, reason="重复")
    sign_in(make, browser, worker, next=shown)
    page = browser.get(shown).get_data(as_text=True)
    assert "<blockquote>不在本辖区</blockquote>" in page


def test_a_form_from_before_another_sign_in_comes_back_too(make: Make) -> None:
    who = make.rider()
    browser = make.signed_in(who)
    browser.get("/report/new")
    refused = browser.post(
        "/report/new",
        data={"csrf_token": "old", "description": "路面有坑"},
        headers={"Referer": f"{HOST}/report/new"},
    )
    assert refused.status_code == 400
    assert "你写的字都还在" in refused.get_data(as_text=True)
    assert "路面有坑</textarea>" in browser.get("/report/new").get_data(as_text=True)


def test_the_words_are_promised_only_where_they_are_kept(make: Make) -> None:
    browser = make.signed_in(make.rider())
    refused = browser.post("/report/new", data={"csrf_token": "old", "description": "坑"})
    assert refused.status_code == 400
    assert "你写的字都还在" not in refused.get_data(as_text=True)


def test_another_person_gets_nobodys_words(make: Make) -> None:
    who, other = make.rider(), make.rider()
    browser = make.signed_in(who)
    post = send(browser, "/report/new", "/report/new", description="路面有坑")
    expire(make, who)
    post()
    sign_in(make, browser, other)
    assert "路面有坑" not in browser.get("/report/new").get_data(as_text=True)


@pytest.mark.parametrize("referrer", ["https://elsewhere.example/report/new", " "])
def test_nothing_is_kept_of_another_sites_form(make: Make, referrer: str) -> None:
    who = make.rider()
    browser = make.signed_in(who)
    post = send(browser, "/report/new", "/report/new", referrer=referrer, description="x")
    expire(make, who)
    refused = post()
    assert "carried_form" not in "".join(refused.headers.getlist("Set-Cookie"))
    assert kept() == 0


def test_no_password_code_or_token_is_kept_and_what_is_kept_is_sealed(make: Make) -> None:
    who = make.rider()
    browser = make.signed_in(who)
    post = send(
        browser, "/me", "/me/password", current=PASSWORD, new="another passphrase", note="ah"
    )
    expire(make, who)
    post()
    db.session.rollback()
    (row,) = db.session.scalars(select(CarriedForm)).all()
    text = make.policy.vault.unwrap(row.sealed)
    assert text is not None
    assert "another passphrase" not in text
    assert PASSWORD not in text
    assert "csrf" not in text
    assert "ah" in text
    assert '"ah"' not in row.sealed


def test_a_giant_form_an_old_one_and_many_are_not_kept(make: Make) -> None:
    who = make.rider()
    form = carried_forms_usecases.Carried("/me", "/me/profile", {"name": ["x" * 17_000]}, False)
    most: dict[str, Any] = {"member_id": who.member_id, "sign_in_id": None, "policy": make.policy}
    assert carried_forms_usecases.keep_form(form, **most, address="a", now=make.now) is None
    small = carried_forms_usecases.Carried("/me", "/me/profile", {"name": ["小李"]}, False)
    secret = carried_forms_usecases.keep_form(small, **most, address="a", now=make.now)
    assert secret
    taken: dict[str, Any] = {"member_id": who.member_id, "policy": make.policy}
    late = make.now + timedelta(minutes=31)
    assert carried_forms_usecases.take_form(secret, "/me", **taken, now=late) is None
    assert carried_forms_usecases.take_form(secret, "/elsewhere", **taken, now=make.now) is None
    assert carried_forms_usecases.take_form(secret, "/me", **taken, now=make.now) == small
    assert carried_forms_usecases.take_form(secret, "/me", **taken, now=make.now) is None
    carried_forms_usecases.keep_form(small, **most, address="a", now=make.now)
    members_usecases.sweep(now=late)
    assert kept() == 0


def test_filling_leaves_tokens_and_passwords_and_other_forms_alone() -> None:
    page = (
        '<form method="post" action="/other"><input name="a" value="1"></form>'
        '<details><summary>s</summary><form method="post" action="/here?x=1">'
        '<input type="hidden" name="h" value="1"><input type="password" name="p">'
        '<input name="a" value="1"><input type="checkbox" name="c" value="1" checked>'
        '<input type="radio" name="r" value="1" checked><input type="radio" name="r" value="2">'
        '<select name="s"><option value="1" selected>1</option><option value="2">2</option></select>'
        '<textarea name="t">old</textarea></form></details>'
    )
    values = {"h": ["9"], "p": ["9"], "a": ['"9"'], "r": ["2"], "s": ["2"], "t": ["</textarea>"]}
    assert fill(page, "/nowhere", "/page", values) is None
    filled = fill(page, "/here", "/page", values)
    assert filled == (
        '<form method="post" action="/other"><input name="a" value="1"></form>'
        '<details open><summary>s</summary><form method="post" action="/here?x=1">'
        '<input type="hidden" name="h" value="1"><input type="password" name="p">'
        '<input name="a" value="&quot;9&quot;"><input type="checkbox" name="c" value="1">'
        '<input type="radio" name="r" value="1"><input type="radio" name="r" value="2" checked>'
        '<select name="s"><option value="1">1</option><option value="2" selected>2</option></select>'
        '<textarea name="t">\n&lt;/textarea&gt;</textarea></form></details>'
    )
