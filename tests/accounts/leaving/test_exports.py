"""A member takes along all that is kept, and nothing of anybody else."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from grid_report.access import Actor
from grid_report.accounts.leaving import export_queries, export_usecases, fates
from grid_report.accounts.leaving import usecases as leaving
from grid_report.accounts.leaving.erasing import Room
from grid_report.accounts.leaving.errors import ExportUnderWay
from grid_report.application import LEAVING
from grid_report.db import Base, db
from grid_report.errors import NotFound, TooMany
from grid_report.media.store.stores import Size
from grid_report.notify.delivery import deliver_due
from grid_report.web.context import wiring
from tests.accounts.leaving.lives import PHONE, SIGN, live
from tests.support.builders import PASSWORD, Make

pytestmark = pytest.mark.database

# What leads to a member and stands in no export, each with its reason.
UNTOLD = {
    "boundary_drafts": "of an office",
    "boundary_versions": "of an office",
    "export_pieces": "the export itself",
    "fairness_prints": "made of the photos, which are there",
    "fairness_samples": "the street's check of its own decisions",
    "fairness_signals": "a suspicion nobody decided on would be told to whom it is about",
    "inbox": "messages.json",
    "channel_deliveries": "how a message that is there was sent",
    "outbox": "messages.json",
    "owner_prices": "of an office",
    "point_proposals": "of an office, until it is decided and stands in the ledger",
    "report_recalls": "of an office",
    "station_book": "of an office",
    "statement_history": "of an office",
    "statements": "of an office",
    "statistics_freezes": "of an office",
    "subsidies": "of an office",
    "tariff_drafts": "of an office",
    "tariff_versions": "of an office",
    "upload_pieces": "half a picture",
    "voucher_tries": "of an office",
}


def make_due(make: Make, at: datetime, **more: Any) -> int:
    return export_usecases.make_due(
        LEAVING,
        open_photo=lambda name: wiring().media.store.open(name, Size.MAIN),
        vault=make.policy.vault,
        now=lambda: at,
        **more,
    )


def asked(actor: Actor, at: datetime, most: int = 2) -> str:
    return export_usecases.request(days=7, most_per_hour=most, actor=actor, now=at)


def loaded(ref: str, actor: Actor, at: datetime) -> zipfile.ZipFile:
    export = export_queries.find_export(ref, actor.member_id, at)
    whole = b"".join(export_queries.pieces_of(export.id))
    assert len(whole) == export.byte_count
    return zipfile.ZipFile(io.BytesIO(whole))


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_usecases, "PIECE_BYTES", 2000)


def told() -> set[str]:
    return {it.table for room in LEAVING for it in room.told}


def leads_to_a_member() -> set[str]:
    declared = fates.by_name([room.tables for room in LEAVING])
    return {
        name
        for name, table in Base.metadata.tables.items()
        if any(it.column.table.name == "members" for c in table.c for it in c.foreign_keys)
        or any(it.of for it in declared.get(name, []))
    }


def test_what_leads_to_a_member_is_told_or_there_is_a_reason() -> None:
    """A new table stands in `TOLD` of its room's `erasure.py`, or here."""
    assert leads_to_a_member() - told() == set(UNTOLD)
    assert not told() & set(UNTOLD)


def test_everything_is_in_it_and_nothing_of_anybody_else(
    app: Flask, make: Make, small_pieces: None
) -> None:
    it = live(app, make)
    ref, at = asked(it.rider, it.later), it.later
    assert make_due(make, at) == 1
    with loaded(ref, it.rider, at) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    rows = {n: json.loads(data) for n, data in files.items() if n.endswith(".json")}
    assert rows["phone.json"] == [{"phone": PHONE}]
    own = {row.number for name, row in it.cases.items() if name not in ("follower", "others")}
    assert {row["number"] for row in rows["reports.json"]} == own
    assert {row["ref"] for row in rows["redemptions.json"]} == set(it.refs.values())
    for name in ("report_history", "redemption_history", "card_history", "objections", "cards"):
        assert SIGN in files[f"{name}.json"].decode(), name
    empty = {name for name, found in rows.items() if not found}
    assert empty == {
        "statistics/questions.json", "statistics/subscriptions.json", "kept_reports.json",
        "kept_photos.json", "messages.json", "channels.json",
        "points/told_of_expiry.json", "departure.json", "points/not_paid.json",
        "questions_about_reports.json", "step_keys.json", "devices.json",
    }  # fmt: skip
    sheet = files["points/statement.csv"].decode("utf-8-sig").splitlines()
    assert sheet[0].split(",")[1:3] == ["积分", "用途"]
    # The oldest line: at the county's time, in words.
    assert sheet[-1].startswith("2026-11-16 10:00,15,你的上报被受理了,KY-")
    assert len(sheet) > 5
    photos = [name for name in files if name.endswith(".jpg")]
    assert len(photos) == 8
    assert all(files[name].startswith(b"\xff\xd8") for name in photos)
    whole = b"".join(files.values()).decode("utf-8", "ignore")
    assert "别人也看见" not in whole
    assert it.cases["follower"].number not in whole


def test_what_another_rider_of_the_case_said_is_not_in_it(make: Make) -> None:
    """As on the page of the case: that there was an answer, and nothing of theirs."""
    rider, other, worker, at = make.rider(), make.rider(), make.worker(), make.later(1)
    lead = make.report(rider)
    follower = make.report(other)
    make.step(follower, "merge", worker, into=lead.number)
    make.step(lead, "ask", worker, reason="在哪一侧？")
    make.step(follower, "supplement", other, note=SIGN, photos=(make.photo(),))
    ref = asked(rider, at)
    make_due(make, at)
    with loaded(ref, rider, at) as archive:
        said = json.loads(archive.read("report_history.json"))
        photos = json.loads(archive.read("report_photos.json"))
    answers = [(it["by_me"], it["words"]) for it in said if it["step"] == "supplement"]
    assert answers == [(False, "")]
    assert "在哪一侧？" in [it["words"] for it in said]
    assert {it["by_me"] for it in photos} == {True}


def test_files_of_others_are_made_anew_without_the_words_of_whoever_left(make: Make) -> None:
    rider, other, worker, at = make.rider(), make.rider(), make.worker(), make.later(3)
    lead, follower = make.report(rider), make.report(other)
    make.step(follower, "merge", worker, into=lead.number)
    make.step(lead, "accept", worker, category="RD02", severity=2)
    make.step(lead, "start", worker)
    make.step(lead, "handle", worker, note="好了", photos=(make.photo(),))
    make.step(lead, "pass", make.worker())
    make.step(follower, "reopen", other, at=make.later(2), reason=SIGN)
    deliver_due(now=lambda: at)
    ref = asked(rider, at)
    make_due(make, at)
    with loaded(ref, rider, at) as archive:
        assert SIGN in archive.read("messages.json").decode()
    leaving.ask(password=PASSWORD, code="", days=0, actor=other, policy=make.policy, now=at)
    assert leaving.erase_due(LEAVING, now=at) == 1
    assert db.session.execute(Base.metadata.tables["export_pieces"].select()).all() == []
    assert make_due(make, at) == 1
    with loaded(ref, rider, at) as archive:
        assert SIGN not in archive.read("messages.json").decode()


def test_one_at_a_time_for_its_owner_alone_and_for_some_days(make: Make) -> None:
    rider, other, at = make.rider(), make.rider(), make.now
    ref = asked(rider, at)
    with pytest.raises(ExportUnderWay):
        asked(rider, at)
    assert make_due(make, at) == 1
    assert make_due(make, at) == 0
    with pytest.raises(NotFound):
        loaded(ref, other, at)
    asked(rider, at)
    assert make_due(make, at) == 1
    with pytest.raises(TooMany):
        asked(rider, at)
    over = at + timedelta(days=7)
    with pytest.raises(NotFound):
        loaded(ref, rider, over)
    assert make_due(make, over) == 2
    assert db.session.execute(Base.metadata.tables["export_pieces"].select()).all() == []


def test_killed_it_begins_anew_and_gives_up_after_some_tries(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rider, at = make.rider(), make.now
    ref = asked(rider, at)

    class Killed(BaseException):
        pass

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    finish: Callable[..., None] = export_usecases._finish
    monkeypatch.setattr(export_usecases, "_finish", dies)
    with pytest.raises(Killed):
        make_due(make, at)
    # Nobody else touches it while it may still be made.
    assert make_due(make, at + timedelta(minutes=1)) == 0
    monkeypatch.setattr(export_usecases, "_finish", finish)
    assert make_due(make, at + timedelta(hours=1)) == 1
    assert loaded(ref, rider, at).testzip() is None
    monkeypatch.setattr(export_usecases, "_finish", dies)
    again = asked(rider, at)
    for hour in range(1, 4):
        with pytest.raises(Killed):
            make_due(make, at + timedelta(hours=hour))
    assert make_due(make, at + timedelta(hours=5)) == 0
    assert export_queries.find_export(again, rider.member_id, at).failed_at is not None


class Large(io.RawIOBase):
    """A photo of many megabytes that never is in memory."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(self.left, len(buffer))
        self.left -= size
        return size


def test_however_large_it_is_no_more_than_a_piece_is_held(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(
        export_usecases, "_keep_piece", lambda _id, _turn, _nth, data: sizes.append(len(data))
    )
    pieces = export_usecases.Pieces(1, 1)
    rooms = (Room((), photos=lambda _: [(f"{n}.jpg", "") for n in range(4)]),)
    rider = make.rider().member_id
    tracemalloc.start()
    try:
        export_usecases._write(
            pieces, rooms, rider, open_photo=lambda _: io.BufferedReader(Large(8_000_000)),
            vault=make.policy.vault,
        )  # fmt: skip
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert pieces.byte_count == sum(sizes) > 32_000_000
    assert max(sizes) == export_usecases.PIECE_BYTES
    assert peak < 3_000_000
