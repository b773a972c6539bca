"""A copy of the tree that nobody edits while mutants run in it, and the map of its tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.mutate.selecting import files
from tools.paths import ROOT

LINKED = (".venv", "node_modules")
NOT_COPIED = {".git", *LINKED, "var", "uploads", ".hypothesis"}
MARKS = "not browser and not slow"


def tree(state: Path, *, anew: bool) -> Path:
    """Return the copy; made anew when asked to, or when there is none."""
    copy = state / "tree"
    if anew:
        shutil.rmtree(copy, ignore_errors=True)
        for made_of_it in ("template.sqlite", "modules.json"):
            (state / made_of_it).unlink(missing_ok=True)
    if not copy.exists():
        shutil.copytree(ROOT, copy, ignore=_not_copied, symlinks=True)
        for name in LINKED:
            if (ROOT / name).exists():
                (copy / name).symlink_to((ROOT / name).resolve())
        (copy / "var").mkdir()
        (copy / "uploads").mkdir(exist_ok=True)
    return copy.resolve()


def _not_copied(folder: str, names: list[str]) -> set[str]:
    return NOT_COPIED & set(names) if Path(folder) == ROOT else {"__pycache__"} & set(names)


def environment(state: Path, more: dict[str, str] | None = None) -> dict[str, str]:
    """Keep the person's own settings away, and the numeric libraries to one thread each."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRID_REPORT")}
    kept |= {
        "HYPOTHESIS_STORAGE_DIRECTORY": str(state / "hypothesis"),
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "",
        "TMPDIR": str(state),
    }
    return kept | (more or {})


def map_tests(state: Path, copy: Path, *, workers: int, only: Sequence[str] = ()) -> None:
    """Write down which quick test runs which line, and how long it takes; `only` adds to it."""
    from coverage import CoverageData

    # Not `coverage.…`: coverage clears away what is called like parts of its own file.
    config, seconds = state / "lines.ini", state / "took.json"
    mutated = ",".join(sorted(files(copy)[0]))
    config.write_text(f"[run]\nbranch = False\nrelative_files = True\ninclude = {mutated}\n")
    more = {
        "GRID_REPORT_TEST_DURATIONS": str(seconds),
        "COVERAGE_FILE": str(state / "part"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "-m", MARKS]
    command += ["--dist", "worksteal", "-p", "tools.mutate.recorder"]
    command += [f"--basetemp={state / 'map'}", "--cov", f"--cov-config={config}"]
    command += ["--cov-context=test", "--cov-report=", *only]
    subprocess.run(command, cwd=copy, env=environment(state, more), check=False)
    shutil.rmtree(state / "map", ignore_errors=True)
    all_of_it, known = state / "coverage", state / "durations.json"
    if not only:
        all_of_it.unlink(missing_ok=True)
        known.unlink(missing_ok=True)
    part, whole = CoverageData(str(state / "part")), CoverageData(str(all_of_it))
    part.read()
    if all_of_it.exists():
        whole.read()
    whole.update(part)
    whole.write()
    before = json.loads(known.read_text()) if known.exists() else {}
    known.write_text(json.dumps(before | json.loads(seconds.read_text()), indent=0))
