"""Races: the same thing at the same moment from several threads or several processes."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from grid_report import create_app
from grid_report import settings as settings_module
from grid_report.db import db
from grid_report.errors import GridReportError
from grid_report.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent

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


def in_processes(
    settings: Settings, target: str, count: int, *, arguments: Any = None, seconds: float = 180
) -> list[Any]:
    """Call `target` ("module:function") in `count` processes that start together.

    Each gets `(app, number, arguments)` and returns something JSON can hold; an error comes back
    as {"error": its class, "code": its code}.
    """
    order = json.dumps(
        {
            "settings": settings.model_dump(mode="json"),
            "secret": settings.secret(),
            "target": target,
            "count": count,
            "arguments": arguments,
        }
    )
    # One process imports everything once and forks the others: sixteen interpreters starting on
    # two cores would take longer than the race.
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.parallel"],
        input=order,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=seconds,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"the racers died with {done.returncode}: {done.stderr[-3000:]}")
    results: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return results


def _race() -> None:
    order = json.load(sys.stdin)
    values = order["settings"]
    values["security"]["secret_key"] = order["secret"]
    values["security"]["metrics_token"] = ""
    settings = settings_module.load({"GRID_REPORT_ENV": "testing"}, values)
    module, _, name = order["target"].partition(":")
    function = getattr(importlib.import_module(module), name)
    # Made once and not used: no connection, thread or decoder is shared by those forked from here.
    app = create_app(settings)
    count = order["count"]
    # Everybody says "ready" on one pipe and waits for the other one to close.
    ready_out, ready_in = os.pipe()
    start_out, start_in = os.pipe()
    answers = []
    for number in range(count):
        answer_out, answer_in = os.pipe()
        if os.fork() == 0:
            os.close(start_in)
            result = _run(app, function, number, order["arguments"], ready_in, start_out)
            with os.fdopen(answer_in, "w") as file:
                file.write(result)
            os._exit(0)
        os.close(answer_in)
        answers.append(answer_out)
    for _ in range(count):
        os.read(ready_out, 1)
    os.close(start_in)
    results = []
    for answer in answers:
        with os.fdopen(answer) as file:
            results.append(json.loads(file.read()))
    for _ in range(count):
        os.wait()
    print(json.dumps(results))


def _run(app: Flask, function: Any, number: int, arguments: Any, ready: int, start: int) -> str:
    try:
        with app.app_context():
            db.session.connection()
            db.session.remove()
            os.write(ready, b"r")
            os.read(start, 1)
            try:
                result = function(app, number, arguments)
            except Exception as error:
                result = {"error": type(error).__name__, "code": getattr(error, "code", None)}
                if not isinstance(error, GridReportError):
                    result["trace"] = traceback.format_exc()
            db.session.remove()
        app.extensions["grid_report"].media.close()
        return json.dumps(result, default=str)
    except BaseException:
        os.write(ready, b"r")
        return json.dumps({"error": "start", "code": None, "trace": traceback.format_exc()})


if __name__ == "__main__":
    _race()
