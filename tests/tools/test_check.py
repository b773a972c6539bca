"""`./test`: its stages run beside each other, are shown whole, and add up."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tools import check, work
from tools.check import Line, Tally
from tools.paths import ROOT


def test_lanes_run_beside_each_other() -> None:
    meeting = threading.Barrier(2)
    met: list[int] = []

    def lane() -> None:
        met.append(meeting.wait(20))

    check.beside_each_other([lane, lane])
    assert sorted(met) == [0, 1]


def test_what_a_lane_raises_stops_the_programs_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped = threading.Event()
    monkeypatch.setattr(work, "stop_all", stopped.set)

    def breaks() -> None:
        raise OSError("no such program")

    def goes_on() -> None:
        stopped.wait(20)

    with pytest.raises(OSError, match="no such program"):
        check.beside_each_other([breaks, goes_on])
    assert stopped.is_set()


def test_what_is_asked_of_the_tests_is_told_from_words_for_pytest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[tuple[list[str], int]] = []

    def shown(_name: str, words: list[str], _env: dict[str, str], limit: int = 0) -> int:
        ran.append((words, limit))
        return 0

    monkeypatch.setattr(check, "shown", shown)
    monkeypatch.setattr(check, "RESULTS", tmp_path)
    check.run_tests(Tally(), "", check.read(["--quick"]))
    check.run_tests(Tally(), "", check.read(["--operations", "-k", "some"]))
    (quick, short), (whole, long), (again, _) = ran
    assert ("not browser and not slow" in quick, "--operations" in quick) == (True, False)
    assert whole[-3:] == again[-3:] == ["-k", "some", "--operations"]
    assert 0 < short < long


def test_the_browser_is_given_the_journeys_unless_tests_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr(check, "run_pytest", lambda *words: given.append(words[3]))
    chromium = SimpleNamespace(wait=lambda: "/usr/bin/chromium", reason="")
    for words in (["-x"], ["-k", "story"], ["tests/access"]):
        check.browser_tests(Tally(), "browser", words, cast(Any, chromium))
    assert given == [["tests/journeys", "-x"], ["-k", "story"], ["tests/access"]]


def test_only_journeys_need_a_browser() -> None:
    marked = {it for it in ROOT.glob("tests/**/*.py") if "mark." + "browser" in it.read_text()}
    assert {it.relative_to(ROOT).parts[:2] for it in marked} == {("tests", "journeys")}


def test_every_check_is_a_program_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def shown(_name: str, words: Sequence[object], _env: dict[str, str], _limit: int = 0) -> int:
        asked.append(words[0])
        return 0

    monkeypatch.setattr(check, "shown", shown)
    check.run_checks(Tally())
    assert len(asked) >= 3
    assert [str(it) for it in asked if not shutil.which(str(it))] == []


def test_a_stage_is_shown_whole_with_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(work, "STATE", tmp_path)
    program = "import sys; print('one'); print('two [ 45%]', file=sys.stderr); sys.exit(3)"
    assert check.shown("a stage", [sys.executable, "-c", program], check.environment()) == 3
    said = capsys.readouterr().out
    assert "── a stage " in said
    assert {"one", "two [ 45%]"} <= set(said.splitlines())
    assert (check.how_far("two [ 45%]"), check.how_far("two")) == ("[ 45%]", "")


def test_a_stage_is_over_when_its_program_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(work, "STATE", tmp_path)
    # What it leaves behind has the output still open, and is in no group that could be ended.
    leaves = (
        "import subprocess, sys; print('done')\n"
        "it = [sys.executable, '-c', 'import time; time.sleep(20)']\n"
        "print(subprocess.Popen(it, start_new_session=True).pid)"
    )
    began = time.monotonic()
    code, tail = work.run_logged("leaves", [sys.executable, "-c", leaves], timeout_s=60)
    assert (code, tail[0]) == (0, "done")
    assert time.monotonic() - began < 15
    os.kill(int(tail[1]), signal.SIGKILL)


def test_a_stage_that_takes_too_long_is_ended_with_what_it_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(work, "STATE", tmp_path)
    sleeps = (
        "import time; print('one', flush=True); print('two', end='', flush=True); time.sleep(60)"
    )
    began = time.monotonic()
    code, tail = work.run_logged("sleeps", [sys.executable, "-c", sleeps], timeout_s=3)
    assert (code, tail) == (-signal.SIGTERM, ["one", "two"])
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(("code", "mark"), [(0, "✓"), (1, "✗"), (check.NO_TESTS, "✓")])
def test_a_stage_that_failed_is_marked_so_at_once(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    code: int,
    mark: str,
) -> None:
    monkeypatch.setattr(work, "STATE", tmp_path)
    check.shown("a stage", [sys.executable, "-c", f"exit({code})"], check.environment())
    assert capsys.readouterr().err.splitlines()[-1].startswith(mark)


def test_what_the_stages_counted_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally([Line("a", 1.0, "ok", tests=(3, 0, 1)), Line("b", 1.0, "ok", tests=(4, 0, 0))])
    assert check.summary(tally, 2.0, anything_asked=False) == 0
    assert capsys.readouterr().out.endswith("7 passed, 0 failed, 1 skipped\n")
    tally.lines.append(Line("c", 1.0, "exit 1", failed=True, tests=(0, 1, 0)))
    assert check.summary(tally, 2.0, anything_asked=False) == 1
    assert check.summary(Tally([Line("a", 1.0, "ok")]), 2.0, anything_asked=False) == 1
