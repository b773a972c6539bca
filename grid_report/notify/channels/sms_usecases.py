"""The number a text message goes to, and its share of what a day may cost."""

from __future__ import annotations

from datetime import datetime

from grid_report.accounts import steps as accounts_steps
from grid_report.accounts.numbers import queries as numbers_queries
from grid_report.accounts.policy import Policy
from grid_report.db import transaction, use_case
from grid_report.errors import TooMany
from grid_report.notify.channels.hours import next_day
from grid_report.notify.outgoing import NotNow


@use_case
def take_from_the_day(member_id: int, *, most: int, policy: Policy, now: datetime) -> str | None:
    """Count a text message to a member as one of the day's and return the number it goes to.

    None without a proved number: nothing is counted then. Raises NotNow when the day is used up.
    """
    try:
        with transaction() as session:
            number = numbers_queries.number_to_tell(member_id, policy.vault, session)
            if number is not None:
                accounts_steps.count_notice(session, policy, now, most=most)
    except TooMany:
        raise NotNow(next_day(now, policy.zone)) from None
    return number


@use_case
def give_back(*, policy: Policy, now: datetime) -> None:
    """Take the count of a text message back that the gateway refused."""
    with transaction() as session:
        accounts_steps.give_notice_back(session, policy, now)
