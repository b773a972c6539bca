"""Template messages of the county's WeChat service account, to members who connected their WeChat.

Only by templates WeChat has approved, with fixed fields: the operator's table says which. Whoever
refuses them or does not follow the account any more is asked no more and reads so on the own page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final

from grid_report.accounts import policy
from grid_report.notify import kinds
from grid_report.notify.channels import hours, templates
from grid_report.notify.channels.templates import VARIABLES, Fields, Table, Template
from grid_report.notify.outgoing import NotNow, Outgoing
from grid_report.notify.wechat import queries, usecases
from grid_report.notify.wechat.gateway import Gateway, NotSent, TemplateMessage
from grid_report.notify.wechat.models import Refusal
from grid_report.settings import Settings, SettingsError

NAME: Final = "wechat"
# What each sort of field takes, as WeChat's manual has it: variables, and characters of fixed words.
_INSTANTS: Final = frozenset({"at", "due", "until", "last_day"})
_DAYS: Final = frozenset({"until", "last_day"})
FIELDS: Final = Fields(
    {
        "thing": (frozenset(VARIABLES), 20),
        "character_string": (frozenset(VARIABLES), 32),
        "number": (frozenset({"points"}), 32),
        "time": (_INSTANTS, 32),
        "date": (_DAYS, 32),
        "phrase": (frozenset(), 5),
        "const": (frozenset(), 20),
    }
)

# Numbers WeChat answers with: the token is over, a member takes nothing, the day's share is used up.
STALE: Final = frozenset({40001, 40014, 42001})
REFUSALS: Final[Mapping[int, Refusal]] = {
    43101: Refusal.REFUSED,
    43004: Refusal.UNFOLLOWED,
    40003: Refusal.UNKNOWN,
}
USED_UP: Final = 45009
# WeChat drops a copy under the same id for ten minutes: a claim that is over sooner sends none.
BUSY_FOR: Final = timedelta(minutes=8)


class WechatChannel:
    """Sends by template message, outside of each member's quiet hours."""

    name = NAME
    busy_for = BUSY_FOR

    def __init__(
        self, gateway: Gateway, texts: Mapping[str, Template], *, inbox: str, zone: tzinfo
    ) -> None:
        self.gateway = gateway
        self._texts = texts
        self._inbox = inbox
        self._zone = zone

    def reaches(self, member_id: int) -> bool:
        """Tell whether a member has connected a WeChat that takes messages."""
        found = queries.find_connected(member_id)
        return found is not None and found.refusal is None

    def tells_of(self, kind: str) -> bool:
        """Tell whether there is an approved template for a kind."""
        return kind in self._texts

    def carries(self, message: Outgoing) -> bool:
        """Tell whether a message may be told beside the inbox, and has its template."""
        return self.tells_of(message.kind) and kinds.goes_beside(
            message.kind, message.role, message.facts
        )

    def when(self, message: Outgoing, member_id: int, now: datetime) -> datetime | None:
        """Return when it may go to a member: outside of quiet hours, what is urgent at once."""
        return hours.when(message, now, self._zone, message.quiet_of(member_id))

    def send(self, message: Outgoing, member_id: int, *, now: datetime) -> bool:
        """Send to one member's WeChat. Raises NotNow, NotSent."""
        earliest = self.when(message, member_id, now)
        if earliest is None or earliest > now:
            raise NotNow(earliest or now)
        openid = queries.openid_to_tell(member_id, policy.current().vault)
        if openid is None:
            return False
        text = self._texts[message.kind]
        code = self._send(
            TemplateMessage(
                id=f"{message.message_id}-{member_id}",
                openid=openid,
                template=text.id,
                fields=templates.filled(text, message, self._zone),
                url=self._inbox,
            ),
            now,
        )
        if code == 0:
            return True
        if code in REFUSALS:
            usecases.note_refusal(openid, REFUSALS[code], vault=policy.current().vault, now=now)
            return False
        if code == USED_UP:
            raise NotNow(hours.next_day(now, self._zone))
        raise NotSent(f"errcode-{code}")

    def _send(self, message: TemplateMessage, now: datetime) -> int:
        until = now + usecases.MARGIN
        vault, app_id = policy.current().vault, self.gateway.app_id
        token = queries.kept_token(app_id, vault=vault, until=until) or self._fetch("", now)
        code = self.gateway.send(token, message)
        if code in STALE:
            # Once: a token that is new and no good either is no question of tokens.
            code = self.gateway.send(self._fetch(token, now), message)
        return code

    def _fetch(self, stale: str, now: datetime) -> str:
        """Fetch the token for all workers, unless another one has or does."""
        vault, app_id = policy.current().vault, self.gateway.app_id
        found = usecases.claim_token(app_id, stale, vault=vault, now=now)
        if found is not None:
            return found
        try:
            token = self.gateway.fetch_token(anew=bool(stale))
        except NotSent as error:
            usecases.give_up_claim(app_id)
            if error.code == USED_UP:
                raise NotNow(hours.next_day(now, self._zone)) from None
            raise
        usecases.keep_token(app_id, token.text, seconds=token.seconds, vault=vault, now=now)
        return token.text


def build(settings: Settings, table: Table) -> WechatChannel:
    """Build the channel. Raises SettingsError naming the setting it lacks."""
    wechat = settings.wechat
    texts = {kind: text for (kind, channel), text in table.items() if channel == NAME}
    if not wechat.app_id:
        raise SettingsError("notify.channels: wechat needs wechat.app_id as well")
    if not wechat.app_secret.get_secret_value():
        raise SettingsError("notify.channels: wechat needs GRID_REPORT_WECHAT__APP_SECRET as well")
    if not settings.server.public_url:
        raise SettingsError("notify.channels: wechat needs server.public_url: it leads back there")
    if not texts:
        raise SettingsError("notify.channels: wechat needs rows in notify.templates as well")
    inbox = f"{settings.server.public_url}/inbox"
    return WechatChannel(Gateway(wechat), texts, inbox=inbox, zone=settings.county.tz)
