"""Rooms within rooms: how many files one holds, and which of them may know which other."""

from __future__ import annotations

from collections import Counter

from tests.support.house import MOST_FILES, TOO_FULL, arrows_within
from tests.support.source import ROOT

FOLDERS = {
    "grid_report": {".py", ".mjs"},
    "tests": {".py"},
    "tools": {".py"},
    "templates": {".html", ".txt"},
}


def test_no_folder_holds_more_files_than_one_takes_in_at_a_glance() -> None:
    folders = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for folder, kinds in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in kinds and path.name != "__init__.py"
    )
    assert {it: n for it, n in folders.items() if n > TOO_FULL.get(it, MOST_FILES)} == {}
    # Those that are too full only get emptier.
    assert {it: folders[it] for it in TOO_FULL} == TOO_FULL


def test_rooms_within_know_each_other_in_one_direction_only() -> None:
    arrows = arrows_within()

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for it in arrows.get(todo.pop(), {}):
                if it not in seen:
                    seen.add(it)
                    todo.append(it)
        return seen

    assert [
        f"{source} -> {target}: {at}"
        for source, targets in arrows.items()
        for target, at in targets.items()
        if source in reached(target)
    ] == []
