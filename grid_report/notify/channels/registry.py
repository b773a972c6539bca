"""The channels there are, by name, each with how it is built from the settings.

A new one is a file `…_channel.py` beside this one, a line in the table, its macro in
`templates/notify/_channels.html`, what is said when it is switched (`templates/words/said.txt`),
a query that reads its addresses, and its settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from grid_report.notify.channels import sms_channel
from grid_report.notify.outgoing import Channel
from grid_report.settings import Settings, SettingsError

CHANNELS: Final[Mapping[str, Callable[[Settings], Channel]]] = {
    sms_channel.NAME: sms_channel.build,
}


def switched_on(settings: Settings) -> tuple[Channel, ...]:
    """Build the channels that the settings name. Raises SettingsError naming what is wrong."""
    unknown = sorted(set(settings.notify.channels) - CHANNELS.keys())
    if unknown:
        known = ", ".join(CHANNELS)
        raise SettingsError(
            f"notify.channels: there is no channel {', '.join(unknown)}; there are {known}"
        )
    return tuple(CHANNELS[name](settings) for name in dict.fromkeys(settings.notify.channels))
