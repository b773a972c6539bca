"""Reads of what members chose to be told of, and when."""

from __future__ import annotations

from sqlalchemy import select

from grid_report.db import db
from grid_report.notify.choices.offered import Said
from grid_report.notify.models import ChannelChoice, QuietHoursChosen
from grid_report.notify.quiet_hours import USUAL, QuietHours


def find_choices(member_id: int) -> Said:
    """Return what a member said, by kind and channel."""
    rows = db.session.execute(
        select(ChannelChoice.kind, ChannelChoice.channel, ChannelChoice.wanted).where(
            ChannelChoice.member_id == member_id
        )
    )
    return {(row.kind, row.channel): row.wanted for row in rows}


def find_quiet_hours(member_id: int) -> QuietHours:
    """Return the hours in which a member is not to be disturbed."""
    row = db.session.execute(
        select(QuietHoursChosen.begins, QuietHoursChosen.ends).where(
            QuietHoursChosen.member_id == member_id
        )
    ).one_or_none()
    return QuietHours(row.begins, row.ends) if row else USUAL
