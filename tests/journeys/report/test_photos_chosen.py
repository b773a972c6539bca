"""What is wrong with a photo is said when it is chosen, before anything is uploaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.pictures import camera_jpeg
from tests.support.visits.browser import Person

pytestmark = pytest.mark.browser

RIDER = "13900000002"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 64


def test_a_torn_photo_is_left_out_and_a_whole_one_taken(
    person: Callable[..., Person], tmp_path: Path
) -> None:
    # A thumbnail in its head has an end of its own: that is not the picture's.
    whole = camera_jpeg((1024, 768), orientation=1, lat=42.546, lng=124.0408)
    (tmp_path / "whole.jpg").write_bytes(whole)
    (tmp_path / "torn.jpg").write_bytes(whole[: len(whole) * 2 // 3])
    page = person(RIDER).go("/report/new")
    hint = page.locator("[data-shots-hint]")
    page.locator("input[data-album]").set_input_files(tmp_path / "torn.jpg")
    expect(hint).to_contain_text("这张照片不完整")
    expect(page.locator("[data-shots] img")).to_have_count(0)
    page.locator("input[data-album]").set_input_files(tmp_path / "whole.jpg")
    expect(page.locator("[data-shots] img")).to_have_count(1)
    expect(hint).not_to_contain_text("这张照片不完整")


def test_heic_is_welcome_only_where_it_can_be_read(
    person: Callable[..., Person], tmp_path: Path
) -> None:
    (tmp_path / "a.heic").write_bytes(HEIC)
    page = person(RIDER).go("/report/new")
    form = page.locator("#report-form")
    form.evaluate("form => { form.dataset.heic = ''; }")
    page.locator("input[data-album]").set_input_files(tmp_path / "a.heic")
    expect(page.locator("[data-shots-hint]")).to_contain_text("这里读不了 HEIC")
    expect(page.locator("[data-shots] .shot")).to_have_count(0)
    form.evaluate("form => { form.dataset.heic = 'yes'; }")
    page.locator("input[data-album]").set_input_files(tmp_path / "a.heic")
    expect(page.locator("[data-shots] .shot")).to_have_count(1)


def test_a_photo_of_the_album_says_when_and_where_it_was_taken(
    person: Callable[..., Person], tmp_path: Path
) -> None:
    taken = "2026:11:14 08:30:00"
    photo = camera_jpeg((1024, 768), orientation=1, lat=42.546, lng=124.0408, taken_at=taken)
    (tmp_path / "taken.jpg").write_bytes(photo)
    page = person(RIDER).go("/report/new")
    page.locator("input[data-album]").set_input_files(tmp_path / "taken.jpg")
    expect(page.locator("[data-place-words]")).to_contain_text("站前社区")
    expect(page.locator("[data-place-detail]")).to_contain_text("照片")
    expect(page.locator("[name=lat]")).to_have_value("42.546000")
    expect(page.locator("[name=taken_at]")).to_have_value("2026-11-14T08:30:00")
