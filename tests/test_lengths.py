"""What is left to the night is left out of a run by day, and proofs are short there."""

from __future__ import annotations

import pytest

from tests.support import lengths
from tests.support.lengths import Length


def test_a_proof_is_short_unless_the_whole_was_asked_for(
    pytestconfig: pytest.Config, length: Length, rounds: int
) -> None:
    whole = lengths.is_whole(pytestconfig)
    assert length(2, 7) == (7 if whole else 2)
    asked = pytestconfig.getoption("--rounds")
    assert rounds == (asked or lengths.ROUNDS[whole])


@pytest.mark.operations
def test_what_is_for_the_night_runs_at_night(pytestconfig: pytest.Config) -> None:
    assert lengths.is_whole(pytestconfig)
