"""What `web/pages/compiling.py` earns: pages by it, and by Flask's own environment. An ablation.

Both apps answer the same requests in process, on one database; that the pages are the same byte
for byte is checked first.

`python -m tests.benchmarks.bench_compiling [rounds]`
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask.templating import Environment

from grid_report import application
from grid_report.db import db
from tests.benchmarks.bench_desk import _asker, _cookie, _fill, _pairs
from tests.benchmarks.bench_submission import _app, _row
from tests.support.builders import Make

ROUNDS, TIMES, ROWS = 15, 6, 50
# It stays as long as it saves 30 % of the page people look at all morning.
MOST = 0.7


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure; rows of goal, what, value, bound, ratio, limit, met, unit, rounds."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        ours = _app(Path(name))
        with ours.app_context():
            make = Make(ours)
            worker, rider = make.worker(), make.rider()
            cookies = {"worker": _cookie(make, worker)}
            _fill(make, worker, ROWS)
        # Within one context a request finds who asked before.
        with ours.app_context():
            cookies["rider"] = _cookie(make, rider, "/report/new")
        with patch("grid_report.application.compiling.PageEnvironment", Environment):
            plain = application.build(ours.extensions["grid_report"].settings)
        for path, who in (
            ("/desk", "worker"), ("/report/new", "rider"), ("/services", "rider"),
            ("/inbox", "worker"), ("/me", "rider"),
        ):  # fmt: skip
            headers = {"Cookie": cookies[who], "Accept-Encoding": "gzip"}
            sizes = {
                len(app.test_client(use_cookies=False).get(path, headers=headers).data)
                for app in (ours, plain)
            }
            assert max(sizes) - min(sizes) < 100, f"{path} differs"
            pairs = _pairs(
                _asker(ours, path, headers, TIMES),
                _asker(plain, path, headers, TIMES),
                max(9, rounds),
            )
            limit = MOST if path == "/desk" else None
            found.append(_row("", f"{path}, CPU against plain templates", pairs, limit))
        for app in (ours, plain):
            with app.app_context():
                db.engine.dispose()
    return found


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        print(row)
