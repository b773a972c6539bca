"""Processes that race for the same thing, round after round."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask

from grid_report.errors import GridReportError
from tests.support.lengths import racers
from tests.support.parallel import race

PROCESSES = racers()


def run_rounds(app: Flask, rounds: int, attempt: Callable[[int, int], Any]) -> list[Counter[str]]:
    """Let every process try each round at the same moment; count their answers by round."""
    meet = multiprocessing.get_context("fork").Barrier(PROCESSES)

    def racer(number: int) -> list[str]:
        answers = []
        for this_round in range(rounds):
            meet.wait(60)
            try:
                answers.append(str(attempt(this_round, number)))
            except GridReportError as error:
                answers.append(type(error).__name__)
        return answers

    found = race(app, [partial(racer, number) for number in range(PROCESSES)])
    assert all(isinstance(answers, list) for answers in found), found
    return [Counter(column) for column in zip(*found, strict=True)]
