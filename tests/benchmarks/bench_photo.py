"""G1 and G4 of the performance goals: what cleaning a photo costs, as ratios to a bound.

G1: CPU time of the whole recipe (read, decode, copy, reduce, hash, two encodes, content hash) for an
upright 2048 px photo, to that of the bare codec work (decode at full size, the same two encodes).
G4: memory a decoder grows by for a 48 MP baseline photo, to that for a 2048 px one.

`python -m tests.benchmarks.bench_photo [rounds]`
"""

from __future__ import annotations

import io
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from grid_report.media.decoding import pool
from grid_report.media.decoding.messages import Job

ROUNDS = 15
GOALS = {"G1": 1.4, "G4": 1.2}
_MAX_PIXELS = 80_000_000
_SIDE = 2048


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure; return one row a goal: goal, what, value, bound, ratio, limit, met, unit, rounds."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "2048.jpg", Path(folder) / "48mp.jpg"
        small.write_bytes(_photo((2048, 1536)))
        large.write_bytes(_photo((8000, 6000)))
        pairs = _in_child("time", small, max(9, rounds))
        peaks = [
            (_in_child("peak", large, 1), _in_child("peak", small, 1))
            for _ in range(max(3, rounds // 5))
        ]
    return [
        _row("G1", "photo step, 2048 px, CPU", pairs, "ms"),
        _row("G4", "memory for 48 MP against 2048 px", peaks, "MiB"),
    ]


def _row(goal: str, what: str, pairs: list[Any], unit: str) -> dict[str, Any]:
    ratio = statistics.median(ours / bound for ours, bound in pairs)
    return {
        "goal": goal,
        "what": what,
        "value": round(statistics.median(ours for ours, _ in pairs), 2),
        "bound": round(statistics.median(bound for _, bound in pairs), 2),
        "ratio": round(ratio, 3),
        "limit": GOALS[goal],
        "met": ratio <= GOALS[goal],
        "unit": unit,
        "rounds": len(pairs),
    }


def _photo(size: tuple[int, int]) -> bytes:
    """Make a photo with as much detail as a phone's, always the same one."""
    from PIL import Image

    side = 512
    grain = Image.frombytes("RGB", (side, side), random.Random(7).randbytes(side * side * 3))
    # Cloudy at several scales, like walls and leaves: neither flat nor pure noise.
    picture = Image.new("RGB", size, (128, 128, 128))
    for coarse, share in ((48, 0.45), (12, 0.35), (3, 0.22)):
        cells = (max(1, size[0] // coarse), max(1, size[1] // coarse))
        patch = Image.new("RGB", cells)
        for left in range(0, cells[0], side):
            for top in range(0, cells[1], side):
                patch.paste(grain, (left, top))
        layer = patch.resize(size, Image.Resampling.BICUBIC)
        picture = Image.blend(picture, layer, share)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def _in_child(what: str, photo: Path, rounds: int) -> Any:
    """Measure in a process started like a decoder, with nothing else in it."""
    script = pool._BOOT.replace(
        "child.run()",
        "import runpy; runpy.run_path(sys.argv[1])['measure'](*sys.argv[2:])",
    )
    here = [str(pool._PACKAGE), str(Path(__file__).resolve())]
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, *here, what, str(photo), str(rounds)],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def measure(what: str, photo: str, rounds: str) -> None:
    """Print the figures as JSON; runs in the child."""
    from grid_report.media.decoding import recipe

    recipe.prepare()
    with tempfile.TemporaryDirectory() as folder:
        found = _times(photo, folder, int(rounds)) if what == "time" else _peak(photo, folder)
    print(json.dumps(found))


def _times(photo: str, folder: str, rounds: int) -> list[tuple[float, float]]:
    from PIL import Image

    from grid_report.media.decoding import recipe

    job = Job(photo, f"{folder}/main", f"{folder}/thumb", durable=False)
    with Image.open(photo) as ready:
        thumb = ready.reduce(4)

    def ours() -> None:
        recipe.clean(job, _MAX_PIXELS, _SIDE)

    def bound() -> None:
        with Image.open(photo) as picture:
            picture.load()
            for one, path, quality in ((picture, job.main, 82), (thumb, job.thumb, 75)):
                with open(path, "wb") as file:
                    one.save(file, "JPEG", quality=quality, subsampling="4:2:0")

    def cpu_ms(step: Any) -> float:
        for path in (job.main, job.thumb):
            Path(path).unlink(missing_ok=True)
        began = time.process_time_ns()
        step()
        return (time.process_time_ns() - began) / 1e6

    cpu_ms(ours), cpu_ms(bound)  # the first of each warms up
    pairs = []
    for at in range(rounds):
        # Whichever comes first profits from nothing twice in a row.
        first, second = (ours, bound) if at % 2 else (bound, ours)
        took = {first: cpu_ms(first), second: cpu_ms(second)}
        pairs.append((took[ours], took[bound]))
    return pairs


def _peak(photo: str, folder: str) -> float:
    """Return by how many MiB the resident memory grew at most."""
    from grid_report.media.decoding import recipe

    def high_water_kb() -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

    before = high_water_kb()
    recipe.clean(Job(photo, f"{folder}/main", f"{folder}/thumb"), _MAX_PIXELS, _SIDE)
    return (high_water_kb() - before) / 1024


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        print(row)
