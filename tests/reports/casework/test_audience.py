"""Whoever a step concerns is told, in the words of the step, of one clock; nobody else is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.notify import message_views
from grid_report.notify.kinds import KINDS
from grid_report.notify.models import Message
from grid_report.notify.queries import InboxRow
from grid_report.reports.casework.audience import TELLING, Event, Person
from grid_report.reports.lifecycle import MOVES, Step
from grid_report.reports.models import Report
from tests.reports.scenes import AT, SCENES, Stage
from tests.support.builders import PROPERTY, STATION, STREET, Make

SHANGHAI = ZoneInfo("Asia/Shanghai")

# The table once more: a change must be made in both. `kind clock`, by person; what stands for a
# condition is tried by the scenes below.
TOLD: dict[str, dict[str, str]] = {
    "submit": {"worker": "report_submitted accept"},
    "submit unrouted": {"county": "report_unrouted"},
    "assign": {
        "rider": "report_transferred accept", "worker": "report_submitted accept",
    },
    "accept": {"rider": "report_accepted fix", "merged": "report_accepted fix"},
    "reject": {"rider": "report_rejected", "merged": "report_rejected"},
    "ask": {"rider": "report_asked", "merged": "report_asked"},
    "supplement": {"merged": "report_answered", "worker": "report_supplemented accept"},
    "clarify": {"rider": "report_clarified", "merged": "report_clarified"},
    "supplement by another rider": {
        "rider": "report_answered", "worker": "report_supplemented accept",
    },
    "withdraw": {"worker": "report_withdrawn"},
    "lead": {
        "rider": "report_leads", "merged": "report_goes_on", "worker": "report_goes_on",
    },
    "merge": {"rider": "report_merged", "merged": "report_merged"},
    "merge into another community's": {
        "rider": "report_merged", "merged": "report_merged", "worker": "report_merged",
    },
    "transfer": {
        "rider": "report_transferred accept", "merged": "report_transferred accept",
        "worker": "report_transferred accept", "worker before": "report_went",
        "street before": "report_went",
    },
    "dispatch": {
        "rider": "report_dispatched fix", "merged": "report_dispatched fix",
        "unit": "report_assigned_to_unit running",
    },
    "return": {
        "rider": "report_back fix", "merged": "report_back fix", "worker": "report_returned",
        "unit before": "report_went",
    },
    "return for the second time": {
        "rider": "report_back fix", "merged": "report_back fix", "worker": "report_returned",
        "unit before": "report_went", "street": "report_returned",
    },
    "recall": {
        "rider": "report_back fix", "merged": "report_back fix", "worker": "report_recalled",
        "unit before": "report_recalled",
    },
    "recall from the own handling": {
        "rider": "report_back fix", "merged": "report_back fix", "worker": "report_recalled",
    },
    "start": {"rider": "report_started fix", "merged": "report_started fix"},
    "start over the unit's head": {
        "rider": "report_started fix", "merged": "report_started fix",
        "unit before": "report_went",
    },
    "control": {"rider": "report_controlled", "merged": "report_controlled"},
    "extend": {
        "rider": "report_extended fix", "merged": "report_extended fix",
        "worker": "report_extended fix", "unit": "report_extended fix",
    },
    "suspend": {
        "rider": "report_suspended", "merged": "report_suspended", "worker": "report_suspended",
        "unit": "report_suspended",
    },
    "resume": {
        "rider": "report_resumed fix", "merged": "report_resumed fix",
        "worker": "report_resumed running", "unit": "report_resumed running",
    },
    "handle": {
        "rider": "report_handled", "merged": "report_handled", "worker": "report_handled",
    },
    "handle where nobody else can check": {
        "rider": "report_handled", "merged": "report_handled", "worker": "report_handled",
        "street": "report_handled",
    },
    "handle of the own handling": {
        "rider": "report_handled", "merged": "report_handled", "worker": "report_handled",
    },
    "pass": {"rider": "report_closed", "merged": "report_closed", "unit": "report_closed"},
    "pass of the own handling": {
        "rider": "report_closed", "merged": "report_closed", "worker": "report_closed",
    },
    "fail": {
        "rider": "report_failed fix", "merged": "report_failed fix",
        "unit": "report_failed running",
    },
    "fail of the own handling": {
        "rider": "report_failed fix", "merged": "report_failed fix",
        "worker": "report_failed running",
    },
    "reopen": {
        "merged": "report_reopened fix", "worker": "report_reopened running",
        "unit before": "report_went",
    },
    "urge": {"worker": "report_urged running"},
    "urge at the unit": {"unit": "report_urged running"},
    "note": {},
    "rate": {},
    "light turns yellow": {"worker": "light_yellow running"},
    "light turns yellow at the unit": {"unit": "light_yellow running"},
    "light turns yellow unrouted": {"county": "light_yellow running"},
    "light turns red": {"worker": "light_red running", "street": "light_red running"},
    "light turns red at the unit": {"unit": "light_red running", "street": "light_red running"},
    "light turns red unrouted": {"county": "light_red running"},
    "review day comes": {"street": "review_due"},
    "a kept report goes": {
        "rider": "report_sent_on accept", "worker": "report_submitted accept",
    },
    "a kept report goes unrouted": {
        "rider": "report_sent_on accept", "county": "report_unrouted",
    },
    "a flood begins": {"worker": "reports_folded", "street": "reports_folded"},
}  # fmt: skip
# In hours from the report: acceptance, control, repair; and check and closing from the repair on.
HOURS = {"RD02": (8, None, 120), "RD04": (2, 4, 24)}
CLOSING = 24


def _last() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.max(Message.id))) or 0


def played(make: Make, category: str, name: str) -> tuple[Stage, list[Message]]:
    """Play a scene and return what was written for its case, and for the report merged into it."""
    stage = Stage(make, category)
    before, step = SCENES[name]
    before(stage)
    last = _last()
    step(stage)
    db.session.rollback()
    found = db.session.scalars(
        select(Message)
        .where(
            Message.id > last,
            Message.about.in_([stage.report.number, stage.merged.number]),
            Message.kind.not_in(["points_awarded", "points_pending"]),
        )
        .order_by(Message.id)
    ).all()
    return stage, list(found)


def person_of(stage: Stage, message: Message) -> str:
    """Say who of the table a message is for."""
    if message.member_id is not None:
        return {stage.rider.member_id: "rider", stage.other.member_id: "merged"}[message.member_id]
    now = db.session.get_one(Report, stage.report.id)
    return {
        (Role.WORKER, now.community_code): "worker",
        (Role.WORKER, STATION if now.community_code != STATION else ""): "worker before",
        (Role.HANDLER, PROPERTY): (
            "unit" if now.unit_code and now.dispatched_at else "unit before"
        ),
        (Role.SUPERVISOR, now.street_code): "street",
        (Role.SUPERVISOR, STREET if now.street_code != STREET else ""): "street before",
        (Role.ADMINISTRATOR, "211282"): "county",
    }[message.role, message.place]


def clock_of(stage: Stage, message: Message) -> str:
    """Say which clock a message names; its instant has to be that clock's own."""
    name, due = message.facts.get("clock"), message.facts.get("due")
    if name is None:
        assert due is None, message.kind
        return ""
    assert due is not None
    now = db.session.get_one(Report, stage.report.id)
    own = {
        "accept": now.accept_due, "control": now.control_due,
        "fix": now.fix_due, "close": now.close_due,
    }  # fmt: skip
    assert datetime.fromisoformat(due) == own[name], (message.kind, name)
    return str(name)


@pytest.mark.parametrize("category", sorted(HOURS))
@pytest.mark.parametrize("name", list(TOLD))
def test_each_person_gets_exactly_the_message_of_the_cell_in_both_languages(
    make: Make, category: str, name: str
) -> None:
    stage, messages = played(make, category, name)
    found = {}
    for message in messages:
        person = person_of(stage, message)
        assert person not in found, f"{person} is told twice"
        found[person] = f"{message.kind} {clock_of(stage, message)}".strip()
    db.session.rollback()
    report = db.session.get_one(Report, stage.report.id)
    running = report.next_clock.value if report.next_clock else ""
    expected = {person: told.replace("running", running) for person, told in TOLD[name].items()}
    assert found == expected
    for language in ("zh-CN", "en"):
        with make.app.test_request_context(headers={"Accept-Language": language}):
            for message in messages:
                line = _said(message)
                assert line.title != message_views._tidy(
                    message_views._macro("title_of_any")(about=message.about)
                )
                assert line.body
                assert "None" not in line.title + line.body


@pytest.mark.database
@pytest.mark.parametrize(
    ("name", "person", "clock", "hours"),
    [
        ("submit", "worker", "accept", {"RD02": 8, "RD04": 2}),
        ("accept", "rider", "fix", {"RD02": 120, "RD04": 24}),
        ("dispatch", "rider", "fix", {"RD02": 120, "RD04": 24}),
        ("start", "rider", "fix", {"RD02": 120, "RD04": 24}),
        ("dispatch", "unit", {"RD02": "fix", "RD04": "control"}, {"RD02": 120, "RD04": 4}),
        ("urge at the unit", "unit", {"RD02": "fix", "RD04": "control"}, {"RD02": 120, "RD04": 4}),
        ("light turns red at the unit", "street", {"RD02": "fix", "RD04": "control"},
         {"RD02": 120, "RD04": 4}),
        ("fail", "unit", {"RD02": "fix", "RD04": "control"}, {"RD02": 120, "RD04": 4}),
        ("recall", "rider", "fix", {"RD02": 120, "RD04": 24}),
        ("extend", "unit", "fix", {"RD02": 9 * 24, "RD04": 9 * 24}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("category", sorted(HOURS))
def test_a_message_names_one_clock_with_its_own_instant(
    make: Make, category: str, name: str, person: str, clock: Any, hours: dict[str, int]
) -> None:
    stage, messages = played(make, category, name)
    (message,) = [it for it in messages if person_of(stage, it) == person]
    assert message.facts["clock"] == (clock if isinstance(clock, str) else clock[category])
    due = datetime.fromisoformat(message.facts["due"])
    assert due == AT + timedelta(hours=hours[category])


@pytest.mark.database
def test_a_rider_is_told_what_it_had_been_called_where_the_community_calls_it_otherwise(
    make: Make,
) -> None:
    stage, last = Stage(make, "RD02"), _last()
    stage.take("accept", stage.worker, category="RD01", severity=2)
    message = db.session.scalars(
        select(Message).where(Message.id > last, Message.kind == "report_accepted")
    ).first()
    assert message is not None
    with make.app.test_request_context():
        assert "你选的是“坑洼”，社区按“井盖”办理" in _said(message).body


def _said(message: Message) -> message_views.InboxLine:
    row = InboxRow(1, message.kind, message.about, message.facts, message.role, AT, False)
    names = {"RD01": "井盖", "RD02": "坑洼", "RD04": "结冰"}
    return message_views.lines([row], category_name=lambda it: names[it], now=AT, zone=SHANGHAI)[0]


@pytest.mark.database
@pytest.mark.parametrize(
    ("name", "person", "chinese", "english"),
    [
        ("accept", "rider", "结冰，明天 12:00 前办好。谢谢你！", "结冰: to be done by tomorrow 12:00. Thank you!"),
        ("dispatch", "unit", "站前社区 · NUMBER，请在今天 16:00 前管控好现场。",
         "站前社区 · NUMBER. Please make the spot safe by today 16:00."),
        ("dispatch", "rider", "结冰，明天 12:00 前办好。", "结冰: to be done by tomorrow 12:00."),
        ("submit", "worker", "NUMBER，请在今天 14:00 前受理或答复。",
         "NUMBER. Please accept or answer by today 14:00."),
        ("fail", "rider", "现场会重新处置。结冰，明天 12:00 前办好。",
         "It is being redone. 结冰: to be done by tomorrow 12:00."),
        ("fail", "unit", "还差：没修好 NUMBER，请在今天 16:00 前管控好现场。",
         "What is missing: 没修好 NUMBER. Please make the spot safe by today 16:00."),
        ("return", "worker", "NUMBER。原因：不归我们 请重新派遣。", None),
        ("recall", "unit before", "NUMBER 已回到站前社区。说明：没动静",
         "NUMBER is with 站前社区 again. They write: 没动静"),
        ("clarify", "rider", "结冰：之前问你的，不用再回答了。说明：去看过了",
         "结冰: you need not answer the question any more. They write: 去看过了"),
    ],
)  # fmt: skip
def test_the_words_fit_the_clock_in_both_languages(
    make: Make, name: str, person: str, chinese: str, english: str | None
) -> None:
    stage, messages = played(make, "RD04", name)
    (message,) = [it for it in messages if person_of(stage, it) == person]
    for language, expected in (("zh-CN", chinese), ("en", english)):
        with make.app.test_request_context(headers={"Accept-Language": language}):
            if expected is not None:
                assert _said(message).body == expected.replace("NUMBER", message.about)


@pytest.mark.database
def test_a_category_changed_at_acceptance_is_said_to_its_riders(make: Make) -> None:
    stage = Stage(make, "RD02")
    stage.take("accept", stage.worker, category="RD04", severity=3)
    db.session.rollback()
    told = db.session.scalars(select(Message).where(Message.kind == "report_accepted")).all()
    assert {it.member_id for it in told} == {stage.rider.member_id, stage.other.member_id}
    for language, expected in (
        ("zh-CN", "你选的是“坑洼”，社区按“结冰”办理。"),
        ("en", "You had called it 坑洼; it is handled as 结冰."),
    ):
        with make.app.test_request_context(headers={"Accept-Language": language}):
            assert all(expected in _said(it).body for it in told)


@pytest.mark.database
def test_an_internal_reason_reaches_the_unit_and_never_the_rider(make: Make) -> None:
    stage, messages = played(make, "RD02", "fail")
    said = {person_of(stage, it): it.facts["words"] for it in messages}
    assert said == {"rider": "", "merged": "", "unit": "没修好"}


def test_the_table_covers_every_step_and_event() -> None:
    assert set(TELLING) == {*Step, *Event}
    assert {step for _, step in MOVES} <= set(TELLING)
    played_steps = {name.split(" ")[0] for name in TOLD} | set(TOLD)
    assert {str(it) for it in TELLING} <= played_steps
    assert set(SCENES) == set(TOLD)


def test_every_cell_of_the_table_is_played() -> None:
    labels = {Person.MERGED: "merged"}
    written = {
        (str(what), labels.get(person, str(person)), cell.kind, str(cell.clock))
        for what, cells in TELLING.items()
        for person, cell in cells.items()
    }
    tried = {
        (what, person, *[*told.split(" "), ""][:2])
        for name, people in TOLD.items()
        for person, told in people.items()
        for what in (next(str(it) for it in TELLING if name == it or name.startswith(f"{it} ")),)
    }
    # An unrouted report is nobody's to urge, and a merged one is nobody's to assign; whoever takes
    # a step is not told of it: a rider of one's own reopening.
    assert written - tried == {
        ("assign", "merged", "report_transferred", "accept"),
        ("reopen", "rider", "report_reopened", "fix"),
        ("urge", "county", "report_urged", "running"),
    }
    assert not tried - written


def test_every_message_about_time_says_of_which_clock() -> None:
    about_reports = {
        cell.kind: cell for cells in TELLING.values() for cell in cells.values() if cell.clock
    }
    for kind in about_reports:
        assert {"clock", "due"} <= KINDS[kind].needs | KINDS[kind].may, kind
    for kind, known in KINDS.items():
        facts = known.needs | known.may
        if "due" in facts and kind not in ("objection_raised", "place_offered"):
            assert "clock" in facts, kind
