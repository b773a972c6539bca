"""The demo's painter: one scene a category, before and after, the same every time."""

from __future__ import annotations

import csv

import pytest
from PIL import Image, ImageChops, ImageStat

from grid_report.demo.phrases import DONE, SEEN
from grid_report.settings import CONFIG
from tools.painter.brush import textures
from tools.painter.gallery import SCENES, paint
from tools.painter.sets import SETS
from tools.painter.still_lives import STILL_LIVES, still_life

SMALL = (256, 192)
CATEGORIES = [
    row["code"]
    for row in csv.DictReader((CONFIG / "categories.csv").read_text(encoding="utf-8").splitlines())
]


def painted(code: str, *, seed: int, after: bool = False) -> Image.Image:
    """Paint a small picture."""
    return paint(code, seed=seed, size=SMALL, after=after)[0]


def test_every_category_has_a_scene_a_stage_and_words() -> None:
    assert set(SCENES) == set(SETS) == set(SEEN) == set(DONE) == set(CATEGORIES)


@pytest.mark.parametrize("code", CATEGORIES)
def test_a_scene_shows_something_and_changes_when_it_is_put_right(code: str) -> None:
    before, after = painted(code, seed=7), painted(code, seed=7, after=True)
    assert before.size == after.size == SMALL
    # A picture, not a plain card: light and dark are both there.
    assert ImageStat.Stat(before.convert("L")).stddev[0] > 12
    changed = ImageChops.difference(before, after).convert("L").point(lambda v: 255 * (v > 40))
    assert 0.002 < ImageStat.Stat(changed).mean[0] / 255 < 0.8


def test_the_same_picture_is_painted_every_time_and_another_seed_paints_another() -> None:
    first = painted("RD02", seed=1)
    assert painted("RD02", seed=1) == first
    assert painted("RD02", seed=2) != first


def test_the_repaired_picture_is_the_same_whether_or_not_the_hazard_was_painted_before() -> None:
    fresh = painted("UT05", seed=3, after=True)
    painted("UT05", seed=3)
    assert painted("UT05", seed=3, after=True) == fresh


def test_a_scene_with_a_sign_is_known_to_be_readable() -> None:
    assert paint("FS01", seed=0, size=SMALL)[1]
    assert not paint("RD02", seed=0, size=SMALL)[1]


def test_a_machine_without_any_chinese_font_still_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = (textures.chinese_font, textures.text_mask)
    monkeypatch.setattr(textures, "FONTS", ())
    for kept in caches:
        kept.cache_clear()
    try:
        assert painted("FS01", seed=1).size == SMALL
    finally:
        for kept in caches:
            kept.cache_clear()


@pytest.mark.parametrize("name", STILL_LIVES)
def test_a_still_life_shows_something_and_is_always_the_same(name: str) -> None:
    still = still_life(name, size=SMALL)
    assert still.size == SMALL
    assert ImageStat.Stat(still.convert("L")).stddev[0] > 12
    assert still_life(name, size=SMALL) == still


def test_what_lies_behind_the_lens_is_left_out() -> None:
    # A seed whose street has a house without any lit window: found among thousands.
    assert painted("RD01", seed=16).size == SMALL
