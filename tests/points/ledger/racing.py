"""Real processes that start at the same moment: forked, so that sixteen cost no more than one."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import Flask

from grid_report.db import db
from grid_report.errors import GridReportError

PROCESSES = 16


class Fork:
    """A child process that waits for the start, runs a function and writes its answer."""

    def __init__(self, app: Flask, function: Callable[[], Any], gate: int) -> None:
        answer, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _child(app, function, gate, writing)
        os.close(writing)
        self.answer = answer

    def result(self) -> Any:
        """Wait for the answer."""
        with os.fdopen(self.answer, encoding="utf-8") as pipe:
            text = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        assert status == 0, f"a racing process ended with {status}"
        return json.loads(text)

    def kill(self) -> None:
        """End the process wherever it is."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.answer)


def _child(app: Flask, function: Callable[[], Any], gate: int, writing: int) -> None:
    status = 1
    try:
        with app.app_context():
            # The parent's connections are not ours to use or to close.
            db.engine.dispose(close=False)
            os.read(gate, 1)
            try:
                result = function()
            except Exception as error:
                result = {"error": repr(error)}
            os.write(writing, json.dumps(result).encode())
        status = 0
    finally:
        os._exit(status)


def start(app: Flask, functions: Sequence[Callable[[], Any]]) -> list[Fork]:
    """Start a process for each function and let all of them go at once."""
    db.session.remove()
    db.engine.dispose()
    gate, opener = os.pipe()
    forks = [Fork(app, function, gate) for function in functions]
    os.write(opener, b"!" * len(forks))
    os.close(opener)
    os.close(gate)
    return forks


def race(app: Flask, functions: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the functions in as many processes at the same moment; return their answers."""
    return [fork.result() for fork in start(app, functions)]


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
