"""What is open of a rider who leaves: taken back, or handed on to the oldest of the other riders.

What a community has accepted is its case: it goes on without the person. One transaction a case.
"""

from __future__ import annotations

from contextlib import suppress

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.leaving.erasing import Leaver
from grid_report.places.queries import reference
from grid_report.reports.casework import usecases as casework
from grid_report.reports.commands import TakeStep
from grid_report.reports.leaving import queries
from grid_report.reports.lifecycle import Step
from grid_report.web.context import settings
from grid_report.workflow import IllegalStep


def end_cases(it: Leaver) -> None:
    """Take back what nobody has accepted yet, as its rider would."""
    rider = Actor(it.member_id, "", grants=frozenset({Grant(Role.RIDER)}))
    for number in queries.list_unaccepted(it.member_id):
        # Accepted at this very moment, it is the community's.
        with suppress(IllegalStep):
            casework.take_step(
                number,
                TakeStep(step=Step.WITHDRAW),
                actor=rider,
                places=reference(),
                settings=settings(),
                now=it.now,
            )
