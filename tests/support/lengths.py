"""How long the long proofs go on: a short round in every run, the whole at night.

Chance finds more when it is asked more often, but whoever changes a line waits for the answer.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

# Of the short round and the whole proof, the one that is to be run.
Length = Callable[[int, int], int]

HISTORIES = 24, 1500
ROUNDS = 10, 200
RACERS = 6, 16


def add_options(parser: pytest.Parser) -> None:
    """Let a person ask for the whole, or for other numbers of what chance decides."""
    parser.addoption(
        "--operations",
        action="store_true",
        help="every proof at full length, and what only a night has time for",
    )
    parser.addoption(
        "--histories",
        type=int,
        help="random histories of the ledger; four of cases for thirty of these"
        f" ({HISTORIES[0]}, at full length {HISTORIES[1]})",
    )
    parser.addoption(
        "--rounds",
        type=int,
        help="how often processes race for each last thing"
        f" ({ROUNDS[0]}, at full length {ROUNDS[1]})",
    )


def is_whole(config: pytest.Config) -> bool:
    """Tell whether proofs are to be run at full length."""
    return bool(config.getoption("--operations"))


def begin(config: pytest.Config) -> None:
    """Let the modules of tests, which are read after this, know how long the run is to be."""
    global _whole  # noqa: PLW0603 - pytest offers modules no other way to ask
    _whole = is_whole(config)


_whole = False


def racers() -> int:
    """Return how many processes race for one thing: six meet as surely as sixteen, and cost less."""
    return RACERS[_whole]


def chooser(config: pytest.Config) -> Length:
    """Return what chooses between a short round and the whole."""
    return lambda short, whole: whole if is_whole(config) else short


def histories(config: pytest.Config) -> int:
    """Return how many random histories of the ledger are played."""
    return int(config.getoption("--histories") or chooser(config)(*HISTORIES))


def rounds(config: pytest.Config) -> int:
    """Return how often processes race."""
    return int(config.getoption("--rounds") or chooser(config)(*ROUNDS))
