"""`./run --with postgres,s3,heic` installs what it names, from the lock, and goes on doing so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.source import ROOT
from tools import extras, python_env
from tools.paths import RUN_LOCK
from tools.show import Problem

DOCUMENTS = [
    "README.md", "config/README.md", "config/deploy/README.md", "tools/commands.py",
    "tools/setup.py", "grid_report/README.md", "grid_report/media/store/s3.py",
    "grid_report/application.py", "run",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(extras, "KEPT", tmp_path / "extras")


def packages(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9][\w.-]*)==", lock, re.M))


@pytest.mark.parametrize(
    ("names", "added"),
    [
        (["postgres"], {"psycopg", "psycopg-binary"}),
        (["s3"], {"obstore"}),
        (["heic"], {"pillow-heif"}),
        (["heic", "postgres", "s3"], {"psycopg", "psycopg-binary", "obstore", "pillow-heif"}),
        ([], set()),
    ],
)
def test_an_extra_is_its_packages_and_what_they_need(names: list[str], added: set[str]) -> None:
    run = packages(RUN_LOCK.read_text())
    lock = extras.lock_of(names)
    assert packages(lock) - run == added
    assert packages(lock) >= run
    for name, block in extras._blocks(lock).items():
        assert "--hash=sha256:" in block, name


def test_pip_takes_the_lock_with_all_extras_as_it_is(tmp_path: Path) -> None:
    """Without any index: every package of it is here, at that very version, with its needs."""
    file = tmp_path / "lock.txt"
    file.write_text(extras.lock_of(extras.known()))
    words = ["install", "--no-index", "--require-hashes", "--dry-run", "-r", str(file)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout


def test_they_are_kept_and_add_up_until_they_are_forgotten() -> None:
    before = python_env.wanted_to_run()
    extras.keep(["s3"])
    extras.keep(None)
    assert extras.kept() == ["s3"]
    with_s3 = python_env.wanted_to_run()
    extras.keep(["postgres"])
    assert extras.kept() == ["postgres", "s3"]
    # Each change is a reason to install; a start without words is none.
    assert len({before, with_s3, python_env.wanted_to_run()}) == 3
    extras.keep(["none", "heic"])
    assert extras.kept() == ["heic"]
    extras.keep(["none"])
    assert extras.kept() == []
    assert python_env.wanted_to_run() == before


@pytest.mark.parametrize(
    ("words", "names", "others"),
    [
        ([], None, []),
        (["--port", "8001"], None, ["--port", "8001"]),
        (["--with", "postgres,s3", "--port", "8001"], ["postgres", "s3"], ["--port", "8001"]),
        (["--with=heic", "--with", "s3"], ["heic", "s3"], []),
        (["--with", "none"], ["none"], []),
    ],
)
def test_the_words_for_the_site_are_left_alone(
    words: list[str], names: list[str] | None, others: list[str]
) -> None:
    assert extras.taken_from(words) == (names, others)


@pytest.mark.parametrize(
    "words", [["--with", "mysql"], ["--with", "s3,test"], ["--with"], ["--with="]]
)
def test_an_unknown_extra_is_refused_and_the_known_ones_named(words: list[str]) -> None:
    with pytest.raises(Problem) as refused:
        extras.taken_from(words)
    assert "heic,postgres,s3" in str(refused.value)
    assert "There is no extra called" in refused.value.en


def test_every_install_command_that_is_written_down_names_something_that_exists() -> None:
    seen = 0
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        # The package is on no index: pip would install nothing, or something of somebody else's.
        assert "grid-report[" not in text, name
        assert "pip install" not in text, name
        for given in re.findall(r"--with[ =]([a-z0-9][a-z0-9,]*)", text):
            seen += 1
            assert set(given.split(",")) <= {*extras.known(), extras.NONE}, f"{name}: {given}"
        for command in re.findall(r"tools/setup\.py ([a-z]+)", text):
            assert command in ("run", "test", "prepare", "lock"), f"{name}: {command}"
    assert seen >= 5


def test_the_help_names_every_extra() -> None:
    said = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "setup.py"), "run", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "--with" in said
    assert all(name in said for name in extras.known())
