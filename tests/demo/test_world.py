"""The demo world: made through the use cases, in every state, twice without doubles."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from grid_report import create_app
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts import policy
from grid_report.accounts.models import Member, RoleGrant, SignInKind
from grid_report.accounts.passwords import Hasher
from grid_report.accounts.policy import Policy, policy_of
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.clock import Month
from grid_report.db import db
from grid_report.demo import cast, plan, world
from grid_report.fairness.kinds import SignalKind, SignalState
from grid_report.fairness.models import Signal
from grid_report.media.kit import Media
from grid_report.media.store.stores import Size
from grid_report.notify.models import Delivery, Message
from grid_report.offers.catalogue import queries as offer_queries
from grid_report.offers.kinds import WaitState
from grid_report.offers.permits.lifecycle import ApplicationState
from grid_report.offers.permits.models import Application
from grid_report.offers.permits.rules import PermitKind
from grid_report.offers.redemptions import slot_queries
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.models import Redemption, Waiting
from grid_report.offers.settlements import list_queries
from grid_report.offers.settlements import queries as settlements_queries
from grid_report.offers.settlements.lifecycle import LineVerdict
from grid_report.places.queries import reference
from grid_report.points.audit.queries import find_differences
from grid_report.points.history import queries as points_queries
from grid_report.points.objections.models import Objection
from grid_report.points.objections.rules import ObjectionState
from grid_report.points.proposals import queries as proposals_queries
from grid_report.points.proposals.rules import ProposalKind
from grid_report.reports.clocks import light
from grid_report.reports.lifecycle import State, Step
from grid_report.reports.models import HistoryEntry, Report, ReportPhoto
from tests.conftest import test_settings
from tests.support.databases import Databases

pytestmark = [pytest.mark.database, pytest.mark.slow]

REPORTS, SEED = 46, 5
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TINY = (160, 120)


def cheap_policy(app: Flask) -> Policy:
    """Return the app's policy with hashes that cost nothing."""
    settings = app.extensions["grid_report"].settings
    return policy_of(settings, hasher=Hasher(time_cost=1, memory_kib=8, parallelism=1))


def load(app: Flask, **more: Any) -> Counter[str]:
    """Load the small world of these tests."""
    wiring = app.extensions["grid_report"]
    values: dict[str, Any] = {
        "settings": wiring.settings, "media": wiring.media, "policy": cheap_policy(app),
        "reports_wanted": REPORTS, "seed": SEED, "now": NOW, "picture_size": TINY, **more,
    }  # fmt: skip
    return world.load(**values)


@pytest.fixture(scope="module")
def loaded(
    server: Databases, tmp_path_factory: pytest.TempPathFactory, decoders: Media
) -> Iterator[Flask]:
    """Return an app whose database holds the small world; tests only look at it."""
    folder = tmp_path_factory.mktemp("world")
    url = server.fresh(folder)
    settings = test_settings(url, folder)
    app = create_app(settings, media=decoders.beside(settings))
    with app.app_context():
        load(app)
        yield app
        db.session.remove()
        db.engine.dispose()
    server.drop(url)


def counted() -> dict[str, int]:
    """Count the rows that a second load could double."""
    return {
        table.__tablename__: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in (Member, Report, ReportPhoto, HistoryEntry, Message)
    }


def test_there_are_as_many_reports_as_asked_for(loaded: Flask) -> None:
    assert db.session.scalar(select(func.count(Report.id))) == REPORTS


def test_every_state_is_there(loaded: Flask) -> None:
    assert set(db.session.scalars(select(Report.state).distinct())) == set(State)


# Steps the demo does not tell of yet.
UNTOLD: set[Step] = set()


def test_every_step_of_the_lifecycle_was_taken(loaded: Flask) -> None:
    taken = set(db.session.scalars(select(HistoryEntry.step).distinct()))
    assert taken == set(Step) - UNTOLD


def test_open_cases_burn_in_all_three_lights_on_the_station_workers_desk(loaded: Flask) -> None:
    rows = db.session.execute(
        select(Report.next_due, Report.next_warn).where(
            Report.community_code == cast.STATION, Report.next_due.is_not(None)
        )
    ).all()
    lights = Counter(light(row.next_due, row.next_warn, NOW) for row in rows)
    assert {str(one) for one in lights} == {"green", "yellow", "red"}


def test_one_report_waits_for_the_administrator_to_say_whose_it_is(loaded: Flask) -> None:
    assert db.session.scalar(select(func.count(Report.id)).where(Report.community_code.is_(None)))


def test_every_report_has_a_photo_that_can_be_read(loaded: Flask) -> None:
    store = loaded.extensions["grid_report"].media.store
    rows = db.session.execute(select(ReportPhoto.report_id, ReportPhoto.name)).all()
    assert len({row.report_id for row in rows}) == REPORTS
    for name in {row.name for row in rows}:
        for size in Size:
            with store.open(name, size) as file:
                Image.open(io.BytesIO(file.read())).load()


def test_handled_cases_have_a_photo_of_the_repair(loaded: Flask) -> None:
    ended = select(Report.id).where(Report.state.in_((State.HANDLED, State.CLOSED)))
    shown = select(ReportPhoto.report_id).where(ReportPhoto.kind == "after")
    assert not set(db.session.scalars(ended)) - set(db.session.scalars(shown))


def test_history_only_moves_forward_and_never_past_now(loaded: Flask) -> None:
    rows = db.session.execute(
        select(HistoryEntry.report_id, HistoryEntry.at).order_by(HistoryEntry.id)
    ).all()
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert rows[-1].at < NOW
    assert rows[0].at > NOW - plan.SPAN


def test_cases_of_a_season_come_in_their_season(loaded: Flask) -> None:
    zone = loaded.extensions["grid_report"].settings.county.tz
    icy = db.session.scalars(select(Report.created_at).where(Report.category_code == "BD02"))
    assert all(at.astimezone(zone).month in (11, 12, 1, 2, 3, 4) for at in icy)


def test_the_ledger_is_sound_and_points_were_paid(loaded: Flask) -> None:
    db.session.rollback()
    findings = find_differences(db.engine, NOW)
    assert not findings, findings


def test_services_are_there_in_every_state_for_the_newcomer(loaded: Flask) -> None:
    states = set(db.session.scalars(select(Redemption.state)))
    # A voucher expires only where somebody had points for one and did not come.
    assert set(RedemptionState) - states <= {RedemptionState.EXPIRED}
    offers = {row.title("zh_CN"): row for row in offer_queries.list_offers(now=NOW)}
    assert {"热饮一杯", "爱心热饭", "3C 认证头盔", "社区义诊"} <= set(offers)
    tomorrow = NOW + timedelta(hours=20)
    clinic = slot_queries.list_slots(offers["社区义诊"].offer.id, now=NOW)
    assert [row for row in clinic if row.left > 0 and row.slot.starts_at > tomorrow]
    riders = db.session.scalars(
        select(RoleGrant.member_id)
        .where(RoleGrant.role == Role.RIDER)
        .order_by(RoleGrant.member_id)
    ).all()
    meal = offers["爱心热饭"].offer.points
    assert any(points_queries.balance(rider).available >= meal for rider in riders[:2])
    staff = db.session.scalars(
        select(RoleGrant.place).where(RoleGrant.role == Role.STATION_STAFF)
    ).all()
    assert sorted(staff) == ["station-01", "station-02"]


def test_statements_wait_for_the_station_and_for_the_county_and_one_was_questioned(
    loaded: Flask,
) -> None:
    rows = list_queries.page_of_statements().items
    states = {(it.provider_code, it.month): it.state.value for it in rows}
    assert states["warmhouse", "2026-10"] == "drawn"
    assert states["warmhouse", "2026-09"] == "closed"
    # The other provider is asked for less: a small world may have nothing of theirs.
    assert states.get(("brightlife", "2026-10"), "provider_confirmed") == "provider_confirmed"
    assert all(it.services > 0 for it in rows)
    settings = loaded.extensions["grid_report"].settings
    sheet = settlements_queries.find_sheet(
        "warmhouse", Month(2026, 9), zone=settings.county.tz, fen_per_point=10, now=NOW
    )
    assert list(sheet.verdicts.values()) == [LineVerdict.SET_OFF]
    assert 0 < sheet.fen_to_pay < sheet.fen


def test_offers_show_pictures_of_their_own_and_one_shows_how_it_looks_without(
    loaded: Flask,
) -> None:
    rows = offer_queries.list_offers(now=NOW)
    photos = {row.title("zh_CN"): row.offer.photo for row in rows}
    assert [title for title, name in photos.items() if name is None] == ["车辆通行证"]
    store = loaded.extensions["grid_report"].media.store
    for name in set(photos.values()) - {None}:
        with store.open(name, Size.THUMB) as file:
            assert len(file.read()) < 40_000


def test_objections_are_answered_and_some_wait_for_the_street(loaded: Flask) -> None:
    states = Counter(db.session.scalars(select(Objection.state)))
    assert states[ObjectionState.OPEN] >= 1
    assert states[ObjectionState.REJECTED] + states[ObjectionState.UPHELD] >= 1
    streets = set(db.session.scalars(select(Objection.street_code)))
    assert streets == {cast.NEW_TOWN}


ADMINISTRATOR = Actor(0, "", frozenset({Grant(Role.ADMINISTRATOR, "211282")}))


def test_a_large_grant_waits_for_the_second_administrator(loaded: Flask) -> None:
    waiting, decided = proposals_queries.list_proposals(ADMINISTRATOR)
    assert [(it.kind, (it.points or 0) > 50) for it in waiting] == [(ProposalKind.GRANT, True)]
    assert {it.kind for it in decided} == {ProposalKind.GRANT}
    assert all(it.proposed_by != it.decided_by for it in (*waiting, *decided))


def test_a_place_that_came_free_is_kept_for_the_next_in_line(loaded: Flask) -> None:
    states = Counter(db.session.scalars(select(Waiting.state)))
    assert states[WaitState.OFFERED] == 1
    assert states[WaitState.WAITING] >= 2


def test_cards_are_there_in_every_main_state_and_a_vehicle_may_pass(loaded: Flask) -> None:
    rows = db.session.execute(select(Application.paper, Application.state)).all()
    missing = set(ApplicationState) - {row.state for row in rows}
    # What lapsed or was renewed is history; the rest is what people work with.
    assert missing <= {ApplicationState.LAPSED, ApplicationState.RENEWED}
    assert (PermitKind.VEHICLE, ApplicationState.ACTIVE) in {tuple(row) for row in rows}


def test_a_few_cases_of_late_deserve_a_second_look_and_no_more(loaded: Flask) -> None:
    rows = db.session.scalars(select(Signal.kind).where(Signal.state == SignalState.OPEN)).all()
    assert 3 <= len(rows) <= 8
    assert {SignalKind.QUICK_ACCEPT, SignalKind.PHOTO_ALIKE} <= set(rows)
    # The one photo that was sent again on purpose: no other two of the demo's are alike.
    assert rows.count(SignalKind.PHOTO_ALIKE) == 1


def test_everybody_has_been_told_and_nothing_waits(loaded: Flask) -> None:
    states = set(db.session.scalars(select(Message.state).distinct()))
    assert states == {Delivery.DELIVERED}


def test_the_printed_sign_ins_work_and_lead_to_their_places(loaded: Flask) -> None:
    expected = {
        "13900000001": Grant(Role.RIDER),
        "13900000002": Grant(Role.RIDER),
        "13900000101": Grant(Role.WORKER, "211282001001"),
        "13900000102": Grant(Role.WORKER, "211282001003"),
        "13900000103": Grant(Role.WORKER, "211282001001"),
        "13900000201": Grant(Role.SUPERVISOR, "211282001"),
        "13900000301": Grant(Role.HANDLER, "property-01"),
        "13900000401": Grant(Role.STATION_STAFF, cast.REST_STATION),
        "13900000901": Grant(Role.ADMINISTRATOR, "211282"),
        "13900000902": Grant(Role.AUDITOR, "211282"),
        "13900000903": Grant(Role.ADMINISTRATOR, "211282"),
    }
    for phone, grant in expected.items():
        signed_in = sign_in_usecases.sign_in_with_password(
            phone,
            cast.PASSWORD,
            kind=SignInKind.BROWSER,
            label="test",
            address="127.0.0.1",
            policy=cheap_policy(loaded),
            now=NOW,
        )
        assert signed_in.actor.grants == {grant}


def test_everybody_is_marked_as_invented(loaded: Flask) -> None:
    members = db.session.execute(select(Member.name, Member.is_demo)).all()
    assert all(one.is_demo and one.name.endswith(cast.MARK) for one in members)
    assert reference().unit_covers(cast.STATION_FIRM, cast.STATION)
    # Who proposes and who approves must be told apart at a glance.
    assert len({one.name for one in members}) == len(members)


def test_loading_again_adds_nothing(loaded: Flask) -> None:
    before = counted()
    assert not load(loaded, now=NOW + timedelta(days=2))
    assert counted() == before


def test_another_world_is_refused_where_one_lives(loaded: Flask) -> None:
    with pytest.raises(world.DemoRefused):
        load(loaded, seed=SEED + 1)


@pytest.mark.operations
@pytest.mark.one_database
def test_a_load_that_was_killed_goes_on_where_it_stopped(app: Flask) -> None:
    class Killed(BaseException):
        pass

    def kill(what: str, done: int, total: int) -> None:
        if what == "cases" and done == 40:
            raise Killed

    with pytest.raises(Killed):
        load(app, progress=kill)
    begun = world.find_world()
    assert begun is not None
    assert not begun.is_complete
    half = counted()["reports"]
    assert 0 < half < REPORTS
    counts = load(app, now=NOW + timedelta(hours=7))
    assert counts["submit"] == REPORTS - half
    assert counted()["reports"] == REPORTS
    assert set(db.session.scalars(select(Report.state).distinct())) == set(State)


def test_production_refuses_the_demo(app: Flask) -> None:
    settings = app.extensions["grid_report"].settings
    server = settings.server.model_copy(update={"environment": "production"})
    with pytest.raises(world.DemoRefused):
        load(app, settings=settings.model_copy(update={"server": server}))
    assert counted()["members"] == 0


def test_the_plan_is_the_same_for_the_same_seed_and_instant(loaded: Flask) -> None:
    def deeds(seed: int) -> list[object]:
        zone = loaded.extensions["grid_report"].settings.county.tz
        return list(
            plan.write(seed=seed, count=60, now=NOW, zone=zone, places=reference(), riders=40)[0]
        )

    assert deeds(3) == deeds(3)
    assert deeds(3) != deeds(4)


@pytest.mark.parametrize("seed", [1, 2, 3, 20261123])
def test_whoever_signs_in_to_try_it_may_send_as_much_as_anybody(loaded: Flask, seed: int) -> None:
    settings = loaded.extensions["grid_report"].settings
    zone, limits = settings.county.tz, settings.limits
    deeds, tales = plan.write(
        seed=seed, count=400, now=NOW, zone=zone, places=reference(), riders=40
    )
    whose = {tale.case: tale.rider for tale in tales}
    for rider in plan.SIGNED_IN:
        sent = [deed.at for deed in deeds if deed.step is Step.SUBMIT and whose[deed.case] == rider]
        assert len(sent) > 10
        assert not [at for at in sent if at > NOW - timedelta(hours=1)]
        lately = [at for at in sent if at > NOW - timedelta(days=1)]
        assert len(lately) <= limits.reports_per_day - 2 * limits.reports_per_hour


@pytest.mark.one_database
def test_the_command_says_what_it_did(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "PICTURE", TINY)
    cheap = cheap_policy(app)
    monkeypatch.setattr(policy, "policy_of", lambda _settings: cheap)
    monkeypatch.setattr(type(app.extensions["grid_report"].media), "close", lambda self: None)
    runner = app.test_cli_runner()
    from grid_report.demo.cli import demo_cli

    said = runner.invoke(demo_cli, ["load", "--reports", "2", "--seed", "9"])
    assert said.exit_code == 0, said.output
    assert "2 reports" in said.output
    again = runner.invoke(demo_cli, ["load", "--if-empty"])
    assert again.exit_code == 0
