"""What is wrong with a CSV file: codes and facts; the sentences are in `words/csv.txt`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong; lines are counted from 1, with the header."""

    code: str
    line: int
    column: str = ""
    said: str = ""  # what the cell holds, or the column that was perhaps meant
    first: int = 0  # the line that has the same code already


class SheetError(ValueError):
    """A file of reference data that cannot be used."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        # For whoever reads a traceback: people are told in sentences.
        first = self.problems[0]
        super().__init__(f"{file}, line {first.line}: {first.code} {first.column} {first.said!r}")
