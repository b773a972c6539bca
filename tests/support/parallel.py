"""Races: the same thing at the same moment from several threads or several processes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask

from grid_report.db import db
from tests.support.forks import race

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
