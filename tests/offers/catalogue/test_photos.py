"""An offer may show a photo of its own: cleaned, kept through a refused form, and never swept."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse as Response

from grid_report import clock
from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.jobs.work import JobContext, sweep_photos
from grid_report.media.store import opening
from grid_report.offers.catalogue import queries as catalogue_queries
from tests.offers.catalogue.test_pages import OFFER, Desk
from tests.support.builders import Make, picture

pytestmark = pytest.mark.database


@pytest.fixture
def admin(make: Make) -> Desk:
    make.station()
    return Desk(make, make.administrator())


def sent(content: bytes | None = None, name: str = "热汤.jpg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(picture() if content is None else content), name


def fetch(desk: Desk, src: str, **headers: str) -> Response:
    """Fetch a photo to its last byte."""
    answer = desk.client.get(src, headers=headers, buffered=True)
    with answer:
        return answer


def kept(offer_id: int) -> str | None:
    """Return the photo an offer has now, for somebody who looks anew."""
    db.session.rollback()
    return catalogue_queries.find_offer_photo(offer_id)


def shown(page: str) -> str:
    """Return where a page shows the offer's photo from."""
    found = re.search(r'<img class="offer-photo[^"]*" src="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def test_a_photo_is_cleaned_and_shown_to_riders_with_a_name_that_never_grows_old(
    make: Make, admin: Desk
) -> None:
    offer = admin.post("/admin/offers", 303, **OFFER, photo=sent()).rsplit("/", 1)[1]
    rider = Desk(make, make.rider())
    src = shown(rider.get("/services"))
    # The phone has it already when the offer is opened.
    assert src == shown(rider.get(f"/services/{offer}"))
    for one in (src, src.replace("/thumb", "/main")):
        answer = fetch(rider, one)
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert "immutable" in answer.headers["Cache-Control"]
        assert not Image.open(io.BytesIO(answer.data)).getexif()
        again = fetch(rider, one, **{"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_programs_get_the_photo_as_well(make: Make, admin: Desk) -> None:
    offer = admin.post("/admin/offers", 303, **OFFER, photo=sent()).rsplit("/", 1)[1]
    program, token = make.app.test_client(), make.token(make.rider())
    found = program.get(f"/api/v1/offers/{offer}", headers=token).get_json()["photo"]
    for size in ("main", "thumb"):
        answer = program.get(found[size], headers=token, buffered=True)
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    wrong = found["main"].replace("size=main", "size=huge")
    assert program.get(wrong, headers=token).status_code == 422
    assert program.get(found["main"]).status_code == 401
    admin.post(f"/admin/offers/{offer}/save", 303, **OFFER, drop_photo="1")
    assert program.get(found["main"], headers=token).status_code == 404
    assert program.get(f"/api/v1/offers/{offer}", headers=token).get_json()["photo"] is None


def test_the_photo_says_what_it_is_of_where_it_stands_alone_and_nothing_twice_in_a_list(
    make: Make, admin: Desk
) -> None:
    offer = admin.post("/admin/offers", 303, **OFFER, photo=sent()).rsplit("/", 1)[1]
    rider = Desk(make, make.rider())
    assert 'alt="热汤的照片"' in rider.get(f"/services/{offer}")
    assert 'alt=""' in rider.get("/services")


def test_without_a_photo_the_drawn_picture_of_its_kind_stands_in(make: Make, admin: Desk) -> None:
    admin.post("/admin/offers", 303, **OFFER)
    page = Desk(make, make.rider()).get("/services")
    assert "offer-photo" not in page
    assert 'class="offer-picture offer-meal"' in page


def test_a_photo_sent_with_a_refused_form_comes_back_and_is_saved_with_the_next(
    make: Make, admin: Desk
) -> None:
    page = admin.post("/admin/offers", 422, **{**OFFER, "points": "-3"}, photo=sent())
    assert 'id="f-points-error"' in page
    assert 'id="f-photo-error"' not in page
    assert fetch(admin, shown(page)).status_code == 200
    token = re.search(r'name="kept_photo" value="([^"]+)"', page)
    assert token is not None
    place = admin.post("/admin/offers", 303, **OFFER, kept_photo=token[1])
    assert fetch(admin, shown(admin.get(place))).status_code == 200


@pytest.mark.parametrize("content", [b"PK\x03\x04 a letter", picture()[:600]])
def test_what_is_no_photo_is_named_at_its_field_and_everything_typed_stays(
    admin: Desk, content: bytes
) -> None:
    page = admin.post("/admin/offers", 422, **OFFER, photo=sent(content))
    assert 'id="f-photo-error"' in page
    assert 'href="#f-photo"' in page
    assert 'value="热汤"' in page
    assert "offer-photo" not in page.split("<form", 2)[-1].split("offer-photo-row")[1][:200]


def test_everything_that_is_wrong_is_said_at_once_the_photo_too(admin: Desk) -> None:
    page = admin.post("/admin/offers", 422, **{**OFFER, "points": "-3"}, photo=sent(b"no photo"))
    assert 'id="f-points-error"' in page
    assert 'id="f-photo-error"' in page


def test_a_change_keeps_the_photo_another_replaces_it_and_it_can_be_left_out(
    make: Make, admin: Desk
) -> None:
    place = admin.post("/admin/offers", 303, **OFFER, photo=sent())
    offer = int(place.rsplit("/", 1)[1])
    first = kept(offer)
    admin.post(f"{place}/save", 303, **{**OFFER, "points": "20"})
    assert kept(offer) == first
    admin.post(f"{place}/save", 303, **OFFER, photo=sent(picture(901)))
    second = kept(offer)
    assert second not in (None, first)
    # The old address shows nothing any more, whoever kept it.
    assert (
        make.signed_in(make.rider()).get(f"/services/{offer}/photos/{first}/main").status_code
        == 404
    )
    admin.post(f"{place}/save", 303, **OFFER, drop_photo="1")
    assert kept(offer) is None


def test_nobody_but_who_edits_offers_can_send_one(make: Make, admin: Desk) -> None:
    place = admin.post("/admin/offers", 303, **OFFER)
    for actor in (
        make.rider(),
        make.member(Grant(Role.STATION_STAFF, "station-1"), name="驿站"),
        make.auditor(),
    ):
        Desk(make, actor).post(f"{place}/save", 403, **OFFER, photo=sent())
    assert kept(int(place.rsplit("/", 1)[1])) is None


def test_the_sweep_of_files_nobody_knows_leaves_the_photos_of_offers_alone(
    app: Flask, make: Make, admin: Desk
) -> None:
    place = admin.post("/admin/offers", 303, **OFFER, photo=sent())
    settings = app.extensions["grid_report"].settings
    assert opening.why_not(now=clock.now()) == ""
    later = clock.now() + timedelta(days=2)
    sweep_photos(JobContext(settings, lambda: later, lambda: True))
    assert fetch(admin, shown(admin.get(place))).status_code == 200
    admin.post(f"{place}/save", 303, **OFFER, drop_photo="1")
    assert sweep_photos(JobContext(settings, lambda: later, lambda: True)) == 1  # marked
    week = later + timedelta(days=settings.photos.unknown_days)
    assert sweep_photos(JobContext(settings, lambda: week, lambda: True)) == 1  # and deleted
