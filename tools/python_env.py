"""The virtual environment `.venv`: made, filled from a hash lock, and the project put into it."""

import importlib.util
import os
import platform
import re
import shutil
import sys
import time
import tomllib
from pathlib import Path

from tools import extras, work
from tools.paths import (
    COMMAND,
    PYTHON,
    ROOT,
    RUN_LOCK,
    TEST_LOCK,
    VENV,
    digest,
    put_stamp,
    stamped,
)
from tools.show import Problem, display

MADE = VENV / ".made"
MADE_FOR = f"1 {sys.version_info.major}.{sys.version_info.minor} {ROOT}"
# Present while pip writes into the environment: found on the next start, it was cut off.
FILLING = VENV / ".filling"
FILLED_RUN = VENV / ".filled-run"
FILLED_TEST = VENV / ".filled-test"

PIP: list[str | Path] = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input"]
# Only what is imported gets compiled, at its first import: a quarter of the installation saved.
INSTALL = [*PIP, "install", "--no-compile", "--progress-bar=off", "--require-hashes"]


def check() -> None:
    """Refuse a Python that cannot make virtual environments, before anything is downloaded."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return
    sudo = "" if os.geteuid() == 0 else "sudo "
    raise Problem(
        "这个 Python 缺少 venv / ensurepip。请先运行一次：",
        "This Python lacks venv / ensurepip. Type this once, then try again:",
        [f"{sudo}apt-get update && {sudo}apt-get install -y python3-venv"],
    )


def is_made() -> bool:
    """Tell whether a sound `.venv` for this minor version and this folder is there."""
    return stamped(MADE) == MADE_FOR and PYTHON.exists() and not FILLING.exists()


def make() -> None:
    """Make `.venv` unless it is there; one that was cut off while being filled is replaced."""
    if is_made():
        return
    check()
    with display.stage("Python 虚拟环境", "virtual environment .venv") as stage:
        if VENV.exists():
            stage.note = "替换不完整或过时的 replacing an unfinished or outdated one"
            shutil.rmtree(VENV)
        code, tail = work.run_logged("venv", [sys.executable, "-m", "venv", VENV], stage)
        if code:
            raise Problem("建立 .venv 失败。", "Making .venv failed.", tail)
        put_stamp(MADE, MADE_FOR)


def fill(*, with_tests: bool) -> None:
    """Install the locked packages; the test lock holds everything the run lock holds."""
    lock = TEST_LOCK if with_tests else RUN_LOCK
    done = FILLED_TEST if with_tests else FILLED_RUN
    wanted = digest([lock]) if with_tests else wanted_to_run()
    if stamped(done) == wanted:
        return
    if not with_tests and extras.kept():
        lock = extras.LOCKED
        put_stamp(lock, extras.lock_of(extras.kept()))
    total = len(re.findall(r"^[A-Za-z0-9].*==", lock.read_text(), re.M))
    seen = 0
    writing = False

    def note(line: str) -> str:
        nonlocal seen, writing
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            seen += 1
            return f"{min(seen, total)}/{total} {line.split()[1].split('=', maxsplit=1)[0]}"
        writing = writing or line.startswith("Installing collected")
        return "写入 writing…" if writing else ""

    zh, en = ("Python 测试依赖", "test packages") if with_tests else ("Python 依赖", "packages")
    with display.stage(zh, f"Python {en} (pip)") as stage:
        FILLING.write_text(f"{time.time():.0f}\n")
        code, tail = work.run_logged("pip", [*INSTALL, "-r", lock], stage, note=note)
        if code:
            if not writing:
                FILLING.unlink()
            raise pip_problem(tail)
        put_stamp(done, wanted)
        if with_tests:
            put_stamp(FILLED_RUN, wanted_to_run())
        else:
            FILLED_TEST.unlink(missing_ok=True)
        FILLING.unlink()


def wanted_to_run() -> str:
    """Return what is another when the run lock, or the extras of this checkout, changed."""
    return digest([RUN_LOCK, TEST_LOCK], *extras.kept()) if extras.kept() else digest([RUN_LOCK])


def pip_problem(tail: list[str]) -> Problem:
    """Say in plain words why pip gave up, with its own reason below."""
    text = "\n".join(tail)
    first = next((i for i, line in enumerate(tail) if line.startswith("ERROR")), -6)
    reasons = tail[first:]
    if "HASHES" in text or "hashes" in text:
        return Problem(
            "下载的软件包与锁定的校验值不符，没有安装。",
            "A downloaded package does not match its locked hash; it was not installed.",
            reasons,
        )
    if re.search(
        r"(?i)connection|timed? ?out|resolv|network|unreachable|retrying|proxy|versions: none", text
    ):
        return Problem(
            "pip 连不上软件源。请检查网络或 pip 的镜像设置 (PIP_INDEX_URL)，再试一次。",
            "pip cannot reach its package index. Check the network or pip's mirror setting "
            "(PIP_INDEX_URL) and try again.",
            reasons,
        )
    return Problem(
        "pip 安装失败（全文：var/setup/pip.log）。",
        "pip failed (all of it: var/setup/pip.log).",
        reasons,
    )


def own_version() -> str:
    """Read the version without importing the package: its libraries may not be there yet."""
    text = (ROOT / "grid_report" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    assert found is not None
    return found[1]


def link_project() -> None:
    """Make the checkout importable in `.venv` and put the `grid-report` command there.

    The same as an editable install, without a build and so without a build back end.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["scripts"]["grid-report"].partition(":")
    name, version = project["name"].replace("-", "_"), own_version()
    packages = VENV / "lib" / f"python{platform.python_version().rpartition('.')[0]}"
    packages /= "site-packages"
    info = packages / f"{name}-{version}.dist-info"
    # Through /bin/sh, because a #! line ends at the first blank of a path. The guard, because
    # multiprocessing loads the script again in each process it spawns.
    script = (
        f"#!/bin/sh\n'''exec' \"{PYTHON}\" \"$0\" \"$@\"\n' '''\n"
        f"import sys\n\nfrom {module} import {function}\n\n"
        f'if __name__ == "__main__":\n    sys.exit({function}())\n'
    )
    files: dict[Path, str] = {
        packages / f"{project['name']}.pth": f"{ROOT}\n",
        info / "METADATA": f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n",
        info / "INSTALLER": "tools/setup.py\n",
        info / "entry_points.txt": f"[console_scripts]\ngrid-report = {module}:{function}\n",
        COMMAND: script,
    }
    wanted = digest([ROOT / "pyproject.toml"], str(ROOT), *files.values())
    if stamped(VENV / ".linked") == wanted:
        return
    for old in packages.glob(f"{name}-*.dist-info"):
        shutil.rmtree(old)
    info.mkdir()
    for file, content in files.items():
        file.write_text(content, encoding="utf-8")
    COMMAND.chmod(0o755)
    names = sorted(os.path.relpath(file, packages) for file in files)
    (info / "RECORD").write_text("".join(f"{n},,\n" for n in [*names, f"{info.name}/RECORD"]))
    put_stamp(VENV / ".linked", wanted)


def prepare(*, with_tests: bool) -> None:
    """Bring `.venv` to what the lock says."""
    make()
    fill(with_tests=with_tests)
    link_project()
