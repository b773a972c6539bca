"""Giving reports to communities by hand: what was typed stays, whatever others did meanwhile."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from werkzeug.test import TestResponse

from grid_report.access import Actor
from grid_report.reports.models import Report
from tests.support.builders import BRIGHT, STATION, Make

pytestmark = pytest.mark.database

OUT_THERE: dict[str, Any] = {"lat": 42.70, "lng": 124.60, "community": None}
NOTE = "就在桥头"


def assigned(make: Make, admin: Actor, report: Report, *, version: int) -> TestResponse:
    """Send the form of the list as it stood at a version of the report."""
    client = make.signed_in(admin)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/admin/unrouted").text)
    assert token
    typed = {"community": BRIGHT, "note": NOTE, "key": str(uuid.uuid4()), "version": version}
    return client.post(f"/admin/unrouted/{report.number}", data={**typed, "csrf_token": token[1]})


def test_an_old_page_is_shown_again_with_what_was_typed(make: Make) -> None:
    report = make.report(**OUT_THERE)
    page = assigned(make, make.administrator(), report, version=report.version + 1)
    assert page.status_code == 409
    assert 'role="alert"' in page.text
    assert f'value="{NOTE}"' in page.text
    assert re.search(rf'<option value="{BRIGHT}" selected', page.text)


def test_a_note_on_what_somebody_else_assigned_is_still_on_the_page(make: Make) -> None:
    report, admin = make.report(**OUT_THERE), make.administrator()
    # One more waits: the list, and with it the form's token, is there.
    waiting = make.report(**OUT_THERE)
    make.step(report, "assign", make.administrator(), community=STATION)
    page = assigned(make, admin, report, version=report.version)
    assert page.status_code == 409
    for said in ('role="alert"', NOTE, waiting.number):
        assert said in page.text, said
    assert f'action="/admin/unrouted/{report.number}"' not in page.text
