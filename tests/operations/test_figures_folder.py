"""Two sites of one data folder: each has a folder of its own for its figures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grid_report.serving import metrics_folder
from grid_report.settings import Settings
from tests.conftest import test_settings


@pytest.fixture(params=["in memory", "on disk"])
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Return settings of a site; the folders are made in memory or, without that, on the disk."""
    monkeypatch.setattr(metrics_folder, "SHARED", tmp_path / "shm")
    if request.param == "in memory":
        (tmp_path / "shm").mkdir()
    made = test_settings("sqlite:////nowhere/site.sqlite", tmp_path)
    made.data_dir.mkdir(exist_ok=True)
    return made


def make(settings: Settings) -> metrics_folder.OwnFolder:
    found = metrics_folder.fresh_folder(settings)
    assert found is not None
    return found


def test_a_second_site_leaves_the_figures_of_the_first_alone(settings: Settings) -> None:
    first = make(settings)
    (first.path / "counter.db").write_bytes(b"7")
    second = make(settings)
    assert second.path != first.path
    assert (first.path / "counter.db").read_bytes() == b"7"
    second.drop()
    assert first.path.exists()
    assert not second.path.exists()
    first.drop()
    assert not first.path.exists()


def test_what_a_killed_site_left_behind_is_removed_by_the_next(settings: Settings) -> None:
    killed = make(settings)
    (killed.path / "counter.db").write_bytes(b"7")
    os.close(killed.lock)  # as the system does when its owner is gone
    following = make(settings)
    assert not killed.path.exists()
    assert not list(following.path.iterdir())
    following.drop()
