"""The OpenAPI document is valid, names every route, and the program keeps to it.

Schemathesis sends what the document allows and what it forbids, in-process, with every default
check. One of them cannot hold for a few calls; `NOT_BY_SCHEMA` says which and why.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import positive_data_acceptance
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from sqlalchemy import select
from werkzeug.test import run_wsgi_app

from grid_report.db import db
from grid_report.points.ledger.models import Journal
from tests.conftest import KIND
from tests.support.builders import PROPERTY, Make
from tests.support.lengths import Length
from tests.support.parts import PART

pytestmark = pytest.mark.database

# The bytes of an upload in parts have a media type of their own.
schemathesis.serializer.alias(PART, "application/octet-stream")

# Three persons take turns: three times each, and once with what the document forbids by its shape: that
# is turned away before it meets anything else.
EXAMPLES = {GenerationMode.POSITIVE: (9, 36), GenerationMode.NEGATIVE: (3, 18)}
PERSONS = 3

# What is right by its shape may still not exist: a schema cannot say which categories, places,
# phones and photos there are, nor whose turn it is. There 422 answers well-shaped data.
NOT_BY_SCHEMA = {
    "api_answer_objection",  # words of blanks
    "api_answer_recheck",  # bytes that are no picture
    "api_begin_upload",  # metadata in Base64, of a kind and with a key
    "api_audit_trail",  # days, a cursor, an alias nobody has
    "api_continue_upload",  # as many bytes as were said, from where the others end
    "api_create_token",  # a phone nobody has, a password nobody uses
    "api_decide_proposal",  # a refusal needs its reason
    "api_entries",  # a cursor nobody was given
    "api_leave",  # the member's own password, or a code that was sent
    "api_judge_sampled",  # to disagree needs words
    "api_judge_signal",  # to follow up needs words, and open is no judgement
    "api_list_objections",  # a cursor nobody was given
    "api_list_proposals",  # a cursor nobody was given
    "api_list_reports",  # codes, a cursor, instants
    "api_join",  # bytes that are no picture, a place
    "api_nearby",  # which kinds there are
    "api_locate",  # a position outside the county
    "api_list_signals",  # a cursor nobody was given, a community that is none
    "api_my_objections",  # a cursor nobody was given
    "api_month_sheet",  # a month, an area, a version
    "api_month_statistics",  # the same
    "api_month_workbook",  # the same
    "api_my_redemptions",  # a cursor nobody was given
    "api_offers",  # a position outside the earth
    "api_points_journal",  # days, a cursor, an account that is none
    "api_propose",  # an award nobody got, a month that is none
    "api_propose_merit",  # more or fewer points than the tariff has for it
    "api_raise_objection",  # exactly one of the three decisions
    "api_say_consent",  # the one to the account ends with the account only
    "api_redeem",  # an appointment needs one of its times, a child its guardian
    "api_show_rates",  # a month that is none
    "api_show_sample",  # a month that is none, a cursor nobody was given
    "api_scan_voucher",  # nothing seen and nothing typed
    "api_stations",  # a position outside the earth
    "api_submit",  # bytes that are no picture, a place that is none
    "api_take_step",  # what a step needs depends on the step
    "api_units",  # a community that is none
}

# How what the document forbids is refused: the library's own list, and the protocol of uploads.
REFUSED = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429, "5xx"]

NOTHING_TO_SAY_WRONGLY = {
    "api_ask_export",
    "api_load_export",
    "api_send_leave_code",
    "api_stay",
    "api_balance",
    "api_cancel_redemption",
    "api_categories",
    "api_category_words",
    "api_communities",
    "api_list_consents",
    "api_me",
    "api_my_objection",
    "api_notifications",
    "api_rechecks",
    "api_revoke_token",
    "api_show_history",
    "api_show_key",
    "api_show_objection",
    "api_show_report",
    "api_show_sampled",
    "api_show_signal",
    "api_withdraw_objection",
}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return dict(answer.get_json())


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_document_names_every_route_and_nothing_else(
    app: Flask, document: dict[str, Any]
) -> None:
    routed = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix("/api/v1"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.endpoint != "api.openapi"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, it in document["paths"].items() for method in it}
    assert described == routed


def test_no_component_is_named_after_the_file_it_is_written_in(document: dict[str, Any]) -> None:
    """Two shapes of one name would be told apart by their modules; a moved file would rename them."""
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


def test_no_operation_lacks_its_refusals(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, it in methods.items():
            refusals = {"400", "429", "503"} | ({"401"} if it["security"] else set())
            assert refusals <= set(it["responses"]), (path, method)
            for status, answer in it["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)
            for name in re.findall(r"\{(\w+)\}", path):
                assert name in {p["name"] for p in it["parameters"]}, path


def operations(app: Flask) -> list[Any]:
    # The token is ours to give: a made-up one would only ever meet 401.
    config = SchemathesisConfig.from_dict(
        {
            "generation": {"with-security-parameters": False},
            "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
        }
    )

    def on_its_own(environ: Any, start_response: Any) -> Any:
        # The context the test keeps pushed would lend its `g` to every request.
        with app.app_context():
            # Buffered and closed: the transport would leave a photo's file open.
            body, status, headers = run_wsgi_app(app, environ, buffered=True)
        start_response(status, list(headers))
        return body

    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", on_its_own, config=config)
    operations = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operations.append(found.ok())
    return operations


def name_of(operation: Any) -> str:
    return str(operation.definition.raw["operationId"])


def send(
    operation: Any,
    mode: GenerationMode,
    existing: dict[str, list[Any]],
    headers: Callable[[int], dict[str, str]],
    examples: int,
) -> Counter[int]:
    """Send what the document allows or forbids for one call; return how often which status came."""
    excluded = [positive_data_acceptance] if name_of(operation) in NOT_BY_SCHEMA else []
    turns, statuses = itertools.count(), Counter[int]()

    @seed(20261123)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        turn = next(turns)
        for name, values in existing.items():
            # Two of three times something that exists, so that it gets past the 404.
            if name in (case.path_parameters or {}) and turn // PERSONS % 3:
                case.path_parameters[name] = values[turn // PERSONS % len(values)]
        # The in-process transport does not unpack.
        asked = {**headers(turn % PERSONS), "Accept-Encoding": "identity"}
        statuses[case.call_and_validate(headers=asked, excluded_checks=excluded).status_code] += 1

    ask()
    return statuses


# What is refused by its shape never meets a database.
MODES = [GenerationMode.POSITIVE] if KIND == "postgresql" else list(GenerationMode)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_the_program_keeps_to_the_document(
    make: Make, mode: GenerationMode, length: Length
) -> None:
    rider, worker = make.rider(), make.worker()
    actors = rider, worker, make.administrator()
    report = make.accepted(worker, rider)
    make.step(report, "dispatch", worker, unit=PROPERTY)
    tokens = [make.token(actor) for actor in actors]
    path = f"/api/v1/reports/{report.number}"
    shown = make.app.test_client().get(path, headers=make.token(worker)).get_json()
    existing = {
        "number": [report.number, make.report(rider).number],
        "photo_id": [shown["photos"][0]["id"]],
        "entry_id": [
            db.session.scalars(
                select(Journal.id).where(Journal.report_number == report.number)
            ).one()
        ],
    }
    db.session.rollback()
    if mode is GenerationMode.NEGATIVE:
        # A wrong id put right would be no wrong request any more; any text may be a number.
        existing = {"number": existing["number"]}
    seen: dict[str, Counter[int]] = {}
    for operation in operations(make.app):
        name = name_of(operation)
        ends = name == "api_revoke_token"
        headers = (lambda turn: make.token(actors[turn])) if ends else tokens.__getitem__
        try:
            seen[name] = send(operation, mode, existing, headers, length(*EXAMPLES[mode]))
        except Unsatisfiable:
            # Nothing, or nothing but a text in the path, can be said: so nothing wrongly.
            assert mode is GenerationMode.NEGATIVE
            assert name in NOTHING_TO_SAY_WRONGLY
    if mode is GenerationMode.POSITIVE:
        # It did get to the heart of things and was not turned away at the door.
        assert seen["api_show_report"][200]
        assert seen["api_report_photo"][200]
        assert seen["api_list_reports"][200]
        assert seen["api_revoke_token"][204]
        # The rider is told what is missing, the others that it is not theirs to do.
        assert seen["api_submit"][422], seen
        assert seen["api_submit"][403], seen
        assert seen["api_take_step"].keys() & {200, 403, 409, 422}, seen
        assert seen["api_why"][200], seen
        assert seen["api_why"][403], seen
