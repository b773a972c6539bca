"""Whom an offer is open to: a proved person, an accepted report, so much of what is free a month."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from grid_report import clock, schema
from grid_report.access import Actor
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.db import db, transaction
from grid_report.offers import errors as offers_errors
from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.catalogue.commands import EditOffer, EditStation
from grid_report.offers.catalogue.models import Offer, Provider
from grid_report.offers.kinds import ForWhom, OfferKind, OpensTo, Period
from grid_report.offers.quotas import FREE_A_MONTH
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import slot_queries
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.points.errors import NotEnoughPoints
from grid_report.points.kinds import Verdict
from grid_report.points.learning.usecases import award_learning
from grid_report.points.policy import terms_of
from grid_report.points.rewards.queries import has_accepted_report
from tests.offers.catalogue.test_pages import OFFER, Desk
from tests.offers.shop import HERE, NOW, THERE, ZONE, Shop
from tests.support.builders import Make, in_words

pytestmark = pytest.mark.database

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MISSING = "首次上报被受理后就能用"


def opens(rider: Actor) -> bool:
    found = has_accepted_report(db.session(), rider.member_id)
    db.session.rollback()
    return found


# one accepted report


def test_what_costs_points_or_is_scarce_opens_with_the_first_accepted_report(shop: Shop) -> None:
    meal, scarce, tea = (
        shop.offer(20),
        shop.offer(0, opens_to=OpensTo.FIRST_ACCEPTED),
        shop.offer(0),
    )
    rider = shop.rider()
    with pytest.raises(offers_errors.FirstReportNeeded):
        shop.take(rider, scarce)
    # What is missing first is said first.
    with pytest.raises(NotEnoughPoints):
        shop.take(rider, meal)
    assert shop.take(rider, tea).points == 0
    assert shop.reserved(meal) == shop.reserved(scarce) == 0
    helper = shop.rider(40)
    assert shop.take(helper, meal).points == 20
    assert shop.take(helper, scarce).points == 0


def learn(make: Make, rider: Actor) -> None:
    """Read four lessons: 20 points."""
    for unit in ("safety", "photo", "place", "words"):
        award_learning(unit, actor=rider, terms=terms_of(make.settings), now=clock.now())


def test_points_of_lessons_buy_nothing_before_a_report_is_accepted(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    learn(make, rider)
    drink = make.offer(make.station(), 20)
    report = make.report(rider)
    with pytest.raises(offers_errors.FirstReportNeeded):
        make.redemption(rider, drink)
    make.step(report, "accept", worker, category="RD02", severity=1)
    assert make.redemption(rider, drink).points == 20


def test_who_joined_before_the_acceptance_reported_and_who_came_later_did_not(make: Make) -> None:
    first, second, later, worker = make.rider(), make.rider(), make.rider(), make.worker()
    lead, twin = make.report(first), make.report(second)
    make.step(twin, "merge", worker, into=lead.number)
    assert (opens(first), opens(second)) == (False, False)
    make.step(lead, "accept", worker, category="RD02", severity=2)
    late = make.report(later)
    make.step(late, "merge", worker, into=lead.number)
    assert (opens(first), opens(second), opens(later)) == (True, True, False)


def test_a_report_that_was_a_fraud_opens_nothing(shop: Shop) -> None:
    rider = shop.rider()
    award = shop.book.award(rider.member_id, 10, at=NOW - DAY)
    assert opens(rider)
    shop.book.reverse(award.entry_id, Verdict.FRAUD)
    assert not opens(rider)


def test_page_and_api_say_what_is_missing_and_the_way_to_it_before_the_tap(make: Make) -> None:
    rider = make.rider()
    learn(make, rider)
    drink = make.offer(make.station(), 20)
    desk = Desk(make, rider)
    page = desk.get(f"/services/{drink}")
    assert MISSING in page
    assert 'href="/report' in page
    assert "data-redeem" not in page
    client, headers = make.app.test_client(), make.token(rider)
    shown = client.get(f"/api/v1/offers/{drink}", headers=headers).get_json()
    assert shown["opens_to"] == "first_accepted"
    refused = client.post(
        "/api/v1/redemptions",
        json={"offer": drink},
        headers={**headers, "Idempotency-Key": str(uuid.uuid4())},
    )
    assert (refused.status_code, refused.get_json()["code"]) == (409, "first-report-needed")
    assert MISSING in refused.get_json()["detail"]
    make.accepted(make.worker(), rider)
    page = desk.get(f"/services/{drink}")
    assert MISSING not in page
    assert "data-redeem" in page


# so much of what is free


def test_one_person_gets_so_much_for_nothing_at_one_provider_a_month(shop: Shop) -> None:
    rider = shop.rider(40)
    shop.free_a_month(2)
    tea, soup, meal = shop.offer(0), shop.offer(0), shop.offer(10)
    shop.take(rider, tea)
    shop.take(rider, soup)
    with pytest.raises(offers_errors.FreeQuotaUsedUp) as refused:
        shop.take(rider, soup)
    assert (refused.value.quota, refused.value.provider) == (2, "店01")
    # Others, what costs points, and another provider's are counted by themselves.
    shop.take(shop.rider(), soup)
    shop.take(rider, meal)
    shop.take(rider, shop.offer(0, station=THERE))
    # The county's next month begins at four in the afternoon in Greenwich.
    end = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    with pytest.raises(offers_errors.FreeQuotaUsedUp):
        shop.take(rider, soup, at=end - MINUTE)
    shop.take(rider, soup, at=end)


def test_what_is_cancelled_in_time_comes_back_and_what_is_missed_does_not(shop: Shop) -> None:
    rider = shop.rider()
    shop.free_a_month(1)
    clinic, slot = shop.slot(0, in_hours=1)
    tea = shop.offer(0)
    taken = shop.take(rider, clinic, slot_id=slot)
    for _ in range(3):
        with pytest.raises(offers_errors.FreeQuotaUsedUp):
            shop.take(rider, tea)
        redemptions_usecases.cancel(taken.ref, actor=rider, now=NOW)
        taken = shop.take(rider, clinic, slot_id=slot)
    redemptions_scheduled.end_overdue(now=NOW + 3 * timedelta(hours=1))
    assert shop.fresh(taken).state == "no_show"
    with pytest.raises(offers_errors.FreeQuotaUsedUp):
        shop.take(rider, tea, at=NOW + DAY)


def test_a_place_waited_for_counts_and_the_kept_one_can_be_booked(shop: Shop) -> None:
    rider, holder = shop.rider(), shop.rider()
    clinic, slot = shop.slot(0)
    other, other_slot = shop.slot(0)
    tea = shop.offer(0)
    held = shop.take(holder, clinic, slot_id=slot)
    shop.take(shop.rider(), other, slot_id=other_slot)
    shop.free_a_month(1)
    redemptions_usecases.join_queue(slot, actor=rider, zone=ZONE, now=NOW)
    with pytest.raises(offers_errors.FreeQuotaUsedUp):
        shop.take(rider, tea)
    with pytest.raises(offers_errors.FreeQuotaUsedUp):
        redemptions_usecases.join_queue(other_slot, actor=rider, zone=ZONE, now=NOW)
    redemptions_usecases.cancel(held.ref, actor=holder, now=NOW + MINUTE)
    with pytest.raises(offers_errors.FreeQuotaUsedUp):
        shop.take(rider, tea, at=NOW + MINUTE)
    assert shop.take(rider, clinic, slot_id=slot, at=NOW + MINUTE).slot_id == slot
    with pytest.raises(offers_errors.FreeQuotaUsedUp):
        redemptions_usecases.join_queue(other_slot, actor=rider, zone=ZONE, now=NOW + MINUTE)


def test_a_quota_counts_the_queues_for_the_same_offer_and_no_others(shop: Shop) -> None:
    rider = shop.rider()
    clinic, first = shop.slot(0, quota=1, quota_period=Period.DAY)
    begins = [NOW + timedelta(hours=30)]
    catalogue_usecases.add_slots(clinic, begins, minutes=30, capacity=1, actor=shop.admin, now=NOW)
    second = slot_queries.list_slots(clinic, now=NOW)[1].slot.id
    db.session.rollback()
    care, other = shop.slot(0, quota=1, quota_period=Period.DAY)
    for offer, slot in ((clinic, first), (clinic, second), (care, other)):
        shop.take(shop.rider(), offer, slot_id=slot)
    redemptions_usecases.join_queue(first, actor=rider, zone=ZONE, now=NOW)
    redemptions_usecases.join_queue(other, actor=rider, zone=ZONE, now=NOW)
    with pytest.raises(offers_errors.QuotaUsedUp):
        redemptions_usecases.join_queue(second, actor=rider, zone=ZONE, now=NOW)


def test_who_may_not_book_may_not_wait_either(shop: Shop) -> None:
    care, slot = shop.slot(20)
    shop.take(shop.rider(40), care, slot_id=slot)
    with pytest.raises(offers_errors.FirstReportNeeded):
        redemptions_usecases.join_queue(slot, actor=shop.rider(), zone=ZONE, now=NOW)


def test_a_new_account_of_the_same_number_gets_nothing_more(shop: Shop) -> None:
    phone = "13933330088"
    first, second = shop.make.rider(phone=phone), shop.make.rider()
    shop.free_a_month(1)
    tea = shop.offer(0)
    shop.take(first, tea)
    numbers_usecases.give_number(
        second.member_id, phone, take=True, actor=shop.admin, policy=shop.make.policy, now=NOW
    )
    with pytest.raises(offers_errors.FreeQuotaUsedUp):
        shop.take(second, tea)


def test_the_page_says_that_the_month_is_used_and_lets_one_stop_waiting(make: Make) -> None:
    rider, desk = make.rider(), Desk(make, make.rider())
    clinic = make.offer(make.station(), kind=OfferKind.SLOT)
    slot = make.slot(clinic, capacity=1)
    make.redemption(make.rider(), clinic, slot)
    with transaction() as session:
        session.get_one(Provider, "of-station-1").free_a_month = 1
    desk.post(f"/services/slots/{slot}/wait", 303)
    tea = make.offer()
    page = desk.get(f"/services/{tea}")
    assert "服务商 每人每月有 1 次免费服务" in page
    assert "data-redeem" not in page
    page = desk.get(f"/services/{clinic}")
    assert "不再等候" in page
    desk.post(f"/services/slots/{slot}/leave", 303)
    assert "data-redeem" in desk.get(f"/services/{tea}")
    make.redemption(rider, tea)
    page = Desk(make, rider).post(f"/services/slots/{slot}/wait", 409)
    assert "服务商 每人每月有 1 次免费服务" in page


# what staff say


def test_an_offer_is_open_by_its_price_until_somebody_chooses(make: Make) -> None:
    make.station()
    admin = Desk(make, make.administrator())

    def save(place: str, **values: str) -> OpensTo:
        version = re.search(r'name="version" value="(\d+)"', admin.get(place))
        assert version is not None
        admin.post(f"{place}/save", 303, **{**OFFER, **values, "version": version[1]})
        db.session.rollback()
        found = db.session.get_one(Offer, int(place.rpartition("/")[2]), populate_existing=True)
        return found.opens_to

    place = admin.post("/admin/offers", 303, **{**OFFER, "points": "0"})
    assert save(place, points="0") is OpensTo.PROVED
    assert save(place, points="15") is OpensTo.FIRST_ACCEPTED
    assert save(place, points="15", opens_to="proved") is OpensTo.PROVED
    assert 'value="proved" selected' in admin.get(place)
    assert save(place, points="0", opens_to="first_accepted") is OpensTo.FIRST_ACCEPTED
    assert "紧俏" in Desk(make, make.rider()).get("/services")
    assert "opens_to" in admin.post("/admin/offers", 422, **{**OFFER, "opens_to": "x"})


def test_a_new_provider_has_a_quota_and_a_known_one_keeps_its_own(shop: Shop) -> None:
    def save(code: str, provider: str, free: int | None) -> int:
        catalogue_usecases.save_station(
            EditStation(
                code=code, provider_code=provider, provider_name="店", address="",
                community_code="211282001001", name=code, lat=42.5, lng=124.0, free_a_month=free,
            ),
            actor=shop.admin, now=NOW,
        )  # fmt: skip
        db.session.rollback()
        found = db.session.get_one(Provider, provider, populate_existing=True).free_a_month
        db.session.rollback()
        return found

    assert save("station-08", "new", None) == FREE_A_MONTH == 10
    assert save("station-08", "new", 31) == 31
    assert save("station-09", "new", None) == 31
    assert save("station-09", "new", 0) == 0


def test_administrators_see_where_a_provider_has_no_quota_yet(make: Make) -> None:
    make.station()
    make.station("station-2")
    with transaction() as session:
        session.get_one(Provider, "of-station-1").free_a_month = 0
    admin = Desk(make, make.administrator())
    rows = re.findall(r"<tr><td class=\"number\">.*?</tr>", admin.get("/admin/stations"), re.S)
    assert ["还没设次数" in row for row in rows] == [True, False]
    assert "<td>10</td>" in rows[1]
    wants = "还没设免费服务的每月次数"
    assert wants in admin.get("/admin/stations/station-1")
    assert wants not in admin.get("/admin/stations/station-2")
    assert wants not in admin.get("/admin/new-station")
    with transaction() as session:
        session.get_one(Provider, "of-station-1").free_a_month = 4
    assert "还没设次数" not in admin.get("/admin/stations")
    assert wants not in admin.get("/admin/stations/station-1")


@pytest.mark.slow
def test_offers_and_providers_of_before_keep_their_rule(shop: Shop) -> None:
    meal, tea = shop.offer(20), shop.offer(0)
    rider = shop.rider()
    shop.book.award(rider.member_id, 20, rule="R8", cause="lesson", at=NOW - DAY)
    db.session.remove()
    schema.downgrade(db.engine, "0028")
    schema.upgrade(db.engine)
    for _ in range(12):
        shop.take(rider, tea)
    offer = db.session.get_one(Offer, meal)
    assert offer.opens_to is OpensTo.PROVED
    assert db.session.get_one(Provider, "provider-01").free_a_month == 0
    db.session.rollback()
    assert HERE == "station-01"
    command = EditOffer(
        provider_code="provider-01", station_code=HERE, kind=OfferKind.VOUCHER, titles=in_words("饭"),
        descriptions=in_words("", ""), picture=offer.picture, points=20,
        for_whom=frozenset({ForWhom.RIDER}), opens_to=OpensTo.PROVED,
    )  # fmt: skip
    catalogue_usecases.save_offer(meal, command, actor=shop.admin, now=NOW)
    assert shop.take(shop.rider(40), meal).points == 20
