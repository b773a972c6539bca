"""Deliver what waits in the outbox, each message in its own transactions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from grid_report.access.roles import Role
from grid_report.errors import Busy
from grid_report.notify import queries, usecases
from grid_report.notify.channels import Channel

logger = logging.getLogger(__name__)

PAGE = 50


def _always() -> bool:
    return True


def deliver_due(
    *,
    now: Callable[[], datetime],
    channels: Sequence[Channel] = (),
    instead: tuple[Role, str] | None = None,
    go_on: Callable[[], bool] = _always,
) -> int:
    """Deliver everything that is due, oldest first; return how many messages arrived.

    `instead` gets what is for a role that nobody holds. Stops between two messages as soon as
    `go_on` says no. Several may run at once.
    """
    delivered = 0
    after = 0
    while page := queries.list_due(now=now(), after=after, limit=PAGE):
        for message_id in page:
            if not go_on():
                return delivered
            delivered += _deliver(message_id, now, channels, instead)
        after = page[-1]
    return delivered


def _deliver(
    message_id: int,
    now: Callable[[], datetime],
    channels: Sequence[Channel],
    instead: tuple[Role, str] | None,
) -> bool:
    counted = False
    try:
        posted = usecases.post(message_id, goes_further=bool(channels), instead=instead, now=now())
        if posted is None:
            return False
        if not posted.member_ids:
            logger.warning("message for nobody", extra={"message_id": message_id})
        elif channels:
            counted = True
            for channel in channels:
                channel.send(posted)
            usecases.settle(message_id, now=now())
    except Busy:
        # The database, not the message: the job fails and comes again.
        raise
    except Exception as error:
        # One message that cannot be delivered must not hold up those behind it.
        given_up = usecases.put_off(
            message_id, error=type(error).__name__, counted=counted, now=now()
        )
        logger.log(
            logging.ERROR if given_up else logging.WARNING,
            "message given up" if given_up else "message put off",
            extra={"message_id": message_id},
            exc_info=error,
        )
        return False
    return True
