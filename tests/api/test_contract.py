"""The HTTP contract, call by call: tokens, who I am, places, points."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report import clock
from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.accounts.models import SignIn
from grid_report.accounts.profile import shapes as account
from grid_report.db import db, transaction
from grid_report.places import shapes as place
from grid_report.points.history import shapes as statement
from grid_report.reports.desk import shapes as desk_shapes
from grid_report.reports.earnings import shapes as rewards_shapes
from tests.api.conftest import Programs, problem
from tests.support.builders import BRIGHT, PASSWORD, PROPERTY, STATION, STREET, Make, center_of

pytestmark = pytest.mark.database

PHONE = "13988880001"


# tokens


def test_a_token_is_issued_works_and_is_revoked(make: Make, program: Programs) -> None:
    rider, guest = make.rider(phone=PHONE, name="小李"), program()
    issued = guest.post("tokens", json={"phone": PHONE, "password": PASSWORD, "label": "我的手机"})
    assert issued.status_code == 201
    shown = account.TokenIssued.model_validate(issued.json)
    assert shown.member.id == rider.member_id
    assert issued.json["member"]["roles"] == [{"role": "rider", "place": None}]
    assert timedelta(days=89) < shown.expires_at - clock.now() <= timedelta(days=90)
    assert shown.token not in {row.secret_hash for row in db.session.scalars(select(SignIn))}
    guest.token = {"Authorization": f"Bearer {shown.token}"}
    assert guest.get("me").status_code == 200
    page = make.signed_in(rider).get("/me").text
    assert "我的手机" in page
    ended = guest.ask("DELETE", "tokens/current")
    assert (ended.status_code, ended.data) == (204, b"")
    problem(guest.get("me"), 401, "sign-in-needed")
    problem(guest.ask("DELETE", "tokens/current"), 401, "sign-in-needed")


def test_a_token_that_is_over_is_refused(make: Make, program: Programs) -> None:
    asking = program(make.rider())
    with transaction() as session:
        for row in session.scalars(select(SignIn)):
            row.expires_at = clock.now() - timedelta(seconds=1)
    answer = asking.get("reports")
    problem(answer, 401, "sign-in-needed")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_wrong_password_and_unknown_phone_sound_the_same(make: Make, program: Programs) -> None:
    make.rider(phone=PHONE)
    bodies = [
        {
            key: value
            for key, value in problem(
                program().post("tokens", json={"phone": phone, "password": "not-this-one"}),
                401,
                "phone-or-password-wrong",
                *fields,
            ).items()
            if key != "request_id"
        }
        for phone, fields in ((PHONE, ("password",)), ("13988880009", ("password",)))
    ]
    assert bodies[0] == bodies[1]


def test_sign_in_tries_are_limited_and_say_when_to_come_back(make: Make, program: Programs) -> None:
    make.rider(phone=PHONE)
    body = {"phone": PHONE, "password": "not-this-one"}
    for _ in range(make.settings.limits.sign_ins_per_15_min):
        assert program().post("tokens", json=body).status_code == 401
    refused = program().post("tokens", json={**body, "password": PASSWORD})
    problem(refused, 429, "too-many")
    assert 0 < int(refused.headers["Retry-After"]) <= 900


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ("phone", "password")),
        ({"phone": PHONE}, ("password",)),
        ({"phone": 13988880001, "password": PASSWORD}, ("phone",)),
        ({"phone": PHONE, "password": None}, ("password",)),
        ({"phone": PHONE, "password": ""}, ("password",)),
        ({"phone": PHONE, "password": "x" * 201}, ("password",)),
        ({"phone": PHONE, "password": PASSWORD, "label": "x" * 121}, ("label",)),
        ({"phone": [PHONE], "password": {"a": 1}}, ("phone", "password")),
        ([PHONE, PASSWORD], ("body",)),
        ("text", ("body",)),
        (7, ("body",)),
        (False, ("body",)),
    ],
)
def test_a_token_request_names_every_field_at_fault(
    program: Programs, body: Any, fields: tuple[str, ...]
) -> None:
    problem(program().post("tokens", json=body), 422, "invalid", *fields)


# me


def test_me_says_who_asks_with_roles_and_places(make: Make, program: Programs) -> None:
    actor = make.member(Grant(Role.RIDER), Grant(Role.WORKER, STATION), name="小王")
    answer = program(actor).get("me")
    account.Me.model_validate(answer.json)
    assert answer.json["name"] == "小王"
    assert answer.json["language"] == "zh_CN"
    assert answer.json["roles"] == [
        {"role": "rider", "place": None},
        {"role": "worker", "place": STATION},
    ]


# categories and places


def test_categories_are_for_everybody_in_both_languages(program: Programs) -> None:
    asking = program()
    chinese = asking.get("categories", headers={"Accept-Language": "zh-CN"})
    english = asking.get("categories", headers={"Accept-Language": "en-GB,en;q=0.9"})
    for answer in (chinese, english):
        place.CategoryList.model_validate(answer.json)
    first, other = (
        {c["code"]: c for g in a.json["groups"] for c in g["categories"]}["RD02"]
        for a in (chinese, english)
    )
    assert (first["name"], other["name"]) == (first["name_zh"], first["name_en"])
    must = [c for g in english.json["groups"] for c in g["categories"] if c["emergency"] == "must"]
    assert must
    assert all(c["call_first"] for c in must)
    tag = {"If-None-Match": english.headers["ETag"], "Accept-Language": "en"}
    assert asking.get("categories", headers=tag).status_code == 304


def test_a_position_is_located_in_either_datum(make: Make, program: Programs) -> None:
    asking, center = program(make.rider()), center_of(STATION)
    here = f"lat={center.lat}&lng={center.lng}"
    for more in ("", "&datum=wgs84", "&datum=gcj02", "&datum="):
        answer = asking.get(f"places/locate?{here}{more}")
        place.Located.model_validate(answer.json)
        assert answer.status_code == 200, answer.text
    plain = asking.get(f"places/locate?{here}").json
    assert plain["matched_by"] == "boundary"
    assert plain["community"]["code"] == STATION
    assert plain["community"]["street"]["code"] == STREET


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", ("lat", "lng")),
        ("lat=42.5", ("lng",)),
        ("lat=north&lng=124", ("lat",)),
        ("lat=NaN&lng=inf", ("lat", "lng")),
        ("lat=91&lng=-181", ("lat", "lng")),
        ("lat=42.5&lng=124&datum=bd09", ("datum",)),
        ("lat=39.9&lng=116.4", ("lat",)),
        ("lat=1e309&lng=124", ("lat",)),
    ],
)
def test_an_odd_position_names_its_fields(
    make: Make, program: Programs, query: str, fields: tuple[str, ...]
) -> None:
    answer = program(make.rider()).get(f"places/locate?{query}")
    assert answer.status_code == 422, answer.text
    assert sorted(answer.json["errors"]) == sorted(fields)


def test_communities_have_a_point_inside_and_their_version(make: Make, program: Programs) -> None:
    answer = program(make.rider()).get("places/communities")
    shown = place.CommunityList.model_validate(answer.json)
    assert {STATION, BRIGHT} <= {it.code for it in shown.items}
    asking = program(make.rider())
    for it in shown.items:
        if it.boundary_version is not None and it.code in (STATION, BRIGHT):
            assert it.center is not None
            found = asking.get(f"places/locate?lat={it.center.lat}&lng={it.center.lng}").json
            assert found["community"]["code"] == it.code


def test_units_are_proposed_to_staff(make: Make, program: Programs) -> None:
    report, worker = make.report(), program(make.worker())
    for query in (f"report={report.number}", f"community={STATION}"):
        answer = worker.get(f"places/units?{query}")
        desk_shapes.UnitList.model_validate(answer.json)
        assert PROPERTY in {unit["code"] for unit in answer.json["items"]}
    problem(worker.get("places/units"), 422, "invalid", "report")
    problem(worker.get("places/units?community=nowhere"), 422, "invalid", "community")
    problem(worker.get("places/units?report=KY-20200101-0001"), 404, "not-found")
    problem(worker.get("places/units?report=%00"), 422, "invalid", "report")
    problem(program(make.rider()).get(f"places/units?community={STATION}"), 403, "forbidden")


# points


def test_points_come_with_their_reasons(make: Make, program: Programs) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.accepted(worker, rider)
    asking = program(rider)
    balance = asking.get("me/points")
    shown = statement.Balance.model_validate(balance.json)
    assert (shown.available, shown.held, shown.pending, shown.debt) == (15, 0, 0, 0)
    assert shown.expiring[0].points == 15
    # The last day of the twelfth month after.
    assert (shown.expiring[0].on + timedelta(days=1)).day == 1
    entries = asking.get("me/points/entries", headers={"Accept-Language": "en"}).json
    (line,) = statement.EntryList.model_validate(entries).items
    assert (line.points, line.cause, line.report) == (15, "report-accepted", report.number)
    assert line.words == "Your report was accepted"
    chinese = asking.get("me/points/entries", headers={"Accept-Language": "zh-CN"}).json
    assert chinese["items"][0]["words"] not in ("", line.words)
    why = asking.get(f"me/points/entries/{line.id}/why").json
    chain = rewards_shapes.WhyShown.model_validate(why)
    assert chain.entry.report == report.number
    assert chain.decision
    assert chain.tariff
    assert chain.award
    assert chain.award.community
    assert (chain.decision.step, chain.tariff.rule, chain.tariff.severity) == ("accept", "R1", 2)
    assert (chain.award.points, chain.award.free, chain.award.community.code) == (15, 15, STATION)
    assert chain.award.last_day == shown.expiring[0].on
    assert chain.spent == []


def test_points_are_the_riders_own_business(make: Make, program: Programs) -> None:
    rider, worker = make.rider(), make.worker()
    make.accepted(worker, rider)
    entry = program(rider).get("me/points/entries").json["items"][0]["id"]
    problem(program(make.rider()).get(f"me/points/entries/{entry}/why"), 404, "not-found")
    problem(program(worker).get(f"me/points/entries/{entry}/why"), 403, "forbidden")
    for path in ("me/points", "me/points/entries"):
        problem(program(worker).get(path), 403, "forbidden")
    problem(program(rider).get("me/points/entries/999999/why"), 404, "not-found")


def test_entries_are_paged_without_gap_or_repetition(make: Make, program: Programs) -> None:
    rider, worker = make.rider(), make.worker()
    for _ in range(3):
        make.accepted(worker, rider)
    asking, seen = program(rider), []
    cursor: str | None = ""
    while cursor is not None:
        page = asking.get(f"me/points/entries?limit=2&cursor={cursor}").json
        seen += [it["id"] for it in page["items"]]
        cursor = page["next"]
    whole = asking.get("me/points/entries").json["items"]
    assert seen == [it["id"] for it in whole]
    assert seen == sorted(set(seen), reverse=True)
    for odd in ("W10", "AAAA", "%00", "WyJhIl0", "W3RydWVd", "Wy0xXQ", "WzFlMzBd"):
        problem(asking.get(f"me/points/entries?cursor={odd}"), 422, "invalid", "cursor")
    for odd in ("0", "201", "-1", "x", "1e2", "99999999999999999999"):
        problem(asking.get(f"me/points/entries?limit={odd}"), 422, "invalid", "limit")


# conventions


def test_an_unknown_address_is_a_problem_in_the_language_asked_for(program: Programs) -> None:
    titles = {
        language: problem(
            program().get("nowhere", headers={"Accept-Language": language}), 404, "not-found"
        )["title"]
        for language in ("zh-CN", "en", "de", "*", "zh-TW,zh;q=0.8", "¿?", "en;q=x")
    }
    assert titles["en"] == "Not here"
    assert titles["zh-CN"] == titles["de"] == titles["zh-TW,zh;q=0.8"] != titles["en"]


def test_a_member_reads_in_the_language_of_the_account_unless_asked(
    make: Make, program: Programs
) -> None:
    asking = program(make.rider())
    quiet = asking.get("reports/KY-20200101-0001").json["title"]
    english = asking.get("reports/KY-20200101-0001", headers={"Accept-Language": "en"}).json
    assert quiet != english["title"] == "Not here"
