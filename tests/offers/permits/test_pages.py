"""The pages of cards: what was typed is kept, what is public says little, and nobody sees too much."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from markupsafe import Markup
from werkzeug.test import TestResponse

from grid_report import clock
from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.db import transaction
from grid_report.offers.catalogue.models import Offer
from grid_report.offers.kinds import OpensTo
from grid_report.offers.permits import routes as permit_routes
from grid_report.offers.permits.lifecycle import ApplicationState, ApplicationStep
from grid_report.offers.permits.rules import PermitKind
from tests.offers.cards import Cards
from tests.support import present

pytestmark = [pytest.mark.database, pytest.mark.at(present.USUAL)]

UNPROVED = "手机号验证后才能使用：打开“"
S, T = ApplicationState, ApplicationStep


def post(client: FlaskClient, path: str, form: dict[str, Any]) -> TestResponse:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/me").text)
    assert token is not None
    return client.post(path, data=form, headers={"X-CSRFToken": token[1]})


@pytest.fixture
def rider(cards: Cards) -> Actor:
    return cards.shop.rider(200)


def form_of(cards: Cards, **more: Any) -> dict[str, Any]:
    values = {
        "compound": cards.with_firm.code, "nickname": "老王", "purpose": "每天送餐", "bound": "1",
    }  # fmt: skip
    return {**values, **more}


def test_who_is_unproved_reads_it_before_the_form_and_keeps_what_was_typed(cards: Cards) -> None:
    client = cards.make.signed_in(cards.make.unproved())
    path = f"/services/{cards.card}/apply"
    page = client.get(path)
    assert page.status_code == 200
    assert UNPROVED in page.text
    assert 'href="/me/number"' in page.text
    assert "data-apply" not in page.text
    refused = post(client, path.replace("/apply", "/application"), form_of(cards))
    assert refused.status_code == 409
    assert refused.text.count(UNPROVED) == 1
    assert 'href="/me/number"' in refused.text
    assert "每天送餐" in refused.text


def test_a_card_for_those_who_reported_says_so_before_the_form(cards: Cards) -> None:
    with transaction() as session:
        session.get_one(Offer, cards.card).opens_to = OpensTo.FIRST_ACCEPTED
    page = cards.make.signed_in(cards.make.rider()).get(f"/services/{cards.card}/apply").text
    assert "首次上报被受理后就能用" in page
    assert 'href="/report/new"' in page
    assert "data-apply" not in page


def test_the_form_names_compounds_with_their_price_and_keeps_what_was_typed(
    cards: Cards, rider: Actor
) -> None:
    client = cards.make.signed_in(rider)
    path = f"/services/{cards.card}/apply"
    page = client.get(path).text
    assert f"{cards.with_firm.name} · 155 积分" in page
    assert cards.alone.name in page
    to = path.replace("/apply", "/application")
    refused = post(client, to, form_of(cards, bound="", nickname="名" * 21))
    assert refused.status_code == 422
    assert "每天送餐" in refused.text
    assert "名" * 21 in refused.text
    assert f'value="{cards.with_firm.code}" selected' in refused.text
    sent = post(client, to, form_of(cards))
    assert sent.status_code == 303
    again = post(client, to, form_of(cards, purpose="又一次"))
    assert again.status_code == 409
    assert "又一次" in again.text
    assert client.get(sent.location).status_code == 200
    assert "等物业" in client.get(sent.location).text


def test_too_few_points_are_said_on_the_form(cards: Cards) -> None:
    client = cards.make.signed_in(cards.shop.rider(10))
    refused = post(client, f"/services/{cards.card}/application", form_of(cards))
    assert refused.status_code == 409
    assert "145" in refused.text
    assert "每天送餐" in refused.text


def test_a_card_leads_to_a_page_for_everybody_that_says_little(cards: Cards, rider: Actor) -> None:
    ref = cards.issued(rider, at=clock.now())
    card = cards.fresh(ref)
    page = cards.make.signed_in(rider).get(f"/my/cards/{ref}").text
    assert "<svg" in page
    assert rider_alias(rider.member_id) in page
    guest = cards.make.app.test_client()
    shown = guest.get(f"/verify/{card.token}")
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
    assert "此卡有效" in shown.text
    assert cards.with_firm.name in shown.text
    assert rider_alias(rider.member_id) in shown.text
    for secret in ("老王", "每天送餐", ref, "0042", cards.firm.name, rider.name):
        assert secret not in shown.text
    cards.step(ref, T.PAUSE, rider, words="丢了", at=clock.now())
    assert "此卡无效" in guest.get(f"/verify/{card.token}").text
    assert "<svg" not in re.sub(
        r'<svg class="icon.*?</svg>', "", cards.make.signed_in(rider).get(f"/my/cards/{ref}").text
    )
    unknown = guest.get("/verify/AAAAAAAAAAAAAAAAAAAAAA")
    assert unknown.status_code == 404
    assert "此卡无效" in unknown.text


def test_a_vehicle_pass_goes_from_the_form_to_the_gate_with_its_plate(
    cards: Cards, rider: Actor
) -> None:
    cards.price(cards.with_firm, 800, by=cards.firm, paper=PermitKind.VEHICLE)
    client, to = cards.make.signed_in(rider), f"/services/{cards.pass_}/application"
    refused = post(client, to, form_of(cards, plate=""))
    assert refused.status_code == 422
    assert 'href="#f-plate"' in refused.text
    assert "每天送餐" in refused.text
    sent = post(client, to, form_of(cards, plate="辽M12345"))
    assert sent.status_code == 303
    ref = sent.location.rsplit("/", 1)[1]
    for step, who in (
        (T.PROPERTY_APPROVE, cards.firm), (T.COMMUNITY_APPROVE, cards.worker), (T.ISSUE, cards.firm),
    ):  # fmt: skip
        cards.step(ref, step, who, at=clock.now())
    assert "辽M12345" in client.get(sent.location).text
    shown = cards.make.app.test_client().get(f"/verify/{cards.fresh(ref).token}").text
    # A guard sees whether it is this vehicle; nobody reads the whole plate off a code.
    assert "此卡有效" in shown
    assert "2345" in shown
    assert "辽M12345" not in shown


def test_a_card_past_its_day_is_not_valid_though_no_job_ran(cards: Cards, rider: Actor) -> None:
    long_ago = clock.now() - timedelta(days=367)
    cards.price(cards.with_firm, 0, by=cards.firm, words="免费期")
    ref = cards.issued(rider, at=long_ago)
    card = cards.fresh(ref)
    assert card.state is S.ACTIVE
    assert "此卡无效" in cards.make.app.test_client().get(f"/verify/{card.token}").text


def test_looking_cards_up_is_limited_by_address(cards: Cards) -> None:
    guest = cards.make.app.test_client()
    most = cards.make.settings.cards.verify_per_minute
    answers = [guest.get(f"/verify/guess-{number}").status_code for number in range(2 * most + 1)]
    assert set(answers[:most]) == {404}
    assert answers[-1] == 429


def test_firm_and_community_decide_on_their_pages(cards: Cards, rider: Actor) -> None:
    ref = cards.apply(rider, at=clock.now()).ref
    firm, worker = cards.make.signed_in(cards.firm), cards.make.signed_in(cards.worker)
    assert ref in firm.get("/cards").text
    assert ref not in worker.get("/cards").text
    assert ref in worker.get("/cards?pile=under_way").text
    assert "老王" in firm.get(f"/cards/{ref}").text
    named = cards.make.rider(name="张三丰")
    other = cards.apply(named, cards.alone, at=clock.now()).ref
    page = cards.make.signed_in(cards.worker_alone).get(f"/cards/{other}").text
    assert "张三丰" not in page
    assert rider_alias(named.member_id) in page
    refused = post(firm, f"/cards/{ref}/property_decline", {"version": "1", "words": ""})
    assert refused.status_code == 422
    assert post(firm, f"/cards/{ref}/property_approve", {"version": "1"}).status_code == 303
    # The button pressed twice.
    assert post(firm, f"/cards/{ref}/property_approve", {"version": "1"}).status_code == 303
    stale = post(worker, f"/cards/{ref}/community_decline", {"version": "1", "words": "不行"})
    assert stale.status_code == 409
    assert "不行" in stale.text
    assert post(worker, f"/cards/{ref}/community_approve", {"version": "2"}).status_code == 303
    issued = post(firm, f"/cards/{ref}/issue", {"version": "3", "card_number": "A-7"})
    assert issued.status_code == 303
    assert cards.fresh(ref).state is S.ACTIVE
    assert post(firm, f"/cards/{ref}/dance", {}).status_code == 404


def test_who_waits_too_long_shows_red(cards: Cards, rider: Actor) -> None:
    hours = cards.make.settings.cards.approve_hours
    cards.apply(rider, at=clock.now() - timedelta(hours=hours, minutes=1))
    late = cards.make.signed_in(cards.firm).get("/cards").text
    assert "light-edge-red" in late
    assert "已超期" in late


def test_prices_are_set_by_the_firm_with_a_reason(cards: Cards) -> None:
    firm = cards.make.signed_in(cards.firm)
    code = cards.with_firm.code
    assert cards.with_firm.name in firm.get("/owner-prices").text
    assert cards.alone.name not in firm.get("/owner-prices").text
    form = {"compound": code, "paper": "access_card", "price": "20.5", "words": ""}
    assert post(firm, "/owner-prices", form).status_code == 422
    odd = post(firm, "/owner-prices", {**form, "price": "twenty", "words": "涨价"})
    assert odd.status_code == 422
    assert "twenty" in odd.text
    assert "涨价" in odd.text
    assert post(firm, "/owner-prices", {**form, "words": "涨价"}).status_code == 303
    assert "20.50 元" in firm.get(f"/owner-prices?compound={code}").text
    foreign = post(firm, "/owner-prices", {**form, "compound": cards.alone.code, "words": "x"})
    assert foreign.status_code == 403
    auditor = cards.make.signed_in(cards.make.auditor())
    assert auditor.get(f"/owner-prices?compound={code}").status_code == 200
    assert post(auditor, "/owner-prices", {**form, "words": "x"}).status_code == 403


@pytest.mark.parametrize(
    "form",
    [
        {"price": "1e3"}, {"price": "-1"}, {"price": "十五"}, {"price": "1001"}, {"price": ""},
        {"paper": "passport"}, {"seen": "x"}, {"words": "长" * 501}, {"subsidy": "9"},
        {"compound": ""},
    ],
)  # fmt: skip
def test_odd_prices_are_refused_by_name(cards: Cards, form: dict[str, str]) -> None:
    admin = cards.make.signed_in(cards.shop.admin)
    sent = {
        "compound": cards.with_firm.code, "paper": "access_card", "price": "20", "words": "x",
        **form,
    }  # fmt: skip
    assert post(admin, "/owner-prices", sent).status_code == 422


def test_the_list_of_services_says_how_far_a_card_is(cards: Cards, rider: Actor) -> None:
    ref = cards.apply(rider, at=clock.now()).ref
    client = cards.make.signed_in(rider)
    assert "已提交" in client.get("/my/services").text
    assert client.get(f"/my/services/{ref}").location == f"/my/cards/{ref}"
    assert client.get(f"/my/cards/{cards.issued(cards.shop.rider(155))}").status_code == 404
    listed = client.get("/api/v1/me/redemptions", headers=cards.make.token(rider)).get_json()[
        "items"
    ]
    assert listed[0]["voucher"] is None
    assert listed[0]["application"] == {
        "paper": "access_card", "compound": cards.with_firm.name, "state": "submitted",
        "valid_until": None,
    }  # fmt: skip


def test_the_card_leads_to_the_host_of_the_settings_whatever_the_request_says(
    cards: Cards, rider: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends a made-up Host (or X-Forwarded-Host) gets no card that leads to it."""
    ref = cards.issued(rider, at=clock.now())
    token = cards.fresh(ref).token
    client = cards.make.signed_in(rider)
    drawn: list[str] = []

    def draw(text: str) -> Markup:
        drawn.append(text)
        return Markup("<svg/>")

    monkeypatch.setattr(permit_routes, "qr_svg", draw)
    kept = client.get_cookie("grid_report")
    assert kept is not None
    client.set_cookie("grid_report", kept.value, domain="evil.example")
    evil = {"Host": "evil.example"}
    for said in (evil, {"X-Forwarded-Host": "evil.example"}, {}):
        page = client.get(f"/my/cards/{ref}", headers=said).text
        assert "evil.example/verify" not in page
    port = cards.make.settings.server.port
    assert drawn == [f"http://127.0.0.1:{port}/verify/{token}"] * 3
    wired = cards.make.app.extensions["grid_report"]
    server = wired.settings.server.model_copy(update={"public_url": "https://grid.example.org"})
    known = wired.settings.model_copy(update={"server": server})
    monkeypatch.setitem(
        cards.make.app.extensions, "grid_report", dataclasses.replace(wired, settings=known)
    )
    client.get(f"/my/cards/{ref}", headers=evil)
    assert drawn[-1] == f"https://grid.example.org/verify/{token}"


def test_taking_back_what_was_free_speaks_of_no_points(cards: Cards, rider: Actor) -> None:
    client = cards.make.signed_in(rider)
    for compound, speaks in ((cards.with_firm, True), (cards.alone, False)):
        ref = cards.apply(rider, compound).ref
        page = client.get(f"/my/cards/{ref}").text
        assert "/withdraw" in page
        assert ("积分马上退回" in page) is speaks
        cards.step(ref, T.WITHDRAW, rider)


@pytest.mark.parametrize("fen", [0, 1555])
def test_a_card_that_was_free_speaks_of_no_points_to_come_back(
    cards: Cards, rider: Actor, fen: int
) -> None:
    cards.price(cards.with_firm, fen, by=cards.firm, words="业主也不收")
    page = cards.make.signed_in(rider).get(f"/my/cards/{cards.issued(rider)}").text
    assert "不收押金" in page
    assert ("积分全退" in page) is (fen > 0)
