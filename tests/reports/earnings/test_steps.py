"""Reports and ledger agree: what was accepted and closed was thanked, and nothing else."""

from __future__ import annotations

import pytest

from grid_report import clock
from grid_report.db import db, transaction
from grid_report.points import ledger
from grid_report.points.audit import queries as audit_queries
from grid_report.points.policy import terms_of
from grid_report.points.rewards import tariff_queries
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database


def test_the_audit_is_quiet_after_real_cases(make: Make) -> None:
    worker, handler, second = make.worker(), make.handler(), make.worker()
    report = make.handled(worker, handler)
    make.step(report, "pass", second)
    make.accepted(worker)
    make.report()
    db.session.remove()
    assert audit_queries.find_differences(db.engine, clock.now()) == []


def test_an_award_for_a_report_nobody_sent_is_found(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    with transaction() as session:
        ledger.award(
            session,
            rider.member_id,
            cause=ledger.Cause("report-accepted", "KY-20260101-0001"),
            earning=tariff_queries.at(clock.now()).for_acceptance(2),
            community_code=STATION,
            terms=terms_of(make.settings),
            at=clock.now(),
            actor_id=worker.member_id,
            severity=2,
            report_number="KY-20260101-0001",
        )
    db.session.remove()
    found = audit_queries.find_differences(db.engine, clock.now())
    assert [difference.check for difference in found] == ["award-without-report"]
