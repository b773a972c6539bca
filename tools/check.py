"""./test: lint, types and all tests; later stages run even when earlier ones fail.

Two lanes run beside each other: tests wait for browsers, servers and clocks, and what one lane
waits the other works. Each stage is shown whole when it ends.
"""

import contextlib
import os
import re
import shutil
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from tools import browser, dates, front, lock, work
from tools.paths import NODE_MODULES, PYTHON, ROOT, STATIC
from tools.show import display

RESULTS = ROOT / "var" / "test"
JOURNEYS = "tests/journeys"
SCRIPT_TESTS = ROOT / "tests" / "static"
# Longer than any stage may take; a hanging test must not hold continuous integration.
ROOM_IN_MEMORY = 4 * 2**30
STAGE_LIMIT_S = 30 * 60
WHOLE_LIMIT_S = 3 * 3600
NO_TESTS = 5
PER_CENT = re.compile(r"\[ *\d+%\]")


@dataclass
class Line:
    """One stage in the summary."""

    name: str
    seconds: float
    result: str
    failed: bool = False
    # Tests that passed, failed and were skipped.
    tests: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True)
class Asked:
    """What a person wants to be tested."""

    # For pytest: files, -k and the like; '' none.
    words: tuple[str, ...] = ()
    is_quick: bool = False
    is_measured: bool = False
    # The long proofs at full length, and what only a night has time for.
    is_whole: bool = False

    @property
    def for_pytest(self) -> list[str]:
        """Return the words pytest is given."""
        return [*self.words, *(["--operations"] if self.is_whole else [])]


def read(words: Sequence[str]) -> Asked:
    """Read what stood behind `./test`."""
    flags = "--quick", "--coverage", "--operations"
    quick, measured, whole = (flag in words for flag in flags)
    return Asked(tuple(word for word in words if word not in flags), quick, measured, whole)


@dataclass
class Tally:
    """What the stages came to; several threads add to it."""

    lines: list[Line] = field(default_factory=list)

    def tests(self) -> tuple[int, int, int]:
        """Return how many tests passed, failed and were skipped."""
        passed, failed, skipped = zip(*(line.tests for line in self.lines), strict=True)
        return sum(passed), sum(failed), sum(skipped)


def run(words: list[str], prepare: Callable[..., None]) -> int:
    """Set up, run every stage, print the summary; return the exit code."""
    began = time.monotonic()
    days, words = dates.split(words)
    asked = read(words)
    chromium = None if asked.is_quick else browser.Chromium()
    with work.exclusive():
        prepare(with_tests=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    tally = Tally([Line("安装 set-up", time.monotonic() - began, "ok")])

    for number, day in enumerate(days or [""]):
        dates.apply(day)
        a_day(tally, day, asked, chromium, checks=number == 0)
    return summary(tally, time.monotonic() - began, anything_asked=bool(asked.words))


def a_day(
    tally: Tally,
    day: str,
    asked: Asked,
    chromium: browser.Chromium | None,
    *,
    checks: bool,
) -> None:
    """Run the tests at a date, '' for the usual one."""
    name = f"{day} " if day else ""
    lanes = [lambda: run_tests(tally, name, asked)]
    if not asked.is_quick:
        words = asked.for_pytest
        lanes.append(lambda: browser_tests(tally, f"pytest {name}browser", words, chromium))
    if checks:
        lanes.append(lambda: run_checks(tally))
    beside_each_other(lanes)


def beside_each_other(lanes: Sequence[Callable[[], None]]) -> None:
    """Run every lane to its end; what one raises ends the others and is raised."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        try:
            done, _ = wait([pool.submit(lane) for lane in lanes], return_when=FIRST_EXCEPTION)
            for lane in done:
                lane.result()
        except BaseException:
            # Nothing may go on in the background once the person has been told.
            work.stop_all()
            raise


def run_checks(tally: Tally) -> None:
    """Check locks, style, types and the browser's scripts."""
    check_locks(tally)
    tool(tally, "ruff check", [PYTHON, "-m", "ruff", "check", "."])
    tool(tally, "ruff format", [PYTHON, "-m", "ruff", "format", "--check", "."])
    scripts(tally)
    tool(tally, "mypy", [PYTHON, "-m", "mypy"])


def run_tests(tally: Tally, day: str, asked: Asked) -> None:
    """Run the tests on both databases, of the quick ones on the first only."""
    # Whoever names tests wants those, slow or not.
    marks = "not browser and not slow" if asked.is_quick and not asked.words else "not browser"
    # The floor is that of all tests: some alone are only measured.
    floor = ["--cov-fail-under=0"] if asked.words else []
    measure = ["--cov", f"--cov-report=xml:{RESULTS / 'coverage.xml'}", *floor]
    words = [*(measure if asked.is_measured else []), *asked.for_pytest]
    run_pytest(tally, f"pytest {day}SQLite", marks, words)
    if not asked.is_quick:
        postgresql = {"GRID_REPORT_TEST_DATABASE": "postgresql"}
        marks, words = "database and not browser", asked.for_pytest
        run_pytest(tally, f"pytest {day}PostgreSQL", marks, words, postgresql)


def check_locks(tally: Tally) -> None:
    """Check that the dependency locks are complete and name no host."""
    began = time.monotonic()
    faults = lock.faults()
    told("locks", "\n".join(faults) or "ok")
    result = f"{len(faults)} faults" if faults else "ok"
    tally.lines.append(Line("locks", time.monotonic() - began, result, bool(faults)))


def tool(tally: Tally, name: str, words: Sequence[object]) -> None:
    """Run a linter."""
    began = time.monotonic()
    code = shown(name, words, environment())
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
    lint = NODE_MODULES / "oxlint/bin/oxlint"
    tool(tally, "oxlint", [node, lint, "--deny-warnings", STATIC, SCRIPT_TESTS])
    began = time.monotonic()
    report = RESULTS / "scripts.tap"
    report.unlink(missing_ok=True)
    to_file = ["--test-reporter=tap", f"--test-reporter-destination={report}"]
    to_person = ["--test-reporter=dot", "--test-reporter-destination=stdout"]
    files = sorted(SCRIPT_TESTS.glob("*.test.mjs"))
    words = [node, "--no-warnings", "--test", *to_person, *to_file, *files]
    code = shown("node --test", words, environment())
    tap = report.read_text(encoding="utf-8") if report.exists() else ""
    passed, failed, skipped = (
        sum(int(count) for count in re.findall(rf"^# {kind} (\d+)$", tap, re.M))
        for kind in ("pass", "fail", "skipped")
    )
    if failed:
        told("node --test", tap)
    result = f"{passed} passed, {failed} failed, {skipped} skipped"
    bad = bool(code) or not passed
    seconds = time.monotonic() - began
    tally.lines.append(Line("node --test", seconds, result, bad, (passed, failed, skipped)))


def run_pytest(
    tally: Tally, name: str, marks: str, words: Sequence[str], more: dict[str, str] | None = None
) -> None:
    """Run pytest once and add what it counted."""
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
        limit = WHOLE_LIMIT_S if "--operations" in words else STAGE_LIMIT_S
        code = shown(name, command, environment(more), limit)
    passed, failed, skipped = tests = counts(report)
    result = f"{passed} passed, {failed} failed, {skipped} skipped"
    if code not in (0, 1, NO_TESTS):
        result += f" (exit {code})"
    bad = code not in (0, NO_TESTS)
    tally.lines.append(Line(name, time.monotonic() - began, result, bad, tests))


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
        # Nobody else needs a browser, and six thousand tests are long in the finding.
        words = words if any(not word.startswith("-") for word in words) else [JOURNEYS, *words]
        browsers = {"GRID_REPORT_TEST_CHROMIUM": path}
        if shell := browser.find_shell():
            browsers["GRID_REPORT_TEST_CHROMIUM_SHELL"] = shell
        run_pytest(tally, name, "browser", words, browsers)
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
    line = "!" * 78
    words = f"没有 {what}：这些测试没有运行。 No {what}: {tests} did NOT run.\n  {reason}"
    told(names[0], f"{line}\n{words}\n{line}")
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


def shown(
    name: str, words: Sequence[object], env: dict[str, str], limit_s: int = STAGE_LIMIT_S
) -> int:
    """Run a program, show what it said when it ends; return its exit code."""
    log = re.sub(r"[^\w.-]+", "-", name)
    with display.stage("检查", name) as stage:
        code, _ = work.run_logged(
            log,
            [str(word) for word in words],
            stage,
            env=env,
            note=how_far,
            timeout_s=limit_s,
        )
        stage.has_failed = code not in (0, NO_TESTS)
    text = work.log_file(log).read_text(encoding="utf-8", errors="replace").rstrip()
    if stage.seconds > limit_s:
        text += f"\n超时 stopped after {limit_s // 60} minutes"
    told(name, text or (f"exit {code}" if stage.has_failed else "ok"))
    return code


def how_far(line: str) -> str:
    """Return the per cent at the end of a line of pytest's, if any."""
    found = PER_CENT.findall(line)
    return found[-1] if found else ""


def told(name: str, text: str) -> None:
    """Print what a stage said, whole, whatever else goes on."""
    with display.lock:
        header(name)
        print(text, flush=True)


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
    passed, failures, skipped = tally.tests()
    nothing = passed + failures == 0
    if failed:
        print(f"没有通过 failed: {', '.join(failed)}")
    elif nothing and not anything_asked:
        print("没有运行任何测试 no test ran: that counts as a failure")
    end = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failures} failed{end}", flush=True)
    return 1 if failed or (nothing and not anything_asked) else 0
