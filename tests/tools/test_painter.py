"""The demo's pictures: one scene a category, before and after, the same every time."""

from __future__ import annotations

import csv
import io

import pytest
from PIL import Image, ImageChops, ImageStat

from grid_report.demo.phrases import DONE, SEEN
from grid_report.settings import CONFIG
from tools.painter.brush import textures
from tools.painter.gallery import SCENES, hazard_picture
from tools.painter.sets import SETS
from tools.painter.still_lives import STILL_LIVES, service_picture

SMALL = (256, 192)
CATEGORIES = [
    row["code"]
    for row in csv.DictReader((CONFIG / "categories.csv").read_text(encoding="utf-8").splitlines())
]


def opened(picture: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(picture))
    image.load()
    assert image.format == "JPEG"
    return image


def test_every_category_has_a_scene_a_stage_and_words() -> None:
    assert set(SCENES) == set(SETS) == set(SEEN) == set(DONE) == set(CATEGORIES)


@pytest.mark.parametrize("code", CATEGORIES)
def test_a_scene_shows_something_and_changes_when_it_is_put_right(code: str) -> None:
    before = opened(hazard_picture(code, seed=7, size=SMALL))
    after = opened(hazard_picture(code, seed=7, after=True, size=SMALL))
    assert before.size == after.size == SMALL
    # A picture, not a plain card: light and dark are both there.
    assert ImageStat.Stat(before.convert("L")).stddev[0] > 12
    changed = ImageChops.difference(before, after).convert("L").point(lambda v: 255 * (v > 40))
    assert 0.002 < ImageStat.Stat(changed).mean[0] / 255 < 0.8


def test_the_same_picture_is_drawn_every_time_and_another_seed_draws_another() -> None:
    first = hazard_picture("RD02", seed=1, size=SMALL)
    assert hazard_picture("RD02", seed=1, size=SMALL) == first
    assert hazard_picture("RD02", seed=2, size=SMALL) != first
    assert hazard_picture("RD02", seed=1, angle=1, size=SMALL) != first


def test_the_repaired_picture_is_the_same_whether_or_not_the_hazard_was_drawn_before() -> None:
    fresh = hazard_picture("UT05", seed=3, after=True, size=SMALL)
    hazard_picture("UT05", seed=3, size=SMALL)
    assert hazard_picture("UT05", seed=3, after=True, size=SMALL) == fresh


def test_a_machine_without_any_chinese_font_still_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = (textures.chinese_font, textures.text_mask)
    monkeypatch.setattr(textures, "FONTS", ())
    for kept in caches:
        kept.cache_clear()
    try:
        assert opened(hazard_picture("FS01", seed=1, size=SMALL)).size == SMALL
    finally:
        for kept in caches:
            kept.cache_clear()


def test_the_size_is_the_one_asked_for() -> None:
    assert opened(hazard_picture("EN01", seed=1, size=(640, 480))).size == (640, 480)


@pytest.mark.parametrize("name", STILL_LIVES)
def test_a_still_life_shows_something_and_no_two_look_alike(name: str) -> None:
    drawn = opened(service_picture(name, size=SMALL))
    assert drawn.size == SMALL
    assert ImageStat.Stat(drawn.convert("L")).stddev[0] > 12
    assert service_picture(name, size=SMALL) == service_picture(name, size=SMALL)


def test_what_lies_behind_the_lens_is_left_out() -> None:
    # A seed whose street has a house without any lit window: found among thousands.
    assert opened(hazard_picture("RD01", seed=16, size=SMALL)).size == SMALL
