"""When something is missing `./run` says what, in both languages, before anything is downloaded."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.source import ROOT
from tools import python_env
from tools.show import Problem
from tools.start import Place

CHINESE = re.compile("[\u4e00-\u9fff]")


def place(monkeypatch: pytest.MonkeyPatch, **environ: str) -> Place:
    for name in ("HOST", "PORT", "GRID_REPORT_DATA", "GRID_REPORT_PHOTO_STORE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return Place.from_environment()


def says(problem: Problem, *parts: str) -> None:
    """Check both sentences: one in Chinese, one in English, each with these parts."""
    assert CHINESE.search(problem.zh)
    assert not CHINESE.search(problem.en)
    for part in parts:
        assert part in str(problem)


def test_a_taken_port_names_a_free_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        here = place(monkeypatch, PORT=str(port), GRID_REPORT_DATA=str(tmp_path))
        with pytest.raises(Problem) as refused:
            here.check()
    says(refused.value, str(port), "taken")
    (advice,) = refused.value.detail
    free = int(advice.removeprefix("PORT=").removesuffix(" ./run"))
    place(monkeypatch, PORT=str(free), GRID_REPORT_DATA=str(tmp_path)).check()


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "８０００", "80 80"])
def test_what_is_no_port_is_said_so(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    with pytest.raises(Problem) as refused:
        place(monkeypatch, PORT=port)
    says(refused.value, port)


def test_a_host_that_is_not_ours_is_said_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = place(monkeypatch, HOST="203.0.113.9", PORT="8999", GRID_REPORT_DATA=str(tmp_path))
    with pytest.raises(Problem) as refused:
        here.check()
    says(refused.value, "203.0.113.9")


def test_a_data_folder_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    here = place(monkeypatch, PORT=port, GRID_REPORT_DATA=str(folder))
    with pytest.raises(Problem) as refused:
        here.check()
    says(refused.value, str(folder))


def test_a_python_without_ensurepip_names_the_one_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = importlib.util.find_spec

    def find(name: str, *more: str) -> object:
        return None if name == "ensurepip" else real(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(Problem) as refused:
        python_env.check()
    says(refused.value, "apt-get install -y python3-venv")


def test_an_old_python_is_refused_and_the_found_one_named(tmp_path: Path) -> None:
    """A folder with nothing but an old Python and what a shell script needs."""
    old = "#!/bin/sh\ncase $1 in -c) exit 1;; *) echo Python 3.9.2;; esac\n"
    (tmp_path / "python3").write_text(old)
    (tmp_path / "python3").chmod(0o755)
    for tool in ("dirname", "head", "sh"):
        (tmp_path / tool).symlink_to(next(
            path for folder in os.defpath.split(":")
            if (path := Path(folder or ".") / tool).exists()
        ))  # fmt: skip
    said = subprocess.run(
        ["/bin/sh", str(ROOT / "run")], env={"PATH": str(tmp_path)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert said.returncode == 1
    assert "Python 3.9.2" in said.stderr
    assert "3.11" in said.stderr
    assert "apt-get install python3 python3-venv" in said.stderr
