"""The demo's stations and what riders take there, through the use cases and in order of time.

What is written down here is played between the cases: points are spent after they were earned.
Everything may be played again: names, keys and nonces are always the same.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import chain
from typing import Final

from grid_report.access import Actor
from grid_report.db import db
from grid_report.demo import lessons, months, plan, waiting
from grid_report.demo.appeals import Appeals
from grid_report.demo.cast import REST_STATION, Cast
from grid_report.demo.goods import OFFERS, STATIONS
from grid_report.demo.permits import Permits
from grid_report.demo.pictures.shots import Shot
from grid_report.errors import GridReportError
from grid_report.languages import DEFAULT
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.offers.catalogue import queries as catalogue_queries
from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.counter.commands import Scan
from grid_report.offers.kinds import ForWhom, OfferKind
from grid_report.offers.redemptions import call_off_usecases, slot_queries, vouchers
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.commands import Redeem
from grid_report.offers.redemptions.models import Redemption
from grid_report.points.history.queries import balance
from grid_report.points.rewards.queries import has_accepted_report
from grid_report.settings import Settings

CALL_OFF: Final = "设备检修，当天不能接待，抱歉"
KEEP: Final = 100
FREE: Final = "社区义诊"
BUSY_DAYS: Final = 20
ASKED_EVERY: Final = timedelta(days=12)
DAYS_AHEAD: Final = 10

CARD: Final = "card"
# The picture of each offer, by its name. A pass for a vehicle shows how it looks without one.
SHELF: Final = {
    **{it.titles[DEFAULT]: Shot(it.picture.value, 0) for it in OFFERS},
    "食堂套餐": Shot("canteen", 0),
    CARD: Shot(CARD, 0),
}
# Of each appointment: at which hours of a day, how long, for how many.
TIMES: Final = {
    "社区义诊": (("09:00", "09:30", "10:00", "14:00", "14:30", "15:00"), 30, 2),
    "理发": (("09:30", "10:30", "14:30", "15:30", "19:00"), 30, 1),
    "电动车检修": (("10:00", "15:00"), 60, 2),
    "法律咨询": (("16:00", "16:30", "17:00"), 30, 1),
    "放学托管加时": (("18:00",), 60, 6),
}
# How it goes on after taking: most are handed out, and some of everything else.
ENDS: Final = (
    "out",
    "out",
    "out",
    "rated",
    "cancel",
    "expire",
    "out",
    "dispute",
    "refund",
    "rated",
)


class Shops:
    """Opens the stations and plays what riders do there, as far as a time allows."""

    def __init__(
        self,
        settings: Settings,
        people: Cast,
        at: datetime,
        *,
        develop: Callable[[Shot], AdmittedPhoto],
    ) -> None:
        self.develop = develop
        self.zone, self.county = settings.county.tz, settings.county.code
        self.people, self.at = people, at
        self.staff = people.station_staff()
        self.left: dict[Actor, int] = {}
        self.asked_at = datetime.min.replace(tzinfo=UTC)
        self.queue: list[tuple[datetime, int, Callable[[datetime], object]]] = []
        self._later(at - plan.SPAN, self._open)
        dice = random.Random("shops")
        for number in range(BUSY_DAYS * 2):
            day = at - timedelta(days=BUSY_DAYS - number // 2)
            when = day.replace(minute=dice.randrange(60)) - timedelta(hours=dice.randrange(1, 8))
            self._later(when, self._visit(number, ENDS[number % len(ENDS)]))
        for days in range(BUSY_DAYS, -1, -1):
            self._later(at - timedelta(days=days, minutes=5), self._night)
        self._later(at - timedelta(minutes=50), self._today)
        deeds = months.deeds(
            settings,
            at,
            visit=self._visit_before,
            providers={it.code: it.provider_code for it in STATIONS},
            staff=self.staff,
            administrator=people.administrator,
        )
        lines = waiting.deeds(people, at, ids=self._ids, zone=self.zone)
        permits = Permits(settings, people, at, photo=self._card_photo).deeds()
        appeals = Appeals(settings, people, at).deeds()
        lessons_ = lessons.deeds(settings, people, at)
        for when, deed in chain(deeds, permits, lessons_, appeals, lines):
            self._later(when, deed)

    def _visit_before(self, key: str, dice: random.Random) -> Callable[[datetime], None]:
        """Play one service of the months before, by anybody but the two newcomers sign in as."""
        offers = [
            it for it in OFFERS if it.kind is OfferKind.VOUCHER and it.station_code in self.staff
        ]
        riders = self.people.riders[2:]

        def act(now: datetime) -> None:
            left = self._left_of(riders, now)
            # What costs points is open to those with an accepted report. Whoever has most is asked
            # first: nearly always the answer is yes.
            richest = sorted(riders, key=left.__getitem__, reverse=True)
            session = db.session()
            rider = next(
                (it for it in richest if has_accepted_report(session, it.member_id)), richest[0]
            )
            db.session.rollback()
            offer = dice.choice([it for it in offers if it.points <= left[rider]] or offers)
            left[rider] -= offer.points
            taken = self._take(rider, offer.titles[DEFAULT], now, key=key)
            self._hand_out(taken, now + timedelta(minutes=10))

        return act

    def _left_of(self, riders: Sequence[Actor], now: datetime) -> dict[Actor, int]:
        """Return what riders had when last asked, less what was spent; asked every few weeks."""
        if now - self.asked_at > ASKED_EVERY:
            self.asked_at = now
            self.left = {it: balance(it.member_id).available for it in riders}
            db.session.rollback()
        return self.left

    def _later(self, at: datetime, act: Callable[[datetime], object]) -> None:
        self.queue.append((at, len(self.queue), act))
        self.queue.sort(key=lambda it: it[:2])

    def advance(self, to: datetime) -> None:
        """Play everything that comes before an instant."""
        while self.queue and self.queue[0][0] <= to:
            at, _, act = self.queue.pop(0)
            # A load that goes on meets what it did before; a rider may have spent all points.
            with suppress(GridReportError):
                act(at)
            db.session.rollback()

    def _open(self, now: datetime) -> None:
        """Open stations, offers and times that are not there yet."""
        admin = self.people.administrator
        there = catalogue_queries.station_names()
        for station in STATIONS:
            if station.code not in there:
                catalogue_usecases.save_station(station, actor=admin, now=now)
        known = self._ids(now)
        for offer in OFFERS:
            if offer.titles[DEFAULT] not in known:
                photo = self.develop(SHELF[offer.titles[DEFAULT]]).name
                catalogue_usecases.save_offer(
                    None, replace(offer, photo=photo), actor=admin, now=now
                )
        for title, (clocks, minutes, capacity) in TIMES.items():
            days = [
                self.at.astimezone(self.zone).date() + timedelta(days=n)
                for n in range(-BUSY_DAYS, DAYS_AHEAD)
            ]
            starts = [
                datetime.combine(day, time.fromisoformat(clock), tzinfo=self.zone)
                for day in days
                for clock in clocks
            ]
            catalogue_usecases.add_slots(
                self._ids(now)[title],
                starts,
                minutes=minutes,
                capacity=capacity,
                actor=admin,
                now=now,
            )

    def _card_photo(self) -> str:
        return self.develop(SHELF[CARD]).name

    def _ids(self, now: datetime) -> dict[str, int]:
        rows = catalogue_queries.list_offers(now=now, with_retired=True)
        db.session.rollback()
        return {row.title(DEFAULT): row.offer.id for row in rows}

    def _take(
        self, rider: Actor, title: str, now: datetime, *, key: str, starts: datetime | None = None
    ) -> Redemption:
        offer_id, slot_id = self._ids(now)[title], None
        if title in TIMES:
            free = [row.slot for row in slot_queries.list_slots(offer_id, now=now) if row.left > 0]
            slot_id = next(
                (slot.id for slot in free if starts is None or slot.starts_at >= starts), None
            )
            db.session.rollback()
        child = title == "放学托管加时"
        command = Redeem(
            key=str(uuid.uuid5(uuid.NAMESPACE_URL, key)),
            offer_id=offer_id,
            slot_id=slot_id,
            for_whom=ForWhom.CHILD if child else ForWhom.RIDER,
            guardian_consents=child,
        )
        return redemptions_usecases.redeem(command, actor=rider, zone=self.zone, now=now).redemption

    def _hand_out(self, taken: Redemption, now: datetime) -> None:
        staff = self.staff.get(taken.station_code or "")
        if staff is None:
            return
        text = vouchers.text_for(taken.ref, taken.secret, vouchers.step_at(now))
        counter_usecases.scan(Scan(qr=text), actor=staff, now=now)
        counter_usecases.confirm(taken.ref, f"demo-{taken.ref}", actor=staff, now=now)

    def _visit(self, number: int, end: str) -> Callable[[datetime], None]:
        dice = random.Random(f"visit-{number}")
        title = dice.choice([offer.titles[DEFAULT] for offer in OFFERS[:7]])

        def act(now: datetime) -> None:
            rider = self.people.riders[dice.randrange(len(self.people.riders))]
            price = next(offer.points for offer in OFFERS if offer.titles[DEFAULT] == title)
            left = balance(rider.member_id).available - price
            db.session.rollback()
            # The two everybody signs in as keep enough for a meal; what is free is always there.
            enough = left >= (KEEP if rider in self.people.riders[:2] else 0)
            taken = self._take(rider, title if enough else FREE, now, key=f"visit-{number}")
            self._go_on(taken, rider, end, now, dice)

        return act

    def _go_on(
        self, taken: Redemption, rider: Actor, end: str, now: datetime, dice: random.Random
    ) -> None:
        soon = now + timedelta(minutes=dice.randrange(5, 50))
        later = soon + timedelta(minutes=20)
        if end == "cancel":
            redemptions_usecases.cancel(taken.ref, actor=rider, now=soon)
        if end in ("cancel", "expire"):
            return
        self._hand_out(taken, soon)
        if end == "rated":
            stars = dice.choice((3, 4, 5, 5, 5))
            redemptions_usecases.rate(taken.ref, stars, "", actor=rider, now=later)
        if end in ("dispute", "refund"):
            words = "等了一个小时没轮到" if taken.slot_id else "拿到手是坏的"
            redemptions_usecases.dispute(
                taken.ref, words, county=self.county, actor=rider, now=later
            )
        if end == "refund":
            admin = self.people.administrator
            counter_usecases.refund(taken.ref, "核实属实，已提醒驿站", actor=admin, now=later)

    def _night(self, now: datetime) -> None:
        redemptions_scheduled.end_overdue(now=now)
        redemptions_scheduled.settle_due(now=now)
        redemptions_scheduled.pass_on_places(now=now)

    def _today(self, now: datetime) -> None:
        """Leave something in every state for the newcomer to find."""
        first, second = self.people.riders[:2]
        tomorrow = datetime.combine(
            self.at.astimezone(self.zone).date() + timedelta(days=1), time.min, tzinfo=self.zone
        )
        # Theirs first, and free: the meal is for the newcomer to take.
        deeds: list[Callable[[], object]] = [
            partial(self._take, first, FREE, now, key="today-1", starts=tomorrow),
            lambda: self._hand_out(self._take(second, FREE, now, key="today-2"), now),
        ]
        for number, rider in enumerate(self.people.riders[2:10]):
            title = ("爱心热饭", FREE, "充电宝 2 小时", "热饮一杯")[number % 4]
            deeds.append(self._one_today(rider, title, number, now))
        for deed in deeds:
            with suppress(GridReportError):
                deed()
            db.session.rollback()

    def _one_today(
        self, rider: Actor, title: str, number: int, now: datetime
    ) -> Callable[[], None]:
        def act() -> None:
            taken = self._take(rider, title, now, key=f"today-{rider.member_id}-{number}")
            if number == 1:
                staff = self.staff[REST_STATION]
                call_off_usecases.call_off_redemption(taken.ref, CALL_OFF, actor=staff, now=now)
            elif number % 2 == 0:
                self._hand_out(taken, now + timedelta(minutes=number))

        return act
