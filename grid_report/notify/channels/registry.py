"""The channels there are, by name, each with how it is built from the settings.

A new one is a file `…_channel.py` beside this one, a line in both tables, its name and what is said
of it in `templates/notify/_channels.html`, a query that reads its addresses, and its settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from grid_report.notify.channels import sms_channel, templates, wechat_channel
from grid_report.notify.channels.templates import Fields, Table
from grid_report.notify.outgoing import Channel
from grid_report.settings import Settings, SettingsError

CHANNELS: Final[Mapping[str, Callable[[Settings, Table], Channel]]] = {
    sms_channel.NAME: sms_channel.build,
    wechat_channel.NAME: wechat_channel.build,
}
FIELDS: Final[Mapping[str, Fields]] = {
    sms_channel.NAME: sms_channel.FIELDS,
    wechat_channel.NAME: wechat_channel.FIELDS,
}


def switched_on(settings: Settings) -> tuple[Channel, ...]:
    """Build the channels that the settings name. Raises SettingsError naming what is wrong."""
    unknown = sorted(set(settings.notify.channels) - CHANNELS.keys())
    if unknown:
        known = ", ".join(CHANNELS)
        raise SettingsError(
            f"notify.channels: there is no channel {', '.join(unknown)}; there are {known}"
        )
    table = table_of(settings)
    return tuple(
        CHANNELS[name](settings, table) for name in dict.fromkeys(settings.notify.channels)
    )


def table_of(settings: Settings) -> Table:
    """Return the operator's table of registered texts. Raises SettingsError naming the row at fault."""
    if not settings.notify.templates:
        return {}
    try:
        return templates.read(settings.notify.templates, FIELDS)
    except templates.TableError as error:
        raise SettingsError(f"notify.templates: {error}") from error
