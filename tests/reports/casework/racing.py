"""What the processes of `test_races.py` run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask

from grid_report import clock
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.places.queries import reference
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.commands import SubmitReport, TakeStep
from grid_report.reports.lifecycle import Step
from grid_report.reports.submission import usecases as submission_usecases
from tests.support.builders import STATION


def submit(app: Flask, number: int, given: dict[str, Any]) -> Any:
    """Send the same report with the same key."""
    kit = app.extensions["grid_report"]
    photo = AdmittedPhoto(**given["photo"])
    done = submission_usecases.submit_report(
        SubmitReport(
            key=given["key"],
            category="RD02",
            lat=None,
            lng=None,
            datum="wgs84",
            community=STATION,
            photos=(photo,),
        ),
        actor=Actor(given["rider"], "骑手", frozenset({Grant(Role.RIDER)})),
        places=reference(),
        settings=kit.settings,
        now=clock.now(),
    )
    return {"number": done.report.number, "replayed": done.replayed}


def step(app: Flask, number: int, given: dict[str, Any]) -> Any:
    """Take a step on one report, each process as another worker."""
    casework_usecases.take_step(
        given["number"],
        TakeStep(
            step=Step(given["step"]), version=given["version"], category="RD02", severity=2,
            reason=f"原因 {number}",
        ),
        actor=Actor(
            given["workers"][number], "网格员", frozenset({Grant(Role.WORKER, STATION)})
        ),
        places=reference(),
        settings=app.extensions["grid_report"].settings,
        now=datetime.fromisoformat(given["now"]),
    )  # fmt: skip
    return {"done": True}
