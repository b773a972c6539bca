"""The station's side: one code per reason, wrong tries counted, confirmed exactly once, the book."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.errors import Forbidden, Invalid, TooMany
from grid_report.offers import errors as offers_errors
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.counter.commands import BookLine, Scan
from grid_report.offers.kinds import BookResult
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions import vouchers
from grid_report.offers.redemptions.lifecycle import RedemptionState
from tests.offers.shop import COUNTY, HERE, NOW, Shop

pytestmark = pytest.mark.database

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
S = timedelta(seconds=1)


def test_scanning_changes_nothing_and_shows_the_voucher(shop: Shop) -> None:
    taken = shop.take(shop.rider(80), shop.offer(80))
    before = shop.fresh(taken).version
    for look in (shop.shown(taken), shop.digits(taken)):
        assert counter_usecases.scan(look, actor=shop.staff, now=NOW).ref == taken.ref
    assert shop.fresh(taken).version == before
    assert shop.fresh(taken).state is RedemptionState.RESERVED


@pytest.mark.parametrize(("after", "counts"), [(15 * 60 * S, True), (15 * 60 * S + S, False)])
def test_a_look_at_a_voucher_is_good_for_a_quarter_of_an_hour(
    shop: Shop, after: timedelta, counts: bool
) -> None:
    taken = shop.take(shop.rider(80), shop.offer(80))
    shop.scan(taken)
    if counts:
        counter_usecases.confirm(taken.ref, "n-1", actor=shop.staff, now=NOW + after)
        assert shop.fresh(taken).state is RedemptionState.DELIVERED
    else:
        with pytest.raises(offers_errors.VoucherStepOld):
            counter_usecases.confirm(taken.ref, "n-1", actor=shop.staff, now=NOW + after)


def test_the_present_and_the_previous_code_count_and_no_other(shop: Shop) -> None:
    taken = shop.take(shop.rider(80), shop.offer(80))
    shown = shop.shown(taken)
    for age in (0, 29, 30, 59):
        at = NOW + age * S
        if vouchers.step_at(at) - vouchers.step_at(NOW) < 2:
            assert counter_usecases.scan(shown, actor=shop.staff, now=at)
    for at in (NOW + 60 * S, NOW - 30 * S, NOW + DAY):
        with pytest.raises(offers_errors.VoucherStepOld):
            counter_usecases.scan(shown, actor=shop.staff, now=at)


def test_six_digits_count_for_five_to_ten_minutes_at_their_station_only(shop: Shop) -> None:
    taken = shop.take(shop.rider(80), shop.offer(80))
    digits = shop.digits(taken)
    assert counter_usecases.scan(digits, actor=shop.staff, now=NOW + 5 * 60 * S - S)
    for actor, at in ((shop.staff, NOW + 10 * 60 * S), (shop.other_staff, NOW)):
        with pytest.raises(offers_errors.VoucherUnknown):
            counter_usecases.scan(digits, actor=actor, now=at)


def test_each_refusal_has_its_own_code_and_the_facts_to_tell(shop: Shop) -> None:
    rider, meal = shop.rider(320), shop.offer(80)
    taken = shop.take(rider, meal)
    with pytest.raises(offers_errors.VoucherWrongStation) as wrong:
        shop.scan(taken, by=shop.other_staff)
    assert wrong.value.station == "驿站01"
    with pytest.raises(offers_errors.VoucherUnknown):
        counter_usecases.scan(Scan(qr="https://example.org/pay"), actor=shop.staff, now=NOW)
    forged = vouchers.text_for(taken.ref, vouchers.new_secret(), vouchers.step_at(NOW))
    with pytest.raises(offers_errors.VoucherUnknown):
        counter_usecases.scan(Scan(qr=forged), actor=shop.staff, now=NOW)
    shop.hand_out(taken)
    for look in (shop.shown(taken, NOW + HOUR), shop.digits(taken, NOW + HOUR)):
        with pytest.raises(offers_errors.VoucherUsed) as used:
            counter_usecases.scan(look, actor=shop.staff, now=NOW + HOUR)
        assert (used.value.used_at, used.value.station) == (NOW.isoformat(), "驿站01")
    late = shop.take(rider, meal)
    for ended in (False, True):
        with pytest.raises(offers_errors.VoucherExpired) as over:
            shop.scan(late, at=late.holds_until)
        assert over.value.expired_at == late.holds_until.isoformat()
        if not ended:
            redemptions_scheduled.end_overdue(now=late.holds_until)
    cancelled = shop.take(rider, meal)
    redemptions_usecases.cancel(cancelled.ref, actor=rider, now=NOW)
    with pytest.raises(offers_errors.VoucherExpired):
        shop.scan(cancelled)


def test_confirming_is_exactly_once_and_the_nonce_answers_as_before(shop: Shop) -> None:
    rider = shop.rider(80)
    taken = shop.take(rider, shop.offer(80))
    first = shop.hand_out(taken, nonce="n-7")
    again = counter_usecases.confirm(taken.ref, "n-7", actor=shop.staff, now=NOW + DAY)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.redemption.delivered_at == NOW
    with pytest.raises(offers_errors.VoucherUsed):
        counter_usecases.confirm(taken.ref, "n-8", actor=shop.staff, now=NOW + HOUR)
    assert shop.book.value("SELECT count(*) FROM point_journal WHERE kind = 'capture'") == 1
    assert shop.sound()


def test_nothing_is_confirmed_that_was_not_looked_at(shop: Shop) -> None:
    taken = shop.take(shop.rider(80), shop.offer(80))
    with pytest.raises(offers_errors.VoucherStepOld):
        counter_usecases.confirm(taken.ref, "n", actor=shop.staff, now=NOW)
    shop.scan(taken)
    with pytest.raises(offers_errors.VoucherStepOld):
        counter_usecases.confirm(taken.ref, "n", actor=shop.staff, now=NOW + 16 * 60 * S)
    with pytest.raises(Invalid):
        counter_usecases.confirm(taken.ref, "", actor=shop.staff, now=NOW)
    with pytest.raises(offers_errors.VoucherWrongStation):
        counter_usecases.confirm(taken.ref, "n", actor=shop.other_staff, now=NOW)
    with pytest.raises(offers_errors.VoucherUnknown):
        counter_usecases.confirm("R-NOSUCH", "n", actor=shop.staff, now=NOW)
    for stranger in (shop.rider(), shop.admin, shop.make.worker()):
        with pytest.raises(Forbidden):
            counter_usecases.confirm(taken.ref, "n", actor=stranger, now=NOW)
        with pytest.raises(Forbidden):
            counter_usecases.scan(shop.shown(taken), actor=stranger, now=NOW)
    assert counter_usecases.confirm(taken.ref, "n", actor=shop.staff, now=NOW + 14 * 60 * S)


def test_nobody_hands_out_to_oneself(shop: Shop) -> None:
    both = shop.make.member(Grant(Role.RIDER), Grant(Role.STATION_STAFF, HERE))
    water = shop.offer(0)
    taken = shop.take(both, water)
    shop.scan(taken, by=both)
    with pytest.raises(offers_errors.OwnVoucher):
        counter_usecases.confirm(taken.ref, "n", actor=both, now=NOW)


def test_ten_wrong_tries_close_the_station_for_an_hour(shop: Shop) -> None:
    taken = shop.take(shop.rider(80), shop.offer(80))
    for second in range(10):
        with pytest.raises(offers_errors.VoucherUnknown):
            counter_usecases.scan(Scan(digits="000000"), actor=shop.staff, now=NOW + second * S)
    with pytest.raises(TooMany) as refused:
        shop.scan(taken, at=NOW + 20 * S)
    assert refused.value.retry_after_s == 3580
    assert shop.scan(taken, at=NOW + HOUR)


def test_five_forged_codes_close_a_voucher_for_an_hour(shop: Shop) -> None:
    taken, other = (shop.take(shop.rider(80), shop.offer(80)) for _ in range(2))
    forged = Scan(qr=vouchers.text_for(taken.ref, vouchers.new_secret(), vouchers.step_at(NOW)))
    for _ in range(5):
        with pytest.raises(offers_errors.VoucherUnknown):
            counter_usecases.scan(forged, actor=shop.staff, now=NOW)
    with pytest.raises(TooMany):
        shop.scan(taken)
    assert shop.scan(other)
    assert shop.scan(taken, at=NOW + HOUR)


def test_foreign_codes_in_the_cameras_sight_are_no_tries(shop: Shop) -> None:
    taken = shop.take(shop.rider(80), shop.offer(80))
    for _ in range(12):
        with pytest.raises(offers_errors.VoucherUnknown):
            counter_usecases.scan(Scan(qr="WIFI:S:x;;"), actor=shop.staff, now=NOW)
    assert shop.scan(taken)


def upload(shop: Shop, *lines: BookLine, at: timedelta = HOUR) -> list[tuple[str, str]]:
    done = counter_usecases.upload_book(lines, county=COUNTY, actor=shop.staff, now=NOW + at)
    return [(it.result.value, it.why) for it in done]


def test_the_book_confirms_what_was_written_down_without_network(shop: Shop) -> None:
    rider = shop.rider(40)
    cup = shop.offer(20)
    first, second = shop.take(rider, cup), shop.take(rider, cup)
    lines = (
        BookLine("b-1", NOW + S, shop.shown(first, NOW + S)),
        BookLine("b-2", NOW + 2 * S, shop.digits(second, NOW + 2 * S)),
    )
    for _ in range(2):
        assert upload(shop, *lines) == [("confirmed", ""), ("confirmed", "")]
    assert shop.fresh(first).by_book
    assert shop.points(rider) == (0, 0)
    assert shop.sound(NOW + HOUR)


def test_the_book_takes_no_large_old_wrong_or_foreign_lines(shop: Shop) -> None:
    meal = shop.take(shop.rider(80), shop.offer(80))
    cup = shop.take(shop.rider(20), shop.offer(20, valid_days=30))
    elsewhere = shop.take(shop.rider(20), shop.offer(20, station="station-02"))
    stale = shop.shown(cup)
    assert upload(
        shop,
        BookLine("b-1", NOW, shop.shown(meal)),
        BookLine("b-2", NOW + 5 * 60 * S, stale),
        BookLine("b-3", NOW, Scan(digits="123456")),
        BookLine("b-4", NOW, shop.shown(elsewhere)),
    ) == [
        ("refused", "book-too-many-points"),
        ("refused", "voucher-step-old"),
        ("refused", "voucher-unknown"),
        ("refused", "voucher-wrong-station"),
    ]
    assert upload(shop, BookLine("b-5", NOW, shop.shown(cup)), at=8 * DAY) == [
        ("refused", "book-line-too-old")
    ]
    assert shop.fresh(cup).state is RedemptionState.RESERVED


def test_a_line_that_collides_becomes_a_dispute(shop: Shop) -> None:
    rider = shop.rider(40)
    cup = shop.offer(20)
    twice, taken_back = shop.take(rider, cup), shop.take(rider, cup)
    lines = (
        BookLine("b-1", NOW, shop.shown(twice)),
        BookLine("b-2", NOW, shop.shown(taken_back)),
    )
    shop.hand_out(twice, at=NOW + 60 * S)
    redemptions_usecases.cancel(taken_back.ref, actor=rider, now=NOW + 60 * S)
    assert upload(shop, *lines) == [("disputed", "voucher-used"), ("disputed", "voucher-expired")]
    assert shop.fresh(twice).state is RedemptionState.DISPUTED
    assert shop.fresh(taken_back).state is RedemptionState.CANCELLED
    assert shop.book.value("SELECT count(*) FROM outbox WHERE kind = 'redemption_disputed'") == 2
    assert redemptions_scheduled.settle_due(now=NOW + 5 * DAY) == 0
    assert {BookResult.DISPUTED.value} == {result for result, _ in upload(shop, *lines)}


def test_the_book_is_no_place_to_guess_in(shop: Shop) -> None:
    shop.take(shop.rider(20), shop.offer(20))
    guesses = [BookLine(f"g-{n}", NOW - n * HOUR, Scan(digits=f"{n:06d}")) for n in range(11)]
    with pytest.raises(TooMany):
        counter_usecases.upload_book(guesses, county=COUNTY, actor=shop.staff, now=NOW)
    assert shop.book.value("SELECT count(*) FROM station_book") == 10
    # What was answered before is answered again.
    done = counter_usecases.upload_book(guesses[:10], county=COUNTY, actor=shop.staff, now=NOW)
    assert {it.result for it in done} == {BookResult.REFUSED}
