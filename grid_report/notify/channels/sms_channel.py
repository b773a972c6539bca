"""Text messages about what cannot wait until somebody looks into the inbox, and what was asked for.

They go through the gateway that brings codes, by registered texts: the operator's table says which
kind goes by which. What cannot wait has one text for all kinds besides, with one variable, `what`: a
short phrase without names, places or words people wrote. Who has no proved number gets none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final

from grid_report.accounts import policy
from grid_report.accounts.numbers import queries as numbers_queries
from grid_report.accounts.numbers.messenger import NoticeMessage
from grid_report.accounts.numbers.sms_gateway import Gateway, Refused
from grid_report.notify import kinds, retries
from grid_report.notify.channels import hours, sms_usecases, templates
from grid_report.notify.channels.templates import Fields, Table, Template
from grid_report.notify.outgoing import NotNow, Outgoing
from grid_report.settings import Settings, SettingsError
from grid_report.web.pages.words import sentence

NAME: Final = "sms"
# What carriers take for one variable of a registered text.
LONGEST: Final = 35
# The phrase is written for what cannot wait alone.
FIELDS: Final = Fields(longest=LONGEST, more={"what": lambda kind: bool(kind.at_once)})


class SmsChannel:
    """Sends by text message, within the county's day and each member's quiet hours."""

    name = NAME
    busy_for: timedelta = retries.WHILE_SENDING

    def __init__(
        self,
        gateway: Gateway,
        texts: Mapping[str, Template],
        *,
        most_per_day: int,
        zone: tzinfo,
    ) -> None:
        self._gateway = gateway
        self._texts = texts
        self._most_per_day = most_per_day
        self._zone = zone

    def reaches(self, member_id: int) -> bool:
        """Tell whether a member has a proved number."""
        return numbers_queries.proved_lookup(member_id) is not None

    def tells_of(self, kind: str) -> bool:
        """Tell whether there is a registered text for a kind."""
        return kind in self._texts

    def carries(self, message: Outgoing) -> bool:
        """Tell whether a message may be told beside the inbox, and has its text."""
        return self.tells_of(message.kind) and kinds.goes_beside(
            message.kind, message.role, message.facts
        )

    def when(self, message: Outgoing, member_id: int, now: datetime) -> datetime | None:
        """Return when it may go to a member: outside of quiet hours, what is urgent at once."""
        return hours.when(message, now, self._zone, message.quiet_of(member_id))

    def send(self, message: Outgoing, member_id: int, *, now: datetime) -> bool:
        """Send to one member's proved number. Raises NotNow, NotSent."""
        # Those before may have taken long: by now it may be night.
        earliest = self.when(message, member_id, now)
        if earliest is None or earliest > now:
            raise NotNow(earliest or now)
        number = sms_usecases.take_from_the_day(
            member_id, most=self._most_per_day, policy=policy.current(), now=now
        )
        if number is None:
            return False
        text = self._texts[message.kind]
        try:
            self._gateway.send_notice(
                NoticeMessage(
                    id=f"{message.message_id}-{member_id}",
                    at=now,
                    phone=number,
                    template=text.id,
                    variables=templates.filled(
                        text, message, self._zone, {"what": lambda: phrase(message, self._zone)}
                    ),
                )
            )
        except Refused:
            # It cost nothing, so the day has it still.
            sms_usecases.give_back(policy=policy.current(), now=now)
            raise
        return True


def phrase(message: Outgoing, zone: tzinfo) -> str:
    """Say in a few words what a message is about, in the language of the registered text."""
    facts = {name: message.facts[name] for name in ("due", "until") if message.facts.get(name)}
    if "due" in facts:
        due = datetime.fromisoformat(facts["due"]).astimezone(zone)
        facts["due"] = due.strftime("%m-%d %H:%M")
    return sentence("messages/sms", message.kind, about=message.about, **facts)[:LONGEST]


def texts_of(settings: Settings, table: Table) -> dict[str, Template]:
    """Return the registered text of each kind: the one for what cannot wait, and the table's."""
    found: dict[str, Template] = {}
    if settings.sms.notice_template_code:
        one = Template(settings.sms.notice_template_code, {"what": "{what}"})
        found |= {kind: one for kind, known in kinds.KINDS.items() if known.at_once}
    return found | {kind: text for (kind, channel), text in table.items() if channel == NAME}


def build(settings: Settings, table: Table) -> SmsChannel:
    """Build the channel. Raises SettingsError naming the setting it lacks."""
    sms, texts = settings.sms, texts_of(settings, table)
    if not sms.endpoint:
        raise SettingsError("notify.channels: sms needs sms.endpoint as well")
    if not texts:
        raise SettingsError(
            "notify.channels: sms needs sms.notice_template_code as well, or rows in notify.templates"
        )
    if sms.notices_per_day * 2 > sms.most_per_day:
        raise SettingsError(
            "sms.notices_per_day: at most half of sms.most_per_day, the rest is for codes"
        )
    return SmsChannel(
        Gateway(sms), texts, most_per_day=sms.notices_per_day, zone=settings.county.tz
    )
