"""Whether the program was changed since it was looked at: for people who work on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grid_report.settings import ROOT

# What a process has read once and keeps: code, sentences, and the names of built browser files.
WATCHED = (
    ("grid_report", "*.py"),
    ("grid_report/translations", "*.mo"),
    ("grid_report/static/build", "*.json"),
    ("templates", "*"),
    ("config", "*.toml"),
)


class Changes:
    """Tells each change once."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.seen = dict(self._stamps())

    def any(self) -> bool:
        """Tell whether a file was changed, added or removed since the last look."""
        now = dict(self._stamps())
        changed = now != self.seen
        self.seen = now
        return changed

    def _stamps(self) -> Iterator[tuple[Path, int]]:
        for folder, names in WATCHED:
            for path in (self.root / folder).rglob(names):
                try:
                    if path.is_file():
                        yield path, path.stat().st_mtime_ns
                except FileNotFoundError:
                    continue  # an editor puts another in its place
