"""The words after `setup.py`: run, test, prepare, lock."""

import signal
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from types import FrameType

from tools import check, extras, front, lock, python_env, start, work
from tools.show import Problem, display

USAGE = """./run [--with EXTRAS] [words for `grid-report serve`]
    装好一切并启动网站。 Set everything up and start the site.
    --with postgres,s3,heic 同时安装附加功能，以后一直保留。 also installs these extras, and keeps them
    from then on (postgres: PostgreSQL, s3: S3 photo store, heic: HEIC photos; none: forget them).
    PORT HOST GRID_REPORT_DATA GRID_REPORT_DATABASE_URL GRID_REPORT_PHOTO_STORE
    GRID_REPORT_SECRET_KEY GRID_REPORT_DEMO=0|1 (config/README.md)
./test [--quick] [--coverage] [--operations] [--date 2027-02-28T12:00 | --dates] [words for pytest]
    装好一切并跑全部检查和测试。 Set everything up and run all checks and tests.
    --quick 不跑浏览器、PostgreSQL 和慢测试。 leaves out the browser, PostgreSQL and slow tests.
    --coverage 量一量 SQLite 测试走过多少行和分支，低于底线就不通过，夜间用。 measures which lines and
            branches the tests on SQLite take, and fails below the floor: for the night.
    --operations 每个长证明都跑全程，加上最久的那些，夜间用。 runs every long proof at full length and
            what takes longest: for the night.
    --date  测试从这一刻开始（县市时间），不管今天是几号。 begins the tests at that instant, in the
            county's time, whatever day it is.
    --dates 月末、闰年、元旦前后等五个时刻各跑一遍，夜间用。 runs them at five edges of the calendar,
            one after the other: for the night.
"""


class Stopped(BaseException):
    """A signal asked us to end."""


def main(words: list[str]) -> int:
    """Do what was asked; return the exit code."""
    command, rest = (words[0], words[1:]) if words else ("help", [])
    if command not in ("run", "test", "prepare", "lock") or rest[:1] in (["--help"], ["-h"]):
        print(USAGE)
        return 0 if command == "help" or rest else 2
    signal.signal(signal.SIGTERM, _stopped)
    try:
        names, rest = extras.taken_from(rest) if command in ("run", "prepare") else (None, rest)
        if command == "run":
            return run(rest, names)
        if command == "test":
            return check.run(rest, prepare)
        if command == "lock":
            return lock.write(upgrade="--upgrade" in rest)
        with work.exclusive():
            extras.keep(names)
            prepare(with_tests="--test" in rest)
        return 0
    except Problem as problem:
        display.say(str(problem))
        return 1
    except (KeyboardInterrupt, Stopped):
        display.say("已停止；下次会接着来。 Stopped; the next start picks up from here.")
        return 130
    finally:
        work.stop_all()


def run(words: list[str], with_extras: list[str] | None = None) -> int:
    """Set up, bring the database up to date, and become the server."""
    began = time.monotonic()
    place = start.Place.from_environment()
    place.check()
    with work.exclusive():
        extras.keep(with_extras)
        prepare(with_tests=False)
        start.prepare_database(place)
    place.check_port()
    display.say(
        f"准备就绪，用时 {time.monotonic() - began:.1f} s，正在启动 {place.address}（Ctrl-C 停止） · "
        f"ready, starting {place.address} (Ctrl-C stops it)"
    )
    start.serve(place, words)


def prepare(*, with_tests: bool) -> None:
    """Bring packages, assets and catalogues up to date; Python's and the browser's side at once."""
    if not python_env.is_made():
        python_env.check()
    if not front.is_built() and not front.node_on_path():
        # Without a Node on the machine the environment comes first: Node is put into it.
        python_env.make()

    def python_side() -> None:
        python_env.prepare(with_tests=with_tests)
        front.compile_catalogues()

    def browser_side() -> None:
        if not front.is_built() or (with_tests and not front.npm_is_done()):
            front.install_packages()
            front.build()

    with ThreadPoolExecutor(2) as pool:
        try:
            sides = [pool.submit(python_side), pool.submit(browser_side)]
            done, _ = wait(sides, return_when=FIRST_EXCEPTION)
            failed = [error for side in done if (error := side.exception())]
            if failed:
                raise failed[0]
        except BaseException:
            # Nothing may go on in the background once the person has been told.
            work.stop_all()
            raise


def _stopped(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped
