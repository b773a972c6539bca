"""The audit trail: who did what, found by day, person and act, by alias to those who oversee."""

from __future__ import annotations

import ast
import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest

from grid_report import clock
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.aliases import member_of_alias, rider_alias
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import AuditEntry
from grid_report.db import db
from grid_report.oversight.acts import TRAIL_ACTIONS
from tests.accounts.browsing import post_form
from tests.api.conftest import Program, problem
from tests.support.builders import STATION, Make

ROOT = Path(__file__).resolve().parent.parent.parent
database = pytest.mark.database


def test_an_alias_leads_back_to_its_member_and_nothing_else_does() -> None:
    for member_id in (1, 2, 2200, 2201, 222_200, 222_201, 9_999_999):
        assert member_of_alias(rider_alias(member_id)) == member_id
    for text in ("", "A", "37", "AA7", "I37", "A3", "A1234567890", "A３７"):
        assert member_of_alias(text) is None


def wide(text: str) -> str:
    """Return what a Chinese keyboard types for plain characters."""
    return "".join(chr(ord(one) + 0xFEE0) for one in text)


def written_actions() -> set[str]:
    """Return every action code that stands in a call of `audit` in our source."""
    found = set()
    for path in (ROOT / "grid_report").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = (
                call.func.attr
                if isinstance(call.func, ast.Attribute)
                else getattr(call.func, "id", "")
            )
            if name == "_audit" and call.args and isinstance(call.args[0], ast.Constant):
                found.add(str(call.args[0].value))
            if name == "audit" and len(call.args) > 2:
                found |= {
                    node.value
                    for node in ast.walk(call.args[2])
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)
                }
    # Parts of codes that are put together.
    return {code for code in found if re.fullmatch(r"[a-z]+([._-][a-z_]+)+", code)}


def test_every_act_that_is_written_is_listed_and_has_words() -> None:
    text = (ROOT / "templates/words/audit.txt").read_text("utf-8")
    named = set(re.findall(r"macro (\w+)\(", text))
    assert {re.sub(r"[.-]", "_", code) for code in TRAIL_ACTIONS} == named
    assert len(written_actions()) > 30
    assert written_actions() <= set(TRAIL_ACTIONS)


@database
def test_an_auditor_reads_acts_by_alias_and_an_administrator_by_name(make: Make) -> None:
    admin, worker = make.administrator(name="王主任"), make.worker(name="李网格")
    members_usecases.suspend_member(worker.member_id, actor=admin, now=clock.now())
    for reader, shown, hidden in (
        (make.auditor(), rider_alias(admin.member_id), "王主任"),
        (admin, "王主任", ">" + rider_alias(admin.member_id) + "<"),
    ):
        page = make.signed_in(reader).get("/oversight/trail?action=member.suspend").text
        assert "停用成员" in page
        assert shown in page
        assert hidden not in page.replace(reader.name, "")


@database
@pytest.mark.parametrize("by", ["alias", "number", "wide"])
def test_the_trail_is_narrowed_by_person_act_and_days_of_the_county(make: Make, by: str) -> None:
    auditor, admin, worker = make.auditor(), make.administrator(), make.worker()
    now = make.now.astimezone(make.settings.county.tz).replace(hour=23, minute=59)
    members_usecases.suspend_member(worker.member_id, actor=admin, now=now)
    members_usecases.restore_member(worker.member_id, actor=admin, now=now + timedelta(minutes=2))
    who = str(worker.member_id) if by == "number" else rider_alias(worker.member_id)
    day = now.date().isoformat()
    if by == "wide":
        who, day = wide(f"#{who}"), wide(day)
    program = Program(make.app.test_client(), make.token(auditor))

    def acts(**query: str) -> list[str]:
        items = program.get("audit", query_string={"member": who, **query}).json["items"]
        return [it["action"] for it in items]

    assert acts() == ["member.restore", "member.suspend", "member.create"]
    # A day means all of it, up to its last minute in the county.
    assert acts(since=day, until=day, action="member.suspend") == ["member.suspend"]
    assert "member.restore" not in acts(until=day)
    assert acts(since=(now + timedelta(days=1)).date().isoformat()) == ["member.restore"]
    assert acts(action="member.restore") == ["member.restore"]


@database
def test_pages_of_the_trail_hold_every_act_once(make: Make) -> None:
    program = Program(make.app.test_client(), make.token(make.auditor()))
    for _ in range(7):
        make.rider()
    whole = [it["id"] for it in program.get("audit?limit=200").json["items"]]
    assert whole == sorted(whole, reverse=True)
    paged = []
    cursor: str | None = ""
    while cursor is not None:
        page = program.get(f"audit?limit=3&cursor={cursor}").json
        paged += [it["id"] for it in page["items"]]
        cursor = page["next"]
    # The token of this reader was made before; nothing else happened meanwhile.
    assert paged == whole


@database
def test_a_filter_that_cannot_be_read_is_named_and_keeps_the_rest(make: Make) -> None:
    auditor = make.auditor()
    program = Program(make.app.test_client(), make.token(auditor))
    problem(program.get("audit?since=yesterday"), 422, "invalid", "since")
    problem(program.get("audit?member=nobody"), 422, "invalid", "member")
    problem(program.get("audit?cursor=x"), 422, "invalid", "cursor")
    page = make.signed_in(auditor).get("/oversight/trail?since=2026-13-01&member=A37")
    assert page.status_code == 200
    assert "这不是有效的日期" in page.text
    assert 'value="A37"' in page.text


@database
def test_the_trail_is_handed_out_whole_with_aliases_and_without_formulas(make: Make) -> None:
    admin = make.administrator(name="王主任")
    members_usecases.stop_points(
        make.rider().member_id, reason="=HYPERLINK(1)", actor=admin, now=clock.now()
    )
    answer = make.signed_in(make.auditor()).get("/oversight/trail.csv?action=points.stop")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["actor"] for row in rows] == [rider_alias(admin.member_id)]
    assert "王主任" not in answer.text
    assert all(not cell.startswith("=") for row in rows for cell in row.values())


@database
def test_an_auditor_sees_a_name_only_after_giving_a_reason_that_is_kept(make: Make) -> None:
    rider, auditor = make.rider(name="赵小骑"), make.auditor()
    browser, address = make.signed_in(auditor), f"/admin/members/{rider.member_id}"
    alias = rider_alias(rider.member_id)
    for page in (browser.get("/admin/members").text, browser.get(address).text):
        assert alias in page
        assert "赵小骑" not in page
        assert "138****" not in page
    # A name or a number that finds an alias would tell whose it is.
    for words in ("赵小骑", "0001"):
        assert alias not in browser.get(f"/admin/members?q={words}").text
    assert alias in browser.get(f"/admin/members?q={alias}").text

    look = f"/oversight/members/{rider.member_id}/look"
    refused = post_form(browser, look, reason="  ")
    assert refused.status_code == 422
    assert "赵小骑" not in browser.get(address).text
    assert post_form(browser, look, reason="核对投诉 12 号").status_code == 303
    shown = browser.get(address).text
    assert "赵小骑" in shown
    assert "138****" in shown
    db.session.rollback()
    [entry] = db.session.query(AuditEntry).filter_by(action="member.look")
    assert (entry.actor_id, entry.about) == (auditor.member_id, f"member:{rider.member_id}")
    assert entry.details == {"reason": "核对投诉 12 号"}
    # It is this reader's look, and it ends.
    assert "赵小骑" not in make.signed_in(make.auditor()).get(address).text


@database
def test_a_look_ends_after_a_quarter_of_an_hour(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rider, auditor = make.rider(name="赵小骑"), make.auditor()
    browser, address = make.signed_in(auditor), f"/admin/members/{rider.member_id}"
    post_form(browser, f"/oversight/members/{rider.member_id}/look", reason="核对")
    now = clock.now()
    for minutes, shown in ((14, True), (16, False)):
        later = now + timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda later=later: later)
        assert ("赵小骑" in browser.get(address).text) is shown


@database
def test_an_administrator_who_also_audits_reads_names(make: Make) -> None:
    county = make.settings.county.code
    both = make.member(Grant(Role.ADMINISTRATOR, county), Grant(Role.AUDITOR, county), name="双职")
    rider = make.rider(name="赵小骑")
    assert "赵小骑" in make.signed_in(both).get(f"/admin/members/{rider.member_id}").text


@database
def test_staff_are_aliases_on_every_page_an_auditor_reads(make: Make) -> None:
    worker = make.worker(name="钱网格员")
    report = make.accepted(worker, make.rider(name="赵小骑"))
    auditor: Actor = make.auditor()
    page = make.signed_in(auditor).get(f"/desk/{report.number}").text
    assert "钱网格员" not in page
    assert "赵小骑" not in page
    assert rider_alias(worker.member_id) in page
    assert "钱网格员" in make.signed_in(make.worker(STATION)).get(f"/desk/{report.number}").text


@database
def test_the_trail_heads_say_who_did_what_to_whom(make: Make) -> None:
    make.rider()
    page = make.signed_in(make.auditor()).get("/oversight/trail").text
    heads = re.findall(r'<th scope="col">(.*?)</th>', page)
    assert heads == ["时间", "操作人", "操作", "对象", "详情"]
    assert "推送给谁" not in page
