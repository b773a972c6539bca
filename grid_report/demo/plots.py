"""The kinds of cases in the demo world: what becomes of the old ones, where the open ones stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from grid_report.demo.tales import Tale

Plot = Callable[[Tale], None]


def closed(tale: Tale) -> None:
    tale.accept()
    if tale.dice.random() < 0.15:
        tale.note()
    tale.work()
    tale.finish()


def reworked(tale: Tale) -> None:
    tale.accept()
    tale.work()
    tale.handle()
    tale.fail()
    tale.finish()


def returned(tale: Tale) -> None:
    tale.accept()
    tale.dispatch(turn=1)
    tale.give_back()
    tale.dispatch()
    tale.start()
    tale.control()
    tale.finish()


def recalled(tale: Tale) -> None:
    tale.accept()
    tale.dispatch(turn=1)
    tale.recall()
    tale.dispatch()
    tale.start()
    tale.control()
    tale.finish()


def extended(tale: Tale) -> None:
    tale.accept()
    tale.work()
    tale.extend()
    tale.handle(1.2)
    tale.passed()
    tale.rate()


def resumed(tale: Tale) -> None:
    tale.accept()
    tale.work()
    tale.suspend()
    tale.resume()
    tale.wait(4, 30)
    tale.handle(0.1)
    tale.passed()
    tale.rate()


def suspended(tale: Tale) -> None:
    tale.accept()
    tale.work()
    tale.suspend()


def transferred(tale: Tale) -> None:
    assert tale.community is not None
    neighbours = [c for c in sorted(tale.places.communities) if c[:9] == tale.community[:9]]
    neighbours.remove(tale.community)
    tale.transfer(tale.dice.choice(neighbours))
    closed(tale)


def answered(tale: Tale) -> None:
    tale.ask()
    tale.wait(0.2, 10)
    tale.supplement()
    # The clocks stood still meanwhile, and so does the tale's measure of being in time.
    tale.created = tale.now
    closed(tale)


def clarified(tale: Tale) -> None:
    tale.ask()
    tale.wait(12, 40)
    tale.clarify()
    tale.created = tale.now
    closed(tale)


def unanswered(tale: Tale) -> None:
    tale.ask()
    tale.wait(60, 120)
    tale.reject()


def rejected(tale: Tale) -> None:
    tale.reject()


def withdrawn(tale: Tale) -> None:
    tale.withdraw()


def urged(tale: Tale) -> None:
    tale.accept()
    tale.work()
    tale.by(tale.fix_hours * 1.05)
    tale.urge()
    tale.handle(1.3)
    tale.passed()
    tale.rate()


def reopened(tale: Tale) -> None:
    tale.accept()
    tale.work()
    tale.handle()
    tale.passed()
    tale.reopen()
    tale.work()
    tale.finish()


def assigned(tale: Tale) -> None:
    tale.assign(tale.dice.choice(sorted(tale.places.communities)))
    closed(tale)


def unseen(tale: Tale) -> None:
    tale.accept(unseen=True)
    tale.work()
    tale.finish()


# The weights are in a thousand. What is not an ending of its own ends closed.
OLD: Final[Mapping[Plot, int]] = {
    closed: 640,
    reworked: 50,
    returned: 33,
    recalled: 12,
    extended: 35,
    resumed: 20,
    suspended: 14,
    transferred: 30,
    answered: 32,
    clarified: 8,
    unanswered: 14,
    rejected: 60,
    withdrawn: 28,
    urged: 14,
    reopened: 20,
    assigned: 10,
}

ACCEPT, CONTROL, FIX = "accept", "control", "fix"


class Live(NamedTuple):
    """An open case near now: which clock has used up what share, and what was done so far."""

    clock: str
    share: float
    plot: Plot
    categories: tuple[str, ...]


def _fresh(tale: Tale) -> None:
    del tale  # nothing has been done yet


def _asked(tale: Tale) -> None:
    tale.ask()


def _accepted(tale: Tale) -> None:
    tale.accept(0.3)


def _dispatched(tale: Tale) -> None:
    tale.accept(0.3)
    tale.dispatch()


def _started(tale: Tale) -> None:
    _dispatched(tale)
    tale.start()
    tale.control()


def _own_work(tale: Tale) -> None:
    tale.accept(0.3)
    tale.start()


def _handled(tale: Tale) -> None:
    _started(tale)
    tale.handle(0.4)


def _own_handled(tale: Tale) -> None:
    _own_work(tale)
    tale.handle(0.4)


def _suspended(tale: Tale) -> None:
    _started(tale)
    tale.suspend()


def _reworked(tale: Tale) -> None:
    _started(tale)
    tale.handle(0.35)
    tale.fail()


def _just_closed(tale: Tale) -> None:
    _started(tale)
    tale.handle(0.3)
    tale.passed()


LIVE: Final = (
    Live(ACCEPT, 0.12, _fresh, ("FS03", "UT07", "EN01", "RD02", "FS06")),
    Live(ACCEPT, 0.9, _fresh, ("RD02", "UT08", "EN01", "EN02")),
    Live(ACCEPT, 1.35, _fresh, ("FS03", "FS06", "UT07", "RD06")),
    Live(FIX, 0.3, _dispatched, ("RD02", "UT08", "FS03", "UT07")),
    Live(FIX, 0.5, _started, ("RD02", "FS06", "EN01", "RD06")),
    Live(ACCEPT, 0.7, _asked, ("EN99", "PS05", "BD03", "FS03")),
    Live(FIX, 0.3, _accepted, ("EN02", "RD02", "UT08", "PS06")),
    Live(CONTROL, 0.5, _dispatched, ("FS01", "UT01", "FS05", "BD01")),
    Live(FIX, 0.6, _handled, ("RD02", "FS03", "UT07", "EN01")),
    Live(FIX, 0.9, _started, ("FS03", "UT08", "RD02", "FS06")),
    Live(FIX, 1.2, _started, ("EN01", "UT07", "RD06", "FS03")),
    Live(CONTROL, 1.6, _accepted, ("FS01", "FS04", "BD01", "RD05")),
    Live(ACCEPT, 0.3, _fresh, ("EN02", "PS06", "EN99", "RD02")),
    Live(FIX, 0.45, _own_work, ("FS03", "EN02", "EN01", "RD04")),
    Live(FIX, 0.8, _suspended, ("BD05", "EN02", "RD02", "FS06")),
    Live(FIX, 0.6, _own_handled, ("EN01", "FS03", "EN02")),
    Live(FIX, 0.75, _reworked, ("RD02", "FS03", "UT08")),
    Live(FIX, 1.0, _just_closed, ("RD02", "FS03", "EN01", "UT08")),
)

# How many of the old cases were sent a second time by somebody else.
TWIN_SHARE: Final = 0.05
