"""The page My data and its calls: asked for, loaded by its owner alone, left and stayed."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from grid_report.access import Actor
from grid_report.accounts.leaving import usecases as leaving
from grid_report.accounts.leaving.outcome import ENDS, GOES, STAYS
from grid_report.accounts.numbers import messenger
from grid_report.errors import Invalid, TooMany
from grid_report.jobs.registry import BY_NAME
from grid_report.jobs.work import JobContext
from tests.accounts.browsing import post_form
from tests.support.builders import PASSWORD, Make

pytestmark = pytest.mark.database


class Told:
    """A phone that keeps the newest code."""

    code = ""

    def send_code(self, message: messenger.CodeMessage) -> None:
        self.code = message.code


def work(make: Make, days: int = 0) -> None:
    """Let both jobs run, some days on."""
    now = make.now + timedelta(days=days, minutes=1)
    for name in ("make-exports", "erase-members"):
        BY_NAME[name].run(JobContext(make.settings, lambda: now, lambda: True))


def test_the_page_hands_the_file_to_its_owner_alone(make: Make) -> None:
    rider = make.rider()
    browser, other = make.signed_in(rider), make.signed_in(make.rider())
    assert "你还没有要过文件" in browser.get("/me/data").get_data(as_text=True)
    assert post_form(browser, "/me/data/export", "/me/data").status_code == 303
    page = browser.get("/me/data").get_data(as_text=True)
    assert "生成中" in page
    assert "/me/data/export/" not in page
    work(make)
    page = browser.get("/me/data").get_data(as_text=True)
    path = re.search(r"/me/data/export/[\w-]{43}", page)
    assert path is not None
    answer = browser.get(path[0])
    assert answer.headers["Cache-Control"] == "private, no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert "profile.json" in archive.namelist()
    assert other.get(path[0]).status_code == 404


def test_whoever_leaves_reads_before_what_goes_and_stays_and_can_stay(
    app: Flask, make: Make
) -> None:
    rider, phone = make.rider(), Told()
    messenger.connect(app, phone)
    browser = make.signed_in(rider)
    page = browser.get("/me/data").get_data(as_text=True)
    for part in ("会删掉的", "会先结束的", "会留下的", "门禁卡、车证会失效", "7 天内什么都不会删"):
        assert part in page
    wrong = post_form(browser, "/me/data/leave", "/me/data", password="not mine")
    assert wrong.status_code == 422
    assert post_form(browser, "/me/data/leave", "/me/data", password=PASSWORD).status_code == 303
    for path in ("/me/data", "/me"):
        assert "你已申请注销" in browser.get(path).get_data(as_text=True)
    assert post_form(browser, "/me/data/stay", "/me/data").status_code == 303
    work(make, days=8)
    assert browser.get("/me").status_code == 200
    # A code goes out when the answer is.
    post_form(browser, "/me/data/code", "/me/data").close()
    assert post_form(browser, "/me/data/leave", "/me/data", code=phone.code).status_code == 303
    work(make, days=6)
    assert browser.get("/me").status_code == 200
    work(make, days=8)
    assert browser.get("/me").status_code == 303


@pytest.mark.parametrize("who", ["worker", "administrator"])
def test_whoever_holds_an_office_hands_it_over_first(make: Make, who: str) -> None:
    actor: Actor = getattr(make, who)()
    browser = make.signed_in(actor)
    assert "取消" in browser.get("/me/data").get_data(as_text=True)
    answer = post_form(browser, "/me/data/leave", "/me/data", password=PASSWORD)
    assert answer.status_code == 409
    refused = app_delete(make, actor, {"password": PASSWORD})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "roles-held")


def app_delete(make: Make, actor: Actor, body: dict[str, str]) -> Any:
    return make.app.test_client().delete("/api/v1/me", json=body, headers=make.token(actor))


def test_programs_load_the_file_and_leave(make: Make) -> None:
    rider = make.rider()
    client, token = make.app.test_client(), make.token(rider)
    first = client.get("/api/v1/me/export", headers=token)
    assert (first.status_code, first.get_json()["state"]) == (202, "making")
    assert client.get("/api/v1/me/export", headers=token).get_json()["url"] == first.location
    assert client.get(first.location, headers=token).status_code == 202
    work(make)
    answer = client.get(first.location, headers=token)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None
    assert client.get(first.location, headers=make.token(make.rider())).status_code == 404
    assert [it["what"] for it in first.get_json()["stays"]] == list(STAYS)

    assert app_delete(make, rider, {"password": "no"}).status_code == 422
    assert app_delete(make, rider, {"code": "000000"}).status_code == 422
    left = app_delete(make, rider, {"password": PASSWORD})
    assert left.status_code == 202
    said = left.get_json()
    assert [it["what"] for part in ("goes", "ends", "stays") for it in said[part]] == [
        *GOES, *ENDS, *STAYS,
    ]  # fmt: skip
    assert client.post("/api/v1/me/stay", headers=token).status_code == 204
    work(make, days=8)
    assert client.get("/api/v1/me", headers=token).status_code == 200


def test_nobody_guesses_a_password_here(make: Make) -> None:
    rider, most = make.rider(), make.settings.limits.sign_ins_per_15_min
    guess: dict[str, Any] = {"password": "not mine", "code": "", "days": 7}
    for _ in range(most):
        with pytest.raises(Invalid):
            leaving.ask(**guess, actor=rider, policy=make.policy, now=make.now)
    guess["password"] = PASSWORD
    with pytest.raises(TooMany):
        leaving.ask(**guess, actor=rider, policy=make.policy, now=make.now)
