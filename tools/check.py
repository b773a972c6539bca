"""./test: lint, types and all tests; later stages run even when earlier ones fail."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools import browser, dates, front, lock, work
from tools.paths import NODE_MODULES, PYTHON, ROOT, STATIC

RESULTS = ROOT / "var" / "test"
SCRIPT_TESTS = ROOT / "tests" / "static"
# Longer than any stage may take; a hanging test must not hold continuous integration.
ROOM_IN_MEMORY = 4 * 2**30
STAGE_LIMIT_S = 20 * 60
NO_TESTS = 5


@dataclass
class Line:
    """One stage in the summary."""

    name: str
    seconds: float
    result: str
    failed: bool = False


@dataclass
class Tally:
    """What the stages came to."""

    lines: list[Line] = field(default_factory=list)
    passed: int = 0
    failed: int = 0
    skipped: int = 0


def run(words: list[str], prepare: Callable[..., None]) -> int:
    """Set up, run every stage, print the summary; return the exit code."""
    began = time.monotonic()
    days, words = dates.split(words)
    quick, measured = "--quick" in words, "--coverage" in words
    words = [word for word in words if word not in ("--quick", "--coverage")]
    chromium = None if quick else browser.Chromium()
    with work.exclusive():
        prepare(with_tests=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    tally = Tally([Line("安装 set-up", time.monotonic() - began, "ok")])

    check_locks(tally)
    tool(tally, "ruff check", ["-m", "ruff", "check", "."])
    tool(tally, "ruff format", ["-m", "ruff", "format", "--check", "."])
    tool(tally, "mypy", ["-m", "mypy"])
    scripts(tally)
    for day in days or [""]:
        dates.apply(day)
        all_tests(tally, f"{day} " if day else "", words, chromium, quick=quick, measured=measured)
    return summary(tally, time.monotonic() - began, anything_asked=bool(words))


def all_tests(
    tally: Tally,
    day: str,
    words: Sequence[str],
    chromium: browser.Chromium | None,
    *,
    quick: bool,
    measured: bool,
) -> None:
    """Run the tests on both databases and in the browser; of the quick ones the first only."""
    # Whoever names tests wants those, slow or not.
    marks = "not browser and not slow" if quick and not words else "not browser"
    # The floor is that of all tests: some alone are only measured.
    floor = ["--cov-fail-under=0"] if words else []
    cov = ["--cov", f"--cov-report=xml:{RESULTS / 'coverage.xml'}", *floor] if measured else []
    run_pytest(tally, f"pytest {day}SQLite", marks, [*cov, *words])
    if not quick:
        postgresql = {"GRID_REPORT_TEST_DATABASE": "postgresql"}
        run_pytest(tally, f"pytest {day}PostgreSQL", "database and not browser", words, postgresql)
        browser_tests(tally, f"pytest {day}browser", words, chromium)


def check_locks(tally: Tally) -> None:
    """Check that the dependency locks are complete and name no host."""
    header("locks")
    began = time.monotonic()
    faults = lock.faults()
    print("\n".join(faults) or "ok", flush=True)
    result = f"{len(faults)} faults" if faults else "ok"
    tally.lines.append(Line("locks", time.monotonic() - began, result, bool(faults)))


def tool(tally: Tally, name: str, words: Sequence[str]) -> None:
    """Run a linter."""
    header(name)
    began = time.monotonic()
    code = shown([str(PYTHON), *words], environment())
    result = f"exit {code}" if code else "ok"
    tally.lines.append(Line(name, time.monotonic() - began, result, bool(code)))


def scripts(tally: Tally) -> None:
    """Lint the browser's scripts and run their unit tests; without Node say so loudly."""
    node = front.node_here()
    if node is None:
        not_run(
            tally, ["oxlint", "node --test"], "Node 20", "the tests of scripts", "no Node found"
        )
        return
    header("oxlint")
    began = time.monotonic()
    lint = [NODE_MODULES / "oxlint/bin/oxlint", "--deny-warnings", STATIC, SCRIPT_TESTS]
    code = shown([str(word) for word in (node, *lint)], environment())
    tally.lines.append(
        Line("oxlint", time.monotonic() - began, f"exit {code}" if code else "ok", bool(code))
    )
    header("node --test")
    began = time.monotonic()
    report = RESULTS / "scripts.tap"
    report.unlink(missing_ok=True)
    to_file = ["--test-reporter=tap", f"--test-reporter-destination={report}"]
    to_person = ["--test-reporter=dot", "--test-reporter-destination=stdout"]
    files = sorted(SCRIPT_TESTS.glob("*.test.mjs"))
    words = [node, "--no-warnings", "--test", *to_person, *to_file, *files]
    code = shown([str(word) for word in words], environment())
    told = report.read_text(encoding="utf-8") if report.exists() else ""
    passed, failed, skipped = (
        sum(int(count) for count in re.findall(rf"^# {kind} (\d+)$", told, re.M))
        for kind in ("pass", "fail", "skipped")
    )
    if failed:
        print(told, flush=True)
    tally.passed += passed
    tally.failed += failed
    tally.skipped += skipped
    result = f"{passed} passed, {failed} failed, {skipped} skipped"
    bad = bool(code) or not passed
    tally.lines.append(Line("node --test", time.monotonic() - began, result, bad))


def run_pytest(
    tally: Tally, name: str, marks: str, words: Sequence[str], more: dict[str, str] | None = None
) -> None:
    """Run pytest once and add what it counted."""
    header(name)
    began = time.monotonic()
    # One for each stage and date: `./test --dates` has fifteen.
    report = RESULTS / f"{'-'.join(name.lower().replace(':', '').split()[1:])}.xml"
    report.unlink(missing_ok=True)
    command = [str(PYTHON), "-m", "pytest", "-n", str(os.cpu_count() or 2), "-m", marks]
    # Tests differ a hundredfold in time: an idle worker takes over what another has left.
    command += ["--dist", "worksteal", f"--junitxml={report}", *words]
    # A folder of its own: pytest clears away what other runs of the same person left in the
    # common one, with their databases still at work. The database's own user must get in.
    with tempfile.TemporaryDirectory(
        prefix="grid-report-", dir=in_memory(), ignore_cleanup_errors=True
    ) as folder:
        os.chmod(folder, 0o755)
        more = {"PYTEST_DEBUG_TEMPROOT": folder, "TMPDIR": folder} | (more or {})
        code = shown(command, environment(more))
    passed, failed, skipped = counts(report)
    tally.passed += passed
    tally.failed += failed
    tally.skipped += skipped
    result = f"{passed} passed, {failed} failed, {skipped} skipped"
    if code not in (0, 1, NO_TESTS):
        result += f" (exit {code})"
    tally.lines.append(Line(name, time.monotonic() - began, result, code not in (0, NO_TESTS)))


def in_memory() -> str | None:
    """Return the folder in memory, where there is one with room: tests write durably and often."""
    folder = Path("/dev/shm")
    with contextlib.suppress(OSError):
        if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM_IN_MEMORY:
            return str(folder)
    return None


def browser_tests(
    tally: Tally, name: str, words: Sequence[str], chromium: browser.Chromium | None
) -> None:
    """Run the tests that need Chromium; without it, fail in CI and say so loudly elsewhere."""
    began = time.monotonic()
    path = chromium.wait() if chromium else None
    if path:
        run_pytest(tally, name, "browser", words, {"GRID_REPORT_TEST_CHROMIUM": path})
        return
    reason = chromium.reason if chromium else ""
    not_run(
        tally, [name], "Chromium", "the browser tests", reason, seconds=time.monotonic() - began
    )


def not_run(
    tally: Tally, names: Sequence[str], what: str, tests: str, reason: str, *, seconds: float = 0
) -> None:
    """Say loudly what did not run for want of a program; in CI that is a failure."""
    in_ci = os.environ.get("CI", "").lower() in ("1", "true")
    header(names[0])
    print("!" * 78)
    print(f"没有 {what}：这些测试没有运行。 No {what}: {tests} did NOT run.")
    print(f"  {reason}")
    print("!" * 78, flush=True)
    result = f"no {what}: failed (CI)" if in_ci else f"SKIPPED: no {what}"
    tally.lines += [Line(name, seconds, result, in_ci) for name in names]


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """Keep the person's own settings of the site away from the tests."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PORT", "HOST")
        and (not name.startswith("GRID_REPORT_") or name.startswith("GRID_REPORT_TEST_"))
    }
    kept["HYPOTHESIS_STORAGE_DIRECTORY"] = str(ROOT / "var" / "hypothesis")
    kept["PATH"] = f"{PYTHON.parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return kept | (more or {})


def shown(words: list[str], env: dict[str, str]) -> int:
    """Run a program whose output the person reads; return its exit code."""
    child = work.start(words, env=env)
    try:
        return child.wait(STAGE_LIMIT_S)
    except subprocess.TimeoutExpired:
        print(f"超时 stopped after {STAGE_LIMIT_S // 60} minutes", flush=True)
        return 124
    finally:
        work.stop(child)


def counts(report: Path) -> tuple[int, int, int]:
    """Read passed, failed and skipped from a JUnit file; a missing one counted nothing."""
    try:
        suites = list(ET.parse(report).getroot().iter("testsuite"))
    except (OSError, ET.ParseError):
        return 0, 0, 0
    total, failures, errors, skipped = (
        sum(int(suite.get(kind, "0")) for suite in suites)
        for kind in ("tests", "failures", "errors", "skipped")
    )
    return total - failures - errors - skipped, failures + errors, skipped


def header(name: str) -> None:
    """Separate the output of the stages."""
    print(f"\n── {name} {'─' * max(4, 70 - len(name))}", flush=True)


def summary(tally: Tally, seconds: float, *, anything_asked: bool) -> int:
    """Print times and results, and the counts alone on the last line."""
    header(f"{seconds:.0f} s")
    for line in tally.lines:
        mark = "✗" if line.failed else "✓"
        print(f"{mark} {line.seconds:7.1f} s  {line.name:<20} {line.result}")
    failed = [line.name for line in tally.lines if line.failed]
    nothing = tally.passed + tally.failed == 0
    if failed:
        print(f"没有通过 failed: {', '.join(failed)}")
    elif nothing and not anything_asked:
        print("没有运行任何测试 no test ran: that counts as a failure")
    end = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{end}", flush=True)
    return 1 if failed or (nothing and not anything_asked) else 0
