"""Run other programs: output to a log, their last words kept for the person when they fail."""

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tools.paths import ROOT, STATE
from tools.show import Problem, Stage, display

TAIL_LINES = 15
LOOK_EVERY_S = 0.05

_held: int | None = None
_children: set["subprocess.Popen[str]"] = set()
_guard = threading.Lock()
_closing = False


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """Let one set-up at a time touch this checkout; a second one waits its turn.

    The children inherit the lock: if this process is killed and its pip goes on, the next
    set-up still waits for it.
    """
    global _held  # noqa: PLW0603 - one lock per process
    make_folder(STATE)
    handle = os.open(STATE / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with display.stage("等另一次安装完成", "waiting for another set-up here to finish"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        _held = handle
        yield
    finally:
        _held = None
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder of set-up's own, or say that the checkout cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(
            f"不能写入项目文件夹：{folder}", f"The project folder cannot be written: {error}"
        ) from error


def log_file(name: str) -> Path:
    """Return where a stage's full output goes."""
    make_folder(STATE)
    return STATE / f"{name}.log"


def run_logged(
    name: str,
    words: Sequence[str | Path],
    stage: Stage | None = None,
    *,
    env: Mapping[str, str] | None = None,
    note: Callable[[str], str] | None = None,
    timeout_s: float = 900,
) -> tuple[int, list[str]]:
    """Run a program with its output in `var/setup/NAME.log`; return its exit code and last lines.

    It is over when the program is: what that leaves behind may hold its output open for ever.
    """
    file, until = log_file(name), time.monotonic() + timeout_s
    with open(file, "wb") as log:
        child = start(words, env=env, stdout=log.fileno(), stderr=subprocess.STDOUT)
    tail: list[str] = []
    try:
        with open(file, encoding="utf-8", errors="replace") as said:
            begun, goes_on = "", True
            while goes_on:
                goes_on = child.poll() is None
                *whole, begun = (begun + said.read()).split("\n")
                for line in [*whole] if goes_on else [*whole, begun]:
                    text = line.strip()
                    if not text:
                        continue
                    tail = [*tail[1 - TAIL_LINES :], text]
                    if stage and note:
                        stage.note = note(text) or stage.note
                if time.monotonic() > until:
                    stop(child)
                elif goes_on:
                    time.sleep(LOOK_EVERY_S)
        return child.wait(), tail
    finally:
        stop(child)


def start(
    words: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
) -> "subprocess.Popen[str]":
    """Start a program in the checkout that is stopped when this one is."""
    child = subprocess.Popen(
        [str(word) for word in words],
        cwd=ROOT,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        errors="replace",
        # A group of its own, so that its children can be stopped with it.
        start_new_session=True,
        pass_fds=() if _held is None else (_held,),
    )
    with _guard:
        _children.add(child)
        too_late = _closing
    if too_late:
        stop(child)
    return child


def stop(child: "subprocess.Popen[str]") -> None:
    """End a program and what it started; one that has ended is left alone."""
    with _guard:
        _children.discard(child)
    if child.poll() is not None:
        return
    for sign, patience_s in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience_s)
            return


def stop_all() -> None:
    """End everything under way and to come (Ctrl-C, SIGTERM, another stage's failure)."""
    global _closing  # noqa: PLW0603 - as above
    with _guard:
        _closing = True
        left = list(_children)
    for child in left:
        stop(child)
