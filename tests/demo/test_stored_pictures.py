"""The demo's stored pictures: everything has one, they are few, and no two takes look like one photo."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from itertools import combinations, groupby

import pytest
from flask import Flask
from PIL import Image, ImageStat

from grid_report.demo import plan, world
from grid_report.demo.pictures import darkroom, shots
from grid_report.demo.pictures.shots import Shot
from grid_report.demo.shops import SHELF
from grid_report.fairness.signals import photos_alike
from grid_report.media.decoding.recipe import dhash
from grid_report.places.queries import reference
from grid_report.settings import CONFIG, Settings
from tests.support.present import COUNTY
from tools.painter import casting
from tools.painter.still_lives import STILL_LIVES

MOST_BYTES = 8_000_000
CATEGORIES = [
    row["code"]
    for row in csv.DictReader((CONFIG / "categories.csv").read_text(encoding="utf-8").splitlines())
]
RIDERS = 40


def photo(shot: Shot) -> Image.Image:
    """Develop one shot as the demo does."""
    (jpeg,) = darkroom.develop_all([shot], world.PICTURE)
    return read(jpeg)


def read(jpeg: bytes) -> Image.Image:
    """Read a photo."""
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    return image


def print_of(image: Image.Image) -> int:
    """Return the hash the review compares; the admitted thumbnail is half of such a photo."""
    return photos_alike.read_print(dhash(image.reduce(2)))


def shots_of(settings: Settings, now: datetime, count: int) -> set[Shot]:
    """Return every shot of a world's cases."""
    deeds, _ = plan.write(
        seed=settings.demo.seed,
        count=count,
        now=now,
        zone=COUNTY,
        places=reference(),
        riders=RIDERS,
    )
    return {shot for deed in deeds for shot in deed.shots}


def test_every_category_has_a_scene_before_and_after() -> None:
    scenes = shots.stored_scenes()
    assert set(scenes) == set(CATEGORIES)
    for each in scenes.values():
        assert [scene.number for scene in each] == list(range(len(each)))
        assert all(scene.file(after=after).is_file() for scene in each for after in (False, True))


def test_every_offer_has_its_picture() -> None:
    names = {shot.category for shot in SHELF.values()} | STILL_LIVES.keys()
    assert {name for name in names if not (shots.STORED / f"{name}.webp").is_file()} == set()


def test_the_painter_and_what_is_stored_agree_in_names() -> None:
    painted = {shots.MARK, shots.LIST.name, *(f"{name}.webp" for name in STILL_LIVES)}
    for category, seeds in casting.SEEDS.items():
        for number in range(len(seeds)):
            painted |= {shots.file_name(category, number, after=it) for it in (False, True)}
    assert {file.name for file in shots.STORED.iterdir()} == painted


def test_the_pictures_stay_small() -> None:
    assert sum(file.stat().st_size for file in shots.STORED.iterdir()) <= MOST_BYTES


@pytest.mark.parametrize("category", ["FS03", "FS06", "UT08", "RD02", "EN01"])
def test_no_two_takes_of_a_category_are_taken_for_one_photo(category: str) -> None:
    prints = {
        Shot(category, take, after, angle): print_of(photo(Shot(category, take, after, angle)))
        for take in range(7)
        for after, angle in ((False, 0), (False, 1), (False, shots.ELSEWHERE), (True, 0))
    }
    assert all(photos_alike.says_something(one) for one in prints.values())
    near = {
        (a, b): photos_alike.bits_apart(prints[a], prints[b])
        for a, b in combinations(prints, 2)
        # One rider's photos of one spot may look alike; a second rider's are another case's.
        if a.variant != b.variant or shots.ELSEWHERE in (a.angle, b.angle)
    }
    assert {pair: bits for pair, bits in near.items() if bits <= photos_alike.MOST_BITS} == {}


@pytest.mark.operations
@pytest.mark.slow
def test_no_two_spots_of_the_default_world_are_taken_for_one_photo(app: Flask) -> None:
    """Of whatever categories; the case that sends a photo again does so with the very same one."""
    settings = app.extensions["grid_report"].settings
    now = datetime(2026, 11, 30, 12, tzinfo=COUNTY)
    used = sorted(shots_of(settings, now, settings.demo.reports))
    assert len(used) > 400
    prints = {}
    for _, same in groupby(used, key=lambda it: it.category):
        of_one = list(same)
        for shot, jpeg in zip(of_one, darkroom.develop_all(of_one, world.PICTURE), strict=True):
            prints[shot] = print_of(read(jpeg))
    alike = [
        (a, b)
        for a, b in combinations(used, 2)
        if (a.spot != b.spot or shots.ELSEWHERE in (a.angle, b.angle))
        and photos_alike.bits_apart(prints[a], prints[b]) <= photos_alike.MOST_BITS
    ]
    assert alike == []


@pytest.mark.parametrize("day", range(1, 366, 40))
def test_a_default_world_of_any_day_uses_takes_that_were_chosen(app: Flask, day: int) -> None:
    settings = app.extensions["grid_report"].settings
    now = datetime.strptime(f"2027-{day:03}", "%Y-%j").replace(hour=11, tzinfo=COUNTY)
    for shot in shots_of(settings, now, 400):
        scenes = shots.stored_scenes()[shot.category]
        scene, _ = shots.of_shot(shot)
        assert shot.variant // len(scenes) < len(scene.throws), shot


def test_a_photo_is_of_its_size_the_same_every_time_and_another_from_elsewhere() -> None:
    first = darkroom.develop_all([Shot("RD02", 0)], world.PICTURE)
    assert darkroom.develop_all([Shot("RD02", 0)], world.PICTURE) == first
    assert darkroom.develop_all([Shot("RD02", 0, angle=1)], world.PICTURE) != first
    assert photo(Shot("RD02", 0)).size == world.PICTURE


@pytest.mark.parametrize("category", CATEGORIES)
def test_before_and_after_are_cut_alike(category: str) -> None:
    (_, before), (_, after) = (shots.of_shot(Shot(category, 1, it)) for it in (False, True))
    window = ("left", "top", "width", "is_mirrored", "slant")
    assert [getattr(before, it) for it in window] == [getattr(after, it) for it in window]
    images = [photo(Shot(category, 1, it)).convert("L") for it in (False, True)]
    assert all(ImageStat.Stat(image).stddev[0] > 12 for image in images)


def test_a_picture_with_words_in_it_is_never_mirrored() -> None:
    for scenes in shots.stored_scenes().values():
        for scene in (it for it in scenes if it.has_words):
            assert not any(shots.cut_of(scene, throw).is_mirrored for throw in range(40))
