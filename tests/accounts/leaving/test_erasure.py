"""A member who is erased leaves no trace but the sums, and the cases without the person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.accounts.aliases import rider_alias
from grid_report.accounts.leaving import export_usecases
from grid_report.accounts.leaving import usecases as leaving
from grid_report.accounts.leaving.erasing import Leaver, Room
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import Member, Standing
from grid_report.application import LEAVING
from grid_report.clock import Month
from grid_report.db import db, transaction
from grid_report.errors import NotFound
from grid_report.media.upkeep import usecases as upkeep_usecases
from grid_report.notify.delivery import deliver_due
from grid_report.offers.permits.lifecycle import ApplicationState
from grid_report.offers.redemptions.models import Redemption, Waiting
from grid_report.places.queries import reference
from grid_report.points.budgets import scheduled as upkeep
from grid_report.points.errors import LedgerFrozen
from grid_report.points.history import queries as history_queries
from grid_report.points.kinds import UnpaidReason
from grid_report.points.ledger.models import Account
from grid_report.points.ledger.pending_models import PendingAward
from grid_report.points.policy import terms_of
from grid_report.reports import steps as reports_steps
from grid_report.reports.lifecycle import State, Step
from grid_report.reports.models import Report
from grid_report.statistics.counts import usecases as counts_usecases
from grid_report.statistics.month import usecases as month_usecases
from grid_report.web.context import wiring
from tests.accounts.leaving.lives import (
    PHONE,
    SIGN,
    Life,
    alias_of,
    found_anywhere,
    leave,
    live,
    secrets,
)
from tests.accounts.leaving.test_exports import make_due
from tests.media.test_photo_store import care, claimed, names, store
from tests.points.book import Book
from tests.support.builders import PASSWORD, PROPERTY, STATION, Make

pytestmark = pytest.mark.database

NOVEMBER = Month(2026, 11)


class Killed(BaseException):
    """The process is no more."""


def killed_at(rooms: tuple[Room, ...], nth: int) -> tuple[Room, ...]:
    """Return rooms of which one never comes to its commit."""

    def die(*_: Any) -> None:
        raise Killed

    there = rooms[nth]
    dying = Room(there.tables, ends=there.ends, writes=(*there.writes, lambda _: die))
    return (*rooms[:nth], dying, *rooms[nth + 1 :])


def states(it: Life) -> dict[str, State]:
    db.session.rollback()
    found = {name: db.session.get_one(Report, row.id) for name, row in it.cases.items()}
    for row in found.values():
        db.session.refresh(row)
    return {name: row.state for name, row in found.items()}


def recounts(make: Make) -> int:
    found = counts_usecases.recount_month(
        NOVEMBER, places=reference(), county=make.settings.county, now=make.now, repair=False
    )
    return len(found.lacking)


def frozen() -> list[Any]:
    rows = db.session.execute(text("SELECT month, version, digest FROM statistics_freezes"))
    return [tuple(row) for row in rows]


def test_whoever_is_erased_is_found_nowhere_and_all_sums_stay(app: Flask, make: Make) -> None:
    """Killed in every room in turn, and gone on with."""
    it = live(app, make)
    claimed()
    token = make.token(it.rider)
    looked_for, alias = secrets(make, it), alias_of(it)
    # The number is never there in the clear; all else is found before.
    before = {one for *_, one in found_anywhere(looked_for, alias)}
    assert before >= set(looked_for) - {PHONE}
    places = {table for table, *_ in found_anywhere(looked_for, alias)}
    assert places >= {"fairness_signals", "outbox", "report_history", "applications", "members"}
    due = leave(make, it) + timedelta(days=2)
    export_usecases.request(days=7, most_per_hour=1, actor=it.rider, now=it.later)
    make_due(make, it.later)
    month_usecases.freeze_month(
        NOVEMBER, actor=it.cards.shop.admin, seen_version=0, reason="", places=reference(),
        county=make.settings.county, now=due,
    )  # fmt: skip
    as_frozen, as_audited = frozen(), it.cards.shop.book.differences(due)
    assert leaving.erase_due(LEAVING, now=due - timedelta(days=3)) == 0
    for nth in range(len(LEAVING)):
        with pytest.raises(Killed):
            leaving.erase_due(killed_at(LEAVING, nth), now=due)
    assert leaving.erase_due(LEAVING, now=due) == 1
    # A request that had begun before the member was gone comes in now.
    with transaction() as session:
        late = session.get_one(Report, it.cases["accepted"].id)
        reports_steps.record(
            session, late, Step.URGE, came_from=late.state, actor=it.rider, role="rider", now=due,
            words=f"{SIGN}迟到",
        )  # fmt: skip
    assert list(found_anywhere([SIGN], alias)) != []
    again = due + timedelta(hours=1)
    assert leaving.erase_due(LEAVING, now=again) == 1
    assert leaving.erase_due(LEAVING, now=again) == 0
    assert upkeep_usecases.remove_asked(
        store(), wiring().photo_names_in_use, care(), now=due
    ) == len(it.photos)

    assert list(found_anywhere(looked_for, alias)) == []
    assert not it.photos & names()
    assert frozen() == as_frozen
    assert recounts(make) == 0
    assert it.cards.shop.book.differences(due) == as_audited
    _ended(it)
    for table in ("export_pieces", "quiet_hours", "wechat_bindings"):
        assert db.session.execute(text(f"SELECT * FROM {table}")).all() == []
    # Those who go on with his cases see them, and nobody behind them.
    for name in ("closed", "accepted"):
        page = make.signed_in(it.worker).get(f"/desk/{it.cases[name].number}")
        assert "上报的人已经注销" in page.get_data(as_text=True)
    shell = db.session.get_one(Member, it.rider.member_id)
    assert (shell.standing, shell.name, shell.phone_tail) == (Standing.ERASED, "", "")
    db.session.rollback()
    assert app.test_client().get("/api/v1/me", headers=token).status_code == 401
    # The number is free for whoever has it next.
    assert make.rider(phone=PHONE).member_id != it.rider.member_id


def _ended(it: Life) -> None:
    """What nobody had accepted is taken back or handed on; all else is the community's."""
    assert states(it) == {
        "closed": State.ACCEPTED,
        "waiting": State.WITHDRAWN,
        "lead": State.WITHDRAWN,
        "follower": State.SUBMITTED,
        "asked": State.WITHDRAWN,
        "accepted": State.ACCEPTED,
        "merged": State.MERGED,
        "others": State.SUBMITTED,
        "rejected": State.REJECTED,
    }
    taken = {
        row.ref: row.state.value
        for row in db.session.scalars(
            select(Redemption).where(Redemption.rider_id == it.rider.member_id)
        )
    }
    assert {name: taken[ref] for name, ref in it.refs.items()} == {
        "booked": "cancelled",
        "place": "cancelled",
        "disputed": "settled",
        "rated": "delivered",
        "card": "delivered",
        "asked": "cancelled",
    }
    assert it.cards.fresh(it.refs["card"]).state is ApplicationState.REVOKED
    assert it.cards.fresh(it.refs["asked"]).state is ApplicationState.WITHDRAWN
    assert db.session.scalars(
        select(Waiting.state).where(Waiting.rider_id == it.rider.member_id)
    ).all() == ["left"]
    db.session.rollback()


def test_figures_and_points_of_what_is_over_stay_as_they_were(make: Make) -> None:
    rider, worker, handler = make.rider(), make.worker(), make.handler()
    make.step(make.handled(worker, handler, rider), "pass", worker)
    before = (cells(), accounts())
    due = leaving.ask(
        password=PASSWORD, code="", days=0, actor=rider, policy=make.policy, now=make.later(1)
    )
    assert leaving.erase_due(LEAVING, now=due) == 1
    assert (cells(), accounts()) == before


def test_what_waits_for_a_proof_goes_whole(make: Make) -> None:
    rider = make.unproved()
    number = make.report(rider, description=SIGN).number
    due = leaving.ask(
        password=PASSWORD, code="", days=0, actor=rider, policy=make.policy, now=make.later(1)
    )
    assert leaving.erase_due(LEAVING, now=due) == 1
    assert list(found_anywhere([SIGN, number], rider_alias(rider.member_id))) == []
    asked = db.session.execute(text("SELECT COUNT(*) FROM photo_removals")).scalar_one()
    assert asked == 1


@pytest.mark.parametrize("leads", [True, False])
def test_no_other_rider_of_the_case_keeps_what_was_said(make: Make, leads: bool) -> None:
    """Each was told about the number they know the case by, which may be no report of the leaver."""
    riders, worker = [make.rider() for _ in range(3)], make.worker()
    lead, *rest = (make.report(rider) for rider in riders)
    for follower in rest:
        make.step(follower, "merge", worker, into=lead.number)
    make.step(lead, "accept", worker, category="RD02", severity=2)
    make.step(lead, "start", worker)
    make.step(lead, "handle", worker, note="好了", photos=(make.photo(),))
    make.step(lead, "pass", make.worker())
    own, gone = (lead, riders[0]) if leads else (rest[0], riders[1])
    make.step(own, "reopen", gone, at=make.later(2), reason=f"{SIGN}又坏了")
    assert {it[0] for it in found_anywhere([SIGN], "-")} == {"outbox", "report_history"}
    leaving.ask(password=PASSWORD, code="", days=0, actor=gone, policy=make.policy, now=make.now)
    assert leaving.erase_due(LEAVING, now=make.now) == 1
    assert list(found_anywhere([SIGN], "-")) == []


def test_one_that_fails_keeps_nobody_waiting_and_office_comes_first(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = make.rider(), make.rider(), make.rider()
    for who in (first, second, third):
        leaving.ask(password=PASSWORD, code="", days=0, actor=who, policy=make.policy, now=make.now)
    worker = Grant(Role.WORKER, STATION)
    members_usecases.grant_role(
        second.member_id, worker, actor=make.administrator(), place_exists=lambda *_: True,
        now=make.now,
    )  # fmt: skip

    def fails(it: Leaver) -> None:
        if it.member_id == first.member_id:
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        leaving.erase_due((Room((), ends=(fails,)), *LEAVING), now=make.now)
    db.session.rollback()
    standing = {
        who: db.session.get_one(Member, who.member_id).standing for who in (first, second, third)
    }
    assert list(standing.values()) == [Standing.ERASED, Standing.ACTIVE, Standing.ERASED]


def test_a_room_that_cannot_end_keeps_no_words_of_the_others(make: Make) -> None:
    """A frozen ledger may stay so for days; it goes on as soon as it can."""
    rider, worker = make.rider(), make.worker()
    report = make.report(rider, description=SIGN)
    make.step(report, "accept", worker, category="RD02", severity=2)
    leaving.ask(password=PASSWORD, code="", days=0, actor=rider, policy=make.policy, now=make.now)

    def waits(_: Leaver) -> None:
        raise LedgerFrozen

    frozen_rooms = (Room((), ends=(waits,)), *LEAVING)
    for hours in (0, 2):
        assert leaving.erase_due(frozen_rooms, now=make.now + timedelta(hours=hours)) == 0
    assert list(found_anywhere([SIGN], rider_alias(rider.member_id))) == []
    # It is not done before the last room is.
    assert leaving.erase_due(LEAVING, now=make.now + timedelta(hours=3)) == 1
    assert leaving.erase_due(LEAVING, now=make.now + timedelta(hours=4)) == 0


def test_what_is_not_found_on_the_way_is_no_calling_back(make: Make) -> None:
    rider = make.rider()
    leaving.ask(password=PASSWORD, code="", days=0, actor=rider, policy=make.policy, now=make.now)

    def fails(_: Leaver) -> None:
        raise NotFound

    with pytest.raises(NotFound):
        leaving.erase_due((Room((), ends=(fails,)), *LEAVING), now=make.now)


def test_nobody_gone_gets_another_message(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.accepted(worker, rider)
    deliver_due(now=lambda: make.now)
    leaving.ask(password=PASSWORD, code="", days=0, actor=rider, policy=make.policy, now=make.now)
    leaving.erase_due(LEAVING, now=make.now)
    make.step(report, "start", worker)
    deliver_due(now=lambda: make.now)
    inbox = text("SELECT COUNT(*) FROM inbox WHERE member_id = :id")
    assert db.session.execute(inbox, {"id": rider.member_id}).scalar_one() == 0


def test_an_accepted_case_goes_on_and_unspent_points_expire(make: Make) -> None:
    rider, worker, handler = make.rider(), make.worker(), make.handler()
    make.step(make.handled(worker, handler, rider), "pass", worker)
    report = make.accepted(worker, rider)
    make.step(report, "dispatch", worker, unit=PROPERTY)
    balance = history_queries.balance(rider.member_id).available
    assert balance > 0
    leaving.ask(password=PASSWORD, code="", days=0, actor=rider, policy=make.policy, now=make.now)
    leaving.erase_due(LEAVING, now=make.now)
    make.step(report, "start", handler)
    make.step(report, "handle", handler, note="修好了", photos=(make.photo(),))
    assert make.step(report, "pass", worker).state is State.CLOSED
    db.session.rollback()
    assert history_queries.balance(rider.member_id).available == balance
    unpaid = db.session.scalars(select(PendingAward.reason)).all()
    db.session.rollback()
    assert unpaid == [UnpaidReason.GONE]
    later = make.now + timedelta(days=800)
    terms = terms_of(make.settings)
    for day in (700, 330, 340, 360):
        upkeep.tell_of_expiry(terms=terms, now=make.now + timedelta(days=day))
    assert upkeep.expire_points(now=later) > 0
    assert history_queries.balance(rider.member_id).available == 0
    db.session.rollback()
    assert Book().differences(later) == []


def cells() -> list[tuple[Any, ...]]:
    db.session.rollback()
    rows = db.session.execute(text("SELECT * FROM statistics_cells")).all()
    db.session.rollback()
    return sorted(tuple(map(str, row)) for row in rows)


def accounts() -> dict[str, tuple[int, int]]:
    found = db.session.scalars(select(Account).execution_options(populate_existing=True))
    sums = {it.holder: (it.credits, it.debits) for it in found}
    db.session.rollback()
    return sums
