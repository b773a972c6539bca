"""A photo that is damaged in the store is an error with its name, on the page, in the API, in the check."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from grid_report.db import db
from grid_report.media.store.local import LocalStore
from grid_report.media.store.marks import Marks
from grid_report.media.store.stores import Size
from grid_report.media.upkeep import usecases as upkeep_usecases
from grid_report.media.upkeep.check import Findings, check_store
from grid_report.web.context import wiring
from tests.media.test_photo_store import after_all, care, claimed, command, store, sweep
from tests.support.builders import Make

pytestmark = pytest.mark.database


def path_of(name: str, size: Size = Size.MAIN) -> Path:
    found = store()
    assert isinstance(found, LocalStore)
    return found.root / name[:2] / f"{name}-{size}.jpg"


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def verifying(app: Flask, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the site look at such a share of the photos it hands out."""
    media = app.extensions["grid_report"].media
    photos = media.settings.photos.model_copy(update={"verify_share": share})
    monkeypatch.setattr(media, "settings", media.settings.model_copy(update={"photos": photos}))


def test_a_damaged_photo_is_an_honest_error_that_nobody_keeps(
    app: Flask, make: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifying(app, 1.0, monkeypatch)
    rider = make.rider()
    photo = make.photo()
    report = make.report(rider, photos=(photo,))
    client, token = make.signed_in(rider), make.token(rider)
    page = f"/reports/{report.number}/photos/{photo.name}/main"
    with client.get(page, buffered=True) as whole:
        assert whole.status_code == 200
    flip(path_of(photo.name))
    with caplog.at_level(logging.ERROR, "grid_report"):
        answer = client.get(page)
    assert answer.status_code == 500
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    assert "这张照片在库里已损坏" in answer.text
    assert {record.photo for record in caplog.records if hasattr(record, "photo")} == {photo.name}
    listed: Any = client.get(f"/api/v1/reports/{report.number}", headers=token).json
    problem = client.get(listed["photos"][0]["main"], headers=token)
    assert (problem.status_code, problem.get_json()["code"]) == (500, "photo-damaged")
    assert problem.headers["Cache-Control"] == "no-store"


def test_a_photo_of_another_size_than_its_row_says_is_refused_without_reading_it(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifying(app, 0.0, monkeypatch)
    rider, photo = make.rider(), make.photo()
    report = make.report(rider, photos=(photo,))
    path = path_of(photo.name)
    path.write_bytes(path.read_bytes()[:-30] + b"\xff\xd9")
    answer = make.signed_in(rider).get(f"/reports/{report.number}/photos/{photo.name}/main")
    assert answer.status_code == 500


def checked(**more: int) -> tuple[Findings, list[str]]:
    told: list[str] = []
    found = check_store(
        store(),
        wiring().list_photo_files,
        wiring().photo_names_in_use,
        care(),
        now=after_all(timedelta(hours=3, **more)),
        tell=told.append,
        progress=lambda _: None,
    )
    return found, sorted(told)


def test_the_check_names_what_is_missing_damaged_and_nobodys(app: Flask, make: Make) -> None:
    one, two, three, four = (make.photo() for _ in range(4))
    make.report(photos=(one, two))
    make.report(photos=(three, four))
    claimed()
    assert checked() == (Findings(known=4), [])
    flip(path_of(one.name))
    path_of(two.name).unlink()
    path_of(three.name, Size.THUMB).unlink()
    path = path_of(four.name, Size.THUMB)
    path.write_bytes(path.read_bytes()[:-40])
    orphan = make.photo().name
    found, told = checked()
    assert found == Findings(known=4, missing=2, damaged=2, unknown=1)
    assert told == sorted(
        [
            f"damaged {one.name} main",
            f"missing {two.name} main",
            f"missing {three.name} thumb",
            f"damaged {four.name} thumb",
            f"unknown {orphan}",
        ]
    )


def test_a_photo_that_waits_to_be_deleted_is_counted_but_nothing_wrong(
    app: Flask, make: Make
) -> None:
    make.report(photos=(make.photo(),))
    make.photo()
    claimed()
    sweep(after_all())
    assert len(Marks(store()).names()) == 1
    found, told = checked()
    assert (found, told, found.is_sound) == (Findings(known=1, marked=1), [], True)


def test_a_photo_whose_row_goes_while_it_is_checked_is_nothing_wrong(
    app: Flask, make: Make
) -> None:
    make.report(photos=(make.photo(),))
    claimed()
    gone = "ab" * 32

    def list_files(after: str, most: int) -> list[tuple[str, int | None]]:
        listed = wiring().list_photo_files(after, most)
        return listed if after else [(gone, 1), *listed]

    told: list[str] = []
    found = check_store(
        store(),
        list_files,
        wiring().photo_names_in_use,
        care(),
        now=after_all(timedelta(hours=3)),
        tell=told.append,
        progress=lambda _: None,
    )
    assert (found.missing, told) == (0, [])


def test_young_files_may_still_get_their_row(app: Flask, make: Make) -> None:
    make.photo()
    found = check_store(
        store(),
        wiring().list_photo_files,
        wiring().photo_names_in_use,
        care(),
        now=after_all(timedelta(hours=1)),
        tell=lambda _: None,
        progress=lambda _: None,
    )
    assert found == Findings()


def test_the_check_command_ends_with_1_when_anything_is_wrong(app: Flask, make: Make) -> None:
    photo = make.photo()
    make.report(photos=(photo,))
    upkeep_usecases.claim(store(), wiring().photo_names_in_use, care(), now=after_all())
    sound = command(app, "media", "check")
    assert sound.exit_code == 0
    assert "Photos checked so far: 1" in sound.output
    assert "有记录的照片 1 张；缺少文件 0 个，损坏 0 个" in sound.output
    flip(path_of(photo.name))
    wrong = command(app, "media", "check")
    assert wrong.exit_code == 1
    assert f"damaged {photo.name} main" in wrong.output
    assert "Files missing: 0, damaged: 1." in wrong.output
    db.session.rollback()
