"""A decoder with every fault a decoder may have, and what tests ask about processes."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable
from pathlib import Path

# Which fault is chosen by the first bytes of the file.
FAULTY = textwrap.dedent(
    """
    import ctypes, os, signal, sys, time, types
    p = types.ModuleType('grid_report'); p.__path__ = [sys.argv.pop(1)]
    sys.modules['grid_report'] = p
    from grid_report.media.decoding import child
    clean = child.recipe.clean

    def faulty(job, *limits):
        with open(job.source, 'rb') as file:
            what = file.read(12).strip()
        once = os.path.dirname(job.main) + '/../../../once-' + what.decode('ascii', 'replace')
        if what.startswith(b'ONE') and not os.path.exists(once):
            with open(once, 'w'): pass
            if what == b'ONE-KILL': os.kill(os.getpid(), signal.SIGKILL)
            if what == b'ONE-HANG': time.sleep(3600)
            if what == b'ONE-HALF':
                with open(job.main, 'w'): pass
                ctypes.string_at(0)
            ctypes.string_at(0)
        if what == b'KILL-CRASH':
            if os.path.exists(once): ctypes.string_at(0)
            with open(once, 'w'): pass
            os.kill(os.getpid(), signal.SIGKILL)
        if what.startswith(b'ONE'):
            with open(job.source, 'wb') as file: file.write(PLAIN)
        if what == b'SEGFAULT': ctypes.string_at(0)
        if what == b'ABORT': os.abort()
        if what == b'KILL': os.kill(os.getpid(), signal.SIGKILL)
        if what == b'EXIT': os._exit(0)
        if what == b'SPIN':
            while True: pass
        if what == b'HANG':
            with open(job.main + '.hangs', 'w'): pass
            time.sleep(3600)
        if what == b'HANG-IN-C': ctypes.PyDLL(None).sleep(3600)
        if what == b'MEMORY': bytearray(4 << 30)
        if what == b'DISK': raise OSError(28, 'no space left')
        if what == b'PRINT':
            print('{"outcome": "cleaned"}', flush=True); os.write(1, b'noise'); os.write(2, b'x')
        if what == b'GARBAGE':
            for fd in range(3, 20):
                try: os.write(fd, b'{"outcome": 7}\\n')
                except OSError: pass
            time.sleep(3600)
        if what == b'SLOW': time.sleep(0.5)
        if what in (b'SLOW', b'PRINT'):
            with open(job.source, 'wb') as file: file.write(PLAIN)
        return clean(job, *limits)

    child.recipe.clean = faulty
    child.run()
    """
)


def gone(pid: int) -> bool:
    """Say whether a process has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


def soon(claim: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait until something is true; say whether it became so."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if claim():
            return True
        time.sleep(0.02)
    return claim()
