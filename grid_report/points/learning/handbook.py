"""The handbook of how to photograph and stay safe: its units, and the quiz of the present edition.

The sentences are in the templates; here is only what there is and which answer is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# A new edition may ask anew, and its quiz pays once more.
EDITION: Final = "2026-1"
UNITS: Final = ("safety", "photo", "place", "words")
# (question, the answers there are, the right one)
QUIZ: Final = (
    ("riding", ("stop", "slow", "hold"), "stop"),
    ("photos", ("close", "both", "many"), "both"),
    ("place", ("name", "city", "none"), "name"),
    ("people", ("faces", "plates", "hazard"), "hazard"),
    ("gas", ("photo", "call", "wait"), "call"),
)


def wrong_answers(answers: Mapping[str, str]) -> list[str]:
    """Return the questions not answered rightly, in their order."""
    return [question for question, _, right in QUIZ if answers.get(question) != right]
