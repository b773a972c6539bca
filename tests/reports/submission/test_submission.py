"""Taking reports in: exactly once, numbered without gaps, routed, within limits."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from grid_report import clock
from grid_report.access import Actor
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid
from grid_report.notify.models import Message
from grid_report.places.queries import reference
from grid_report.reports.errors import KeyReused, TooManyReports
from grid_report.reports.idempotency_steps import Sent
from grid_report.reports.models import Report, ReportPhoto
from grid_report.reports.submission import usecases as submission_usecases
from tests.support.builders import STATION, Make, center_of, picture
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database


def submit(make: Make, rider: Actor, command: Any, at: Any = None) -> Sent:
    return submission_usecases.submit_report(
        command,
        actor=rider,
        places=reference(),
        settings=make.settings,
        now=at or clock.now(),
    )


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_same_key_sent_again_answers_the_first_report(make: Make) -> None:
    rider, command = make.rider(), make.submission()
    first, again = submit(make, rider, command), submit(make, rider, command)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.report.number == first.report.number
    assert count(Report) == 1


def test_the_same_key_with_another_body_is_refused(make: Make) -> None:
    rider, command = make.rider(), make.submission()
    submit(make, rider, command)
    with pytest.raises(KeyReused):
        submit(make, rider, replace(command, description="另一处"))
    assert count(Report) == 1


def test_two_riders_may_happen_to_use_the_same_key(make: Make) -> None:
    command = make.submission()
    submit(make, make.rider(), command)
    submit(make, make.rider(), command)
    assert count(Report) == 2


def test_a_retry_is_answered_even_when_the_hour_is_full(make: Make) -> None:
    rider = make.rider()
    commands = [make.submission() for _ in range(make.settings.limits.reports_per_hour)]
    for command in commands:
        submit(make, rider, command)
    assert submit(make, rider, commands[-1]).replayed


def test_the_sixth_report_within_an_hour_waits(make: Make) -> None:
    rider = make.rider()
    for _ in range(5):
        make.report(rider)
    with pytest.raises(TooManyReports) as refused:
        make.report(rider)
    assert 3500 < refused.value.retry_after_s <= 3600


def test_the_sixteenth_report_of_a_day_waits(make: Make) -> None:
    rider, start = make.rider(), clock.now() - timedelta(hours=23)
    for number in range(15):
        make.report(rider, at=start + timedelta(hours=number))
    with pytest.raises(TooManyReports) as refused:
        make.report(rider)
    assert refused.value.hours == 24


def test_an_emergency_is_taken_above_every_limit(make: Make) -> None:
    rider = make.rider()
    for _ in range(5):
        make.report(rider)
    assert make.report(rider, category="RD01").severity == 4


def test_a_refused_report_leaves_no_gap_in_the_numbers(make: Make) -> None:
    rider = make.rider()
    for _ in range(5):
        make.report(rider)
    with pytest.raises(TooManyReports):
        make.report(rider)
    assert make.report().number.endswith("-0006")


def test_numbers_start_anew_with_the_countys_day(make: Make) -> None:
    zone = make.settings.county.tz
    evening = clock.now().astimezone(zone).replace(hour=23, minute=59, second=59)
    first = make.report(at=evening)
    second = make.report(at=evening + timedelta(seconds=2))
    assert first.number.endswith("-0001")
    assert second.number.endswith("-0001")
    assert first.number[:11] < second.number[:11]


def test_sixteen_at_once_get_sixteen_numbers_without_a_gap(
    make: Make, in_parallel: InParallel
) -> None:
    riders = [make.rider() for _ in range(16)]
    commands = [make.submission() for _ in range(16)]
    done = in_parallel(lambda i: submit(make, riders[i], commands[i]).report.number, 16)
    assert sorted(int(number[-4:]) for number in done) == list(range(1, 17))


def test_the_same_key_sixteen_times_at_once_makes_one_report(
    make: Make, in_parallel: InParallel
) -> None:
    rider, command = make.rider(), make.submission()
    done = in_parallel(lambda i: submit(make, rider, command), 16)
    assert {result.report.number for result in done} == {done[0].report.number}
    assert sum(not result.replayed for result in done) == 1
    assert count(Report) == 1
    assert count(Message) == 1


def test_staff_without_the_riders_role_cannot_report(make: Make) -> None:
    with pytest.raises(Forbidden):
        make.report(make.worker())


def test_a_place_is_found_by_boundary_before_the_chosen_community(make: Make) -> None:
    center = center_of(STATION)
    report = make.report(lat=center.lat, lng=center.lng, community="211282001003")
    assert (report.community_code, report.matched_by) == (STATION, "boundary")


def test_a_position_in_the_maps_datum_is_converted_and_kept_as_sent(make: Make) -> None:
    center = center_of(STATION)
    report = make.report(lat=center.lat, lng=center.lng, datum="gcj02", community=None)
    assert (report.sent_lat, report.sent_lng) == (center.lat, center.lng)
    assert abs(report.lat - center.lat) > 0.0005


def test_a_position_far_off_is_refused_naming_the_field(make: Make) -> None:
    with pytest.raises(Invalid) as refused:
        make.report(lat=39.9, lng=116.4, community=None)
    assert refused.value.problems["lat"][0].code == "outside-county"


def test_a_submission_takes_at_most_eight_statements(make: Make) -> None:
    token = make.token(make.rider())
    client = make.app.test_client()
    make.report()
    statements: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    form = {"category": "RD02", "community": STATION, "lat": "", "lng": ""}
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        import io

        answer = client.post(
            "/api/v1/reports",
            data={**form, "photos": [(io.BytesIO(picture()), "a.jpg")]},
            headers=token,
        )
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert answer.status_code == 201, answer.text
    assert len([s for s in statements if not s.startswith("BEGIN")]) <= 8, "\n".join(statements)


def test_every_photo_has_its_row_and_its_place(make: Make) -> None:
    photos = tuple(make.photo() for _ in range(3))
    report = make.report(photos=photos)
    names = db.session.scalars(
        select(ReportPhoto.name).where(ReportPhoto.report_id == report.id).order_by(ReportPhoto.id)
    ).all()
    assert list(names) == [photo.name for photo in photos]


def test_a_key_is_read_in_one_spelling(make: Make) -> None:
    from grid_report.errors import Invalid as Problems
    from grid_report.web.text import read_key

    key = uuid.uuid4()
    assert read_key(str(key).upper(), "key", Problems()) == read_key(key.hex, "key", Problems())
