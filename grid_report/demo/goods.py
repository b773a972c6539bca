"""What the demo's stations are and offer, in the words of every language of the site.

Names and descriptions stand in the order of `languages.LANGUAGES`; one more language is one more
text in each.
"""

from __future__ import annotations

from typing import Any, Final

from grid_report.demo.cast import BRIGHT, REST_STATION, STATION
from grid_report.languages import in_all_languages
from grid_report.offers.catalogue.commands import EditOffer, EditStation
from grid_report.offers.kinds import ForWhom, FreeService, OfferKind, Period, Picture
from grid_report.offers.permits.rules import PermitKind

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
    station: int, kind: OfferKind, picture: Picture, points: int, names: tuple[str, ...],
    words: tuple[str, ...], *, whom: frozenset[ForWhom] = RIDER, **more: Any,
) -> EditOffer:  # fmt: skip
    place = STATIONS[station]
    return EditOffer(
        place.provider_code, place.code, kind, in_all_languages(*names), in_all_languages(*words), picture, points,
        whom, **more,
    )  # fmt: skip


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


def _paper(valid_days: int, names: tuple[str, ...], words: tuple[str, ...]) -> EditOffer:
    return EditOffer(
        "warmhouse", None, OfferKind.APPLICATION, in_all_languages(*names), in_all_languages(*words), Picture.CARD,
        0, RIDER, valid_days=valid_days,
    )  # fmt: skip


# What is applied for, by the paper that is given out.
PAPERS: Final = {
    PermitKind.ACCESS_CARD: _paper(366, ("暖心钥匙（小区门禁卡）", "Access card of a compound"),
        ("一次办好，一年内进出送餐不用等门卫。按业主价办卡，物业和社区审核。",
         "Apply once, and for a year no guard keeps you waiting. At the owners' price; firm and community look at it.")),
    PermitKind.VEHICLE: _paper(183, ("车辆通行证", "Vehicle pass"),
        ("电动车进小区、在指定地点停放。按业主价办理。",
         "Ride in and park at the marked place. At the owners' price.")),
}  # fmt: skip
