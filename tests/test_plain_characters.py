"""What a Chinese keyboard types full-width is read wherever a number, a date or a code is typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from grid_report.accounts import phones
from grid_report.clock import Month, PlainDate
from grid_report.errors import Invalid
from grid_report.offers import forms as offers
from grid_report.offers.permits import forms as permits_forms
from grid_report.offers.redemptions import vouchers
from grid_report.places.geo.points import parse_accuracy_m, parse_point
from grid_report.plain_characters import plain
from grid_report.points.tariff import forms as points
from grid_report.points.tariff.fields import FIELDS
from grid_report.reports.desk.filters import instant
from grid_report.reports.pages import forms as reports
from grid_report.reports.pages import shapes as report_shapes
from grid_report.statistics.comparison.periods import parse_period
from grid_report.web.api.reading import query
from grid_report.web.paging import read_limit
from grid_report.web.text import clean, read_int
from tests.accounts.browsing import post_form
from tests.support.builders import PASSWORD, Make

ZONE = ZoneInfo("Asia/Shanghai")


def wide(text: str) -> str:
    """Write text as a Chinese keyboard in full-width mode does."""
    return "".join(
        "\u3000" if c == " " else chr(ord(c) + 0xFEE0) if 0x21 <= ord(c) <= 0x7E else c
        for c in text
    )


def whole(text: str) -> int | None:
    problems = Invalid()
    found = read_int({"n": text}, "n", -100, 1_000_000, problems)
    problems.raise_if_any()
    return found


def slots(day: str, times: str, minutes: str) -> Any:
    values = {"first_day": day, "times": times, "minutes": minutes, "capacity": "２"}
    starts, long, places = offers.read_slots(values, ZONE)
    return [at.time() for at in starts], long, places


def price(text: str) -> int:
    values = {"compound": "c", "paper": "access_card", "price": text}
    return permits_forms.read_owner_price(values).owners_fen


def card(text: str) -> str:
    return permits_forms.read_permit_step({"card_number": text}, "issue").card_number


def step(**typed: str) -> Any:
    values = {"step": "extend", **typed}
    return reports.read_step(values, key=None, key_field="key", zone=ZONE)


def draft(code: str) -> Any:
    numbers = {field.name: wide(str(field.low)) for field in FIELDS}
    return points.read_draft({"code": code, "seen": "１", **numbers})


READ: list[tuple[str, Callable[[str], Any], str, Any]] = [
    ("amount", whole, "1200", 1200),
    ("negative amount", whole, "-5", -5),
    ("phone", phones.normalise, "+86 139-0000-0001", "13900000001"),
    ("six digits", lambda t: offers.read_scan({"code": t}).digits, "123 456", "123456"),
    ("six digits, grouped", lambda t: offers.read_scan({"code": t}).digits, "123-456", "123456"),
    ("quota", lambda t: slots("2026-12-01", "9:00", t)[1], "30", 30),
    ("times", lambda t: slots("2026-12-01", t, "30")[0], "9:00,14:30", [time(9), time(14, 30)]),
    ("day", lambda t: slots(t, "9:00", "30")[0], "2026-12-01", [time(9)]),
    ("price", price, "12.50", 1250),
    ("card number", card, "A-0042", "A-0042"),
    ("deadline", lambda t: step(deadline=t).deadline, "2026-12-01T18:00",
     datetime(2026, 12, 1, 18, tzinfo=ZONE)),
    ("review day", lambda t: step(review_on=t).review_on, "2026-12-24", date(2026, 12, 24)),
    ("merge target", lambda t: step(into=t).into, "ky-20261123-0042", "KY-20261123-0042"),
    ("severity", lambda t: step(severity=t).severity, "3", 3),
    ("position", lambda t: parse_point(t, t).lat, "42.5", 42.5),
    ("accuracy", parse_accuracy_m, "12.5", 12.5),
    ("month", lambda t: str(Month.parse(t)), "2026-11", "2026-11"),
    ("quarter", lambda t: getattr(parse_period(t), "code", None), "2026-Q1", "2026-Q1"),
    ("year", lambda t: getattr(parse_period(t), "code", None), "2026", "2026"),
    ("instant", lambda t: instant({"since": t}, "since", Invalid(), zone=ZONE, plain=PlainDate.FIRST), "2026-11-01T00:00:00+08:00",
     datetime(2026, 11, 1, tzinfo=ZONE)),
    ("page size", read_limit, "50", 50),
    ("tariff", lambda t: draft(t)[0], "2026-2", "2026-2"),
    ("tariff's first day", lambda t: points.read_publication({"starts_on": t})[0], "2027-01-01",
     date(2027, 1, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "read", "text", "value"), READ, ids=[row[0] for row in READ])
def test_a_number_or_code_is_read_in_either_width(
    what: str, read: Callable[[str], Any], text: str, value: Any
) -> None:
    assert read(text) == value, what
    assert read(wide(text)) == value, what


def test_a_code_read_off_a_screen_is_the_same_in_either_width() -> None:
    text = vouchers.text_for("R-7K2M9PQ4", "00" * 32, 123)
    assert vouchers.parse(text) is not None
    assert vouchers.parse(wide(text)) == vouchers.parse(text)


@pytest.mark.parametrize("dash", "\u2010\u2013\u2014\u2212\uff0d\u30fc")
def test_every_dash_is_a_hyphen(dash: str) -> None:
    assert plain(f"KY{dash}１") == "KY-1"


def test_what_hangs_between_characters_unseen_is_left_out() -> None:
    assert plain("１３９\u200b０００") == "139000"
    assert plain(None) is None
    assert plain(7) == 7


def test_sentences_keep_the_width_they_were_written_in() -> None:
    assert clean("东门（Ａ座）前，５０米") == "东门（Ａ座）前，５０米"


def test_the_values_of_a_query_are_read_but_not_the_words_searched_for(app: Any) -> None:
    with app.test_request_context("/api/v1/reports?limit=５０&q=（Ａ座）&mine=１"):
        asked = query(report_shapes.ReportQuery)
    assert (asked.limit, asked.q, asked.mine) == (50, "（Ａ座）", True)


@pytest.mark.database
def test_signing_in_and_searching_by_full_width(make: Make) -> None:
    from tests.reports.submission.test_consent import send

    rider = make.rider(phone="13911112222")
    browser = make.app.test_client()
    answer = post_form(browser, "/sign-in", phone=wide("139 1111 2222"), password=PASSWORD)
    assert answer.status_code == 303
    report = send(make, rider, lat=42.5460025, lng=124.0408182)
    worker = make.signed_in(make.worker())
    page = worker.get("/desk", query_string={"q": wide(report.number)}).get_data(as_text=True)
    assert f"/desk/{report.number}" in page
    members = make.signed_in(make.administrator())
    for typed in (wide("2222"), wide("13911112222")):
        found = members.get("/admin/members", query_string={"q": typed}).get_data(as_text=True)
        assert f"/admin/members/{rider.member_id}" in found
    asked = make.app.test_client().get(
        "/api/v1/reports", query_string={"q": wide(report.number), "limit": "１"},
        headers=make.token(rider),
    )  # fmt: skip
    assert [it["number"] for it in asked.get_json()["items"]] == [report.number]
