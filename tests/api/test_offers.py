"""Offers through the API: the contract's calls, one after the other, as a program makes them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from grid_report import clock
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.kinds import OfferKind
from grid_report.web.paging import pack
from tests.api.conftest import Program, Programs, problem
from tests.support.builders import Make, in_words

pytestmark = pytest.mark.database


@pytest.fixture
def staff(make: Make) -> Actor:
    make.station("station-1")
    make.station("station-2")
    return make.member(Grant(Role.STATION_STAFF, "station-1"))


def test_the_catalogue_and_the_map_say_what_the_contract_names(
    make: Make, program: Programs, staff: Actor
) -> None:
    clinic = make.offer(kind=OfferKind.SLOT, titles=in_words("义诊", "Clinic"))
    slot = make.slot(clinic)
    rider = program(make.rider())
    listed = rider.get("offers", headers={"Accept-Language": "en"}).json
    assert listed["next"] is None
    (shown,) = listed["items"]
    assert shown == rider.get(f"offers/{clinic}", headers={"Accept-Language": "en"}).json
    assert (shown["title"], shown["kind"], shown["points"], shown["left"]) == (
        "Clinic",
        "slot",
        0,
        2,
    )
    assert shown["station"]["code"] == "station-1"
    assert [it["id"] for it in shown["slots"]] == [slot]
    guest = program(None)
    stations = guest.get("stations?near=42.546,124.0408").json["items"]
    assert [it["distance_m"] for it in stations] == [0, 0]
    assert stations[0]["free_services"] == ["rest"]
    problem(guest.get("offers"), 401, "sign-in-needed")
    problem(rider.get("offers/999999"), 404, "not-found")
    problem(rider.get("offers?near=somewhere"), 422, "invalid", "near")
    problem(rider.get("stations?near=91,0"), 422, "invalid", "near")


def test_taken_scanned_confirmed(make: Make, program: Programs, staff: Actor) -> None:
    rider, station, key = program(make.rider()), program(staff), str(uuid.uuid4())
    cup = make.offer()
    sent = {"json": {"offer": cup, "for": "family"}, "headers": {"Idempotency-Key": key}}
    first, again = rider.post("redemptions", **sent), rider.post("redemptions", **sent)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    taken = again.json
    assert taken["ref"] == first.json["ref"]
    assert (taken["state"], taken["points"], taken["for"]) == ("reserved", 0, "family")
    assert taken["station"]["code"] == "station-1"
    other = rider.post("redemptions", json={"offer": cup}, headers={"Idempotency-Key": key})
    problem(other, 422, "idempotency-key-reused")
    for seen in ({"qr": taken["voucher"]["qr"]}, {"code": taken["voucher"]["code"]}):
        preview = station.post("vouchers/scan", json=seen)
        assert preview.status_code == 200
        assert (preview.json["ref"], preview.json["state"]) == (taken["ref"], "reserved")
    confirmed = {"json": {"ref": taken["ref"], "nonce": "n-1"}}
    done, repeated = (station.post("vouchers/confirm", **confirmed) for _ in range(2))
    assert done.json == repeated.json
    assert done.json["state"] == "delivered"
    assert repeated.headers["Idempotent-Replayed"] == "true"
    listed = rider.get("me/redemptions").json["items"]
    assert [(it["ref"], it["state"], it["voucher"]) for it in listed] == [
        (taken["ref"], "delivered", None)
    ]
    used = problem(station.post("vouchers/scan", json=seen), 409, "voucher-used")
    assert used["facts"]["station"] == "驿站 station-1"
    assert used["facts"]["used_at"].startswith(done.json["delivered_at"][:16])
    problem(
        station.post("vouchers/confirm", json={"ref": taken["ref"], "nonce": "n-2"}),
        409,
        "voucher-used",
    )


def test_every_refusal_of_a_voucher_has_its_code(
    make: Make, program: Programs, staff: Actor
) -> None:
    rider, station = program(make.rider()), program(staff)
    here = rider.post("redemptions", json={"offer": make.offer()}).json
    there = rider.post("redemptions", json={"offer": make.offer("station-2")}).json
    cancelled = rider.post("redemptions", json={"offer": make.offer()}).json
    assert rider.post(f"redemptions/{cancelled['ref']}/cancel").json["state"] == "cancelled"
    assert rider.post(f"redemptions/{cancelled['ref']}/cancel").status_code == 200
    version, ref, step, mac = here["voucher"]["qr"].split(".")
    for qr, code in (
        (there["voucher"]["qr"], "voucher-wrong-station"),
        (cancelled["voucher"]["qr"], "voucher-expired"),
        (f"{version}.{ref}.{step}.{'A' * len(mac)}", "voucher-unknown"),
        ("hello", "voucher-unknown"),
    ):
        problem(station.post("vouchers/scan", json={"qr": qr}), 409, code)
    problem(
        station.post("vouchers/confirm", json={"ref": ref, "nonce": "n"}), 409, "voucher-step-old"
    )
    problem(station.post("vouchers/scan", json={}), 422, "invalid", "qr")
    problem(station.post("vouchers/scan", json={"qr": 7}), 422, "invalid", "qr")
    problem(rider.post("vouchers/scan", json={"code": "123456"}), 403, "forbidden")
    problem(program(make.rider()).post(f"redemptions/{ref}/cancel"), 404, "not-found")


@pytest.mark.parametrize("code", ["１２３４５６", "你好", "🙂", "12345٦"])
def test_a_code_in_other_letters_is_a_wrong_code(
    make: Make, program: Programs, staff: Actor, code: str
) -> None:
    program(make.rider()).post("redemptions", json={"offer": make.offer()})
    station = program(staff)
    problem(station.post("vouchers/scan", json={"code": code}), 409, "voucher-unknown")
    problem(station.post("vouchers/scan", json={"qr": code}), 409, "voucher-unknown")


def test_what_cannot_be_taken_says_why(make: Make, program: Programs, staff: Actor) -> None:
    rider = program(make.rider())
    dear, clinic = make.offer(points=80), make.offer(kind=OfferKind.SLOT)
    short = problem(rider.post("redemptions", json={"offer": dear}), 409, "not-enough-points")
    assert short["facts"] == {"missing_points": 80}
    problem(rider.post("redemptions", json={"offer": clinic}), 422, "invalid", "slot")
    problem(rider.post("redemptions", json={"offer": clinic, "slot": 99}), 422, "invalid", "slot")
    problem(
        rider.post("redemptions", json={"offer": clinic, "for": "child"}),
        422,
        "invalid",
        "guardian",
    )
    problem(rider.post("redemptions", json={"offer": dear, "for": "cat"}), 422, "invalid", "for")
    problem(rider.post("redemptions", json={}), 422, "invalid", "offer")
    problem(rider.post("redemptions", json={"offer": 999_999}), 404, "not-found")
    problem(program(staff).post("redemptions", json={"offer": dear}), 403, "forbidden")


def test_lists_cost_the_same_however_long(make: Make, program: Programs, staff: Actor) -> None:
    from sqlalchemy import event

    from grid_report.db import db

    rider = program(make.rider())
    counts = []
    for many in (1, 6):
        for _ in range(many):
            offer = make.offer(kind=OfferKind.SLOT)
            slot = make.slot(offer)
            rider.post("redemptions", json={"offer": offer, "slot": slot})
        said: list[str] = []

        def note(
            _c: object, _cur: object, text: str, *_more: object, said: list[str] = said
        ) -> None:
            said.append(text)

        event.listen(db.engine, "before_cursor_execute", note)
        for path in ("offers", "me/redemptions", "stations"):
            assert rider.get(path).status_code == 200
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(said))
    assert counts[0] == counts[1]


def test_nobody_pays_another_price_than_the_one_expected(
    make: Make, program: Programs, staff: Actor
) -> None:
    rider, offer, key = program(make.rider()), make.offer(points=0, stock=3), str(uuid.uuid4())
    body: dict[str, Any] = {"offer": offer, "expected_points": 20}
    headers = {"Idempotency-Key": key}
    refused = problem(rider.post("redemptions", json=body, headers=headers), 409, "price-changed")
    assert refused["facts"] == {"points": 0}
    # Nothing was kept of it: not a redemption, not a unit, not the key.
    assert rider.get("me/redemptions").json["items"] == []
    assert rider.get(f"offers/{offer}").json["left"] == 3
    body["expected_points"] = 0
    first, again = (rider.post("redemptions", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.json["ref"]) == (201, first.json["ref"])
    assert again.headers["Idempotent-Replayed"] == "true"
    # The price is a part of what was sent.
    body["expected_points"] = 1
    problem(rider.post("redemptions", json=body, headers=headers), 422, "idempotency-key-reused")
    for odd in (-1, 10_001, "20", True, 1.5):
        body["expected_points"] = odd
        problem(rider.post("redemptions", json=body), 422, "invalid", "expected_points")


def pages(rider: Program, query: str = "") -> list[list[int]]:
    """Turn over the whole catalogue; return the ids page by page."""
    found = []
    cursor: str | None = ""
    while cursor is not None:
        page = rider.get(f"offers?limit=3&cursor={cursor}{query}").json
        found.append([it["id"] for it in page["items"]])
        cursor = page["next"]
    return found


@pytest.mark.parametrize("query", ["", "&near=42.546,124.0408"])
def test_the_catalogue_is_paged_without_gap_or_repetition(
    make: Make, program: Programs, staff: Actor, query: str
) -> None:
    rider = program(make.rider())
    made = [make.offer(f"station-{1 + n % 2}", points=20 * (n % 3)) for n in range(7)]
    whole = [it["id"] for it in rider.get(f"offers?{query}").json["items"]]
    assert sorted(whole) == sorted(made)
    found = pages(rider, query)
    assert [len(page) for page in found] == [3, 3, 1]
    assert [one for page in found for one in page] == whole


def test_an_offer_that_comes_or_goes_shifts_no_other_page(
    make: Make, program: Programs, staff: Actor
) -> None:
    rider = program(make.rider())
    made = [make.offer(points=20) for _ in range(6)]
    first = rider.get("offers?limit=3").json
    catalogue_usecases.retire_offer(made[1], actor=make.administrator(), now=clock.now())
    make.offer(points=10)
    second = rider.get(f"offers?limit=3&cursor={first['next']}").json
    assert [it["id"] for it in first["items"]] == made[:3]
    assert [it["id"] for it in second["items"]] == made[3:]
    assert second["next"] is None


@pytest.mark.parametrize("near", ["", "near=42.546,124.0408&"])
def test_an_odd_cursor_or_limit_of_the_catalogue_is_named(
    make: Make, program: Programs, staff: Actor, near: str
) -> None:
    rider = program(make.rider())
    length = 3 if near else 2
    for odd in ("W10", "%00", pack(1), pack(*["a"] * length), pack(*[-1] * length),
                pack(*[True] * length), pack(*[2**63] * length), pack(*[1] * (5 - length))):  # fmt: skip
        problem(rider.get(f"offers?{near}cursor={odd}"), 422, "invalid", "cursor")
    for odd in ("0", "201", "x"):
        problem(rider.get(f"offers?{near}limit={odd}"), 422, "invalid", "limit")
