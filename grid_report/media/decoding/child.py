"""The decoding child: takes jobs on standard input, answers on standard output, one at a time.

It trusts neither the pictures nor its parent to stay alive. The kernel ends it when a job uses too
much CPU (RLIMIT_CPU), memory (RLIMIT_AS) or time (an alarm), and when the parent is gone (its end
of the pipe closes). None of these needs this interpreter to be able to run.
"""

from __future__ import annotations

import errno
import fcntl
import math
import os
import resource
import select
import signal
import sys
import time
import traceback

from grid_report.media.decoding import recipe
from grid_report.media.decoding.messages import Answer, Bounds, Job, Outcome

JOBS_FD, READY = 0, b"ready\n"
_LONGEST_LINE = 64 * 1024
_MAX_FILE_BYTES = 64 * 1024 * 1024
_LOST_RACE_S = 2
_MEGABYTE = 1024 * 1024
_DISK_TROUBLE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOENT, errno.EACCES, errno.EPERM}
)


def main() -> None:
    """Serve jobs until standard input closes."""
    answers_fd = os.dup(1)
    os.dup2(2, 1)  # a decoder that prints must not garble an answer
    # A stopping server signals its whole group; the photo in hand is finished first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    bounds = Bounds.from_json(sys.argv[1])
    recipe.prepare()
    _fence(bounds)
    os.write(answers_fd, READY)
    # From here on a library's complaints about hostile input belong in nobody's log.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    while line := _next_line():
        _arm(bounds)
        answer = _answer(Job.from_line(line), bounds)
        _disarm()
        os.write(answers_fd, answer.to_line())
        if answer.last:
            return


def _answer(job: Job, bounds: Bounds) -> Answer:
    try:
        return Answer(Outcome.CLEANED, recipe.clean(job, bounds.max_pixels, bounds.side))
    except recipe.Refused as refusal:
        return Answer(refusal.outcome)
    except MemoryError:
        return Answer(Outcome.TOO_MANY_PIXELS, last=True)
    except OSError as error:
        # What failed is not the picture: opening the file that was sent, or writing the others.
        known = error.errno in _DISK_TROUBLE
        return Answer(Outcome.STORAGE_FAILED if known else Outcome.BROKEN)


def _next_line() -> bytes:
    """Read one job; b'' when the parent is gone."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(JOBS_FD, _LONGEST_LINE)
        if not part:
            return b""
        line += part
    return line


def _fence(bounds: Bounds) -> None:
    """Set the limits that hold for the whole life of the process."""
    with open("/proc/self/statm") as statm:
        started_with = int(statm.read().split()[0]) * resource.getpagesize()
    memory = started_with + bounds.memory_mb * _MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _arm(bounds: Bounds) -> None:
    """Set the limits of one job. RLIMIT_CPU counts from the start of the process."""
    used = math.ceil(time.process_time())
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (used + bounds.cpu_seconds, hard))
    # The parent's own clock kills first; this one is for a parent that no longer can.
    signal.setitimer(signal.ITIMER_REAL, bounds.wall_seconds + _LOST_RACE_S)
    # Nothing is written to us during a job, so an event on the pipe can only be its closing:
    # SIGIO then ends this process, even deep inside a decoder.
    fcntl.fcntl(JOBS_FD, fcntl.F_SETOWN, os.getpid())
    _watch_parent(True)
    waiting = select.poll()
    waiting.register(JOBS_FD, 0)
    if waiting.poll(0):  # it closed before the watch began
        os._exit(0)


def _disarm() -> None:
    _watch_parent(False)
    signal.setitimer(signal.ITIMER_REAL, 0)


def _watch_parent(on: bool) -> None:
    flags = fcntl.fcntl(JOBS_FD, fcntl.F_GETFL)
    wanted = flags | os.O_ASYNC if on else flags & ~os.O_ASYNC
    fcntl.fcntl(JOBS_FD, fcntl.F_SETFL, wanted)


def run() -> None:
    """Run `main`, and end without a traceback on stdout whatever happens."""
    try:
        main()
    except Exception:
        traceback.print_exc()
        os._exit(1)
