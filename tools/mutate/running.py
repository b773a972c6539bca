"""Runs tests against a mutant: a fork of a warm process, with the changed tree in place of a file.

What tests start as programs of their own reads the file as it is, so a mutant may survive for
that, but nothing here can kill one: whatever failed is run without the change the same way, and
counts only where it passes then.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import io
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tools.mutate import operators
from tools.mutate.copying import environment
from tools.mutate.recorder import Chosen
from tools.paths import ROOT

# What every child would load for itself; nothing of the project, for that is what changes.
WARM = (
    "pytest", "_pytest.python", "hypothesis", "flask", "flask_babel", "flask_login", "flask_wtf",
    "flask_sqlalchemy", "sqlalchemy", "sqlalchemy.dialects.sqlite", "alembic.command", "pydantic",
    "numpy", "shapely", "cryptography.fernet", "argon2", "structlog", "prometheus_client",
    "apscheduler.schedulers.background", "xlsxwriter", "segno", "PIL.Image", "openpyxl",
)  # fmt: skip
CPU_LEAST_S = 30
CPU_TIMES = 6
# Plugins are warm as well, and pytest warns of that.
LOADED_BEFORE = "ignore::pytest.PytestAssertRewriteWarning"
# Asleep for so long is a deadlock, not a busy machine.
WALL_LIMIT_S = 600


class _Changed(importlib.machinery.SourceFileLoader):
    """Loads one module from a tree instead of from its file."""

    def __init__(self, name: str, path: str, code: Callable[[], CodeType]) -> None:
        super().__init__(name, path)
        self.code = code
        self.loaded = False

    def get_code(self, fullname: str) -> CodeType:
        """Return the changed code."""
        self.loaded = True
        return self.code()


class _Finder:
    """Finds that one module before anybody else does."""

    def __init__(self, loader: _Changed) -> None:
        self.loader = loader

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> Any:
        """Return the spec of the changed module, of no other."""
        if name != self.loader.name:
            return None
        return importlib.util.spec_from_file_location(name, self.loader.path, loader=self.loader)


def warm_up(copy: Path, state: Path) -> None:
    """Load what all children need and look at the copy only."""
    mine = environment(state, {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})
    os.environ.clear()
    os.environ.update(mine)
    os.chdir(copy)
    sys.path[:] = [str(copy), *(it for it in sys.path if it and Path(it) != ROOT)]
    plugins = [it.module for it in importlib.metadata.entry_points(group="pytest11")]
    for name in (*WARM, *plugins):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


class _NotYet(ImportError):
    """The file that will be changed may not be loaded before it is."""


class _Blocking:
    """Keeps one module, and with it whoever imports it, from being loaded."""

    def __init__(self, blocked: str) -> None:
        self.blocked = blocked

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> None:
        """Refuse that one name."""
        if name == self.blocked:
            raise _NotYet(name)


def project_modules(state: Path) -> list[str]:
    """List what the app and the tests' fixtures load, in the order in which they do."""
    said = state / "modules.json"
    pid = 0 if said.exists() else os.fork()
    if not said.exists() and pid == 0:
        try:
            before = set(sys.modules)
            importlib.import_module("grid_report.application")
            importlib.import_module("tests.conftest")
            loaded = [it for it in sys.modules if it not in before]
            said.write_text(
                json.dumps([it for it in loaded if it.startswith(("grid_report", "tests."))])
            )
        finally:
            os._exit(0)
    if pid:
        os.waitpid(pid, 0)
    modules: list[str] = json.loads(said.read_text())
    return [it for it in modules if it != "tests.conftest"]


def load_all_but(path: str, modules: Sequence[str]) -> None:
    """Load what does not know the file that will be changed: a child need not do it again."""
    blocking = _Blocking(path.removesuffix(".py").replace("/", "."))
    sys.meta_path.insert(0, blocking)
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    sys.meta_path.remove(blocking)
    gc.collect()
    gc.freeze()


@dataclass
class Child:
    """One run of some tests with one change, or with none."""

    pid: int
    folder: Path
    began: float
    limit_s: float
    tests: list[str] = field(default_factory=list)
    cpu_s: float = 0.0

    def ended(self) -> dict[str, Any] | None:
        """Return what came of it once it has ended."""
        pid, status, used = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            if time.monotonic() - self.began < WALL_LIMIT_S:
                return None
            self._stop()
            os.waitpid(self.pid, 0)
            return self._cleared({"state": "timeout"})
        self.cpu_s = used.ru_utime + used.ru_stime
        self._stop()
        if os.WIFSIGNALED(status):
            by = os.WTERMSIG(status)
            ended = "timeout" if by in (signal.SIGXCPU, signal.SIGKILL) else "fault"
            return self._cleared({"state": ended, "why": f"signal {by}"})
        try:
            said: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        except (OSError, ValueError):
            tail = (self.folder / "output").read_text(errors="replace")[-400:]
            said = {"state": "fault", "why": tail}
        return self._cleared(said)

    def stop(self) -> None:
        """End it and whatever it has started."""
        self._stop()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _stop(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _cleared(self, said: dict[str, Any]) -> dict[str, Any]:
        shutil.rmtree(self.folder, ignore_errors=True)
        # Of the processor: the clock on the wall tells how busy the machine is.
        return said | {"seconds": round(self.cpu_s, 1)}


def start(
    state: Path, path: str, number: int | None, tests: Sequence[str], *, expected_s: float
) -> Child:
    """Fork a child that runs tests with the nth change of a file; None: without a change."""
    folder = state / "children" / f"{time.monotonic_ns()}"
    folder.mkdir(parents=True)
    limit_s = CPU_LEAST_S + CPU_TIMES * expected_s
    pid = os.fork()
    if pid:
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        return Child(pid, folder, time.monotonic(), limit_s, list(tests))
    code = 70
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit_s), int(limit_s) + 10))
        said = _in_child(state, folder, path, number, list(tests))
        (folder / "result.json").write_text(json.dumps(said))
        code = 0
    except BaseException:
        (folder / "output").write_text(traceback.format_exc())
    finally:
        os._exit(code)


def _in_child(
    state: Path, folder: Path, path: str, number: int | None, tests: list[str]
) -> dict[str, Any]:
    import pytest

    output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for where, to in ((0, nothing), (1, output), (2, output)):
        os.dup2(to, where)
    sys.stdout = sys.stderr = io.TextIOWrapper(os.fdopen(output, "wb", 0), write_through=True)
    source = Path(path).read_text(encoding="utf-8")
    name = path.removesuffix(".py").replace("/", ".")
    loader = _Changed(
        name,
        str(Path(path).resolve()),
        lambda: compile(operators.mutated(source, number), path, "exec", dont_inherit=True),
    )
    sys.meta_path.insert(0, _Finder(loader))
    chosen = Chosen(tests)
    files = list(dict.fromkeys(test.split("::")[0] for test in tests))
    words = ["-q", "-x", "--no-header", "--no-summary", "--tb=line", "-W", LOADED_BEFORE]
    words += ["-o", f"cache_dir={folder / 'cache'}", f"--basetemp={folder / 'temp'}"]
    code = pytest.main([*words, *files], plugins=[chosen, _Template(state)])
    return {
        "state": _state(int(code), chosen, loader),
        "test": chosen.failed,
        "why": chosen.why,
        "ran": chosen.ran,
        "loaded": loader.loaded,
    }


def _state(code: int, chosen: Chosen, loader: _Changed) -> str:
    if code == 0:
        return "passed" if loader.loaded else "not loaded"
    if code == 5:  # every one of them is gone from its file, or none was there
        return "nothing ran"
    if chosen.failed and code in (1, 2):
        return "failed"
    # A conftest that cannot be loaded any more: pytest says "usage error".
    return "not loadable" if code == 4 else "fault"


class _Template:
    """Gives the child the database that was migrated once, by the code as it is."""

    def __init__(self, state: Path) -> None:
        self.template = state / "template.sqlite"

    def pytest_sessionstart(self) -> None:
        """Copy instead of migrating."""
        if not self.template.exists():
            return
        databases: ModuleType = importlib.import_module("tests.support.databases")

        def fill(url: str, _folder: Path) -> None:
            shutil.copyfile(self.template, url.removeprefix("sqlite:///"))

        databases.fill = fill  # type: ignore[attr-defined]


def make_template(state: Path) -> None:
    """Migrate one database in a child, for all others."""
    template = state / "template.sqlite"
    if template.exists():
        return
    pid = os.fork()
    if pid == 0:
        try:
            from tests.support import databases, present

            present.begin(earlier=present.BEFORE)
            folder = state / "template"
            folder.mkdir(exist_ok=True)
            made = state / "template.new"
            made.unlink(missing_ok=True)
            databases.fill(f"sqlite:///{made}", folder)
            databases.whole(made)
            made.rename(template)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    if status or not template.exists():
        raise SystemExit("the database for the tests could not be made")
