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
from typing import Any, Final

from grid_report.access import Actor
from grid_report.db import db
from grid_report.demo import lessons, months, plan, waiting
from grid_report.demo.appeals import Appeals
from grid_report.demo.cast import BRIGHT, REST_STATION, STATION, Cast
from grid_report.demo.permits import Permits
from grid_report.demo.pictures.shots import Shot
from grid_report.errors import GridReportError
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.offers.catalogue import queries as catalogue_queries
from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.catalogue.commands import EditOffer, EditStation
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.counter.commands import Scan
from grid_report.offers.kinds import ForWhom, FreeService, OfferKind, Period, Picture
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

F, W = FreeService, ForWhom
STATIONS: Final = (
    EditStation(
        REST_STATION, "warmhouse", "暖阳服务中心（演示）", STATION, "站前骑手驿站（演示）",
        "站前街 18 号（演示地址）", 42.54655, 124.04145, "Mon-Sun 07:00-22:00",
        frozenset({F.REST, F.WATER, F.CHARGING, F.READING, F.TOILET, F.FIRST_AID, F.MEDIATION, F.CLINIC}),
    ),
    EditStation(
        "station-02", "brightlife", "光明便民公司（演示）", BRIGHT, "光明暖心驿站（演示）",
        "光明路 6 号（演示地址）", 42.5441, 124.0698, "Mon-Sat 08:00-20:00, Sun 09:00-17:00",
        frozenset({F.REST, F.WATER, F.CHARGING, F.TOILET, F.LOST_GOODS, F.LEGAL_ADVICE, F.TRAINING}),
    ),
    EditStation(
        "station-03", "brightlife", "", "211282001004", "胜利社区爱心食堂（演示）",
        "胜利路 31 号（演示地址）", 42.5509, 124.0749, "Mon-Sun 06:30-19:30",
        frozenset({F.REST, F.WATER, F.TOILET, F.FIRST_AID}),
    ),
)  # fmt: skip
ANYBODY: Final = frozenset({W.RIDER, W.FAMILY})
RIDER: Final = frozenset({W.RIDER})


def _offer(  # noqa: PLR0917 - a table reads better without names
    station: int, kind: OfferKind, picture: Picture, points: int, names: tuple[str, str],
    words: tuple[str, str], *, whom: frozenset[ForWhom] = RIDER, **more: Any,
) -> EditOffer:  # fmt: skip
    place = STATIONS[station]
    return EditOffer(
        place.provider_code, place.code, kind, *names, *words, picture, points, whom, **more
    )


V, S = OfferKind.VOUCHER, OfferKind.SLOT
OFFERS: Final = (
    _offer(0, V, Picture.DRINK, 20, ("热饮一杯", "Hot drink"),
           ("热茶、热牛奶、姜汤任选一杯。", "Hot tea, milk or ginger soup."), quota=2, quota_period=Period.DAY),
    _offer(0, V, Picture.MEAL, 80, ("爱心热饭", "Meal ticket"),
           ("两荤一素，米饭管饱。", "Two meat dishes, one vegetable, rice as much as you like."),
           quota=1, quota_period=Period.DAY, stock=200, hours="Mon-Sun 10:30-13:30, Mon-Sun 16:30-20:00", whom=ANYBODY),
    _offer(0, V, Picture.POWER, 10, ("充电宝 2 小时", "Power bank, 2 h"),
           ("随借随还，两小时内归还。", "Borrow it, bring it back within two hours."), quota=2, quota_period=Period.DAY, valid_days=3),
    _offer(0, V, Picture.GLOVES, 100, ("防寒手套", "Winter gloves"),
           ("加绒防滑，可触屏。", "Lined, non-slip, good for touch screens."), stock=60, quota=1, quota_period=Period.YEAR),
    _offer(0, V, Picture.RAIN, 150, ("分体雨衣", "Rain suit"),
           ("反光条，裤子加长。", "With reflective strips."), stock=40, quota=1, quota_period=Period.YEAR),
    _offer(0, V, Picture.HELMET, 400, ("3C 认证头盔", "Certified helmet"),
           ("按头围试戴领取，旧头盔可交回。", "Try it on; hand in the old one."), stock=30, quota=1, quota_period=Period.YEAR, needs="试戴"),
    _offer(0, S, Picture.CLINIC, 0, ("社区义诊", "Free clinic"),
           ("量血压、测血糖、颈腰痛咨询，医生坐诊。", "Blood pressure, blood sugar, neck and back pain: a doctor is there."),
           whom=ANYBODY, cancel_minutes=60, needs="身份证或医保卡"),
    _offer(1, V, Picture.BATTERY, 50, ("换电一次", "Battery swap"),
           ("48V/60V 通用柜。", "48 V and 60 V."), quota=1, quota_period=Period.DAY),
    _offer(1, V, Picture.KNEES, 120, ("骑行护膝", "Knee pads"), ("一副，均码。", "One pair."), stock=50, quota=1, quota_period=Period.YEAR),
    _offer(1, S, Picture.HAIRCUT, 60, ("理发", "Haircut"),
           ("社区理发师，约 30 分钟。", "By the community's barber, half an hour."), whom=ANYBODY, cancel_minutes=120, noshow_percent=20),
    _offer(1, S, Picture.BIKE, 60, ("电动车检修", "Bike check"),
           ("刹车、灯光、轮胎、线路。", "Brakes, lights, tyres, wiring."), cancel_minutes=120, noshow_percent=20),
    _offer(1, S, Picture.ADVICE, 0, ("法律咨询", "Legal advice"),
           ("劳动、交通事故、租房，一对一。", "Work, accidents, rent; one to one."), whom=ANYBODY, cancel_minutes=60),
    _offer(2, S, Picture.CHILD, 80, ("放学托管加时", "Extra child care"),
           ("18:00 以后延时一小时，有老师看护作业。", "An hour after six, with somebody for the homework."),
           whom=frozenset({W.CHILD}), cancel_minutes=240, noshow_percent=20, needs="监护人到场接送"),
    _offer(2, V, Picture.MEAL, 80, ("食堂套餐", "Canteen meal"),
           ("食堂当日套餐一份。", "The canteen's meal of the day."), quota=1, quota_period=Period.DAY, whom=ANYBODY),
)  # fmt: skip
CARD: Final = "card"
# The picture of each offer, by its name. A pass for a vehicle shows how it looks without one.
SHELF: Final = {
    **{it.title_zh: Shot(it.picture.value, 0) for it in OFFERS},
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
        offers = [it for it in OFFERS if it.kind is V and it.station_code in self.staff]
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
            taken = self._take(rider, offer.title_zh, now, key=key)
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
            if offer.title_zh not in known:
                photo = self.develop(SHELF[offer.title_zh]).name
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
        return {row.offer.title_zh: row.offer.id for row in rows}

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
            for_whom=W.CHILD if child else W.RIDER,
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
        title = dice.choice([offer.title_zh for offer in OFFERS[:7]])

        def act(now: datetime) -> None:
            rider = self.people.riders[dice.randrange(len(self.people.riders))]
            price = next(offer.points for offer in OFFERS if offer.title_zh == title)
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
