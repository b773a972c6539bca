"""Cards: asked for, approved, issued at the owners' price; each once, whatever is sent twice."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from grid_report.db import db
from grid_report.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from grid_report.offers import errors as offers_errors
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.permits import scheduled as permits_scheduled
from grid_report.offers.permits.lifecycle import (
    ApplicationState,
    ApplicationStep,
    IllegalApplicationStep,
)
from grid_report.offers.permits.models import Application, ApplicationEntry, Subsidy
from grid_report.offers.permits.queries import find_permit, list_entries
from grid_report.offers.permits.rules import PermitKind
from grid_report.offers.redemptions import call_off_usecases
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.models import Redemption
from grid_report.points.errors import NotEnoughPoints
from tests.offers.cards import Cards
from tests.support.builders import BRIGHT

pytestmark = pytest.mark.database

S, T = ApplicationState, ApplicationStep
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_card_is_asked_for_approved_twice_and_issued_at_the_owners_price(cards: Cards) -> None:
    rider = cards.shop.rider(200)
    ref = cards.apply(rider).ref
    assert cards.shop.points(rider) == (45, 155)
    cards.step(ref, T.PROPERTY_APPROVE, cards.firm)
    cards.step(ref, T.COMMUNITY_APPROVE, cards.worker, words="核实过")
    cards.step(ref, T.ISSUE, cards.firm, card_number="0042")
    card = cards.fresh(ref)
    assert (card.state, card.card_number, card.points) == (S.ACTIVE, "0042", 155)
    assert card.valid_until == cards.now + 366 * DAY
    assert card.token is not None
    assert len(card.token) >= 22
    assert cards.shop.points(rider) == (45, 0)
    assert [(e.step, e.role, e.words) for e in list_entries(card.id)] == [
        (T.APPLY, "rider", ""),
        (T.PROPERTY_APPROVE, "handler", ""),
        (T.COMMUNITY_APPROVE, "worker", "核实过"),
        (T.ISSUE, "handler", ""),
    ]
    assert redemptions_scheduled.settle_due(now=cards.now + 72 * HOUR) == 1
    book = cards.shop.book
    paid = "SELECT credits - debits FROM point_accounts WHERE kind = 'provider' AND provider_code"
    assert book.value(f"{paid} = 'property-01'") == 155
    assert cards.shop.sound(cards.now + 72 * HOUR)


def test_a_compound_that_manages_itself_is_free_and_the_county_pays(cards: Cards) -> None:
    rider = cards.shop.rider(0)
    ref = cards.apply(rider, cards.alone).ref
    with pytest.raises(NotFound):
        cards.step(ref, T.PROPERTY_APPROVE, cards.firm)
    with pytest.raises(IllegalApplicationStep):
        cards.step(ref, T.PROPERTY_APPROVE, cards.worker_alone)
    cards.step(ref, T.COMMUNITY_APPROVE, cards.worker_alone)
    cards.step(ref, T.ISSUE, cards.worker_alone)
    card = cards.fresh(ref)
    assert (card.state, card.points, card.owners_fen) == (S.ACTIVE, 0, 1500)
    paid = db.session.scalars(select(Subsidy)).one()
    assert (paid.application_id, paid.fen, paid.words) == (card.id, 1500, "县级补贴")
    db.session.rollback()
    assert (
        cards.shop.book.value("SELECT count(*) FROM point_journal WHERE redemption_ref <> ''") == 0
    )


@pytest.mark.parametrize("far", [0, 1, 2])
def test_the_rider_may_withdraw_until_the_card_is_there(cards: Cards, far: int) -> None:
    rider = cards.shop.rider(155)
    ref = cards.apply(rider).ref
    for step, who in ((T.PROPERTY_APPROVE, cards.firm), (T.COMMUNITY_APPROVE, cards.worker))[:far]:
        cards.step(ref, step, who)
    cards.step(ref, T.WITHDRAW, rider)
    assert cards.shop.points(rider) == (155, 0)
    assert cards.fresh(ref).state is S.WITHDRAWN
    assert cards.shop.reserved(cards.card) == 0
    cards.apply(rider)
    assert cards.shop.sound()


def test_who_declines_says_why_and_the_points_come_back(cards: Cards) -> None:
    rider = cards.shop.rider(155)
    ref = cards.apply(rider).ref
    with pytest.raises(Invalid) as refused:
        cards.step(ref, T.PROPERTY_DECLINE, cards.firm)
    assert list(refused.value.problems) == ["words"]
    cards.step(ref, T.PROPERTY_DECLINE, cards.firm, words="资料不全")
    assert cards.shop.points(rider) == (155, 0)
    again = cards.apply(rider).ref
    cards.step(again, T.PROPERTY_APPROVE, cards.firm)
    cards.step(again, T.COMMUNITY_DECLINE, cards.worker, words="暂停办理")
    assert cards.shop.points(rider) == (155, 0)
    told = cards.shop.book.value(
        "SELECT count(*) FROM outbox WHERE kind = 'application_step' AND member_id = :id",
        id=rider.member_id,
    )
    assert told == 3


def test_nobody_decides_on_an_own_application_or_out_of_turn(cards: Cards) -> None:
    from grid_report.access import Actor

    rider = cards.shop.rider(155)
    ref = cards.apply(rider).ref
    both = Actor(rider.member_id, "", rider.grants | cards.firm.grants | cards.worker.grants)
    with pytest.raises(Forbidden):
        cards.step(ref, T.PROPERTY_APPROVE, both)
    for who in (cards.worker, cards.shop.admin):
        with pytest.raises(Forbidden):
            cards.step(ref, T.PROPERTY_APPROVE, who)
    strangers = (
        cards.make.worker(BRIGHT), cards.make.handler("property-02"), cards.shop.rider(),
        cards.shop.staff, cards.make.supervisor(),
    )  # fmt: skip
    for who in strangers:
        with pytest.raises(NotFound):
            cards.step(ref, T.PROPERTY_APPROVE, who)
    with pytest.raises(Forbidden):
        cards.step(ref, T.PROPERTY_APPROVE, cards.make.auditor())
    with pytest.raises(IllegalApplicationStep):
        cards.step(ref, T.COMMUNITY_APPROVE, cards.worker)


def test_the_same_request_again_changes_nothing_and_an_old_page_is_told(cards: Cards) -> None:
    rider, key = cards.shop.rider(200), str(uuid.uuid4())
    first = cards.apply(rider, key=key)
    again = cards.apply(rider, key=key)
    assert (first.ref, again.replayed) == (again.ref, True)
    with pytest.raises(offers_errors.BookingKeyReused):
        cards.apply(rider, key=key, nickname="别人")
    assert not cards.step(first.ref, T.PROPERTY_APPROVE, cards.firm, seen=1).replayed
    assert cards.step(first.ref, T.PROPERTY_APPROVE, cards.firm, seen=1).replayed
    with pytest.raises(Stale):
        cards.step(first.ref, T.COMMUNITY_APPROVE, cards.worker, seen=1)
    cards.step(first.ref, T.COMMUNITY_APPROVE, cards.worker, seen=2)
    cards.step(first.ref, T.ISSUE, cards.firm, seen=3)
    assert cards.step(first.ref, T.ISSUE, cards.firm, seen=3).replayed
    assert cards.shop.points(rider) == (45, 0)


def test_one_card_a_rider_and_compound_and_renewed_near_its_end(cards: Cards) -> None:
    rider = cards.shop.rider(600)
    first = cards.apply(rider).ref
    with pytest.raises(offers_errors.PermitApplied):
        cards.apply(rider)
    cards.step(first, T.PROPERTY_APPROVE, cards.firm)
    cards.step(first, T.COMMUNITY_APPROVE, cards.worker)
    cards.step(first, T.ISSUE, cards.firm)
    with pytest.raises(offers_errors.PermitHeld):
        cards.apply(rider)
    with pytest.raises(offers_errors.NotRenewable):
        cards.apply(rider, renews=first)
    cards.apply(cards.shop.rider(155))
    near = cards.now + 340 * DAY
    # Points of the day before are over by then; what is free needs none.
    cards.price(cards.with_firm, 0, by=cards.firm, words="免费期")
    second = cards.approved(rider, renews=first, at=near)
    cards.step(second, T.ISSUE, cards.firm, at=near)
    old, new = cards.fresh(first), cards.fresh(second)
    assert (old.state, new.state) == (S.RENEWED, S.ACTIVE)
    assert old.valid_until is not None
    assert new.valid_until == old.valid_until + 366 * DAY


def test_who_stops_a_card_may_start_it_again_and_others_not(cards: Cards) -> None:
    rider = cards.shop.rider(155)
    ref = cards.issued(rider)
    cards.step(ref, T.PAUSE, rider, words="回老家")
    told = (
        "SELECT count(*) FROM outbox WHERE kind = 'application_changed' AND place = 'property-01'"
    )
    assert cards.shop.book.value(told) == 1
    cards.step(ref, T.RESUME, rider)
    cards.step(ref, T.PAUSE, cards.firm, words="核查")
    with pytest.raises(Forbidden):
        cards.step(ref, T.RESUME, rider)
    assert not find_permit(ref).is_valid(cards.now)
    db.session.rollback()
    cards.step(ref, T.RESUME, cards.worker)
    assert find_permit(ref).is_valid(cards.now)


@pytest.mark.parametrize(("hours", "back"), [(71, 155), (72, 0)])
def test_a_card_given_back_in_three_days_is_paid_back(cards: Cards, hours: int, back: int) -> None:
    rider = cards.shop.rider(155)
    ref = cards.issued(rider)
    later = cards.now + hours * HOUR
    redemptions_scheduled.settle_due(now=later)
    with pytest.raises(Forbidden):
        cards.step(ref, T.RETURN, rider, at=later)
    cards.step(ref, T.RETURN, cards.firm, at=later)
    assert cards.shop.points(rider) == (back, 0)
    assert cards.fresh(ref).state is S.RETURNED
    assert cards.shop.sound(later)


def test_a_revoked_card_says_why_and_stays_paid(cards: Cards) -> None:
    rider = cards.shop.rider(155)
    ref = cards.issued(rider)
    with pytest.raises(Invalid):
        cards.step(ref, T.REVOKE, cards.shop.admin)
    cards.step(ref, T.REVOKE, cards.shop.admin, words="转借他人")
    assert cards.fresh(ref).state is S.REVOKED
    assert cards.shop.points(rider) == (0, 0)


def test_the_clock_reminds_once_ends_cards_and_lets_the_forgotten_lapse(cards: Cards) -> None:
    rider, other = cards.shop.rider(155), cards.shop.rider(155)
    held, forgotten = cards.issued(rider), cards.apply(other).ref

    def watch(days: float) -> int:
        return permits_scheduled.watch_permits(remind_days=14, now=cards.now + timedelta(days=days))

    assert watch(29.9) == 0
    assert redemptions_scheduled.end_overdue(now=cards.now + 30 * DAY) == 0
    assert [watch(30), watch(30)] == [1, 0]
    assert cards.fresh(forgotten).state is S.LAPSED
    assert cards.shop.points(other) == (155, 0)
    assert [watch(353), watch(353)] == [1, 0]
    assert not find_permit(held).is_valid(cards.now + 366 * DAY)
    db.session.rollback()
    assert [watch(366), watch(366)] == [1, 0]
    assert cards.fresh(held).state is S.EXPIRED


def test_what_happens_to_the_redemption_alone_happens_to_the_card(cards: Cards) -> None:

    rider = cards.shop.rider(500)
    ref = cards.apply(rider).ref
    redemptions_usecases.cancel(ref, actor=rider, now=cards.now)
    assert cards.fresh(ref).state is S.WITHDRAWN
    ref = cards.apply(rider).ref
    call_off_usecases.call_off_redemption(ref, "停办", actor=cards.shop.admin, now=cards.now)
    assert cards.fresh(ref).state is S.DECLINED
    ref = cards.issued(rider)
    counter_usecases.refund(ref, "卡坏了", actor=cards.shop.admin, now=cards.now)
    assert cards.fresh(ref).state is S.REVOKED
    states = db.session.scalars(select(Redemption.state).order_by(Redemption.id)).all()
    assert states == [
        RedemptionState.CANCELLED, RedemptionState.PROVIDER_CANCELLED, RedemptionState.REFUNDED,
    ]  # fmt: skip
    db.session.rollback()
    assert cards.shop.points(rider) == (500, 0)


def test_what_cannot_be_asked_for_is_refused_and_takes_nothing(cards: Cards) -> None:
    poor, rider = cards.shop.rider(100), cards.shop.rider(400)
    with pytest.raises(NotEnoughPoints):
        cards.apply(poor)
    assert cards.shop.reserved(cards.card) == 0
    with pytest.raises(Invalid):
        cards.apply(rider, compound_code="nowhere")
    with pytest.raises(Invalid):
        cards.apply(rider, plate="辽M12345")
    with pytest.raises(Invalid):
        cards.apply(rider, offer_id=cards.pass_)
    with pytest.raises(offers_errors.PriceUnknown):
        cards.apply(rider, offer_id=cards.pass_, plate="辽M12345")
    with pytest.raises(NotFound):
        cards.apply(rider, offer_id=cards.shop.offer(10))
    with pytest.raises(Forbidden):
        cards.apply(cards.firm)
    cards.price(cards.with_firm, 3000, by=cards.firm, paper=PermitKind.VEHICLE)
    done = cards.apply(rider, offer_id=cards.pass_, plate="辽M12345")
    assert done.application.points == 300


def test_the_price_is_said_by_the_firm_or_the_county_and_kept(cards: Cards) -> None:
    for who in (cards.make.handler("property-02"), cards.worker, cards.shop.rider()):
        with pytest.raises(Forbidden):
            cards.price(cards.with_firm, 100, by=who, words="x")
    with pytest.raises(Forbidden):
        cards.price(cards.alone, 100, by=cards.firm, words="x")
    same = cards.price(cards.with_firm, 1555, by=cards.firm)
    assert cards.price(cards.with_firm, 1555, by=cards.firm) == same
    with pytest.raises(Invalid):
        cards.price(cards.with_firm, 2000, by=cards.firm)
    with pytest.raises(Invalid):
        cards.price(cards.with_firm, 2000, by=cards.shop.admin, subsidy_fen=5, words="x")
    with pytest.raises(Invalid):
        cards.price(cards.alone, 10, by=cards.shop.admin, subsidy_fen=20, words="x")
    with pytest.raises(Stale):
        cards.price(cards.with_firm, 2000, by=cards.firm, words="涨价", seen=same + 99)
    rider = cards.shop.rider(155)
    ref = cards.apply(rider).ref
    assert cards.price(cards.with_firm, 2000, by=cards.firm, words="涨价", seen=same) > same
    assert cards.fresh(ref).points == 155


@pytest.mark.parametrize(
    ("sql", "guard"),
    [
        ("UPDATE applications SET rider_id = 1", "cards_are_holder_bound"),
        ("UPDATE applications SET points = points", "cards_are_holder_bound"),
        ("UPDATE applications SET owners_fen = 99999", "cards_are_holder_bound"),
        ("UPDATE application_history SET words = 'x'", "history_is_append_only"),
        ("DELETE FROM application_history", "history_is_append_only"),
        ("UPDATE owner_prices SET owners_fen = 1", "history_is_append_only"),
        ("DELETE FROM owner_prices", "history_is_append_only"),
        ("UPDATE applications SET state = 'active'", "issued_iff_dated"),
        ("UPDATE applications SET ended_at = created_at", "over_iff_ended"),
        ("UPDATE applications SET plate = 'x'", "vehicles_have_plates"),
        ("UPDATE applications SET token = 'x'", "shown_iff_issued"),
        ("UPDATE applications SET unit_code = NULL", "free_without_firm"),
        (
            "INSERT INTO applications (redemption_id, version, rider_id, paper, compound_code,"
            " compound_name, community_code, unit_code, price_id, owners_fen, points, nickname,"
            " plate, purpose, state, created_at, waiting_since, card_number, ended_at)"
            " SELECT redemption_id, 1, rider_id, paper, compound_code, compound_name,"
            " community_code, unit_code, price_id, owners_fen, points + 1, nickname, plate,"
            " purpose, 'withdrawn', created_at, waiting_since, '', created_at FROM applications",
            "at_most_owners_price",
        ),
        (
            "INSERT INTO applications (redemption_id, version, rider_id, paper, compound_code,"
            " compound_name, community_code, unit_code, price_id, owners_fen, points, nickname,"
            " plate, purpose, state, created_at, waiting_since, card_number)"
            " SELECT redemption_id + 1, 1, rider_id, paper, compound_code, compound_name,"
            " community_code, unit_code, price_id, owners_fen, points, nickname, plate,"
            " purpose, state, created_at, waiting_since, '' FROM applications",
            "ix_applications_one_open",
        ),
    ],
)
def test_the_database_refuses_what_no_page_offers(cards: Cards, sql: str, guard: str) -> None:
    from sqlalchemy.exc import DatabaseError

    cards.apply(cards.shop.rider(155))
    with pytest.raises(DatabaseError) as refused:
        db.session.execute(text(sql))
    db.session.rollback()
    # SQLite names the columns of a unique index, not the index.
    seen = str(refused.value.orig)
    assert guard in seen or (guard.startswith("ix_") and "applications.rider_id" in seen)


def test_every_living_row_has_its_history(cards: Cards) -> None:
    ref = cards.issued(cards.shop.rider(155))
    versions = db.session.scalars(
        select(ApplicationEntry.version)
        .join(Application, Application.id == ApplicationEntry.application_id)
        .where(Application.id == cards.fresh(ref).id)
        .order_by(ApplicationEntry.id)
    ).all()
    assert versions == [1, 2, 3, 4]


def test_what_breaks_in_the_middle_leaves_nothing_behind(cards: Cards) -> None:
    """The ledger comes last in a step: when it refuses, the step before it was never taken."""
    from grid_report.points.budgets import usecases as points

    rider, other = cards.shop.rider(155), cards.shop.rider(155)
    ref, forgotten = cards.approved(rider), cards.apply(other).ref
    before = len(list_entries(cards.fresh(ref).id))
    points.freeze_ledger(reason="test", now=cards.now)
    with pytest.raises(Conflict) as refused:
        cards.step(ref, T.ISSUE, cards.firm)
    assert refused.value.code == "ledger-frozen"
    card = cards.fresh(ref)
    assert (card.state, card.token, card.version) == (S.APPROVED, None, 3)
    assert len(list_entries(card.id)) == before
    # What only gives back goes on: nobody waits for points because of somebody else's difference.
    assert permits_scheduled.watch_permits(remind_days=14, now=cards.now + 30 * DAY) == 2
    assert (cards.fresh(forgotten).state, cards.shop.points(other)) == (S.LAPSED, (155, 0))
    # What is free needs no ledger.
    assert cards.apply(rider, cards.alone).application.points == 0
