"""Break the code in many small ways and see whether the quick tests notice. By hand and nightly.

.venv/bin/python -m tools.mutate                  640 mutants of seed 2026; goes on where it stopped
    --count N --seed N --only PART_OF_A_PATH      another sample, or some of its files only
    --key KEY …                                   these, whether they are of the sample or not
    --workers N                                   how many at once
    --map [TESTS]                                 look anew which test runs which line, or which of these
    --seconds N                                   of tests for one mutant, by the times of the map
    --again                                       try the survivors again, on a fresh copy of the tree
    --report                                      only say what is known
    --least PERCENT                               fail when fewer of those that ran were killed
    --state FOLDER                                where copies and results lie; not in the repository

Survivors that cannot or need not be noticed stand in tests/mutants.txt, each with its reason.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.mutate import copying, running
from tools.mutate.operators import Mutant, mutants
from tools.mutate.selecting import Sample, Tests, sample
from tools.paths import ROOT

ACCEPTED = ROOT / "tests" / "mutants.txt"
A_GROUP = 12
FIRST_S = 4.0
KILLED = ("killed", "timeout")
SURVIVED = ("survived", "no test")


@dataclass
class Work:
    """One mutant on its way: its tests in stages, and what runs just now."""

    mutant: Mutant
    stages: list[list[str]]
    child: running.Child | None = None
    # What failed with the change and is just run without it.
    doubted: dict[str, Any] | None = None
    faults: int = 0
    seconds: float = 0.0
    without: set[str] = field(default_factory=set)


class Run:
    """All mutants of a sample, some at once; each result is written down as it comes."""

    def __init__(self, state: Path, tests: Tests, workers: int, all_s: float) -> None:
        self.state = state
        self.all_s = all_s
        self.tests = tests
        self.workers = workers
        self.file = state / "results.jsonl"
        # Tests seen to pass without a change, through the same path.
        self.sound: set[tuple[str, str]] = set()
        self.unsound: set[str] = set()

    def known(self) -> dict[str, dict[str, Any]]:
        """Read the results so far; the last one of a mutant counts."""
        if not self.file.exists():
            return {}
        told = (json.loads(line) for line in self.file.read_text().splitlines() if line)
        return {one["key"]: one for one in told}

    def go(self, todo: list[Mutant], *, until: float) -> None:
        """Run every mutant that has no result, until the time is up."""
        groups: list[list[Mutant]] = []
        by_path: dict[str, list[Mutant]] = defaultdict(list)
        for mutant in todo:
            by_path[mutant.path].append(mutant)
            if len(by_path[mutant.path]) == A_GROUP:
                groups.append(by_path.pop(mutant.path))
        groups = [*groups, *by_path.values()]
        modules = running.project_modules(self.state)
        at_work: set[int] = set()
        try:
            while groups or at_work:
                while groups and len(at_work) < self.workers and time.monotonic() < until:
                    at_work.add(self._fork(groups.pop(0), modules, until))
                if not at_work:
                    break
                at_work.discard(os.wait()[0])
        finally:
            for pid in at_work:
                os.kill(pid, signal.SIGTERM)

    def _fork(self, group: list[Mutant], modules: list[str], until: float) -> int:
        """Let a process of its own try some mutants of one file."""
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            return pid
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        try:
            running.load_all_but(group[0].path, modules)
            for mutant in group:
                if time.monotonic() < until:
                    stages = self.tests.stages(mutant, first_s=FIRST_S, all_s=self.all_s)
                    self._try(Work(mutant, stages))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(0)

    def _try(self, work: Work) -> None:
        going = self._next(work)
        try:
            while going:
                assert work.child is not None
                said = work.child.ended()
                if os.getppid() == 1:  # whoever started us is gone
                    raise SystemExit(1)
                if said is None:
                    time.sleep(0.02)
                else:
                    going = self._judge(work, said)
        except BaseException:
            if work.child is not None:
                work.child.stop()
            raise

    def _next(self, work: Work) -> bool:
        """Start the next stage of a mutant; False when there is none left."""
        while work.stages:
            tests = [
                test
                for test in work.stages[0]
                if test not in self.unsound and test not in work.without
            ]
            if tests:
                self._start(work, tests, work.mutant.number)
                return True
            work.stages.pop(0)
        self._write(work, "survived" if work.seconds else "no test", {})
        return False

    def _start(self, work: Work, tests: list[str], number: int | None) -> None:
        expected = sum(self.tests.seconds.get(test, 1.0) for test in tests)
        path = work.mutant.path
        work.child = running.start(self.state, path, number, tests, expected_s=expected)

    def _judge(self, work: Work, said: dict[str, Any]) -> bool:
        """Decide what an ended child means; True while the mutant is still at work."""
        work.seconds += said["seconds"]
        assert work.child is not None
        state, tests = said["state"], work.child.tests
        if work.doubted is not None:
            return self._judge_without(work, state, tests, work.doubted)
        if state in ("passed", "nothing ran", "not loaded"):
            work.stages.pop(0)
            return self._next(work)
        if state == "fault":
            work.faults += 1
            if work.faults < 3:
                self._start(work, tests, work.mutant.number)
                return True
            self._write(work, "fault", said)
            return False
        failed = said.get("test", "")
        # A test, or where a whole file could not be loaded any of it; a timeout doubts all.
        suspects = [it for it in tests if failed in ("", it, it.split("::")[0])] or tests
        if "::" not in failed and state != "timeout":
            suspects = suspects[:1]
        if all((work.mutant.path, test) in self.sound for test in suspects):
            self._write(work, "timeout" if state == "timeout" else "killed", said)
            return False
        work.doubted = said
        self._start(work, suspects, None)
        return True

    def _judge_without(
        self, work: Work, state: str, suspects: list[str], doubted: dict[str, Any]
    ) -> bool:
        work.doubted = None
        if state == "passed":
            self.sound |= {(work.mutant.path, test) for test in suspects}
            killed = "timeout" if doubted["state"] == "timeout" else "killed"
            self._write(work, killed, doubted)
            return False
        # It fails, hangs or does nothing without the change as well: it is no witness.
        print(f"  no witness ({state}): {suspects[0]}", flush=True)
        if state == "failed" or len(suspects) == 1:
            self.unsound |= set(suspects[:1])
        else:
            work.without |= set(suspects)
        return self._next(work)

    def _write(self, work: Work, state: str, said: dict[str, Any]) -> None:
        it = work.mutant
        line = {
            "key": it.key,
            "state": state,
            "path": it.path,
            "line": it.line,
            "where": it.where,
            "kind": it.kind,
            "before": it.before,
            "after": it.after,
            "test": said.get("test", ""),
            "why": said.get("why", ""),
            "seconds": round(work.seconds, 1),
        }
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        mark = "✓" if state in KILLED else "✗"
        print(
            f"{mark} {state:<9} {work.seconds:6.1f} s  {it.path}:{it.line}  {it.kind}", flush=True
        )


def accepted() -> dict[str, str]:
    """Read the survivors that may stay: `key  path  what  # reason`."""
    found: dict[str, str] = {}
    if not ACCEPTED.exists():
        return found
    for line in ACCEPTED.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            said, _, reason = line.partition(" # ")
            found[said.split()[0]] = reason.strip()
    return found


def report(drawn: Sample, known: dict[str, dict[str, Any]], *, least: float = 0) -> int:
    """Print the figures by area and file, and every survivor nobody has accepted.

    Return 1 where less than the least percentage was killed.
    """
    may_stay = accepted()
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    survivors: list[dict[str, Any]] = []
    for mutant in drawn.mutants:
        one = known.get(mutant.key)
        if one is None:
            by_file[mutant.path]["not run"] += 1
            continue
        by_file[mutant.path][one["state"]] += 1
        if one["state"] in SURVIVED and mutant.key not in may_stay:
            survivors.append(one | {"line": mutant.line})
    totals: Counter[str] = Counter()
    print(f"\n{'killed':>7} {'ran':>5}")
    for path, counts in sorted(by_file.items()):
        totals += counts
        killed, ran = _killed(counts)
        print(f"{killed:7} {ran:5}  {drawn.area_of[path]:<12} {path}")
    for one in sorted(survivors, key=lambda it: (it["path"], it["line"])):
        print(f"\n{one['path']}:{one['line']}  {one['where']}  {one['kind']}  [{one['key']}]")
        print(f"  - {one['before']}\n  + {one['after']}")
        if one["state"] == "no test":
            print("  no quick test runs this line")
    killed, ran = _killed(totals)
    left = sum(1 for it in drawn.mutants if it.key in may_stay and it.key in known)
    every = {it.key for path in drawn.area_of for it in mutants(path, (ROOT / path).read_text())}
    for key in may_stay.keys() - every:
        print(f"no mutant of today: {key} in {ACCEPTED.name}")
    share = 100 * killed / ran if ran else 0.0
    print(f"\n{ran} of {len(drawn.mutants)} mutants ran, {killed} killed: {share:.1f} %")
    print(f"{totals['timeout']} of them by the time, {totals['fault']} faults of the machinery")
    print(
        f"{len(survivors)} survivors, {left} more accepted with a reason; {totals['not run']} to go"
    )
    return int(share < least)


def _killed(counts: Counter[str]) -> tuple[int, int]:
    killed = sum(counts[state] for state in KILLED)
    return killed, killed + sum(counts[state] for state in SURVIVED)


def main() -> int:
    """Draw, run, report."""
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    words.add_argument("--count", type=int, default=640)
    words.add_argument("--seed", type=int, default=2026)
    words.add_argument("--only", action="append", default=[])
    words.add_argument("--key", nargs="+", default=[])
    words.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    words.add_argument("--minutes", type=float, default=24 * 60)
    words.add_argument("--map", nargs="*")
    words.add_argument("--seconds", type=float, default=45)
    words.add_argument("--again", action="store_true")
    words.add_argument("--report", action="store_true")
    words.add_argument("--least", type=float, default=0)
    words.add_argument(
        "--state", type=Path, default=Path(tempfile.gettempdir()) / "grid-report-mutants"
    )
    asked = words.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    state: Path = asked.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    copy = copying.tree(state, anew=asked.again or asked.map is not None)
    coverage, durations = state / "coverage", state / "durations.json"
    if not asked.report and (asked.map is not None or not durations.exists()):
        copying.map_tests(state, copy, workers=asked.workers, only=asked.map or ())
    drawn = sample(copy, count=asked.count, seed=asked.seed, only=asked.only, keys=asked.key)
    print(
        f"seed {asked.seed}: {len(drawn.mutants)} of {drawn.found} mutants in {len(drawn.area_of)} files"
    )
    for glob in drawn.absent:
        print(f"  nothing is called {glob}")
    run = Run(state, Tests(coverage, durations), asked.workers, asked.seconds)
    if not asked.report:
        known = run.known()
        todo = [
            it
            for it in drawn.mutants
            if (
                it.key in known and known[it.key]["state"] not in KILLED
                if asked.again
                else it.key not in known
            )
        ]
        if todo:
            running.warm_up(copy, state)
            running.make_template(state)
            run.go(todo, until=time.monotonic() + 60 * asked.minutes)
    return report(drawn, run.known(), least=asked.least)


if __name__ == "__main__":
    sys.exit(main())
