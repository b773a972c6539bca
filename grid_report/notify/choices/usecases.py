"""A member chooses what to be told of beside the inbox, and when not; the last word counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from grid_report.access import Actor
from grid_report.db import insert_of, transaction, use_case
from grid_report.errors import NotFound
from grid_report.notify.choices.offered import is_offered
from grid_report.notify.models import ChannelChoice, QuietHoursChosen
from grid_report.notify.outgoing import Channel
from grid_report.notify.quiet_hours import QuietHours


@dataclass(frozen=True)
class Choice:
    """What somebody says of a kind on a channel."""

    kind: str
    channel: str
    wanted: bool


@use_case
def choose(
    choices: Sequence[Choice],
    *,
    quiet: QuietHours | None = None,
    channels: Sequence[Channel],
    actor: Actor,
    now: datetime,
) -> None:
    """Keep what is said of kinds and quiet hours, all or nothing; of the rest stays what was said.

    Raises NotFound for what is not offered to this member.
    """
    roles = {grant.role for grant in actor.grants}
    for one in choices:
        if not is_offered(one.kind, one.channel, roles, channels):
            raise NotFound
    # Said twice, the last word counts; a statement may not name a row twice.
    rows = {(one.kind, one.channel): one.wanted for one in choices}
    with transaction() as session:
        for (kind, channel), wanted in sorted(rows.items()):
            said = {"wanted": wanted, "at": now}
            session.execute(
                insert_of(session, ChannelChoice)
                .values(member_id=actor.member_id, kind=kind, channel=channel, **said)
                .on_conflict_do_update(index_elements=["member_id", "kind", "channel"], set_=said)
            )
        if quiet is not None:
            hours = {"begins": quiet.begins, "ends": quiet.ends, "at": now}
            session.execute(
                insert_of(session, QuietHoursChosen)
                .values(member_id=actor.member_id, **hours)
                .on_conflict_do_update(index_elements=["member_id"], set_=hours)
            )
