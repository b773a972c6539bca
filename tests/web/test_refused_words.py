"""Addresses of refused forms can be reloaded, and whatever was typed comes back with the refusal."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import nodes
from markupsafe import escape
from werkzeug.routing import Rule

from grid_report.languages import columns
from grid_report.web.http.returning import PAGE_OF
from grid_report.web.refused_words import SECRET, TYPED, missing
from tests.conventions.test_templates import tree
from tests.support.beginnings import Beginning, Beginnings
from tests.support.builders import BRIGHT, PROPERTY, STATION, Make
from tests.support.walking import World, world
from tools.words import TEMPLATES

# Read by programs, or answered by nothing that a person could reload.
NOT_FOR_BROWSERS = ("api.", "open311.")


def forms_of_browsers(app: Flask) -> list[Rule]:
    """Return every address that takes a form of a person's browser."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.endpoint.startswith(NOT_FOR_BROWSERS)
    ]


def test_every_form_has_a_page_to_go_back_to(app: Flask) -> None:
    shown = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    without = [it for it in forms_of_browsers(app) if it.rule not in shown]
    assert {it.endpoint for it in without} == set(PAGE_OF)
    for rule in without:
        (page,) = [
            it
            for it in app.url_map.iter_rules(PAGE_OF[rule.endpoint])
            if "GET" in (it.methods or ())
        ]
        assert page.arguments <= rule.arguments, rule.endpoint


@pytest.fixture
def beginning(built: Beginnings) -> Beginning:
    return built(world)


@pytest.fixture
def it(make: Make, beginning: Beginning) -> World:
    there: World = beginning.known
    return there.on(make)


@pytest.mark.slow
def test_the_address_of_every_form_can_be_opened(it: World) -> None:
    """Nobody gets 405 there, and whoever may see the form's page is led to it."""
    for rule in forms_of_browsers(it.make.app):
        path = it.path(rule.endpoint)
        for person in ("guest", "owner", "worker", "handler", "supervisor", "station",
                       "administrator"):  # fmt: skip
            if rule.endpoint == "accounts.sign_out":
                continue
            answer = it.browser(person).get(path)
            assert answer.status_code != 405, (person, path)
            if rule.endpoint in PAGE_OF:
                assert answer.status_code == 303, (person, path)
                led = it.browser(person).get(answer.location, follow_redirects=True)
                assert led.status_code in (200, 403, 404), (person, path, led.status_code)


@pytest.mark.database
def test_a_refused_step_reloaded_is_the_page_of_the_case(it: World) -> None:
    number = it.values["number"]
    for person, page in (("worker", "/desk/"), ("handler", "/unit/"), ("owner", "/my/reports/")):
        browser = it.browser(person)
        path = f"/reports/{number}/steps/extend"
        assert browser.post(path, data={}).status_code in (403, 409, 422)
        led = browser.get(path, follow_redirects=True)
        assert (led.status_code, led.request.path) == (200, f"{page}{number}")


def fields_in_templates() -> dict[str, set[str]]:
    """Return the name of every field a person types into, with the templates it stands in."""
    found: dict[str, set[str]] = {}
    for path in sorted(TEMPLATES.rglob("*.html")):
        file = path.relative_to(TEMPLATES).as_posix()
        for call in tree(file).find_all(nodes.Call):
            if getattr(call.node, "name", "") not in ("field", "textarea"):
                continue
            for keyword in call.kwargs:
                if keyword.key == "name" and isinstance(keyword.value, nodes.Const):
                    found.setdefault(str(keyword.value.value), set()).add(file)
        # What is asked for in every language, a field each.
        for call in tree(file).find_all(nodes.Call):
            if getattr(call.node, "name", "") == "columns_by_language":
                for name in columns(call.args[0].as_const()):
                    found.setdefault(name, set()).add(file)
    return found


# Sent by GET, or files.
NO_FORM_OF_WORDS = {"q", "from", "to", "photo", "photos", "entry_id"}


def test_every_field_with_text_is_given_back() -> None:
    fields = set(fields_in_templates())
    assert fields - NO_FORM_OF_WORDS <= TYPED | SECRET
    assert not TYPED & SECRET
    assert {*columns("title"), *columns("description")} <= fields
    assert len(fields) > 30


WORDS = "第一行 <b>&\"'\r\n第二行，不能丢"


@pytest.mark.parametrize("name", sorted(TYPED))
def test_words_that_stand_in_no_field_are_missing(name: str) -> None:
    values = [(name, WORDS)]
    assert missing(values, f"<p>{escape(WORDS)}</p>") == [WORDS]
    assert missing(values, f'<input value="{escape(WORDS)}">') == []
    assert missing(values, f"<textarea rows=3>\n{escape(WORDS)}</textarea>") == []
    assert missing([(name, " ")], "") == []


@pytest.mark.parametrize("name", [*sorted(SECRET), "csrf_token", "key", "version", "unit"])
def test_secrets_and_what_nobody_typed_are_not_given_back(name: str) -> None:
    assert missing([(name, "geheim-123")], "") == []


def texts(page: str) -> list[str]:
    """Return what stands in the text areas and fields of a page."""
    return re.findall(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL) + re.findall(
        r'<input[^>]* value="([^"]*)"', page
    )


@pytest.mark.slow
def test_every_refused_form_gives_back_every_word(it: World) -> None:
    """Each form is sent with words in every field, and refused for what else it lacks."""
    typed = {name: f"{name} {WORDS}" for name in TYPED}
    refused = 0
    for rule in forms_of_browsers(it.make.app):
        if rule.endpoint in ("accounts.sign_out", "accounts.sign_out_everywhere"):
            continue
        for person in ("owner", "worker", "handler", "supervisor", "station", "administrator"):
            answer = it.browser(person).post(it.path(rule.endpoint), data=typed)
            if answer.status_code not in (409, 422):
                continue
            refused += 1
            shown = texts(answer.text)
            lost = [name for name, words in typed.items() if str(escape(words)) not in shown]
            assert not lost, (rule.endpoint, person, lost)
    assert refused > 60


def typed_box(page: str) -> bool:
    return 'class="card typed-words"' in page


@pytest.mark.database
def test_a_step_that_is_gone_gives_the_words_back_in_a_box(make: Make) -> None:
    worker, handler = make.worker(), make.handler()
    report = make.accepted(worker)
    report = make.step(report, "dispatch", worker, unit=PROPERTY)
    make.step(report, "start", handler)
    seen = report.version
    make.step(report, "handle", handler, note="修好了", photos=(make.photo(),))
    desk = browser(make, worker)
    answer = desk.post(
        f"/reports/{report.number}/steps/extend",
        data={"reason": WORDS, "deadline": "2026-12-30T10:00", "version": str(seen)},
    )
    assert answer.status_code == 409
    assert typed_box(answer.text)
    assert str(escape(WORDS)) in texts(answer.text)
    assert "2026-12-30T10:00" in texts(answer.text)


@pytest.mark.database
def test_a_unit_whose_case_was_taken_reads_where_it_went_and_keeps_its_words(make: Make) -> None:
    worker, handler = make.worker(), make.handler()
    report = make.accepted(worker)
    make.step(report, "dispatch", worker, unit=PROPERTY)
    make.step(report, "start", handler)
    make.step(report, "recall", worker, reason="两天没动静")
    unit = browser(make, handler)
    opened = unit.get(f"/unit/{report.number}")
    assert opened.status_code == 410
    assert "站前社区" in opened.text
    assert report.number in opened.text
    assert "两天没动静" not in opened.text
    answer = unit.post(f"/reports/{report.number}/steps/handle", data={"note": WORDS})
    assert answer.status_code == 410
    assert str(escape(WORDS)) in texts(answer.text)
    assert browser(make, make.handler("power-01")).get(f"/unit/{report.number}").status_code == 404


@pytest.mark.database
def test_a_worker_whose_case_was_transferred_reads_where_it_went(make: Make) -> None:
    worker, elsewhere = make.worker(), make.worker(BRIGHT)
    report = make.accepted(worker, community=STATION)
    make.step(report, "transfer", worker, community=BRIGHT, reason="归那边")
    opened = browser(make, worker).get(f"/desk/{report.number}")
    assert opened.status_code == 410
    assert "光明社区" in opened.text
    assert "归那边" not in opened.text
    assert browser(make, elsewhere).get(f"/desk/{report.number}").status_code == 200
    assert (
        browser(make, make.worker("211282001002")).get(f"/desk/{report.number}").status_code == 404
    )


def browser(make: Make, actor: Any) -> FlaskClient:
    client = make.signed_in(actor)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/me").text)
    assert token is not None
    client.environ_base["HTTP_X_CSRFTOKEN"] = token[1]
    return client
