"""`.ci/nightly`: each night looks at the tree as it is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(("of_tests", "of_mutants"), [(0, 0), (0, 1), (1, 0)])
def test_a_night_asks_all_of_it_and_begins_with_nothing_of_another_one(
    tmp_path: Path, of_tests: int, of_mutants: int
) -> None:
    told, python = tmp_path / "told", tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "nightly", tmp_path / ".ci")
    for program, ends in ((tmp_path / "test", of_tests), (python, of_mutants)):
        program.write_text(f'#!/bin/sh\necho "$@" >> {told}\nexit {ends}\n')
        program.chmod(0o755)
    for _ in range(2):
        done = subprocess.run([tmp_path / ".ci" / "nightly", "7"], check=False)
        assert done.returncode == max(of_tests, of_mutants)
    nights = [line.split() for line in told.read_text().splitlines() if "tools.mutate" in line]
    assert [it[it.index("--seed") + 1] for it in nights] == ["7", "7"]
    first, second = (Path(it[it.index("--state") + 1]) for it in nights)
    assert first != second
    assert not first.exists()
