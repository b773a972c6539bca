"""The demo's permits: what owners pay, and applications in every state, through the use cases.

Each stage stands by itself in the queue of what is played: a load that goes on finds the earlier
ones done. Keys are always the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from grid_report.access import Actor
from grid_report.db import db
from grid_report.demo import plan
from grid_report.demo.cast import BRIGHT, STATION, Cast
from grid_report.demo.goods import PAPERS
from grid_report.languages import DEFAULT, written
from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.permits import price_usecases
from grid_report.offers.permits import queries as permits_queries
from grid_report.offers.permits import scheduled as permits_scheduled
from grid_report.offers.permits import usecases as permits_usecases
from grid_report.offers.permits.commands import Apply, SetOwnerPrice, TakeApplicationStep
from grid_report.offers.permits.firms import firms_of
from grid_report.offers.permits.lifecycle import ApplicationStep
from grid_report.offers.permits.rules import PermitKind
from grid_report.places.queries import reference
from grid_report.points.history.queries import balance
from grid_report.settings import Settings

Act = Callable[[datetime], None]
T = ApplicationStep
DAY: Final = timedelta(days=1)

# Yuan that owners pay for card and pass, by the number of the compound; the third has no firm.
PRICES: Final = {1: (3, 8), 2: (6, 9), 3: (15, 20)}
# Which rider (none: whoever has the points then), which compound, how many days ago; and what
# came after how many hours.
Story = tuple[int | None, str, PermitKind, float, tuple[tuple[ApplicationStep, float, str], ...]]
A, V = PermitKind.ACCESS_CARD, PermitKind.VEHICLE
AGREED: Final = ((T.PROPERTY_APPROVE, 5.0, ""), (T.COMMUNITY_APPROVE, 22.0, "已电话核实"))
ISSUED: Final = (*AGREED, (T.ISSUE, 27.0, ""))
ALONE: Final = ((T.COMMUNITY_APPROVE, 8.0, ""), (T.ISSUE, 20.0, ""))
STORIES: Final[tuple[Story, ...]] = (
    (0, f"{STATION}-03", A, 12, ALONE),
    (1, f"{BRIGHT}-03", A, 1, ()),
    (None, f"{STATION}-01", A, 4.5, ()),
    (None, f"{STATION}-01", A, 1.2, AGREED[:1]),
    (None, f"{STATION}-01", A, 1.5, AGREED),
    (None, f"{STATION}-01", A, 9, ISSUED),
    (None, f"{STATION}-02", A, 6, ((T.PROPERTY_DECLINE, 9.0, "请先到门岗登记送餐平台信息"),)),
    (None, f"{STATION}-02", A, 10, ISSUED),
    (8, f"{STATION}-03", V, 7, ALONE),
    (9, f"{STATION}-03", A, 8, (*ALONE, (T.REVOKE, 90.0, "转借他人使用"))),
    (10, f"{STATION}-03", A, 375, ALONE),  # over by now
    (11, f"{STATION}-03", A, 360, ALONE),  # to be renewed
    (12, f"{BRIGHT}-03", A, 20, (*ALONE, (T.RETURN, 200.0, ""))),
    (14, f"{STATION}-03", V, 5, ((T.COMMUNITY_DECLINE, 6.0, "车牌照片不清楚，请补齐后再申请"),)),
    (13, f"{BRIGHT}-03", V, 3, ((T.WITHDRAW, 7.0, ""),)),
    # Where no firm sells cards nobody needs points: whatever was earned by now, there is one.
    (15, f"{BRIGHT}-03", A, 10, (*ALONE, (T.PAUSE, 60.0, "住户反映卡被借用，核查中"))),
)  # fmt: skip


def _offer_id(paper: PermitKind) -> int | None:
    title = PAPERS[paper].titles[DEFAULT]
    found = [
        offer.id
        for offer in permits_queries.application_offers()
        if written(offer, "title", DEFAULT) == title
    ]
    db.session.rollback()
    return found[0] if found else None


class Permits:
    """Says what is played about cards, and when."""

    def __init__(
        self, settings: Settings, people: Cast, at: datetime, *, photo: Callable[[], str]
    ) -> None:
        self.photo = photo
        self.settings, self.people, self.at = settings, people, at
        self.refs: dict[int, str] = {}

    def deeds(self) -> Iterator[tuple[datetime, Act]]:
        """Yield every stage with its time."""
        opening = self.at - plan.SPAN + timedelta(minutes=10)
        for paper in PermitKind:
            yield opening, self._offer(paper)
            for community in (STATION, BRIGHT):
                for number in PRICES:
                    yield opening, self._price(f"{community}-{number:02d}", paper, number)
        for number, (who, compound, paper, days, steps) in enumerate(STORIES):
            sent = self.at - days * DAY
            yield sent, self._apply(number, who, compound, paper)
            for step, hours, words in steps:
                yield sent + timedelta(hours=hours), self._step(number, compound, step, words)
        for days in range(14, -1, -1):
            yield self.at - days * DAY - timedelta(minutes=4), self._night

    def _offer(self, paper: PermitKind) -> Act:
        def act(now: datetime) -> None:
            admin = self.people.administrator
            offer_id = _offer_id(paper)
            if offer_id is None:
                photo = self.photo() if paper is PermitKind.ACCESS_CARD else None
                offer_id = catalogue_usecases.save_offer(
                    None, replace(PAPERS[paper], photo=photo), actor=admin, now=now
                )
            price_usecases.choose_offer(paper, offer_id, actor=admin, now=now)

        return act

    def _price(self, code: str, paper: PermitKind, number: int) -> Act:
        def act(now: datetime) -> None:
            places = reference()
            compound = places.compounds[code]
            firms = firms_of(places, compound)
            # Each firm for itself; the county where there is none.
            actor = self.people.handler(firms[0].code) if firms else self.people.administrator
            fen = PRICES[number][paper is PermitKind.VEHICLE] * 100
            command = SetOwnerPrice(
                code, paper, fen,
                subsidy_fen=0 if firms else fen,
                words="业主大会定价" if firms else "自管小区，制卡费由县级补贴",
            )  # fmt: skip
            price_usecases.set_owner_price(command, places=places, actor=actor, now=now)

        return act

    def _apply(self, number: int, who: int | None, compound: str, paper: PermitKind) -> Act:
        def act(now: datetime) -> None:
            key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"card-{number}"))
            known = permits_queries.find_ref_by_key(key)
            db.session.rollback()
            if known is not None:
                self.refs[number] = known
                return
            rider = self.people.riders[who] if who is not None else self._somebody()
            offer_id = _offer_id(paper)
            assert offer_id is not None
            command = Apply(
                key=key,
                offer_id=offer_id,
                compound_code=compound,
                nickname=rider.name[:6].split("（")[0],
                purpose="每天中午和晚上进小区送餐",
                plate=f"铁岭{10_000 + number * 137}" if paper is PermitKind.VEHICLE else "",
            )
            cards = self.settings.cards
            self.refs[number] = permits_usecases.apply(
                command, places=reference(), lapse_days=cards.lapse_days,
                renew_days=cards.renew_days, actor=rider, now=now,
            ).ref  # fmt: skip

        return act

    def _somebody(self) -> Actor:
        """Return the rider with most points; the two everybody signs in as keep theirs."""
        found = max(self.people.riders[2:], key=lambda it: balance(it.member_id).available)
        db.session.rollback()
        return found

    def _step(self, number: int, compound: str, step: ApplicationStep, words: str) -> Act:
        def act(now: datetime) -> None:
            ref = self.refs.get(number)
            if ref is None:
                return
            command = TakeApplicationStep(
                step, words=words, card_number=f"04{number:02d}" if step is T.ISSUE else ""
            )
            actor = self._who(compound, step)
            if step is T.WITHDRAW:
                actor = self.people.riders[STORIES[number][0] or 0]
            permits_usecases.take_step(ref, command, actor=actor, now=now)

        return act

    def _who(self, compound: str, step: ApplicationStep) -> Actor:
        places = reference()
        firms = firms_of(places, places.compounds[compound])
        if firms and step not in (T.COMMUNITY_APPROVE, T.COMMUNITY_DECLINE):
            return self.people.handler(firms[0].code)
        return self.people.worker(compound.split("-")[0])

    def _night(self, now: datetime) -> None:
        permits_scheduled.watch_permits(remind_days=self.settings.cards.remind_days, now=now)
