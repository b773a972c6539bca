"""What becomes of each column of each table when a member is erased. Pure; every room declares its own.

A test walks all tables: whatever names a member or may hold words has to stand in a declaration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

Row = TypeVar("Row")

# So many rows by their keys in one statement.
BATCH: Final = 500


class Stays(StrEnum):
    """Why something stays when its member is gone."""

    # The member's number: the row it leads to has no name, no phone and no words any more.
    SHELL = "shell"
    # Done or written by somebody in office; the case needs it, by number only.
    OFFICE = "office"
    # A code, a key, a digest or a state: nothing a person wrote.
    CODE = "code"
    # Figures and sums, which name nobody.
    FIGURES = "figures"
    # Written by the room's own step, beside these rules.
    BY_STEP = "by_step"


@dataclass(frozen=True)
class Table:
    """What becomes of one table.

    `of` is the way from a row to its member: a column, or `column>table.column` where the row
    belongs to another table's. With `goes` the rows go whole; else `emptied` says what its columns
    hold afterwards, in rows that have one of the values `only` asks for.
    """

    name: str
    of: str = ""
    goes: bool = False
    emptied: Mapping[str, Any] = field(default_factory=dict)
    only: Mapping[str, Collection[str]] = field(default_factory=dict)
    stays: Mapping[str, Stays] = field(default_factory=dict)

    def says(self, column: str) -> bool:
        """Tell whether it is said what becomes of a column."""
        return self.goes or column in self.emptied or column in self.stays


@dataclass(frozen=True)
class Told:
    """What an export says of one table: a file of rows, those whose way leads to the member.

    Only columns that are the member's to see; `mine` are members' numbers, said as yes or no. Of
    what another rider did `hides` are left empty, and with `only_mine` there are no rows of others.
    """

    file: str
    table: str
    of: str
    columns: str
    mine: str = ""
    hides: str = ""
    only_mine: bool = False


def stays(why: Stays, columns: str) -> dict[str, Stays]:
    """Let columns stay for one reason."""
    return dict.fromkeys(columns.split(), why)


def without_members(*names: str, of_office: Mapping[str, str] | None = None) -> list[Table]:
    """Declare tables in which nothing is a member's: codes and figures, or written in office."""
    office = of_office or {}
    return [Table(name, stays={"*": Stays.CODE}) for name in names] + [
        Table(name, stays=stays(Stays.OFFICE, columns)) for name, columns in office.items()
    ]


def by_name(rooms: Collection[Sequence[Table]]) -> dict[str, list[Table]]:
    """Return the declarations of all rooms, by table."""
    found: dict[str, list[Table]] = {}
    for tables in rooms:
        for table in tables:
            found.setdefault(table.name, []).append(table)
    return found


def batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Split rows into as many as one statement names."""
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
