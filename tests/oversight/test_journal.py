"""The journal: every event of the ledger with its transfers, as an auditor follows it."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import func, select

from grid_report.accounts.aliases import rider_alias
from grid_report.db import db
from grid_report.offers.kinds import OfferKind
from grid_report.points.ledger.models import Journal, Transfer
from tests.api.conftest import Program, problem
from tests.oversight.test_trail import wide
from tests.reports.desk.test_lists import counted
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database


@pytest.fixture
def auditor(make: Make) -> Program:
    return Program(make.app.test_client(), make.token(make.auditor()))


def test_an_award_stands_in_the_journal_with_where_its_points_came_from(
    make: Make, auditor: Program
) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.accepted(worker, rider)
    alias = rider_alias(rider.member_id)
    [event] = auditor.get("journal?kind=award").json["items"]
    assert (event["points"], event["rider"], event["report"]) == (15, alias, report.number)
    assert (event["actor"], event["rule"]) == (rider_alias(worker.member_id), "R1")
    [leg] = event["legs"]
    month = leg["debit"].rsplit(":", 1)[-1]
    assert (leg["amount"], leg["phase"]) == (15, "single")
    assert (leg["debit"], leg["credit"]) == (f"budget:{STATION}:{month}", f"rider:{alias}")


def test_an_account_is_followed_by_alias_or_holder(make: Make, auditor: Program) -> None:
    rider, other = make.rider(), make.rider()
    for one in (rider, other):
        make.accepted(make.worker(), one)
    alias = rider_alias(rider.member_id)
    for account in (alias, wide(alias), f"rider:{rider.member_id}:", f"rider：{rider.member_id}："):
        items = auditor.get("journal", query_string={"account": account}).json["items"]
        assert [it["rider"] for it in items] == [alias]
    assert auditor.get("journal?account=mint:county:").json["items"]
    problem(auditor.get("journal?account=purse:7:"), 422, "invalid", "account")
    problem(auditor.get("journal?kind=gift"), 422, "invalid", "kind")


def test_the_journal_holds_every_event_and_transfer_in_a_fixed_number_of_statements(
    make: Make, auditor: Program
) -> None:
    rider = make.rider()
    offer = make.offer(make.station(), kind=OfferKind.VOUCHER, points=10)
    make.accepted(make.worker(), rider)
    make.redemption(rider, offer)
    with counted() as few:
        some = auditor.get("journal?limit=1").json
    with counted() as many:
        whole = auditor.get("journal?limit=200").json
    assert len(few) == len(many)
    assert some["next"] is not None
    db.session.rollback()
    assert len(whole["items"]) == db.session.scalar(select(func.count()).select_from(Journal))
    legs = sum(len(it["legs"]) for it in whole["items"])
    assert legs == db.session.scalar(select(func.count()).select_from(Transfer))
    [hold] = [it for it in whole["items"] if it["kind"] == "hold"]
    assert [leg["phase"] for leg in hold["legs"]] == ["pending"]


def test_the_file_has_a_line_for_each_transfer(make: Make) -> None:
    rider = make.rider(name="赵小骑")
    make.accepted(make.worker(name="钱网格员"), rider)
    answer = make.signed_in(make.auditor()).get("/oversight/journal.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == db.session.scalar(select(func.count()).select_from(Transfer))
    assert {row["rider"] for row in rows if row["kind"] == "award"} == {
        rider_alias(rider.member_id)
    }
    assert "赵小骑" not in answer.text
    assert "钱网格员" not in answer.text


def test_a_riders_statement_an_event_and_a_service_lead_to_each_other(make: Make) -> None:
    rider = make.rider(name="赵小骑")
    offer = make.offer(make.station(), kind=OfferKind.VOUCHER, points=10)
    report = make.accepted(make.worker(), rider)
    taken = make.redemption(rider, offer)
    browser = make.signed_in(make.auditor())
    page = browser.get(f"/oversight/riders/{rider.member_id}").text
    assert rider_alias(rider.member_id) in page
    assert "可用：5" in page
    assert report.number in page
    service = browser.get(f"/oversight/redemptions/{taken.ref}").text
    assert "热饮" in service
    assert "预留" in service
    for text in (page, service):
        assert "赵小骑" not in text
    award = db.session.scalars(select(Journal.id).where(Journal.kind == "award")).one()
    event = browser.get(f"/oversight/journal/{award}").text
    assert report.number in event
    assert browser.get("/oversight/journal/999999").status_code == 404
    assert browser.get("/oversight/riders/999999").status_code == 404
    assert browser.get("/oversight/redemptions/R-NONE").status_code == 404
    # An administrator reads the same, by name.
    admin = make.signed_in(make.administrator())
    assert "赵小骑" in admin.get(f"/oversight/riders/{rider.member_id}").text


def test_an_auditor_reads_who_gets_the_month_and_adds_nobody(make: Make) -> None:
    page = make.signed_in(make.auditor()).get("/statistics/deliveries").text
    assert "谁收月报" in page or "月报" in page
    assert '<form method="post" action="/statistics/deliveries' not in page


def test_the_journal_names_a_hold_as_the_figures_do(make: Make) -> None:
    page = make.signed_in(make.auditor()).get("/oversight/journal").text
    assert '<option value="hold">预留</option>' in page
    assert '<option value="release">解除预留</option>' in page
    assert "挂账" not in page
