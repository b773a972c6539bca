"""The pages without script: what is refused comes back with what was typed and why."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from grid_report import clock
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.languages import as_columns
from grid_report.offers.kinds import OfferKind, Period
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.rules import WAIT_OFFER
from tests.points.book import Book
from tests.support.builders import STATION, Make, in_words

pytestmark = pytest.mark.database

OFFER = {
    **as_columns("title", in_words("热汤", "Soup")), "station": "station-1", "kind": "voucher",
    "picture": "meal", "points": "15", "for": ["rider", "family"], "hours": "Mon-Fri 08:00-18:00",
    "quota": "1", "quota_period": "day", "stock": "10",
}  # fmt: skip


class Desk:
    """A signed-in browser that fills forms."""

    def __init__(self, make: Make, actor: Actor) -> None:
        self.client: FlaskClient = make.signed_in(actor)
        page = self.client.get("/me").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        self.client.environ_base["HTTP_X_CSRFTOKEN"] = token[1]

    def post(self, path: str, status: int, **form: Any) -> str:
        answer = self.client.post(path, data=form)
        assert answer.status_code == status, answer.text[:2000]
        return answer.location if status == 303 else answer.text

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status
        return answer.text


@pytest.fixture
def admin(make: Make) -> Desk:
    make.station()
    return Desk(make, make.administrator())


def test_an_offer_is_made_changed_and_taken_out(make: Make, admin: Desk) -> None:
    page = admin.post("/admin/offers", 422, **{**OFFER, "points": "-3", "hours": "immer"})
    assert 'value="热汤"' in page
    assert 'id="f-points-error"' in page
    assert 'id="f-hours-error"' in page
    place = admin.post("/admin/offers", 303, **OFFER)
    page = admin.get(place)
    assert 'value="15"' in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    changed = {**OFFER, "points": "20", "version": version[1]}
    assert admin.post(f"{place}/save", 303, **changed) == place
    # Somebody else's older form does not overwrite it.
    assert 'value="20"' in admin.post(f"{place}/save", 409, **changed)
    admin.post(f"{place}/retire", 303)
    assert "热汤" not in Desk(make, make.rider()).get("/services")
    assert "热汤" in admin.get("/admin/offers")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"station": "nowhere"}, "station"),
        ({"kind": "dance"}, "kind"),
        ({"picture": "me.png"}, "picture"),
        ({"for": []}, "for"),
        ({"quota": "2", "quota_period": ""}, "quota_period"),
        ({"kind": "slot"}, "stock"),
        ({"points": "9999999"}, "points"),
        ({"picture": "clinic", "points": "5"}, "points"),
        ({"picture": "advice", "points": "1"}, "points"),
        ({"picture": "lesson", "points": "30"}, "points"),
        ({"title_zh": ""}, "title_zh"),
        ({"noshow_percent": "21"}, "noshow_percent"),
        ({"valid_days": "0"}, "valid_days"),
    ],
)
def test_what_an_offer_cannot_be_is_said_at_its_field(
    admin: Desk, changes: dict[str, Any], field: str
) -> None:
    page = admin.post("/admin/offers", 422, **{**OFFER, **changes})
    assert f'href="#f-{field}"' in page


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("Mon-Sun 10:30-13:30, Mon-Sun 16:30-20:00", "每天 10:30–13:30、16:30–20:00"),
        ("Mon-Sat 08:00-20:00; Sun 09:00-17:00", "周一-周六 08:00–20:00、周日 09:00–17:00"),
        ("07:00-21:00", "每天 07:00–21:00"),
        ("Wed 9:00-11:30", "周三 9:00–11:30"),
    ],
)
def test_opening_hours_are_said_as_people_say_them(
    make: Make, admin: Desk, kept: str, said: str
) -> None:
    place = admin.post("/admin/offers", 303, **{**OFFER, "hours": kept})
    page = Desk(make, make.rider()).get(f"/services/{place.rsplit('/', 1)[-1]}")
    assert f"<dd>{said}</dd>" in page


def test_times_are_added_and_called_off(make: Make, admin: Desk) -> None:
    clinic = make.offer(kind=OfferKind.SLOT)
    slots = {"first_day": "2030-01-07", "last_day": "2030-01-08", "times": "09:00, 9:30"}
    path = f"/admin/offers/{clinic}/slots"
    page = admin.post(path, 422, **slots, minutes="30")
    assert 'value="09:00, 9:30"' in page
    assert 'href="#f-capacity"' in page
    assert re.search(r'<label[^>]*for="f-times"[^>]*>\s*时间', page)
    for wrong in ({"times": "nine"}, {"last_day": "2029-01-01"}, {"first_day": "x"}):
        admin.post(path, 422, **{**slots, "minutes": "30", "capacity": "2", **wrong})
    admin.post(path, 303, **slots, minutes="30", capacity="2")
    admin.post(path, 303, **slots, minutes="30", capacity="2")
    soon = make.slot(clinic)
    taken = make.redemption(make.rider(), clinic, soon)
    # A day is one fold: its times and what was booked of them.
    page = admin.get(f"/admin/offers/{clinic}")
    assert page.count(f'action="/admin/slots/{soon}/call-off"') == 1
    assert "已约 1 / " in page
    page = admin.post(f"/admin/slots/{soon}/call-off", 422, words="")
    assert 'id="f-words-error"' in page
    page = admin.post(f"/admin/slots/{soon}/call-off", 422, words="停" * 2000)
    assert f'value="{"停" * 2000}"' in page
    assert f'action="/admin/slots/{soon}/call-off"' in page
    admin.post(f"/admin/slots/{soon}/call-off", 303, words="医生病了")
    db.session.expire_all()
    assert redemptions_queries.find_redemption(taken.ref).redemption.state == "provider_cancelled"
    db.session.rollback()


def test_a_station_is_opened_once_and_keeps_its_provider(admin: Desk) -> None:
    form = {
        "code": "station-9", "name": "九号驿站", "provider": "nine", "provider_name": "九号公司",
        "community": STATION, "lat": "42.5", "lng": "124.0", "free_services": ["rest", "water"],
    }  # fmt: skip
    page = admin.post("/admin/stations", 422, **{**form, "lat": "200", "code": "a b"})
    assert 'value="九号驿站"' in page
    place = admin.post("/admin/stations", 303, **form)
    assert 'href="#f-code"' in admin.post("/admin/stations", 422, **form)
    assert 'href="#f-provider"' in admin.post(
        f"{place}/save", 422, **{**form, "provider": "of-station-1"}
    )
    admin.post("/admin/stations", 422, **{**form, "code": "station-10", "community": "1"})
    admin.post(f"{place}/retire", 303)


def test_a_rider_books_waits_and_is_told_why_not(make: Make, admin: Desk) -> None:
    clinic = make.offer(kind=OfferKind.SLOT, titles=in_words("义诊"))
    slot = make.slot(clinic, capacity=1)
    first, second = Desk(make, make.rider()), Desk(make, make.rider())
    path = f"/services/{clinic}/redeem"
    assert 'href="#f-slot"' in first.post(path, 422)
    form = {"slot": str(slot), "for": "rider", "key": "2f1c7a52-6c1e-4d47-9d39-0d2c8f1f9a01"}
    place = first.post(path, 303, **form)
    assert first.post(path, 303, **form) == place
    page = first.get(place)
    assert "<svg" in page
    assert "积分立即退回" not in page
    assert 'http-equiv="refresh"' in page
    assert "data-secret" not in admin.get("/services")
    second.get(place, 404)
    assert "max-age=31536000" not in page
    assert f"/services/slots/{slot}/wait" in second.post(path, 409, slot=str(slot))
    second.post(f"/services/slots/{slot}/wait", 303)
    assert f"/services/slots/{slot}/leave" in second.get(f"/services/{clinic}")
    first.post(f"{place}/cancel", 303)
    assert "为你保留" in second.get(f"/services/{clinic}")
    second.post(path, 303, slot=str(slot))


def test_nobody_pays_another_price_than_the_one_that_was_shown(make: Make, admin: Desk) -> None:
    reporter = make.rider()
    make.accepted(make.worker(), reporter)
    rider = Desk(make, reporter)
    place = admin.post("/admin/offers", 303, **{**OFFER, "points": "0"})
    offer_id = place.rpartition("/")[2]
    page = rider.get(f"/services/{offer_id}")
    assert 'name="price" value="0"' in page
    version = re.search(r'name="version" value="(\d+)"', admin.get(place))
    assert version is not None
    admin.post(f"{place}/save", 303, **{**OFFER, "points": "15", "version": version[1]})
    path = f"/services/{offer_id}/redeem"
    # The page comes back with the price of now, and says so.
    page = rider.post(path, 409, **{"for": "rider", "price": "0"})
    assert "15 分" in page
    assert 'name="price" value="15"' in page
    rider.post(path, 422, **{"for": "rider", "price": "viel"})


def test_the_catalogue_filters_and_says_what_is_always_free(make: Make, admin: Desk) -> None:
    make.offer(titles=in_words("免费茶"), points=0)
    make.offer(titles=in_words("贵头盔"), points=400)
    rider = Desk(make, make.rider())
    for query, dear in (("", True), ("?show=affordable", False), ("?show=free", False)):
        page = rider.get(f"/services{query}")
        assert "免费茶" in page
        assert ("贵头盔" in page) is dear
        assert "始终免费" in page
    near = rider.get("/services?near=42.5,124.0")
    assert "公里" in near
    for odd in ("?near=x", "?near=999,0", "?community=nowhere", "?show=all-of-it"):
        assert "免费茶" in rider.get(f"/services{odd}")
    assert "station-1" in rider.get("/services/stations?free=rest")
    assert "station-1" not in rider.get("/services/stations?free=toilet")


def test_a_station_sees_why_a_code_is_refused_and_keeps_its_book(make: Make, admin: Desk) -> None:
    staff = Desk(make, make.member(Grant(Role.STATION_STAFF, "station-1")))
    assert "没有找到这张券" in staff.post("/station/scan", 409, code="123 456")
    assert 'value="12ab"' in staff.post("/station/scan", 422, code="12ab")
    rider = Desk(make, make.rider())
    place = rider.post(f"/services/{make.offer()}/redeem", 303)
    digits = re.search(r"data-voucher-digits>(\d{3} \d{3})", rider.get(place))
    assert digits is not None
    voucher = staff.post("/station/scan", 303, code=digits[1])
    assert "还没核销" in staff.get(voucher)
    staff.post(f"{voucher}/confirm", 422)
    staff.post(f"{voucher}/confirm", 303, nonce="n-1")
    staff.post(f"{voucher}/confirm", 303, nonce="n-1")
    assert "已核销" in staff.post(f"{voucher}/confirm", 409, nonce="n-2")
    assert "已领取" in staff.get("/station/today")
    staff.post("/station/book", 422, at="whenever", code=digits[1])
    staff.post("/station/book", 303, at="2026-01-01T10:00", code="123456", nonce="b-1")
    answer = staff.client.post("/station/book", json={"lines": "no"})
    assert answer.status_code == 422


def test_a_dispute_is_decided_with_a_reason(make: Make, admin: Desk) -> None:
    staff = Desk(make, make.member(Grant(Role.STATION_STAFF, "station-1")))
    rider = Desk(make, make.rider())
    place = rider.post(f"/services/{make.offer()}/redeem", 303)
    ref = place.rsplit("/", 1)[-1]
    digits = re.search(r"data-voucher-digits>(\d{3} \d{3})", rider.get(place))
    assert digits is not None
    voucher = staff.post("/station/scan", 303, code=digits[1])
    staff.post(f"{voucher}/confirm", 303, nonce="n-1")
    assert 'aria-invalid="true"' in rider.post(f"{place}/dispute", 422, words=" ")
    rider.post(f"{place}/dispute", 303, words="冷的")
    assert "冷的" in admin.get("/admin/disputes")
    assert "没有理由" not in admin.post(f"/admin/disputes/{ref}/refund", 422, words="")
    admin.post(f"/admin/disputes/{ref}/refund", 303, words="核实属实")
    assert ref not in admin.get("/admin/disputes")
    rider.post(f"{place}/rating", 303, stars="2", words="冷")
    rider.post(f"{place}/rating", 409, stars="5")


def test_the_statement_calls_a_service_by_its_name_and_leads_to_it(make: Make) -> None:
    make.station()
    drink = make.offer(points=10, titles=in_words("姜茶", "Ginger tea"))
    rider, worker = make.rider(), make.worker()
    report = make.report(rider, photos=(make.photo(),))
    make.step(report, "accept", worker, category="RD02", severity=2)
    taken = make.redemption(rider, drink)
    client = make.signed_in(rider)
    page = client.get("/my/points").text
    assert "姜茶" in page
    held = re.search(r'href="(/my/points/\d+)"[^>]*>[^<]*姜茶', page) or re.search(
        r'href="(/my/points/\d+)"(?:(?!</a>).)*姜茶', page, re.DOTALL
    )
    assert held is not None
    assert f'href="/my/services/{taken.ref}"' in client.get(held[1]).text


def test_who_had_all_there_is_for_each_is_told_so_before_pressing_anything(make: Make) -> None:
    make.station()
    offer, rider = make.offer(quota=1, quota_period=Period.DAY), make.rider()
    desk = Desk(make, rider)
    assert "data-redeem" in desk.get(f"/services/{offer}")
    make.redemption(rider, offer)
    page = desk.get(f"/services/{offer}")
    assert "data-redeem" not in page
    assert "今天的 1 份已用完，明天再来。" in page
    # Others still have theirs, and whoever presses in an old page is told the same.
    assert "data-redeem" in Desk(make, make.rider()).get(f"/services/{offer}")


def test_a_place_kept_for_a_rider_is_said_first_with_its_time_and_chosen(make: Make) -> None:
    make.station()
    clinic = make.offer(kind=OfferKind.SLOT)
    slot_id = make.slot(clinic, capacity=1)
    holder, rider = make.rider(), make.rider()
    booked = make.redemption(holder, clinic, slot_id)
    now = clock.now()
    redemptions_usecases.join_queue(slot_id, actor=rider, zone=make.settings.county.tz, now=now)
    redemptions_usecases.cancel(booked.ref, actor=holder, now=now)
    page = Desk(make, rider).get(f"/services/{clinic}")
    until = (now + WAIT_OFFER).astimezone(make.settings.county.tz)
    assert f"为你保留到 {until:%H:%M}" in page
    assert re.search(rf'name="slot" value="{slot_id}" checked', page)
    assert "有名额了" not in Desk(make, make.rider()).get(f"/services/{clinic}")


@pytest.mark.parametrize("points", [0, 20])
def test_cancelling_what_is_free_speaks_of_no_points(make: Make, points: int) -> None:
    make.station()
    clinic = make.offer(kind=OfferKind.SLOT, points=points)
    rider = make.rider()
    Book().award(rider.member_id, 40, severity=4, at=clock.now())
    taken = make.redemption(rider, clinic, make.slot(clinic))
    page = Desk(make, rider).get(f"/my/services/{taken.ref}")
    assert "前可以取消" in page
    assert ("积分立即退回" in page) is (points > 0)
