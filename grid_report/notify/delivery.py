"""Bring what waits in the outbox to the inboxes, and from there to the channels switched on.

Each message, and each of its ways, has transactions of its own; a channel sends outside of any.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from grid_report.access.roles import Role
from grid_report.errors import Busy
from grid_report.notify import queries, usecases
from grid_report.notify.channels import usecases as channel_usecases
from grid_report.notify.outgoing import Channel, NotNow

logger = logging.getLogger(__name__)

PAGE = 50
# After so many failures in a row it is the channel: it is asked again at the next run.
FAILURES_IN_A_ROW = 3


def _always() -> bool:
    return True


def deliver_due(
    *,
    now: Callable[[], datetime],
    channels: Sequence[Channel] = (),
    instead: tuple[Role, str] | None = None,
    should_continue: Callable[[], bool] = _always,
) -> int:
    """Deliver everything that is due to the inboxes, oldest first; return how many messages arrived.

    What `channels` are to send as well is left for `send_due`. `instead` gets what is for a role
    that nobody holds. Stops between two messages as soon as `should_continue` says no. Several may run at once.
    """
    delivered = 0
    after = 0
    while page := queries.list_due(now=now(), after=after, limit=PAGE):
        for message_id in page:
            if not should_continue():
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
    try:
        count = usecases.post(message_id, channels=channels, instead=instead, now=now())
    except Busy:
        # The database, not the message: the job fails and comes again.
        raise
    except Exception as error:
        # One message that cannot be delivered must not hold up those behind it.
        given_up = usecases.put_off(message_id, error=type(error).__name__, now=now())
        logger.log(
            logging.ERROR if given_up else logging.WARNING,
            "message given up" if given_up else "message put off",
            extra={"message_id": message_id},
            exc_info=error,
        )
        return False
    if count == 0:
        logger.warning("message for nobody", extra={"message_id": message_id})
    return count is not None


def send_due(
    *,
    now: Callable[[], datetime],
    channels: Sequence[Channel],
    should_continue: Callable[[], bool] = _always,
) -> int:
    """Send what is due on each channel, oldest first; return how many messages went on one.

    What waits for a channel that is not switched on any more is dropped. Several may run at once.
    """
    names = [channel.name for channel in channels]
    if should_continue() and queries.waits_for_others(names):
        dropped = channel_usecases.drop_of_others(names)
        logger.warning("messages of switched off channels dropped", extra={"dropped": dropped})
    return sum(_send_on(channel, now, should_continue) for channel in channels)


def _send_on(
    channel: Channel, now: Callable[[], datetime], should_continue: Callable[[], bool]
) -> int:
    sent = failures = after = 0
    while page := queries.list_to_send(channel.name, now=now(), after=after, limit=PAGE):
        for delivery_id in page:
            if not should_continue() or failures >= FAILURES_IN_A_ROW:
                return sent
            went = _send(delivery_id, channel, now)
            sent += bool(went)
            failures = failures + 1 if went is False else 0
        after = page[-1]
    return sent


def _send(delivery_id: int, channel: Channel, now: Callable[[], datetime]) -> bool | None:
    """Take a delivery and send it to its members; None when there was nothing to send now."""
    try:
        outgoing = channel_usecases.take(delivery_id, channel=channel, now=now())
    except Busy:
        raise
    except Exception as error:
        _put_off(delivery_id, channel, error, now(), counted=False)
        return False
    if outgoing is None:
        return None
    errors: list[Exception] = []
    waits = [] if outgoing.later is None else [outgoing.later]
    # One who cannot be reached does not keep it from the others.
    for member_id in outgoing.member_ids:
        try:
            went = channel.send(outgoing, member_id, now=now())
        except Busy:
            # Nobody else is to wait for one who has given it up already.
            channel_usecases.put_back(delivery_id, until=now())
            raise
        except NotNow as wait:
            waits.append(wait.until)
        except Exception as error:
            errors.append(error)
            if len(errors) >= FAILURES_IN_A_ROW:
                break
        else:
            channel_usecases.note(
                delivery_id, member_id, went=went, busy_for=channel.busy_for, now=now()
            )
    if errors:
        _put_off(delivery_id, channel, errors[0], now(), counted=True)
        return False
    if waits:
        # For some it is night still; the others have it.
        channel_usecases.put_back(delivery_id, until=min(waits))
        return None
    channel_usecases.settle(delivery_id, now=now())
    return True


def _put_off(
    delivery_id: int, channel: Channel, error: Exception, now: datetime, *, counted: bool
) -> None:
    name = type(error).__name__
    given_up = channel_usecases.put_off(delivery_id, error=name, counted=counted, now=now)
    logger.log(
        logging.ERROR if given_up else logging.WARNING,
        "sending given up" if given_up else "sending put off",
        # Without the traceback: a gateway's error may well quote the number it was given.
        extra={"delivery_id": delivery_id, "channel": channel.name, "error": name},
    )
