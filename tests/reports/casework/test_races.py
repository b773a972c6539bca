"""The same moment from many real processes: one wins, the others are told, nobody sees a 500."""

from __future__ import annotations

import uuid
from dataclasses import asdict

import pytest
from sqlalchemy import func, select

from grid_report import clock
from grid_report.db import db
from grid_report.points.ledger.models import Journal
from grid_report.reports.models import HistoryEntry, Report
from tests.reports.casework import racing
from tests.support.builders import Make
from tests.support.lengths import racers
from tests.support.parallel import InParallel

pytestmark = [pytest.mark.database, pytest.mark.slow]

PROCESSES = racers()


def test_one_key_from_many_processes_is_one_report(
    make: Make, in_many_processes: InParallel
) -> None:
    rider = make.rider()
    done = in_many_processes(
        racing.submit,
        PROCESSES,
        arguments={
            "key": str(uuid.uuid4()),
            "rider": rider.member_id,
            "photo": asdict(make.photo()),
        },
    )
    assert len({answer["number"] for answer in done}) == 1
    assert sorted(answer["replayed"] for answer in done) == [False] + [True] * (PROCESSES - 1)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Report)) == 1


@pytest.mark.parametrize("version", [1, None])
def test_many_steps_on_one_report_have_one_winner_and_conflicts(
    make: Make, in_many_processes: InParallel, version: int | None
) -> None:
    report = make.report()
    workers = [make.worker().member_id for _ in range(PROCESSES)]
    done = in_many_processes(
        racing.step,
        PROCESSES,
        arguments={
            "number": report.number,
            "step": "accept",
            "version": version,
            "workers": workers,
            "now": clock.now().isoformat(),
        },
    )
    winners = [answer for answer in done if answer.get("done")]
    losers = [answer for answer in done if "error" in answer]
    assert len(winners) == 1
    assert {answer["code"] for answer in losers} == {"stale" if version else "illegal-step"}
    assert len(losers) == PROCESSES - 1
    db.session.rollback()
    assert db.session.scalar(
        select(func.count()).where(HistoryEntry.report_id == report.id)
    ) == 2  # fmt: skip
    assert db.session.scalar(
        select(func.count()).where(Journal.report_number == report.number)
    ) == 1  # fmt: skip
