"""The rules, pure: what is odd and what is not, to the edge."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from grid_report.fairness import sampling, trust
from grid_report.fairness.kinds import Trust
from grid_report.fairness.signals import acceptance, photo_metadata, photos_alike, velocity
from grid_report.fairness.signals.velocity import Stop
from grid_report.fairness.trust import Record
from grid_report.places.geo.points import Point
from grid_report.rates import Rate

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
PRINT = 0x3C5A_99E1_0FF0_A6B4


def flipped(print_: int, bits: int, seed: int = 1) -> int:
    """Return a hash with so many other bits."""
    for bit in random.Random(seed).sample(range(64), bits):
        print_ ^= 1 << bit
    return print_


# --- photos ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "alike"), [(0, True), (10, True), (11, False), (32, False)])
def test_photos_are_alike_up_to_ten_bits(bits: int, alike: bool) -> None:
    assert photos_alike.is_alike(PRINT, flipped(PRINT, bits)) is alike


def test_every_near_hash_is_filed_under_a_key_that_is_asked_for() -> None:
    asked = set(photos_alike.near_keys(PRINT))
    assert len(asked) == 4 * 137
    for seed in range(2_000):
        near = flipped(PRINT, random.Random(seed).randint(0, photos_alike.MOST_BITS), seed)
        assert asked & set(photos_alike.keys(near))


def test_the_same_bits_in_another_band_are_another_key() -> None:
    assert len(set(photos_alike.keys(0xABCD_ABCD_ABCD_ABCD))) == 4
    assert not set(photos_alike.keys(0x1_0000)) & set(photos_alike.keys(0x1_0000_0001)) - {
        2 << 16, 3 << 16,
    }  # fmt: skip


@pytest.mark.parametrize("blank", [0, 1, 0b11111, 2**64 - 1, 2**64 - 2])
def test_a_photo_without_edges_is_like_none(blank: int) -> None:
    assert not photos_alike.says_something(blank)
    assert not photos_alike.is_alike(blank, blank)


def test_the_closest_come_first_and_no_more_than_wanted() -> None:
    others = [(id_, flipped(PRINT, bits, id_)) for id_, bits in ((1, 9), (2, 3), (3, 12), (4, 0))]
    assert photos_alike.closest(PRINT, others, 2) == [(0, 4), (3, 2)]


@pytest.mark.parametrize(
    ("gap_s", "odd"),
    [
        (None, False),
        (-3600, False),
        (24 * 3600, False),
        (24 * 3600 + 1, True),
        (365 * 24 * 3600, False),
    ],
)
def test_a_day_is_long_and_a_year_is_a_camera_without_a_clock(gap_s: int | None, odd: bool) -> None:
    assert photo_metadata.is_taken_long_before(gap_s) is odd


@pytest.mark.parametrize(
    ("off_m", "accuracy_m", "known", "odd"),
    [
        (None, None, True, False),
        (1000, None, True, False),
        (1001, None, True, True),
        (1500, 500.0, True, False),
        (1501, 500.0, True, True),
        (9999, None, False, False),
    ],
)
def test_a_kilometre_beyond_what_the_phone_was_unsure_of_is_elsewhere(
    off_m: int | None, accuracy_m: float | None, known: bool, odd: bool
) -> None:
    assert photo_metadata.is_taken_far_off(off_m, accuracy_m, place_is_known=known) is odd


# --- velocity -------------------------------------------------------------------------------------


def stop(minutes: float, km_north: float, *, taken: float | None = None, unsure: float = 0) -> Stop:
    """Return a stop so many minutes after noon, so many kilometres north."""
    return Stop(
        Point(42.5 + km_north / 111.195, 124.0),
        unsure,
        None if taken is None else NOON + timedelta(minutes=taken),
        NOON + timedelta(minutes=minutes),
    )


@pytest.mark.parametrize(
    ("later", "odd"),
    [
        (stop(5, 40), True),
        (stop(41, 40), False),
        (stop(39, 40), True),
        (stop(0, 0.9), False),
        (stop(0, 1.2), True),
        (stop(0, 1.2, unsure=300), False),
    ],
)
def test_sixty_an_hour_is_the_most_a_rider_rides(later: Stop, odd: bool) -> None:
    assert (velocity.leap(stop(0, 0), later) is not None) is odd


def test_a_leap_says_how_far_and_how_long_and_how_fast() -> None:
    leap = velocity.leap(stop(0, 0), stop(5, 40))
    assert leap is not None
    assert leap.away_m == pytest.approx(40_000, abs=20)
    assert (leap.seconds, leap.kmh) == (300, 480)
    at_once = velocity.leap(stop(0, 0), stop(0, 40))
    assert at_once is not None
    assert at_once.kmh is None


def test_reports_that_waited_for_a_signal_are_measured_by_when_they_were_taken() -> None:
    assert velocity.leap(stop(60, 0, taken=0), stop(60, 40)) is None
    # A clock that runs ahead helps nobody.
    assert velocity.leap(stop(60, 0, taken=600), stop(60, 40)) is not None


# --- acceptances ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("acceptors", "found"),
    [
        ([1] * 9, None),
        ([1] * 10, (1, 10, 10)),
        ([1] * 8 + [2] * 2, (1, 8, 10)),
        ([1] * 7 + [2] * 3, None),
        ([], None),
    ],
)
def test_eight_in_ten_by_one_person_leans(
    acceptors: list[int], found: tuple[int, int, int] | None
) -> None:
    leaning = acceptance.leaning(acceptors)
    assert (leaning and (leaning.acceptor_id, leaning.by_one, leaning.accepted)) == found


@pytest.mark.parametrize(
    ("by_one", "others", "nothing"), [(9, 9, False), (8, 10, True), (7, 10, False), (0, 0, False)]
)
def test_the_only_one_on_duty_leans_to_nobody(by_one: int, others: int, nothing: bool) -> None:
    assert acceptance.is_nothing_special(by_one, others) is nothing


@pytest.mark.parametrize(("took", "odd"), [(-1, None), (0, 0), (19.9, 19), (20, None)])
def test_under_twenty_seconds_nobody_has_looked(took: float, odd: int | None) -> None:
    assert acceptance.seconds_to_accept(NOON, NOON + timedelta(seconds=took)) == odd


# --- trust ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "level"),
    [
        (Record(), Trust.MIDDLE),
        (Record(accepted=2, rejected=2), Trust.MIDDLE),
        (Record(accepted=3, rejected=2), Trust.LOW),
        (Record(accepted=31, rejected=19), Trust.MIDDLE),
        (Record(accepted=9), Trust.MIDDLE),
        (Record(accepted=10), Trust.HIGH),
        (Record(accepted=18, rejected=2), Trust.HIGH),
        (Record(accepted=17, rejected=2), Trust.MIDDLE),
        (Record(accepted=100, reversed=1), Trust.LOW),
    ],
)
def test_trust_has_three_levels(record: Record, level: Trust) -> None:
    assert trust.level(record) is level


# --- the sample -----------------------------------------------------------------------------------


def population(**sizes: int) -> list[tuple[str, str]]:
    return [(code, f"{code}-{n:04d}") for code, size in sizes.items() for n in range(size)]


@pytest.mark.parametrize(
    ("sizes", "drawn"),
    [
        ({}, 0),
        ({"a": 1}, 1),
        ({"a": 30, "b": 29}, 59),
        ({"a": 30, "b": 30}, 59),
        ({"a": 1, "b": 5000}, 59),
        ({f"c{n:03d}": 3 for n in range(80)}, 80),
    ],
)
def test_a_sample_holds_at_least_59_or_all(sizes: dict[str, int], drawn: int) -> None:
    sample = sampling.draw(population(**sizes), seed="211282:2026-10")
    assert len(sample) == len(set(sample)) == drawn
    # Every community with an acceptance is in it.
    assert {number[:-5] for number in sample} == set(sizes)


def test_shares_are_in_proportion() -> None:
    assert sampling.allot({"a": 100, "b": 200, "c": 290}) == {"a": 10, "b": 20, "c": 29}


def test_a_draw_can_be_drawn_anew_in_any_order_and_by_another_seed_is_another() -> None:
    people = population(a=200, b=100)
    first = sampling.draw(people, seed="211282:2026-10")
    random.Random(4).shuffle(people)
    assert sampling.draw(people, seed="211282:2026-10") == first
    assert sampling.draw(people, seed="211282:2026-09") != first
    assert sampling.draw(people, seed="211283:2026-10") != first


@pytest.mark.parametrize(
    ("rate", "percent"),
    [(Rate(9, 9), None), (Rate(0, 0), None), (Rate(10, 10), 100.0), (Rate(1, 16), 6.25)],
)
def test_below_ten_a_rate_has_no_percentage(rate: Rate, percent: float | None) -> None:
    assert rate.percent == percent
