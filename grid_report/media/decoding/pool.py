"""Child processes that decode photos, so that a picture which kills a decoder kills only that.

Lazy and fork-aware: nothing starts before the first photo, and a forked worker never touches the
children of the process it came from. Thread-safe; one child has one job at a time.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from grid_report.media.decoding.messages import Answer, Bounds, Job, Outcome
from grid_report.media.errors import PicturesBusy
from grid_report.settings import Photos

logger = logging.getLogger(__name__)

RECYCLE_AFTER_JOBS = 200
WAIT_SECONDS = 30.0
START_SECONDS = 30.0
# After children that did not even start, how long nobody tries again.
PAUSE_SECONDS = 5.0
# A child whose pipe closed is about to end; how long to wait for how it did.
END_SECONDS = 2.0
TRIES = 2
_ANSWER_BYTES = 64 * 1024
_PACKAGE = Path(__file__).resolve().parents[2]
# The package's own __init__ imports the web framework, which a decoder has no use for: 40 MB and
# half a second each. So the child gets an empty package of that name with the same folder.
_BOOT = (
    "import sys, types; p = types.ModuleType('grid_report'); p.__path__ = [sys.argv.pop(1)];"
    " sys.modules['grid_report'] = p; from grid_report.media.decoding import child; child.run()"
)


class _Unstartable(Exception):
    """A child ended or was silent before it was ready."""


class _Died(Exception):
    """The child ended, or had to be ended, while it had a job."""


class _TimeIsUp(_Died):
    """No answer in time: a decoder that hangs, or a machine with too much to do."""


class _Nonsense(_Died):
    """What the child said was no answer."""


class _Ended(StrEnum):
    """Why a child did not answer."""

    # By a limit that only the picture itself can reach, whatever else the machine does.
    LIMIT = "limit"
    # By itself: a crash, or something that was no answer.
    CRASH = "crash"
    # By somebody else: the system short of memory, an operator, the clock on the wall.
    OUTSIDE = "outside"


class _Gone(Exception):
    """An idle child had ended by itself before it got the job: the job is not to blame."""


class _Child:
    """One decoding process and the two pipes to it."""

    def __init__(self, bounds: Bounds, boot: str) -> None:
        self.jobs = 0
        self.is_unwanted = False
        self._said = b""
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", boot, str(_PACKAGE), bounds.to_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            env={"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"},
            process_group=0,  # Ctrl-C in a terminal is for the server
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._to, self._from = self.process.stdin.fileno(), self.process.stdout.fileno()

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_until_ready(self) -> None:
        """Raise _Unstartable when it does not report in time."""
        try:
            if self._line(time.monotonic() + START_SECONDS) == b"ready\n":
                return
        except _Died as death:
            raise _Unstartable(str(death)) from death
        raise _Unstartable("said something else than ready")

    def ask(self, job: Job, seconds: float) -> Answer:
        """Have one job done. Raises _Gone or _Died; the child is of no more use then."""
        deadline = time.monotonic() + seconds
        line = job.to_line()
        try:
            while line:
                line = line[os.write(self._to, line) :]
        except BrokenPipeError:
            raise _Gone from None
        self.jobs += 1
        try:
            return Answer.from_line(self._line(deadline))
        except (ValueError, TypeError, KeyError) as error:
            raise _Nonsense("said something else than an answer") from error

    def _line(self, deadline: float) -> bytes:
        waiting = select.poll()
        waiting.register(self._from, select.POLLIN)
        while b"\n" not in self._said:
            left_ms = (deadline - time.monotonic()) * 1000
            if left_ms <= 0 or not waiting.poll(left_ms):
                raise _TimeIsUp("time is up")
            part = os.read(self._from, _ANSWER_BYTES)
            if not part or len(self._said) > _ANSWER_BYTES:
                raise _Died("ended without an answer")
            self._said += part
        line, _, self._said = self._said.partition(b"\n")
        return line + b"\n"

    @property
    def is_new(self) -> bool:
        return self.jobs == 0

    def kill(self) -> None:
        """Kill the process; whoever waits for its answer notices."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    def how_it_ended(self, death: _Died) -> _Ended:
        """Say why it died; it is of no more use."""
        if isinstance(death, _TimeIsUp):
            return _Ended.OUTSIDE
        if isinstance(death, _Nonsense):
            return _Ended.CRASH
        try:
            code = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return _Ended.CRASH  # it closed its pipe and goes on
        if code == -signal.SIGXCPU:
            return _Ended.LIMIT
        # SIGALRM is the child's own clock on the wall. All others it can only have sent itself.
        return _Ended.OUTSIDE if code in _FROM_OUTSIDE else _Ended.CRASH

    def end(self) -> None:
        """Kill and reap the process, close the pipes."""
        self.kill()
        self.process.wait()
        self._close()

    def forget(self) -> None:
        """Close our copies of the pipes in a forked process; the child is not ours."""
        self._close()
        self.process.returncode = 0  # or Popen would try to wait for a stranger

    def _close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


_FROM_OUTSIDE = frozenset(
    -number for number in (signal.SIGKILL, signal.SIGALRM, signal.SIGHUP, signal.SIGQUIT)
)

_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


class Pool:
    """A bounded number of children. Make one per app; it costs nothing until used."""

    def __init__(
        self,
        limits: Photos,
        *,
        recycle_after_jobs: int = RECYCLE_AFTER_JOBS,
        wait_seconds: float = WAIT_SECONDS,
        boot: str = _BOOT,
    ) -> None:
        self.size = limits.processes or len(os.sched_getaffinity(0))
        self._bounds = Bounds(
            max_pixels=limits.max_pixels,
            side=limits.side,
            cpu_seconds=limits.cpu_seconds,
            wall_seconds=limits.wall_seconds,
            memory_mb=limits.memory_mb,
        )
        self._recycle_after_jobs = recycle_after_jobs
        self._wait_seconds = wait_seconds
        self._boot = boot
        self._begin_anew()
        _pools.add(self)

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(self.size)
        self._alone = threading.BoundedSemaphore(1)
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()
        self._pause_until = 0.0

    def clean(self, job: Job) -> Answer:
        """Clean one picture; blocks. One that crashes its decoder twice, or uses it up, is broken.

        Raises PicturesBusy when no child came free or could be started, and when two in a row were
        killed from outside: that says nothing about the picture.
        """
        with self._place(self._places):
            answer = self._ask(job)
        if answer.outcome is Outcome.NEEDS_TO_BE_ALONE:
            with self._place(self._alone), self._place(self._places):
                answer = self._ask(replace(job, alone=True))
        return answer

    def pids(self) -> list[int]:
        """Return the process ids of the children alive now, for tests and for the curious."""
        with self._lock:
            return sorted(child.pid for child in self._all)

    def close(self) -> None:
        """End every child; a job in flight is then busy, not broken. Usable again after."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._all.difference_update(idle)
            busy = list(self._all)
            for child in busy:
                child.is_unwanted = True
        for child in idle:
            child.end()
        for child in busy:  # the thread that waits for it closes the pipes
            child.kill()

    @contextmanager
    def _place(self, places: threading.BoundedSemaphore) -> Iterator[None]:
        if not places.acquire(timeout=self._wait_seconds):
            raise PicturesBusy
        try:
            yield
        finally:
            places.release()

    def _ask(self, job: Job) -> Answer:
        child = self._take()
        crashes = tries = 0
        while True:
            usable = False
            try:
                answer = child.ask(job, self._bounds.wall_seconds)
                usable = not answer.last
                return answer
            except _Gone:
                # Ended from outside while it was idle. A new one may not do so again.
                logger.warning("an idle photo decoder was gone", extra={"pid": child.pid})
                if child.is_new:
                    raise PicturesBusy from None
            except _Died as death:
                how = child.how_it_ended(death)
                tries, crashes = tries + 1, crashes + (how is _Ended.CRASH)
                logger.warning(
                    "a photo decoder ended during a photo",
                    extra={"pid": child.pid, "reason": str(death), "how": how.value},
                )
                if how is _Ended.LIMIT or crashes == TRIES:
                    return Answer(Outcome.BROKEN)
                if tries == TRIES or child.is_unwanted:
                    raise PicturesBusy from None
            finally:
                self._give_back(child, usable=usable)
            # Anew, in a child no other picture was in; what the first one wrote is in its way.
            for path in (job.main, job.thumb):
                Path(path).unlink(missing_ok=True)
            child = self._new()

    def _take(self) -> _Child:
        with self._lock:
            child = self._idle.pop() if self._idle else None
        return child or self._new()

    def _new(self) -> _Child:
        with self._lock:
            if time.monotonic() < self._pause_until:
                raise PicturesBusy
        try:
            child = _Child(self._bounds, self._boot)
        except OSError as error:  # no memory or no process left
            raise self._not_starting(str(error)) from error
        with self._lock:
            self._all.add(child)
        try:
            child.wait_until_ready()
        except BaseException as error:
            self._give_back(child, usable=False)
            if isinstance(error, _Unstartable):
                raise self._not_starting(str(error)) from error
            raise
        return child

    def _not_starting(self, reason: str) -> PicturesBusy:
        logger.error("photo decoders do not start", extra={"reason": reason})
        with self._lock:
            self._pause_until = time.monotonic() + PAUSE_SECONDS
        return PicturesBusy()

    def _give_back(self, child: _Child, *, usable: bool) -> None:
        with self._lock:
            if usable and child.jobs < self._recycle_after_jobs:
                self._idle.append(child)
                return
            self._all.discard(child)
        child.end()

    def _forget(self) -> None:
        for child in self._all:
            child.forget()
        self._begin_anew()


def _forget_all() -> None:
    for pool in list(_pools):
        pool._forget()


def close_all() -> None:
    """End the decoders of every pool of this process."""
    for pool in list(_pools):
        pool.close()


os.register_at_fork(after_in_child=_forget_all)
atexit.register(close_all)
