"""Consent in force: what a rider did not agree to is neither asked for, nor sent on, nor kept."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from grid_report import clock
from grid_report.access import Actor
from grid_report.accounts import consent_queries
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consents import usecases as consents_usecases
from grid_report.db import db
from grid_report.places.geo.routing import MatchedBy
from grid_report.places.queries import reference
from grid_report.points.policy import terms_of
from grid_report.reports.casework import recheck_usecases
from grid_report.reports.commands import AnswerRecheck, AskRecheck
from grid_report.reports.desk import review_queries
from grid_report.reports.errors import ConsentNeeded, KeyReused
from grid_report.reports.idempotency_steps import Sent
from grid_report.reports.models import Report, ReportPhoto
from grid_report.reports.sources import LocatedBy, settle
from grid_report.reports.submission import usecases as submission_usecases
from tests.accounts.browsing import post_form
from tests.support.builders import BRIGHT, STATION, Make, Spot, center_of, picture

pytestmark = pytest.mark.database

ACCOUNT, POSITION, PHOTOS = ConsentKind
# Inside the station's community, and a pin in the one of the lights.
HERE: Spot = {"lat": 42.5460025, "lng": 124.0408182}
SHARES_PHOTOS = (ACCOUNT, PHOTOS)
SHARES_POSITION = (ACCOUNT, POSITION)


def rider(make: Make, agreed: Collection[ConsentKind]) -> Actor:
    return make.rider(consents=agreed)


def send(make: Make, who: Actor, **fields: Any) -> Report:
    return make.report(who, **{"community": None, **fields})


def photos_of(report: Report) -> list[ReportPhoto]:
    db.session.rollback()
    return list(db.session.scalars(select(ReportPhoto).where(ReportPhoto.report_id == report.id)))


def say(make: Make, who: Actor, kind: ConsentKind, agree: bool) -> None:
    consents_usecases.say_consent(kind, agree, actor=who, policy=make.policy, now=clock.now())
    db.session.rollback()


@pytest.mark.parametrize(
    ("said", "point", "compound", "community", "found"),
    [
        (None, True, False, False, "phone"),
        ("phone", True, False, True, "phone"),
        ("pin", True, False, True, "pin"),
        ("list", True, False, True, "list"),
        ("qr", True, True, False, "qr"),
        # A point that nobody chose is the phone's, whatever the sender calls it.
        ("list", True, False, False, "phone"),
        ("qr", True, False, False, "phone"),
        ("pin", False, True, False, "list"),
        (None, False, False, True, "list"),
        ("qr", False, True, False, "qr"),
        ("phone", False, False, False, "nowhere"),
    ],
)
def test_how_a_place_was_found(
    said: str | None, point: bool, compound: bool, community: bool, found: str
) -> None:
    assert settle(
        LocatedBy(said) if said else None,
        has_point=point,
        has_compound=compound,
        has_community=community,
    ) == LocatedBy(found)


def test_without_consent_what_the_phone_measured_is_dropped(make: Make) -> None:
    photo = replace(make.photo(), position=(42.60, 124.10))
    for agreed, kept in ((tuple(ConsentKind), True), (SHARES_PHOTOS, False)):
        report = send(make, rider(make, agreed), **HERE, accuracy_m=12.0, photos=(photo,))
        if kept:
            assert (report.lat, report.lng, report.accuracy_m) == (*HERE.values(), 12.0)
            assert (report.community_code, report.located_by) == (STATION, LocatedBy.PHONE)
            assert photos_of(report)[0].taken_off_m == 7716
        else:
            middle = reference().extent.center
            assert (report.lat, report.lng, report.accuracy_m) == (middle.lat, middle.lng, None)
            assert (report.sent_lat, report.sent_lng) == (middle.lat, middle.lng)
            assert (report.community_code, report.street_code) == (None, None)
            assert (report.matched_by, report.located_by) == (MatchedBy.NONE, LocatedBy.NOWHERE)
            assert photos_of(report)[0].taken_off_m is None


def test_what_a_hand_chose_stays_without_consent(make: Make) -> None:
    who = rider(make, SHARES_PHOTOS)
    photo = replace(make.photo(), position=(42.60, 124.10))
    pin: dict[str, Any] = {**HERE, "accuracy_m": 8.0, "place_source": LocatedBy.PIN}
    pinned = send(make, who, **pin, photos=(photo,))
    assert photos_of(pinned)[0].taken_off_m is None
    assert (pinned.lat, pinned.lng, pinned.accuracy_m) == (*HERE.values(), None)
    assert (pinned.community_code, pinned.located_by) == (STATION, LocatedBy.PIN)
    # The community chosen stays, the position that came along does not.
    listed = send(make, who, **HERE, community=BRIGHT)
    center = center_of(BRIGHT)
    assert (listed.lat, listed.lng) == (center.lat, center.lng)
    assert (listed.community_code, listed.located_by) == (BRIGHT, LocatedBy.LIST)
    compound = next(iter(reference().compounds.values()))
    scanned = send(make, who, **HERE, compound=compound.code, place_source=LocatedBy.QR)
    assert (scanned.lat, scanned.lng) == (compound.point.lat, compound.point.lng)
    assert (scanned.compound_code, scanned.located_by) == (compound.code, LocatedBy.QR)


def test_a_measured_place_outside_the_county_refuses_nobody_without_consent(make: Make) -> None:
    report = send(make, rider(make, SHARES_PHOTOS), lat=39.9, lng=116.4)
    assert report.located_by is LocatedBy.NOWHERE


def test_a_report_left_without_a_place_is_cleared_by_hand(make: Make) -> None:
    report = send(make, rider(make, SHARES_PHOTOS), **HERE)
    admin = make.signed_in(make.administrator())
    assert report.number in admin.get("/admin/unrouted").get_data(as_text=True)
    given = make.step(report, "assign", make.administrator(), community=BRIGHT)
    center = center_of(BRIGHT)
    assert (given.lat, given.lng, given.located_by) == (center.lat, center.lng, LocatedBy.LIST)


def test_a_point_that_means_nothing_raises_no_flag(make: Make) -> None:
    report = send(make, rider(make, SHARES_PHOTOS), **HERE)
    db.session.rollback()
    assert [it.place_is_known for it in review_queries.reports_after(report.id - 1, 9)] == [False]
    assert [it.place_is_known for it in review_queries.photos_by_id([photos_of(report)[0].id])] == [
        False
    ]


def test_the_desk_reads_no_place_where_there_is_none(make: Make) -> None:
    report = send(make, rider(make, SHARES_PHOTOS), **HERE)
    page = make.signed_in(make.administrator()).get(f"/desk/{report.number}").get_data(as_text=True)
    assert "没有给地点：骑手没有提供位置" in page
    assert "uri.amap.com" not in page


def test_without_consent_to_photos_none_is_kept_and_no_number_is_used_up(make: Make) -> None:
    who = rider(make, SHARES_POSITION)
    with pytest.raises(ConsentNeeded):
        send(make, who, **HERE)
    assert db.session.scalar(select(Report.id)) is None
    say(make, who, PHOTOS, True)
    assert send(make, who, **HERE).number.endswith("-0001")


def test_taking_a_consent_back_counts_from_then_on(make: Make) -> None:
    who = rider(make, tuple(ConsentKind))
    before = send(make, who, **HERE, accuracy_m=5.0)
    say(make, who, POSITION, False)
    assert send(make, who, **HERE).located_by is LocatedBy.NOWHERE
    assert make.fresh(before).accuracy_m == 5.0
    say(make, who, PHOTOS, False)
    with pytest.raises(ConsentNeeded):
        send(make, who, **HERE)


@pytest.mark.parametrize("first", [True, False])
def test_a_retry_is_answered_whatever_became_of_the_consents(make: Make, first: bool) -> None:
    who = rider(make, tuple(ConsentKind) if first else SHARES_PHOTOS)
    command = make.submission(**HERE, community=None, accuracy_m=9.0)

    def submit(sent: Any = command) -> Sent:
        return submission_usecases.submit_report(
            sent, actor=who, places=reference(), settings=make.settings, now=clock.now()
        )

    report = submit().report
    say(make, who, POSITION, not first)
    say(make, who, PHOTOS, False)
    again = submit()
    assert (again.replayed, again.report.number) == (True, report.number)
    with pytest.raises(KeyReused):
        submit(replace(command, description="another one"))


def test_a_riders_answer_keeps_a_photo_only_by_consent(make: Make) -> None:
    who, worker = rider(make, tuple(ConsentKind)), make.worker()
    report = make.report(who, **HERE)
    make.step(report, "ask", worker, reason="哪一侧？")
    say(make, who, PHOTOS, False)
    say(make, who, POSITION, False)
    photo = replace(make.photo(), position=(42.60, 124.10))
    with pytest.raises(ConsentNeeded):
        make.step(report, "supplement", who, note="北侧", photos=(photo,))
    assert make.fresh(report).state.value == "needs_info"
    say(make, who, PHOTOS, True)
    make.step(report, "supplement", who, note="北侧", photos=(photo,))
    assert [it.taken_off_m for it in photos_of(report)] == [None, None]


def test_a_riders_second_look_keeps_a_photo_only_by_consent(make: Make) -> None:
    who, worker, handler = rider(make, tuple(ConsentKind)), make.worker(), make.handler()
    report = make.handled(worker, handler, who)
    recheck_usecases.ask_recheck(
        report.number, AskRecheck(), actor=worker, places=reference(), now=clock.now()
    )
    say(make, who, PHOTOS, False)
    browser = make.signed_in(who)
    page = browser.get(f"/my/reports/{report.number}").get_data(as_text=True)
    assert 'type="file"' not in page
    with pytest.raises(ConsentNeeded):
        recheck_usecases.answer_recheck(
            report.number,
            AnswerRecheck(photos=(make.photo(),)),
            actor=who,
            places=reference(),
            terms=terms_of(make.settings),
            now=clock.now(),
        )


def test_staff_need_no_consent_of_theirs_for_the_photos_of_their_work(make: Make) -> None:
    worker, handler = make.worker(consents=()), make.handler(consents=())
    assert len(photos_of(make.handled(worker, handler, make.rider()))) == 2


# --- the page -------------------------------------------------------------------------------------


def form_of(make: Make, browser: FlaskClient, **fields: Any) -> Any:
    page = browser.get("/report/new").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    values = {"csrf_token": token[1], "key": str(uuid.uuid4()), "category": "RD02", **fields}
    return browser.post("/report/new", data=values)


def test_the_form_says_so_before_the_camera_opens(make: Make) -> None:
    page = make.signed_in(rider(make, (ACCOUNT,))).get("/report/new").get_data(as_text=True)
    assert 'data-position=""' in page
    assert 'data-photos=""' in page
    assert page.index("上报需要一张照片") < page.index("data-camera")
    for camera in re.findall(r'<input type="file"[^>]*>', page):
        assert " disabled" in camera
    assert re.search(r"data-here hidden", page)
    assert re.findall(r'name="agree" value="(\w+)"', page) == ["photos", "position"]
    agreed = make.signed_in(make.rider()).get("/report/new").get_data(as_text=True)
    assert 'data-position="yes"' in agreed
    assert 'name="agree"' not in agreed
    assert "disabled" not in "".join(re.findall(r'<input type="file"[^>]*>', agreed))


def test_one_press_agrees_and_every_word_is_still_there(make: Make) -> None:
    who = rider(make, (ACCOUNT,))
    browser = make.signed_in(who)
    answer = form_of(make, browser, agree="photos", description="路面有坑", community=STATION)
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "路面有坑" in page
    assert 'data-photos="yes"' in page
    assert consent_queries.consents_of(who.member_id) == {ACCOUNT, PHOTOS}
    assert db.session.scalar(select(Report.id)) is None


def test_a_photo_posted_without_consent_is_refused_and_the_words_are_kept(make: Make) -> None:
    browser = make.signed_in(rider(make, SHARES_POSITION))
    answer = form_of(
        make, browser, community=STATION, description="路面有坑", place_note="东门口",
        photos=(io.BytesIO(picture()), "a.jpg"),
    )  # fmt: skip
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "路面有坑" in page
    assert "东门口" in page
    assert "你还没有同意照片随上报保存" in page
    assert "kept_photos" not in page


def test_a_refused_form_gives_back_no_measured_position_without_consent(make: Make) -> None:
    browser = make.signed_in(rider(make, SHARES_PHOTOS))
    place = {"lat": "42.546002", "lng": "124.040818", "accuracy_m": "7"}
    page = form_of(make, browser, source="phone", **place).get_data(as_text=True)
    assert "42.546002" not in page
    page = form_of(make, browser, source="pin", **place).get_data(as_text=True)
    assert 'name="lat" value="42.546002"' in page


def test_a_form_without_a_place_goes_to_the_unrouted_list(make: Make) -> None:
    browser = make.signed_in(rider(make, SHARES_PHOTOS))
    answer = form_of(make, browser, photos=(io.BytesIO(picture()), "a.jpg"))
    assert answer.status_code == 303
    assert "/report/sent/" in answer.location
    asked = form_of(make, make.signed_in(make.rider()), photos=(io.BytesIO(picture()), "a.jpg"))
    assert asked.status_code == 422


def test_an_answer_agrees_with_one_press_and_keeps_the_words(make: Make) -> None:
    who = rider(make, tuple(ConsentKind))
    report = make.report(who)
    make.step(report, "ask", make.worker(), reason="哪一侧？")
    say(make, who, PHOTOS, False)
    browser = make.signed_in(who)
    path = f"/reports/{report.number}/steps/supplement"
    shown = f"/my/reports/{report.number}"
    page = browser.get(shown).get_data(as_text=True)
    assert 'type="file"' not in page
    assert "这里不会要照片" in page

    def answered() -> Any:
        no_picture = (io.BytesIO(b"no picture"), "a.jpg")
        return post_form(browser, path, page=shown, note="北侧", photos=no_picture)

    # Nobody looks into a photo before there is consent to it.
    refused = answered()
    assert refused.status_code == 422
    assert "你还没有同意照片随上报保存" in refused.text
    assert "北侧" in refused.text
    answer = post_form(browser, path, page=shown, note="北侧", agree="photos")
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "北侧" in page
    assert 'type="file"' in page
    assert make.fresh(report).state.value == "needs_info"
    assert PHOTOS in consent_queries.consents_of(who.member_id)
    # With it the photo is refused for what it is, in the form with the words still there.
    refused = answered()
    assert refused.status_code == 415
    assert f'action="{path}"' in refused.text
    assert "北侧" in refused.text


@pytest.mark.parametrize("path", ["/services", "/services/stations"])
def test_what_is_near_is_asked_only_by_consent_to_that(make: Make, path: str) -> None:
    make.offer(make.station())
    who = rider(make, (ACCOUNT,))
    browser = make.signed_in(who)
    assert "data-near=" not in browser.get(path).get_data(as_text=True)
    # A position in the address sorts nothing either.
    near = browser.get(f"{path}?near=42.546,124.041").get_data(as_text=True)
    assert "data-near=" not in near
    assert " 米" not in near
    answer = post_form(browser, "/me/consents/agree", page="/me", kind="position", next=path)
    assert (answer.status_code, answer.location) == (303, path)
    assert "data-near=" in browser.get(path).get_data(as_text=True)
