"""Which files are mutated, and which tests look at which of their lines."""

from __future__ import annotations

import fnmatch
import json
import random
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.mutate.operators import Mutant, mutants

# What must not break unnoticed. A glob that finds nothing is named: code has moved on.
AREAS: dict[str, tuple[str, ...]] = {
    "lifecycle": (
        "grid_report/workflow.py",
        "grid_report/reports/lifecycle.py",
        "grid_report/reports/clocks.py",
        "grid_report/reports/steps.py",
        "grid_report/reports/casework/*_steps.py",
        "grid_report/reports/casework/audience.py",
        "grid_report/reports/casework/departures.py",
        "grid_report/reports/casework/merged.py",
        "grid_report/reports/casework/timeline.py",
        "grid_report/reports/casework/usecases.py",
    ),
    "permissions": (
        "grid_report/access/*.py",
        "grid_report/*/permissions.py",
        "grid_report/*/*/permissions.py",
    ),
    "views": (
        "grid_report/notify/message_views.py",
        "grid_report/reports/pages/*_views.py",
        "grid_report/statistics/month/page_views.py",
        "grid_report/offers/redemptions/voucher_views.py",
    ),
    "redemptions": ("grid_report/offers/redemptions/*.py",),
    "ledger": ("grid_report/points/ledger/*.py",),
    "statistics": (
        "grid_report/clock.py",
        "grid_report/statistics/measures.py",
        "grid_report/statistics/counts/*cells.py",
        "grid_report/statistics/counts/areas.py",
        "grid_report/statistics/counts/durations.py",
        "grid_report/statistics/comparison/periods.py",
        "grid_report/statistics/comparison/shades.py",
        "grid_report/statistics/explorer/lateness.py",
        "grid_report/statistics/explorer/rules.py",
        "grid_report/statistics/month/freeze_steps.py",
        "grid_report/statistics/open_data/rules.py",
        "grid_report/statistics/subscriptions/days.py",
    ),
}
# It holds every table that a page of the documents shows.
TABLES_TEST = "tests/conventions/test_docs.py::test_the_tables_are_those_of_the_code"
# Where an area is few files: at least so many of it, then one of each file in turn.
LEAST_OF_AN_AREA = 60
# Tables of the database are made by migrations; commands and errors are shapes.
LEFT_OUT = ("*/__init__.py", "*models.py", "*/commands.py", "*/errors.py")


@dataclass
class Sample:
    """The mutants of one run, and what could not be looked for."""

    mutants: list[Mutant] = field(default_factory=list)
    area_of: dict[str, str] = field(default_factory=dict)
    found: int = 0
    absent: list[str] = field(default_factory=list)


def files(root: Path) -> tuple[dict[str, str], list[str]]:
    """Return the files to mutate with their area, and the globs that found nothing."""
    area_of: dict[str, str] = {}
    absent: list[str] = []
    for area, globs in AREAS.items():
        for glob in globs:
            found = [str(path.relative_to(root)) for path in sorted(root.glob(glob))]
            if not found:
                absent.append(glob)
            for path in found:
                if not any(fnmatch.fnmatch(path, out) for out in LEFT_OUT):
                    area_of.setdefault(path, area)
    return area_of, absent


def sample(
    root: Path, *, count: int, seed: int, only: Sequence[str] = (), keys: Collection[str] = ()
) -> Sample:
    """Draw mutants evenly: some of each area, then one of each file in turn. Or those of keys."""
    area_of, absent = files(root)
    drawn = Sample(area_of=area_of, absent=absent)
    waiting: dict[str, list[Mutant]] = {}
    for path in sorted(area_of):
        found = mutants(path, (root / path).read_text(encoding="utf-8"))
        drawn.found += len(found)
        if keys:
            drawn.mutants += [it for it in found if it.key in keys]
            continue
        random.Random(f"{seed} {path}").shuffle(found)
        waiting[path] = found
    if keys:
        return drawn
    for area in AREAS:
        of_area = [found for path, found in waiting.items() if area_of[path] == area]
        drawn.mutants += _in_turn(of_area, min(LEAST_OF_AN_AREA, count // len(AREAS)))
    drawn.mutants += _in_turn(list(waiting.values()), count - len(drawn.mutants))
    # Mixed, so that a run cut short has seen something of everything.
    random.Random(seed).shuffle(drawn.mutants)
    if only:
        drawn.mutants = [it for it in drawn.mutants if any(part in it.path for part in only)]
    return drawn


def _in_turn(waiting: list[list[Mutant]], count: int) -> list[Mutant]:
    taken: list[Mutant] = []
    while len(taken) < count and any(waiting):
        taken += [found.pop() for found in waiting if found]
    for mutant, found in zip(taken[count:], waiting, strict=False):
        found.append(mutant)
    return taken[:count]


class Tests:
    """What one run of the quick tests told: who runs which line, and how long it takes."""

    def __init__(self, coverage_file: Path, durations_file: Path) -> None:
        from coverage import CoverageData

        self.seconds: dict[str, float] = json.loads(durations_file.read_text())
        # All of it now: asked in a forked process, coverage would begin an empty file.
        data = CoverageData(str(coverage_file))
        data.read()
        self.lines: dict[str, dict[int, set[str]]] = {
            file: {
                line: {name.rsplit("|", 1)[0] for name in names if name}
                for line, names in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        data.close()

    def of(self, mutant: Mutant) -> list[str]:
        """List the tests that could notice a mutant, the likeliest first."""
        lines = self.lines.get(mutant.path, {})
        first, last = mutant.lines
        wanted = {mutant.line, *range(first, last + 1)}
        found = {test for line in wanted for test in lines.get(line, ())}
        if mutant.at_import or (not found and wanted & lines.keys()):
            # Run once, when the module is loaded: whoever uses the file may notice.
            found |= {test for tests in lines.values() for test in tests}
            found |= self.beside(mutant.path)
            found |= {TABLES_TEST} & self.seconds.keys()
        return self.ranked(mutant.path, found)

    def beside(self, path: str) -> set[str]:
        """Return the tests of the room of a file: for tables without a line of their own.

        Where the room has none those of the house it is in, of the house itself no deeper ones.
        """
        room = Path("tests", *Path(path).parent.parts[1:])
        files = {it: Path(it.split("::")[0]) for it in self.seconds}
        found = {it for it, file in files.items() if file.is_relative_to(room)}
        return found or {it for it, file in files.items() if file.parent == room.parent}

    def ranked(self, path: str, tests: Iterable[str]) -> list[str]:
        """Put tests of the same room and name first; of these, those that go different ways.

        Tests that run the same lines of the file see the same faults of it: the second of a way
        counts as twice as slow, the third as three times; the quickest come first.
        """
        room = Path(path).with_suffix("").parts[1:]
        name = f"test_{Path(path).stem.removesuffix('_steps').removesuffix('_queries')}.py"
        ways: dict[str, list[int]] = {}
        for line, runs in sorted(self.lines.get(path, {}).items()):
            for test in runs:
                ways.setdefault(test, []).append(line)

        def near(test: str) -> tuple[int, bool]:
            there = Path(test.split("::")[0]).parts[1:]
            shared = 0
            for mine, theirs in zip(room, there, strict=False):
                if mine != theirs:
                    break
                shared += 1
            return -shared, there[-1] != name

        known = sorted(
            (it for it in tests if it in self.seconds), key=lambda it: (self.seconds[it], it)
        )
        went: Counter[tuple[object, ...]] = Counter()
        place: dict[str, int] = {}
        for test in known:
            way = (near(test), *ways.get(test, ()))
            place[test] = went[way]
            went[way] += 1
        return sorted(known, key=lambda it: (*near(it), self.seconds[it] * (place[it] + 1), it))

    def stages(self, mutant: Mutant, *, first_s: float, all_s: float) -> list[list[str]]:
        """Split the tests of a mutant into the likely few and, within a time, the others."""
        ranked = self.of(mutant)
        likely: list[str] = []
        spent = 0.0
        for test in ranked:
            if likely and (spent + self.seconds[test] > first_s or len(likely) >= 60):
                break
            likely.append(test)
            spent += self.seconds[test]
        # Of the others half the time for the nearest, and then one of each file in turn: many
        # files see more than many tests of one.
        others: list[str] = []
        by_file: dict[str, list[str]] = {}
        half = (spent + all_s) / 2
        for test in ranked[len(likely) :]:
            if spent < half:
                others.append(test)
                spent += self.seconds[test]
            else:
                by_file.setdefault(test.split("::")[0], []).append(test)
        queues = list(by_file.values())
        while queues and spent < all_s:
            for queue in queues:
                if spent < all_s:
                    test = queue.pop(0)
                    others.append(test)
                    spent += self.seconds[test]
            queues = [queue for queue in queues if queue]
        return [stage for stage in (likely, others) if stage]
