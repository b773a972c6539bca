"""Every message has words, in both languages, that fit the facts its kind brings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from grid_report.access.roles import Role
from grid_report.languages import as_columns
from grid_report.notify import kinds, message_views
from grid_report.notify.queries import InboxRow
from tests.support.builders import in_words

NUMBER = "KY-20261123-0042"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
FULL: dict[str, Any] = {
    "verdict": "fraud",
    "taken": 5,
    "owed": 20,
    "debt": 3,
    "differences": 1,
    "warnings": 2,
    "most": 2000,
    "category": "RD02",
    "community": "站前社区",
    "unit": "暖阳物业",
    "handler": "暖阳物业",
    "due": "2026-11-23T10:00:00+00:00",
    "words": "看不清",
    "into": "KY-20261123-0001",
    "review_on": "2026-12-01",
    "clock": "fix",
    "was": "RD01",
    "points": 15,
    "last_day": "2027-01-31",
    "rule": "R1",
    "upheld": True,
    "proposed": "grant",
    "found": 3,
    "kept": 2,
    "unknown": 21,
    "looked_at": 22,
    "severity": 2,
    "title": in_words("热饭一份", "A warm meal"),
    "penalty": 4,
    "month": "2026-10",
    "provider": "暖阳餐饮",
    "area": in_words("新城街道", "Xincheng Street"),
    "ref": "R-7K3M9Q",
    "paper": "access_card",
    "compound": "安居里",
    "stage": "submitted",
    "step": "issue",
    "until": "2027-11-23T10:00:00+00:00",
}

READERS = (Role.RIDER, Role.WORKER, Role.HANDLER, Role.ADMINISTRATOR)


def line(kind: str, role: Role = Role.RIDER, /, **facts: object) -> message_views.InboxLine:
    row = InboxRow(1, kind, NUMBER, {**facts}, role, NOW, False)
    return message_views.lines([row], category_name=lambda _: "路面坑洞", now=NOW, zone=SHANGHAI)[0]


def brought(kind: str, *, everything: bool) -> dict[str, object]:
    known = kinds.KINDS[kind]
    names = known.needs | known.may if everything else known.needs
    return kinds.facts_for(kind, {name: FULL[name] for name in names})


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_kind_has_words_for_every_reader(app: Flask, language: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        anything = message_views._tidy(message_views._macro("title_of_any")(about=NUMBER))
        for kind, role, everything in product(kinds.KINDS, READERS, (True, False)):
            said = line(kind, role, **brought(kind, everything=everything))
            for text in (said.title, said.body):
                assert text, (kind, role)
                assert "None" not in text, (kind, role, text)
                assert "  " not in text, (kind, role, text)
            assert said.title != anything, (kind, role)


def test_a_fact_that_is_there_but_empty_breaks_nothing(app: Flask) -> None:
    with app.test_request_context():
        for kind in kinds.KINDS:
            assert line(kind, **dict.fromkeys(brought(kind, everything=True))).title


def test_macros_take_exactly_the_facts_of_their_kind(app: Flask) -> None:
    modules = [app.jinja_env.get_template(file).module for file in message_views.FILES]
    for module, name in [(one, name) for one in modules for name in dir(one)]:
        part, _, rest = name.partition("_")
        if part not in ("title", "body") or name == "title_of_any":
            continue
        kind = kinds.KINDS[rest.partition("_for_")[0]]
        assert set(getattr(module, name).arguments) == {"about"} | kind.needs | kind.may, name


def test_the_rider_reads_what_happened_who_has_it_and_by_when(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        said = line("report_accepted", **brought("report_accepted", everything=True))
    assert said.title == "站前社区已受理"
    assert said.body == (
        "路面坑洞，今天 18:00 前办好。你选的是“路面坑洞”，社区按“路面坑洞”办理。谢谢你！"
    )


def test_the_same_news_reads_differently_for_the_worker(app: Flask) -> None:
    facts = brought("report_handled", everything=True)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert line("report_handled", **facts).title == "Fixed: 路面坑洞"
        for role in (Role.WORKER, Role.SUPERVISOR):
            assert line("report_handled", role, **facts).title == "Please check: 路面坑洞"


@pytest.mark.parametrize(
    ("hours", "days"), [(0, 0), (11, 0), (12, 1), (36, 2), (-13, -1), (-12, 0)]
)
def test_days_are_counted_in_the_countys_zone(hours: int, days: int) -> None:
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=SHANGHAI)
    then = message_views.moment(noon + timedelta(hours=hours), now=noon, zone=SHANGHAI)
    assert then.days == days


def test_a_message_of_another_version_of_the_program_does_not_break_the_page(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert line("report_teleported").title == f"News about {NUMBER}"
        assert line("report_accepted", odd="fact").title == f"News about {NUMBER}"
    assert kinds.page_for("report_teleported", Role.RIDER) == "reports.show"


def test_a_message_keeps_a_name_in_every_language_and_its_reader_gets_one(app: Flask) -> None:
    facts = brought("redemption_expired", everything=True)
    assert facts == {"points": 15, **as_columns("title", FULL["title"])}
    assert (facts["title_zh"], facts["title_en"]) == ("热饭一份", "A warm meal")
    for language, name in (("zh-CN", "热饭一份"), ("en", "A warm meal")):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert name in line("redemption_expired", **facts).title


def test_a_message_from_before_a_language_says_the_first_one(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        said = line("redemption_expired", points=15, title_zh="热饭一份")
    assert said.title == "Not picked up: 热饭一份"


def test_no_kind_brings_anything_that_leads_to_the_rider() -> None:
    telling = {"reporter", "rider", "phone", "name", "lat", "lng", "place_note", "photo"}
    for kind, known in kinds.KINDS.items():
        assert not telling & (known.needs | known.may), kind


def test_what_a_message_holds_is_put_as_its_reader_says_it(app: Flask) -> None:
    facts = brought("report_accepted", everything=True) | {"due": "2026-11-24T10:05:00+00:00"}
    row = InboxRow(7, "report_accepted", NUMBER, facts, Role.RIDER, NOW - timedelta(hours=1), True)
    names = {"RD02": "路面坑洞", "RD01": "井盖缺失"}
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        (said,) = message_views.lines(
            [row], category_name=names.__getitem__, now=NOW, zone=SHANGHAI
        )
    assert said.body == (
        "路面坑洞，明天 18:05 前办好。你选的是“井盖缺失”，社区按“路面坑洞”办理。谢谢你！"
    )
    assert (said.id, said.about, said.kind, said.is_read) == (7, NUMBER, "report_accepted", True)
    assert (said.at, said.endpoint) == (row.at, kinds.page_for("report_accepted", Role.RIDER))


def test_a_day_in_a_message_is_a_day(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        said = line("report_suspended", **brought("report_suspended", everything=True))
        over = line("points_expiring", **brought("points_expiring", everything=True))
    assert "12月1日" in said.body
    assert "1月31日" in over.title + over.body


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR])
def test_whoever_looks_after_the_workers_reads_what_they_read(app: Flask, role: Role) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        for kind in kinds.KINDS:
            facts = brought(kind, everything=True)
            mine, theirs = line(kind, role, **facts), line(kind, Role.WORKER, **facts)
            assert (mine.title, mine.body) == (theirs.title, theirs.body), kind


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        (" 一。\n  二！ 三？ 四； 五： 六， 七 ", "一。二！三？四；五：六，七"),
        ("one.  Two, three", "one. Two, three"),
    ],
)
def test_lines_of_a_template_are_one_sentence_after_the_other(text: str, tidy: str) -> None:
    assert message_views._tidy(text) == tidy
