"""New rules change figures once, for all months, before anybody sees one; what was frozen stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from grid_report.clock import Month
from grid_report.db import db, transaction
from grid_report.places.queries import reference
from grid_report.statistics.counts import recount_queries, rules_queries
from grid_report.statistics.counts import usecases as counts_usecases
from grid_report.statistics.counts.cli import statistics_cli
from grid_report.statistics.counts.rules_queries import BeingCounted
from grid_report.statistics.measures import RULES, Measure
from grid_report.statistics.models import (
    StatisticsCell,
    StatisticsCorrection,
    StatisticsFreeze,
    StatisticsRecount,
    StatisticsRules,
)
from grid_report.statistics.month import freeze_steps
from grid_report.statistics.month import usecases as month_usecases
from grid_report.statistics.subscriptions import usecases as subscriptions_usecases
from tests.statistics.months import AT, MARCH, freeze, month_of_cases
from tests.support.builders import Make

pytestmark = pytest.mark.database

LATER = AT + timedelta(days=120)


def known(make: Make) -> dict[str, Any]:
    return {"places": reference(), "county": make.settings.county, "now": LATER}


def by_old_rules() -> None:
    """Have the kept counts as older rules left them."""
    db.session.rollback()
    with transaction() as session:
        session.execute(update(StatisticsRules).values(rules=RULES - 1, since=None))
        session.execute(update(StatisticsRecount).values(rules=RULES - 1))
        session.execute(
            update(StatisticsCell)
            .where(StatisticsCell.version == 0, StatisticsCell.measure == Measure.ACCEPTED)
            .values(n=StatisticsCell.n + 1)
        )


@pytest.mark.parametrize(
    "path",
    [
        "/statistics", "/statistics/2026-03", "/statistics/2026-03/cases?measure=received",
        "/statistics/2026-03.xlsx", "/statistics/ask", "/statistics/years/2026", "/open-data", "/statistics/map",
        "/statistics/compare",
        "/api/v1/statistics/months/2026-03", "/api/v1/statistics/months/2026-03.csv",
    ],
)  # fmt: skip
def test_until_every_month_is_counted_by_the_new_rules_no_figure_is_shown(
    make: Make, path: str
) -> None:
    client = make.signed_in(month_of_cases(make))
    if client.get(path).status_code == 404:
        pytest.fail(f"{path} is no address")
    by_old_rules()
    answer = client.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) == 60
    assert "0" in answer.text
    counts_usecases.follow_rules(**known(make))
    assert client.get(path).status_code != 503


def test_every_month_is_counted_anew_once_and_a_killed_run_goes_on_where_it_was(
    make: Make,
) -> None:
    month_of_cases(make)
    by_old_rules()
    county = make.settings.county
    months = rules_queries.every_month(county)
    assert len(months) >= 1
    make.report(at=AT + timedelta(days=70))
    months = rules_queries.every_month(county)
    calls = iter([True, False])
    left = counts_usecases.follow_rules(**known(make), should_continue=lambda: next(calls))
    # The months but one, and what riders hold.
    assert left == len(months)
    db.session.rollback()
    assert not rules_queries.is_done()
    with pytest.raises(BeingCounted) as refused:
        rules_queries.check()
    assert refused.value.done == 1
    first = {it.month: it.counted_at for it in recount_queries.list_recounts().values()}
    later = {**known(make), "now": LATER + timedelta(hours=1)}
    assert counts_usecases.follow_rules(**later) == 0
    db.session.rollback()
    assert rules_queries.is_done()
    again = {it.month: it.counted_at for it in recount_queries.list_recounts().values()}
    assert {month: again[month] for month in first} == first
    assert counts_usecases.follow_rules(**later) == 0
    row = recount_queries.read_recount(MARCH)
    assert row is not None
    # What differed was not wrong.
    assert (row.rules, row.by_new_rules, row.differences > 0) == (RULES, True, True)
    counts_usecases.recount_month(MARCH, **later)
    db.session.rollback()
    row = recount_queries.read_recount(MARCH)
    assert row is not None
    assert (row.by_new_rules, row.differences) == (False, 0)


def test_the_check_of_the_command_is_content_after_the_upgrade(make: Make, app: Flask) -> None:
    month_of_cases(make)
    by_old_rules()
    run = app.test_cli_runner().invoke
    again = ["recount", "--all"]
    check = [*again, "--check"]
    assert run(statistics_cli, check).exit_code == 1
    db.session.rollback()
    assert not rules_queries.is_done()
    # The job does it; by hand the same command without the check.
    assert run(statistics_cli, again).exit_code == 0
    assert run(statistics_cli, check).exit_code == 0
    db.session.rollback()
    assert rules_queries.is_done()


def test_the_job_counts_by_the_new_rules_before_anything_else(make: Make) -> None:
    month_of_cases(make)
    by_old_rules()
    every = timedelta(hours=20)
    never = {**known(make), "every": every, "should_continue": lambda: False}
    assert counts_usecases.recount_due(**never) == 0
    db.session.rollback()
    assert not rules_queries.is_done()
    assert counts_usecases.recount_due(**known(make), every=every) == 0
    db.session.rollback()
    assert rules_queries.is_done()


def test_nothing_is_frozen_and_nobody_is_told_of_months_that_are_half_counted(make: Make) -> None:
    actor = month_of_cases(make)
    by_old_rules()
    with pytest.raises(BeingCounted):
        freeze(make, actor)
    april = {**known(make), "now": datetime(2026, 4, 20, tzinfo=UTC)}
    assert month_usecases.freeze_due(**april, day=1) == 0
    db.session.rollback()
    subscriptions_usecases.add_delivery(
        subscriptions_usecases.AddDelivery(actor.member_id, make.settings.county.code, 1),
        actor=actor, **{**april, "now": datetime(2026, 3, 20, tzinfo=UTC)},
    )  # fmt: skip
    assert subscriptions_usecases.deliver_due(**april) == 0
    counts_usecases.follow_rules(**april)
    assert month_usecases.freeze_due(**april, day=1) == 1
    assert subscriptions_usecases.deliver_due(**april) == 1


def test_what_was_frozen_by_older_rules_stays_and_its_difference_is_one_line(make: Make) -> None:
    actor = month_of_cases(make)
    freeze(make, actor)
    db.session.rollback()
    county = make.settings.county.code
    with transaction() as session:
        # Frozen by rules 1: nothing was known of first answers.
        session.execute(text("UPDATE statistics_cells SET n = n + 5 WHERE measure = 'closings'"))
        frozen = session.scalars(select(StatisticsFreeze)).one()
        digest = frozen.digest
    client = make.signed_in(actor)
    path = f"/statistics/2026-03?area={county}"
    assert 'id="rules"' not in client.get(path).text
    old(digest)
    by_old_rules()
    counts_usecases.follow_rules(**known(make))
    page = client.get(path).text
    assert 'id="rules"' in page
    assert "table differences" not in page
    db.session.rollback()
    # Nothing of it is a correction, and the version has the bytes it had.
    corrections = db.session.scalar(select(func.count()).select_from(StatisticsCorrection))
    assert corrections == 0
    assert freeze_steps.digest(db.session(), MARCH, 1) == digest
    freeze(make, actor, seen=1)
    db.session.rollback()
    rules = db.session.execute(
        select(StatisticsFreeze.version, StatisticsFreeze.rules).order_by(StatisticsFreeze.version)
    )
    assert [tuple(it) for it in rules] == [(1, 1), (2, RULES)]
    assert 'id="rules"' not in client.get(path).text


def old(digest: str) -> None:
    """Have the frozen version be one of rules 1, which its triggers would refuse."""
    trigger = "statistics_freezes_before_update"
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"ALTER TABLE statistics_freezes DISABLE TRIGGER {trigger}")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.execute(
            text("UPDATE statistics_freezes SET rules = 1 WHERE digest = :it"), {"it": digest}
        )


def test_a_new_installation_has_nothing_to_count_anew(make: Make) -> None:
    db.session.rollback()
    assert rules_queries.is_done()
    assert make.signed_in(make.administrator()).get("/statistics").status_code == 303
    assert str(Month.parse("2026-03")) == str(MARCH)
