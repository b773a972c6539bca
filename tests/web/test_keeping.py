"""What a phone may keep: live vouchers and cards of whoever is signed in, named by the server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from grid_report import clock
from grid_report.offers.permits.lifecycle import ApplicationStep
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.points import signals
from grid_report.web.http.headers import POLICY
from grid_report.web.pages.offline_pages import HEADER, SHELL_HEADER
from tests.offers.cards import Cards
from tests.offers.shop import Shop
from tests.support import present
from tests.support.builders import Make

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """Audit the ledger by itself: these points are for reports nobody sent."""
    with signals.report_facts.muted():
        yield


def test_a_voucher_may_be_kept_as_long_as_it_is_live(make: Make) -> None:
    shop = Shop(make, clock.now())
    rider, other = shop.rider(100), shop.rider(100)
    ref = shop.take(rider, shop.offer(20)).ref
    phone, others = make.signed_in(rider), make.signed_in(other)
    page = phone.get(f"/my/services/{ref}")
    owner = page.headers[HEADER]
    assert owner
    assert f'data-keeper="{owner}"' in page.text
    assert page.headers["Content-Security-Policy"] == POLICY
    refused = others.get(f"/my/services/{ref}")
    assert (refused.status_code, HEADER in refused.headers) == (404, False)
    # The same person on another phone is another keeper: what one sign-in kept ends with it.
    assert make.signed_in(rider).get(f"/my/services/{ref}").headers[HEADER] != owner
    redemptions_usecases.cancel(ref, actor=rider, now=clock.now())
    page = phone.get(f"/my/services/{ref}")
    assert (page.status_code, HEADER in page.headers) == (200, False)


@pytest.mark.at(present.USUAL)
def test_a_card_may_be_kept_once_it_is_handed_out(make: Make) -> None:
    cards = Cards(make)
    cards.now = clock.now()
    rider = cards.shop.rider(200)
    ref = cards.approved(rider)
    phone = make.signed_in(rider)
    assert HEADER not in phone.get(f"/my/cards/{ref}").headers
    cards.step(ref, ApplicationStep.ISSUE, cards.firm, card_number="0042")
    assert phone.get(f"/my/cards/{ref}").headers[HEADER]


def test_no_other_page_of_a_rider_may_be_kept(make: Make) -> None:
    phone = make.signed_in(make.rider())
    for path in ("/my/services", "/my/points", "/my/reports", "/me", "/inbox", "/report/new"):
        page = phone.get(path)
        assert (page.status_code, HEADER in page.headers) == (200, False), path


def test_a_guests_page_says_that_it_is_nobodys(client: FlaskClient) -> None:
    assert 'data-keeper=""' in client.get("/sign-in").text


def test_the_worker_is_asked_for_anew_each_time(client: FlaskClient) -> None:
    answer = client.get("/sw.js")
    assert answer.status_code == 200
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Security-Policy"] == POLICY
    again = client.get("/sw.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_shell_is_the_same_bytes_for_everybody_and_says_nothing_of_anybody(make: Make) -> None:
    proved, fresh = make.rider(), make.unproved()
    pages = [make.signed_in(it).get("/report/shell") for it in (proved, fresh, proved)]
    assert [page.headers[SHELL_HEADER] for page in pages] == ["1"] * 3
    assert pages[0].data == pages[1].data == pages[2].data
    text = pages[0].text
    for told in ('name="csrf_token"', "data-member", 'data-keeper="1', "退出"):
        assert told not in text.replace('data-member=""', "")
    assert 'name="key" value=""' in text
    # All a report needs is in it: kinds, communities, and the five places at the foot.
    assert text.count('name="category"') > 20
    assert '<option value="211282' in text
    assert text.count('<nav class="foot"') == 1


def test_what_was_just_done_is_not_told_in_the_shell(make: Make) -> None:
    rider = make.signed_in(make.rider())
    with rider.session_transaction() as session:
        session["_flashes"] = [("message", "only for one")]
    assert "only for one" not in rider.get("/report/shell").text
    assert "only for one" not in rider.get("/offline").text
    assert "only for one" in rider.get("/my/reports").text


def test_the_page_without_network_is_nobodys(make: Make, client: FlaskClient) -> None:
    page = make.signed_in(make.rider()).get("/offline").text
    assert page == client.get("/offline").text
    assert "data-shell" in page


def test_a_browser_learns_at_sending_who_it_is_and_what_to_carry_along(
    make: Make, client: FlaskClient
) -> None:
    rider = make.rider()
    answer = make.signed_in(rider).get("/session")
    assert answer.get_json()["member"] == str(rider.member_id)
    assert answer.get_json()["token"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/session").get_json() == {"member": "", "token": ""}
