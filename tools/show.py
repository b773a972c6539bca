"""What the person at the terminal sees: one line a stage, and clear words when something fails."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

# A log, unlike a terminal, gets a sign of life only this often.
PLAIN_REMINDER_S = 15


@dataclass(eq=False)
class Problem(Exception):
    """Something the person can act on: both languages, then the tool's own last words."""

    zh: str
    en: str
    detail: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"✗ {self.zh}", f"  {self.en}"]
        return "\n".join(lines + [f"    {line}" for line in self.detail])


class Stage:
    """One piece of work with a clock and a note of what it is doing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.note = ""
        self.has_failed = False
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Return how long it has been going."""
        return time.monotonic() - self.started


class Display:
    """Print stages; several may be under way at once."""

    def __init__(self) -> None:
        self.moving = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.active: list[Stage] = []
        self.finished: list[tuple[str, float, str]] = []
        self.lock = threading.RLock()
        self.ticker: threading.Thread | None = None

    @contextlib.contextmanager
    def stage(self, zh: str, en: str) -> Iterator[Stage]:
        """Show a stage while it runs and keep its time for the summary."""
        stage = Stage(f"{zh} · {en}")
        with self.lock:
            self.active.append(stage)
            if self.ticker is None:
                self.ticker = threading.Thread(target=self._tick, daemon=True)
                self.ticker.start()
        result = "failed"
        try:
            yield stage
            result = "failed" if stage.has_failed else "ok"
        finally:
            with self.lock:
                self.active.remove(stage)
                self.finished.append((stage.name, stage.seconds, result))
                mark = "✓" if result == "ok" else "✗"
                self.say(f"{mark} {stage.seconds:5.1f} s  {stage.name}")

    def say(self, line: str) -> None:
        """Print one line above the moving indicator."""
        with self.lock:
            if self.moving:
                sys.stderr.write("\r\033[K")
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    def _tick(self) -> None:
        turn = 0
        reminded = time.monotonic()
        while True:
            time.sleep(0.12)
            turn += 1
            with self.lock:
                if not self.active:
                    self.ticker = None
                    return
                if self.moving:
                    self._draw("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[turn % 10])
                elif time.monotonic() - reminded > PLAIN_REMINDER_S:
                    reminded = time.monotonic()
                    for stage in self.active:
                        self.say(f"… {stage.seconds:5.1f} s  {stage.name}  {stage.note}".rstrip())

    def _draw(self, sign: str) -> None:
        parts = [f"{s.seconds:.0f} s {s.name} {s.note}".rstrip() for s in self.active]
        # Chinese characters take two columns, so half the width is always safe.
        room = max(20, os.get_terminal_size(sys.stderr.fileno()).columns - 4)
        line, width = "", 0
        for char in " | ".join(parts):
            width += 2 if ord(char) > 0x2E7F else 1
            if width > room:
                break
            line += char
        sys.stderr.write(f"\r\033[K{sign} {line}")
        sys.stderr.flush()


display = Display()
