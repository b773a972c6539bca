"""Races: the same thing at the same moment from several threads or several processes.

Processes are forked from the test's own, so that sixteen cost no more than one.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import Flask

from grid_report.db import db
from grid_report.errors import GridReportError

# What is run, and how often; answers come back, and the errors of those who lost.
InParallel = Callable[..., list[Any]]


def in_threads(app: Flask, function: Callable[[int], Any], count: int) -> list[Any]:
    """Call `function(i)` in `count` threads that start together; errors are returned, not raised."""
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def run(number: int) -> None:
        with app.app_context():
            barrier.wait(30)
            try:
                results[number] = function(number)
            except Exception as error:  # what a race lost to is what the test looks at
                results[number] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def in_processes(app: Flask, function: Any, count: int, *, arguments: Any = None) -> list[Any]:
    """Call `function(app, number, arguments)` in `count` processes that start together.

    It returns something JSON can hold; an error comes back as {"error": its class, "code": its
    code}.
    """
    return race(app, [partial(function, app, number, arguments) for number in range(count)])


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
        """Wait for the answer; an error is {"error": its class, "code": its code}."""
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
                result = _told(error)
            os.write(writing, json.dumps(result, default=str).encode())
        status = 0
    finally:
        os._exit(status)


def _told(error: Exception) -> dict[str, Any]:
    told = {"error": type(error).__name__, "code": getattr(error, "code", None)}
    if not isinstance(error, GridReportError):
        told["trace"] = traceback.format_exc()
    return told


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
