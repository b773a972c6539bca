"""Where compounds are, and the signs at their gates: a code that opens the report with its compound."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import update

from grid_report.db import db, transaction
from grid_report.places import queries, steps
from grid_report.places.models import Compound
from grid_report.reports.pages.forms import read_submission
from grid_report.reports.sources import Source
from tests.support.builders import Make

pytestmark = pytest.mark.database

GARDEN, COMMUNITY = "211282001001-02", "211282001001"


def test_where_compounds_are_is_light_and_kept(app: Flask, make: Make) -> None:
    browser = make.signed_in(make.rider())
    first = browser.get("/map/spots.json")
    found = json.loads(first.data)
    compounds = queries.reference().compounds
    assert set(found["compounds"]) == set(compounds)
    assert found["compounds"][GARDEN] == [42.54603, 124.03707]
    assert found["spots"][0][1:] != []
    # Code and place, nothing else: the form has the names.
    assert len(first.data) < 40 * len(compounds) + 80 * len(found["spots"]) + 40
    assert "private" in first.headers["Cache-Control"]
    known = {"If-None-Match": first.headers["ETag"]}
    again = browser.get("/map/spots.json", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    with transaction() as session:
        session.execute(update(Compound).where(Compound.code == GARDEN).values(lat=42.5))
        steps.renew_stamp(session)
    db.session.rollback()
    new = browser.get("/map/spots.json", headers=known)
    assert json.loads(new.data)["compounds"][GARDEN][0] == 42.5


def test_a_sign_carries_the_address_that_chooses_its_compound(app: Flask, make: Make) -> None:
    county = make.signed_in(make.administrator())
    assert 'href="/admin/gates"' in county.get("/admin/boundaries").text
    assert f'href="/admin/gates/{GARDEN}"' in county.get("/admin/gates").text
    for size, signs in (("", 1), ("?size=a4", 1), ("?size=a6", 4), ("?size=a0", 1)):
        page = county.get(f"/admin/gates/{GARDEN}{size}").text
        assert page.count("朝阳花园1期（演示）</p>") == signs, size
        assert page.count('<div class="gate-code"') == signs
    found = re.search(r'class="gate-address">([^<]+)<', page)
    assert found
    address = urlsplit(found[1])
    assert f"{address.path}?{address.query}" == f"/report/new?compound={GARDEN}"
    assert county.get("/admin/gates/211282001001-99").status_code == 404
    for who in ("rider", "worker", "auditor"):
        browser = make.signed_in(getattr(make, who)())
        assert browser.get("/admin/gates").status_code == 403
        assert browser.get(f"/admin/gates/{GARDEN}").status_code == 403


def test_the_address_at_the_gate_opens_the_form_without_script_too(app: Flask, make: Make) -> None:
    rider = make.signed_in(make.rider())
    page = rider.get(f"/report/new?compound={GARDEN}").text
    assert f'<option value="{GARDEN}" selected>' in page
    assert f'<option value="{COMMUNITY}" selected>' in page
    assert f'name="scanned" value="{GARDEN}"' in page
    unknown = rider.get("/report/new?compound=" + "%00" * 9 + "X" * 300)
    assert unknown.status_code == 200
    # Among the words for the script, and once more for whoever has none.
    assert unknown.text.count("这个码不是这里的小区") == 2
    assert "selected" not in unknown.text
    plain = rider.get("/report/new").text
    assert 'name="scanned"' not in plain
    assert plain.count("这个码不是这里的小区") == 1
    # Somebody who has to sign in first still gets there.
    guest = app.test_client().get(f"/report/new?compound={GARDEN}")
    assert f"compound%3D{GARDEN}" in guest.location


@pytest.mark.parametrize(
    ("sent", "located"),
    [
        ({"scanned": GARDEN}, "qr"),
        # Another was chosen in the list since, or a script said how.
        ({"scanned": "211282001001-01"}, "list"),
        ({"scanned": GARDEN, "source": "list"}, "list"),
        ({"scanned": GARDEN, "lat": "42.546", "lng": "124.0408"}, "phone"),
    ],
)
def test_a_form_without_script_says_that_the_code_chose(sent: dict[str, str], located: str) -> None:
    values = {"category": "RD02", "compound": GARDEN, "key": "", **sent}
    county = ZoneInfo("Asia/Shanghai")
    command, problems = read_submission(values, key="", key_field="key", zone=county)
    assert not problems.problems
    assert command.located_by == located
    by_program, _ = read_submission(values, key="", key_field="key", zone=county, source=Source.API)
    assert by_program.located_by != "qr"
