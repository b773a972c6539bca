"""Text messages about what cannot wait until somebody looks into the inbox.

They go through the gateway that brings codes, by a registered text with one variable, `what`: a
short phrase without names, places or words people wrote. Who has no proved number gets none.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from grid_report.accounts import policy
from grid_report.accounts.numbers import queries as numbers_queries
from grid_report.accounts.numbers.messenger import NoticeMessage
from grid_report.accounts.numbers.sms_gateway import Gateway, Refused
from grid_report.notify import kinds
from grid_report.notify.channels import sms_hours, sms_usecases
from grid_report.notify.outgoing import NotNow, Outgoing
from grid_report.settings import Settings, SettingsError
from grid_report.web.pages.words import sentence

NAME: Final = "sms"
# What carriers take for one variable of a registered text.
LONGEST: Final = 35


class SmsChannel:
    """Sends by text message, within the county's day and the night's rest."""

    name = NAME

    def __init__(self, gateway: Gateway, *, most_per_day: int, zone: tzinfo) -> None:
        self._gateway = gateway
        self._most_per_day = most_per_day
        self._zone = zone

    def reaches(self, member_id: int) -> bool:
        """Tell whether a member has a proved number."""
        return numbers_queries.proved_lookup(member_id) is not None

    def carries(self, message: Outgoing) -> bool:
        """Tell whether a message cannot wait for its reader."""
        return kinds.cannot_wait(message.kind, message.role, message.facts)

    def when(self, message: Outgoing, now: datetime) -> datetime | None:
        """Return when it may go: by day, what is urgent at once."""
        return sms_hours.when(message, now, self._zone)

    def send(self, message: Outgoing, member_id: int, *, now: datetime) -> bool:
        """Send to one member's proved number. Raises NotNow, NotSent."""
        # Those before may have taken long: by now it may be night.
        earliest = self.when(message, now)
        if earliest is None or earliest > now:
            raise NotNow(earliest or now)
        number = sms_usecases.take_from_the_day(
            member_id, most=self._most_per_day, policy=policy.current(), now=now
        )
        if number is None:
            return False
        try:
            self._gateway.send_notice(
                NoticeMessage(
                    id=f"{message.message_id}-{member_id}",
                    at=now,
                    phone=number,
                    what=phrase(message, self._zone),
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


def build(settings: Settings) -> SmsChannel:
    """Build the channel. Raises SettingsError naming the setting it lacks."""
    sms = settings.sms
    for name in ("endpoint", "notice_template_code"):
        if not getattr(sms, name):
            raise SettingsError(f"notify.channels: sms needs sms.{name} as well")
    if sms.notices_per_day * 2 > sms.most_per_day:
        raise SettingsError(
            "sms.notices_per_day: at most half of sms.most_per_day, the rest is for codes"
        )
    return SmsChannel(Gateway(sms), most_per_day=sms.notices_per_day, zone=settings.county.tz)
