"""Consents are acts: kept in their order, never overwritten, shown to whoever made them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from grid_report.accounts import consent_queries
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consents import usecases as consents_usecases
from grid_report.accounts.members import statistics_queries
from grid_report.accounts.models import ConsentAct
from grid_report.db import db
from tests.accounts.browsing import post_form
from tests.support.builders import Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

ACCOUNT, POSITION, PHOTOS = ConsentKind


def test_agreeing_again_leaves_the_first_agreement_and_its_end_as_they_were(make: Make) -> None:
    who, start = make.rider(consents=(ACCOUNT,)), make.now
    for hour, agree in ((1, True), (2, False), (3, True)):
        consents_usecases.say_consent(
            POSITION, agree, actor=who, policy=make.policy, now=start + timedelta(hours=hour)
        )
    found = [row for row in consent_queries.list_consents(who.member_id) if row.kind is POSITION]
    hours = [
        tuple((at - start).total_seconds() / 3600 if at else None for at in times)
        for times in ((row.given_at, row.withdrawn_at) for row in found)
    ]
    assert hours == [(3.0, None), (1.0, 2.0)]
    acts = [(it.kind, it.agreed) for it in consent_queries.list_acts(who.member_id)]
    assert acts == [(POSITION, True), (POSITION, False), (POSITION, True), (ACCOUNT, True)]
    span = (start + timedelta(minutes=30), start + timedelta(hours=4))
    assert statistics_queries.count_consents(*span) == (2, 1)


def test_a_new_text_is_agreed_to_anew_and_one_act_takes_both_back(make: Make) -> None:
    who = make.rider()
    newer = replace(make.policy, notice_version="2099-01")
    consents_usecases.say_consent(POSITION, True, actor=who, policy=newer, now=make.now)
    assert consent_queries.versions_of(who.member_id)[POSITION] == "2099-01"
    later = make.now + timedelta(hours=1)
    consents_usecases.say_consent(POSITION, False, actor=who, policy=newer, now=later)
    found = [row for row in consent_queries.list_consents(who.member_id) if row.kind is POSITION]
    assert [row.withdrawn_at for row in found] == [later, later]
    assert POSITION not in consent_queries.consents_of(who.member_id)


def test_many_at_once_write_one_act(make: Make, in_parallel: InParallel) -> None:
    who = make.rider(consents=(ACCOUNT,))

    def agree(_: int) -> None:
        consents_usecases.say_consent(PHOTOS, True, actor=who, policy=make.policy, now=make.now)

    in_parallel(agree, 8)
    assert len(consent_queries.list_acts(who.member_id)) == 2


@pytest.mark.parametrize(
    "change",
    [
        update(ConsentAct).values(agreed=False),
        delete(ConsentAct),
        text("INSERT OR REPLACE INTO consent_acts SELECT * FROM consent_acts"),
        text("TRUNCATE consent_acts"),
    ],
)
def test_nobody_rewrites_a_consent(make: Make, change: Any) -> None:
    make.rider()
    table = ConsentAct.__table__
    before = [tuple(row) for row in db.session.execute(select(table))]
    assert len(before) == 3
    with pytest.raises(DBAPIError):
        db.session.execute(change)
    db.session.rollback()
    assert [tuple(row) for row in db.session.execute(select(table))] == before


def test_the_page_shows_every_act_and_says_what_taking_back_changes(make: Make) -> None:
    browser = make.signed_in(make.rider())
    answer = post_form(browser, "/me/consents", page="/me", consent_photos="1")
    assert answer.status_code == 303
    page = browser.get("/me").get_data(as_text=True)
    assert "从现在起不再向手机要位置" in page
    assert "从现在起不再拍照" not in page
    acts = re.findall(r"<li>(账号|位置|照片): (同意|撤回)", page)
    assert acts == [("位置", "撤回"), ("照片", "同意"), ("位置", "同意"), ("账号", "同意")]
    assert "账号在你注销时结束" in page
