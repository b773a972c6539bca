"""Whoever may take an award back finds the way at the case and the upheld objection; others not."""

from __future__ import annotations

import re

import pytest

from grid_report import clock
from grid_report.access import Actor
from grid_report.places.queries import reference
from grid_report.points.history import queries as history_queries
from grid_report.points.objections import usecases as objections_usecases
from grid_report.points.objections.rules import Decision, ObjectionStep, Subject
from grid_report.reports.models import Report
from tests.support.builders import Make

pytestmark = pytest.mark.database


def links(make: Make, actor: Actor, path: str) -> list[str]:
    """Return the ways to a reversal on a page, as somebody sees it."""
    page = make.signed_in(actor).get(path)
    assert page.status_code == 200
    return re.findall(r'href="(/admin/proposals[^"]*#reversal)"', page.text)


@pytest.fixture
def paid(make: Make) -> tuple[Actor, Report, int]:
    """A report that was accepted and the entry that paid for it."""
    rider = make.rider()
    report = make.accepted(make.worker(), rider)
    entries, _ = history_queries.list_entries(rider.member_id)
    return rider, report, entries[0].id


def test_the_case_leads_administrators_to_its_awards_and_nobody_else(
    make: Make, paid: tuple[Actor, Report, int]
) -> None:
    _, report, entry_id = paid
    path = f"/desk/{report.number}"
    admin = make.administrator()
    assert links(make, admin, path) == [f"/admin/proposals?report={report.number}#reversal"]
    for other in (make.worker(), make.supervisor(), make.auditor()):
        assert links(make, other, path) == []
    # There each award is one step from its form.
    chosen = make.signed_in(admin).get(f"/admin/proposals?report={report.number}").text
    assert f'href="/admin/proposals?entry_id={entry_id}#reversal"' in chosen
    assert make.signed_in(make.rider()).get("/admin/proposals").status_code in (403, 404)


def test_a_case_nobody_accepted_has_nothing_to_take_back(make: Make) -> None:
    assert links(make, make.administrator(), f"/desk/{make.report().number}") == []


@pytest.mark.parametrize("step", [ObjectionStep.UPHOLD, ObjectionStep.REJECT])
def test_an_upheld_objection_leads_administrators_to_the_filled_in_form(
    make: Make, paid: tuple[Actor, Report, int], step: ObjectionStep
) -> None:
    rider, _, entry_id = paid
    objection = objections_usecases.raise_objection(
        Decision(Subject.ENTRY, str(entry_id)), words="另一处坑", days=7, actor=rider,
        places=reference(), now=clock.now(),
    )  # fmt: skip
    supervisor, admin = make.supervisor(), make.administrator()
    path = f"/desk/objections/{objection}"
    assert links(make, admin, path) == []
    objections_usecases.answer_objection(
        objection, step, words="已核对", actor=supervisor, now=clock.now()
    )
    way = f"/admin/proposals?entry_id={entry_id}&amp;verdict=appeal#reversal"
    assert links(make, admin, path) == ([way] if step is ObjectionStep.UPHOLD else [])
    assert links(make, supervisor, path) == []
    form = make.signed_in(admin).get(f"/admin/proposals?entry_id={entry_id}&verdict=appeal").text
    assert f'type="hidden" name="entry_id" value="{entry_id}"' in form
    assert re.search(r'<option value="appeal" selected', form)
