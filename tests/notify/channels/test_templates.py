"""The operator's table: what is wrong with it stops the start and is named with its row."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from grid_report.access.roles import Role
from grid_report.notify.channels import templates
from grid_report.notify.channels.registry import FIELDS
from grid_report.notify.channels.templates import TableError, Template
from grid_report.notify.kinds import KINDS, readers_beside
from grid_report.notify.outgoing import Outgoing

COUNTY = ZoneInfo("Asia/Shanghai")
HEAD = "kind,channel,template,fields\n"


def read(*rows: str) -> templates.Table:
    return templates.parse(HEAD + "\n".join(rows), FIELDS, name="t.csv")


def test_a_row_is_a_template_with_its_fields() -> None:
    found = read(
        "report_closed,wechat,TM-1,character_string1={number}| phrase2 = 已办结 |time3={at}",
        "",
        "report_urged,sms,SMS_9,what={what}|nr={number}",
    )
    assert found == {
        ("report_closed", "wechat"): Template(
            "TM-1", {"character_string1": "{number}", "phrase2": "已办结", "time3": "{at}"}
        ),
        ("report_urged", "sms"): Template("SMS_9", {"what": "{what}", "nr": "{number}"}),
    }


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("report_sold,wechat,TM,thing1=x", "row 2: there is no kind 'report_sold'"),
        ("report_back,wechat,TM,thing1=x", "row 2: report_back is told in the inbox alone"),
        ("report_closed,telex,TM,thing1=x", "there is no channel 'telex'; there are sms, wechat"),
        ("report_closed,wechat,T M,thing1=x", "'T M' is no id of a template"),
        ("report_closed,wechat,TM", "4 cells are wanted, not 3"),
        ("report_closed,wechat,TM,thing1", "name={variable} or name=words is wanted"),
        ("report_closed,wechat,TM,thing1=", "name={variable} or name=words is wanted"),
        ("report_closed,wechat,TM,thing1=a|thing1=b", "thing1 stands there twice"),
        ("report_closed,wechat,TM,first=x", "there is no field 'first' on this channel"),
        ("report_closed,sms,TM,no!=x", "there is no field 'no!' on this channel"),
        ("report_closed,wechat,TM,thing1={words}", "thing1: there is no variable 'words'"),
        ("report_closed,wechat,TM,thing1={due}", "thing1: report_closed does not bring {due}"),
        # It may bring it, and may not.
        ("report_accepted,wechat,TM,time1={due}", "report_accepted does not bring {due}"),
        ("points_awarded,wechat,TM,thing1={number}", "points_awarded does not bring {number}"),
        ("report_closed,sms,TM,what={what}", "report_closed does not bring {what}"),
        (
            "report_urged,wechat,TM,thing1={what}",
            "thing1: there is no variable 'what'",
        ),
        ("report_closed,wechat,TM,time1={number}", "does not take {number}"),
        ("report_closed,wechat,TM,number1={number}", "does not take {number}"),
        ("report_closed,wechat,TM,phrase1={number}", "does not take {number}"),
        ("report_closed,wechat,TM,phrase1=已经受理了啊", "longer than 5 characters"),
        ("report_closed,wechat,TM,thing1=No. {number}", "neither one variable nor words alone"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(row: str, why: str) -> None:
    with pytest.raises(TableError) as refused:
        read(row)
    assert str(refused.value).startswith("t.csv, row 2: ")
    assert why in str(refused.value)


def test_a_kind_stands_once_a_channel_and_the_columns_are_named() -> None:
    row = "report_closed,wechat,TM,thing1=x"
    with pytest.raises(TableError, match="row 3: report_closed has a row for wechat already"):
        read(row, row)
    with pytest.raises(TableError, match="row 1: the columns are kind, channel, template, fields"):
        templates.parse("kind,channel\n", FIELDS)


def test_each_variable_is_written_as_the_gateways_take_it() -> None:
    facts = {
        "due": "2026-12-31T15:59:00+00:00",
        "until": "2027-01-31",
        "last_day": "2027-02-28",
        "points": 120,
        "words": "快点",
    }
    message = Outgoing(
        1, "x", "KY-1", facts, Role.RIDER, (7,), datetime(2026, 11, 16, 2, 0, tzinfo=UTC)
    )
    every = Template("T", {name: f"{{{name}}}" for name in templates.VARIABLES} | {"w": "words"})
    assert templates.filled(every, message, COUNTY) == {
        "number": "KY-1",
        "at": "2026-11-16 10:00",
        "due": "2026-12-31 23:59",
        "until": "2027-01-31",
        "last_day": "2027-02-28",
        "points": "120",
        "w": "words",
    }


def test_no_variable_holds_what_people_wrote_or_where_something_is() -> None:
    told = {
        name for kind, it in KINDS.items() if readers_beside(kind) for name in it.needs | it.may
    }
    assert told & templates.VARIABLES.keys() == {"due", "until", "last_day", "points"}
