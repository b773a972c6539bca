"""One case of the demo as a list of deeds, each with its time. Pure: nothing is done here."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from grid_report.demo import phrases
from grid_report.demo.pictures.shots import Shot
from grid_report.places.geo.categories import CategoryInfo
from grid_report.places.geo.points import Point
from grid_report.places.geo.reference import Reference
from grid_report.reports.lifecycle import Step

# The second photo of a scene.
CLOSER: Final = 1
NAMESPACE: Final = uuid.UUID("5d0c6a52-2f3e-4c57-9f6a-6b1d0a3f2112")


class Who(StrEnum):
    """Which of the people around a case does something; the world finds the member."""

    RIDER = "rider"
    WORKER = "worker"
    CHECKER = "checker"
    STREET = "street"
    UNIT = "unit"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Deed:
    """One step of one case at one instant. `into` is the index of another case."""

    at: datetime
    case: int
    turn: int
    key: str
    who: Who
    step: Step
    community: str | None
    unit: str | None
    values: Mapping[str, Any] = field(default_factory=dict)
    shots: tuple[Shot, ...] = ()
    into: int | None = None

    @property
    def order(self) -> tuple[datetime, int, int]:
        """Deeds of all cases happen in the order of time."""
        return self.at, self.case, self.turn


class Tale:
    """Writes a case down, deed by deed; `now` only moves forward.

    Times are shares of the category's deadlines, so that "in time" and "late" are chosen, not
    accidents.
    """

    def __init__(
        self, seed: int, case: int, *, rider: int, category: CategoryInfo, community: str | None,
        created: datetime, places: Reference, variant: int,
    ) -> None:  # fmt: skip
        self.dice = random.Random(f"{seed}/{case}/{category.code}")
        self.seed, self.case, self.rider = seed, case, rider
        self.category, self.community = category, community
        self.created = self.now = created
        self.places = places
        self.unit: str | None = None
        self.self_handled = False
        self.well_shown = False
        self.variant = variant
        # From where the first photo is taken: a second rider stands somewhere else.
        self.angle = 0
        self.point: Point | None = None
        self.deeds: list[Deed] = []

    # Time --------------------------------------------------------------------------------------

    def by(self, hours: float) -> None:
        """Move on to so many hours after the submission, at least a little."""
        least = self.now + timedelta(seconds=self.dice.uniform(40, 200))
        self.now = max(least, self.created + timedelta(hours=hours))

    def wait(self, low_h: float, high_h: float) -> None:
        """Let some hours pass."""
        self.now += timedelta(hours=self.dice.uniform(low_h, high_h))

    @property
    def fix_hours(self) -> float:
        """How long the category gives for the repair."""
        return self.category.deadline_hours

    def _do(
        self,
        who: Who,
        step: Step,
        *,
        shots: tuple[Shot, ...] = (),
        into: int | None = None,
        **values: Any,
    ) -> None:
        turn = len(self.deeds)
        key = str(uuid.uuid5(NAMESPACE, f"{self.seed}/{self.case}/{turn}/{step}"))
        self.deeds.append(
            Deed(
                self.now,
                self.case,
                turn,
                key,
                who,
                step,
                self.community,
                self.unit,
                values,
                shots,
                into,
            )
        )

    def _say(self, words: tuple[str, ...]) -> str:
        return self.dice.choice(words)

    # The rider's part --------------------------------------------------------------------------

    def submit(self, **values: Any) -> None:
        """Send the report with one photo or two."""
        shots = tuple(self._shot(angle) for angle in range(self._photos()))
        seen = self._say(phrases.SEEN[self.category.code]) if self.dice.random() < 0.85 else ""
        place = self._say(phrases.PLACES)
        self.well_shown = len(shots) > 1 and bool(place)
        self._do(
            Who.RIDER, Step.SUBMIT, shots=shots, category=self.category.code,
            description=seen, place_note=place, **values,
        )  # fmt: skip

    def _photos(self) -> int:
        """Choose how many; of some scenes there is one."""
        if self.variant % 3 or self.angle:
            return 1
        return self.dice.choices((1, 2), (20, 80))[0]

    def _shot(self, angle: int) -> Shot:
        return Shot(self.category.code, self.variant, angle=self.angle + angle)

    def supplement(self) -> None:
        """Answer the question, sometimes with a photo."""
        shown = self.variant % 3 == 0 and self.dice.random() < 0.8
        shots = (self._shot(CLOSER),) if shown else ()
        self._do(Who.RIDER, Step.SUPPLEMENT, shots=shots, note=self._say(phrases.SUPPLEMENTED))

    def withdraw(self) -> None:
        """Take the report back."""
        self.wait(0.05, 0.5)
        self._do(Who.RIDER, Step.WITHDRAW)

    def rate(self) -> None:
        """Say whether it is solved, some days later or never."""
        if self.dice.random() < 0.62:
            solved, satisfied, words = self.dice.choice(phrases.RATED)
            self.wait(3, 90)
            self._do(Who.RIDER, Step.RATE, solved=solved, satisfied=satisfied, words=words)

    def reopen(self) -> None:
        """Find the hazard back within the days allowed."""
        self.wait(30, 240)
        self._do(Who.RIDER, Step.REOPEN, reason=self._say(phrases.REOPENED))
        self.unit, self.self_handled = None, False
        self.created = self.now

    # The community's ---------------------------------------------------------------------------

    def accept(self, share: float | None = None, *, unseen: bool = False) -> None:
        """Accept: mostly in good time, about one in nine late; `unseen`: before a look at it."""
        if share is None:
            late = self.dice.random() < 0.11
            share = self.dice.uniform(1.1, 2.2) if late else self.dice.uniform(0.06, 0.85)
        if unseen:
            self.now += timedelta(seconds=9)
        else:
            self.by(self.category.accept_hours * share)
        severity = self.category.severity
        if self.category.code == "UT01" and self.dice.random() < 0.35:
            severity = 4  # on a carriageway
        self._do(
            Who.WORKER,
            Step.ACCEPT,
            category=self.category.code,
            severity=severity,
            note=self._say(phrases.ACCEPTED),
            evidence=self.well_shown,
        )

    def reject(self) -> None:
        """Turn the report down with a reason."""
        self.by(self.category.accept_hours * self.dice.uniform(0.2, 0.9))
        self._do(Who.WORKER, Step.REJECT, reason=self._say(phrases.REJECTED))

    def ask(self) -> None:
        """Send it back with a question; the clocks stand still until it is answered."""
        self.by(self.category.accept_hours * self.dice.uniform(0.1, 0.6))
        self._do(Who.WORKER, Step.ASK, reason=self._say(phrases.ASKED))

    def transfer(self, community: str) -> None:
        """Hand the case to the community it belongs to."""
        self.by(self.category.accept_hours * self.dice.uniform(0.1, 0.4))
        self._do(
            Who.WORKER, Step.TRANSFER, community=community, reason=self._say(phrases.TRANSFERRED)
        )
        self.community = community

    def merge(self, into: int) -> None:
        """Join the case it is a twin of."""
        self._do(Who.WORKER, Step.MERGE, into=into, note=self._say(phrases.MERGED))

    def assign(self, community: str) -> None:
        """Clear the case from the unrouted list."""
        self.wait(0.3, 3)
        self._do(
            Who.ADMINISTRATOR, Step.ASSIGN, community=community, note=self._say(phrases.ASSIGNED)
        )
        self.community = community

    def dispatch(self, *, turn: int = 0) -> None:
        """Send the unit that fits best, or on a second turn the next one."""
        assert self.community is not None
        self.now += timedelta(hours=self.fix_hours * self.dice.uniform(0.004, 0.03))
        units = self.places.units_covering(self.community, self.category.code)
        unit = units[min(turn, len(units) - 1)].code
        self._do(Who.WORKER, Step.DISPATCH, unit=unit)
        self.unit = unit

    def start(self) -> None:
        """Begin: the unit it was sent to, else the community itself."""
        self.now += timedelta(hours=self.fix_hours * self.dice.uniform(0.01, 0.05))
        self.self_handled = self.unit is None
        self._do(self._hands, Step.START, note=self._say(phrases.STARTED))

    @property
    def _hands(self) -> Who:
        return Who.WORKER if self.self_handled else Who.UNIT

    def control(self) -> None:
        """Secure the spot where the category asks for it."""
        if self.category.control_hours is not None:
            self.by(self.category.control_hours * self.dice.uniform(0.5, 1.15))
            self._do(self._hands, Step.CONTROL, note=self._say(phrases.CONTROLLED))

    def give_back(self) -> None:
        """The unit says it is not theirs."""
        self.now += timedelta(hours=self.fix_hours * self.dice.uniform(0.01, 0.06))
        self._do(Who.UNIT, Step.RETURN, reason=self._say(phrases.RETURNED))
        self.unit = None

    def recall(self) -> None:
        """Take the case back from a unit that does not move."""
        self.now += timedelta(hours=self.fix_hours * self.dice.uniform(0.1, 0.25))
        self._do(Who.WORKER, Step.RECALL, reason=self._say(phrases.RECALLED))
        self.unit = None

    def clarify(self) -> None:
        """Find out without the rider what was asked."""
        self._do(Who.WORKER, Step.CLARIFY, note=self._say(phrases.CLARIFIED))

    def extend(self) -> None:
        """Ask for more time."""
        self.by(self.fix_hours * self.dice.uniform(0.6, 0.9))
        deadline = self.created + timedelta(hours=self.fix_hours + self.dice.choice((48, 72)))
        self._do(Who.WORKER, Step.EXTEND, deadline=deadline, reason=self._say(phrases.EXTENDED))

    def suspend(self) -> None:
        """The street puts it on the shelf until a day."""
        self.by(self.fix_hours * self.dice.uniform(0.3, 0.7))
        review = (self.now + timedelta(days=self.dice.randint(20, 60))).date()
        self._do(Who.STREET, Step.SUSPEND, reason=self._say(phrases.SUSPENDED), review_on=review)

    def resume(self) -> None:
        """The street takes it off the shelf."""
        self.wait(120, 400)
        self._do(Who.STREET, Step.RESUME, note=self._say(phrases.RESUMED))

    def urge(self) -> None:
        """The street asks where it stays."""
        self._do(Who.STREET, Step.URGE, note=self._say(phrases.URGED))

    def note(self) -> None:
        """Write something for colleagues."""
        self.wait(0.1, 0.5)
        self._do(Who.WORKER, Step.NOTE, note=self._say(phrases.NOTED))

    # The end -----------------------------------------------------------------------------------

    def handle(self, share: float | None = None) -> None:
        """Hand in the after-photo: about one in eight after the deadline."""
        if share is None:
            late = self.dice.random() < 0.12
            share = self.dice.uniform(1.05, 1.7) if late else self.dice.uniform(0.25, 0.92)
        self.by(self.fix_hours * share)
        shots = (Shot(self.category.code, self.variant, after=True),)
        done = phrases.DONE[self.category.code]
        self._do(self._hands, Step.HANDLE, shots=shots, note=self._say(done))

    def fail(self) -> None:
        """The checker is not content."""
        self.wait(1, 8)
        self._do(self._checker, Step.FAIL, reason=self._say(phrases.FAILED))

    def passed(self) -> None:
        """The checker is content."""
        self.wait(0.5, 20)
        self._do(self._checker, Step.PASS, note=self._say(phrases.PASSED))

    @property
    def _checker(self) -> Who:
        # Whoever did the work does not check it.
        return Who.CHECKER if self.self_handled else Who.WORKER

    # Whole stretches ---------------------------------------------------------------------------

    def work(self) -> None:
        """From accepted to handled, by a unit or by the community."""
        if not self.category.is_for_the_community and self.dice.random() < 0.78:
            self.dispatch()
        self.start()
        self.control()

    def finish(self) -> None:
        """From in progress to closed and rated."""
        self.handle()
        self.passed()
        self.rate()


def past(deeds: Sequence[Deed], now: datetime) -> list[Deed]:
    """Keep what has happened by now; nothing happens after what has not."""
    kept = []
    for deed in deeds:
        if deed.at >= now:
            break
        kept.append(deed)
    return kept
