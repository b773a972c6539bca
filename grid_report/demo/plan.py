"""The whole demo world as deeds in the order of time, from a seed and an instant. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import shapely

from grid_report.demo import plots
from grid_report.demo.boundaries import random_point
from grid_report.demo.cast import BRIGHT, NEW_TOWN, STATION
from grid_report.demo.tales import Deed, Tale, past
from grid_report.fairness.signals import photos_alike
from grid_report.places.geo.categories import CategoryInfo, in_season
from grid_report.places.geo.datum import to_gcj02
from grid_report.places.geo.points import Point, distance_m
from grid_report.places.geo.reference import Reference

MONTHS: Final = 14
SPAN: Final = timedelta(days=MONTHS * 30.4)
# Old cases end before the open ones begin, so that the present is told on purpose.
QUIET: Final = timedelta(days=3)

# How often riders meet what, in a year's mean; a season multiplies.
OFTEN: Final = {
    "FS01": 30, "FS02": 10, "FS03": 34, "FS04": 22, "FS05": 30, "FS06": 14, "FS07": 5, "UT01": 26,
    "UT02": 4, "UT03": 8, "UT04": 12, "UT05": 9, "UT06": 16, "UT07": 22, "UT08": 26, "RD01": 5,
    "RD02": 40, "RD03": 18, "RD04": 34, "RD05": 12, "RD06": 22, "BD01": 10, "BD02": 22, "BD03": 10,
    "BD04": 10, "BD05": 5, "BD06": 9, "EN01": 40, "EN02": 14, "EN99": 10, "PS01": 4, "PS02": 6,
    "PS03": 4, "PS04": 6, "PS05": 12, "PS06": 8,
}  # fmt: skip
# Orders come at noon and in the evening, and so do the riders.
HOURS: Final = (1, 0, 0, 0, 0, 1, 3, 6, 7, 8, 12, 16, 16, 12, 8, 7, 9, 14, 16, 14, 10, 7, 4, 2)
FAR_AWAY: Final = (Point(42.4012, 123.9021), Point(42.6390, 124.3350), Point(42.4550, 124.2210))
REPORTS_AN_HOUR: Final = 3
# What a case is about, and how old, that goes on under a second rider's report.
LED: Final = "RD02"
LED_AGO: Final = timedelta(days=10, hours=1)
# So many cases of late look odd in a way of their own.
ODD: Final = 3
# A picture that comes again so much later is not taken for one sent twice.
SHOWN_AGAIN: Final = photos_alike.WINDOW + timedelta(days=3)
# Whoever signs in to try it has not used up the limits of an hour and a day by having been told of.
SIGNED_IN: Final = (0, 1)
LATELY_BY_SIGNED_IN: Final = 3


@dataclass
class _Planner:
    seed: int
    now: datetime
    zone: ZoneInfo
    places: Reference
    riders: int

    def __post_init__(self) -> None:
        self.dice = random.Random(f"plan/{self.seed}")
        self.sent: dict[int, list[datetime]] = {}
        self.shown: dict[str, list[list[datetime]]] = {}
        self.shapes = {area.community_code: area.shape for area in self.places.areas}
        self.codes = sorted(self.places.communities)
        self.weights = [self._weight(code) for code in self.codes]

    @staticmethod
    def _weight(code: str) -> float:
        if code in (STATION, BRIGHT):
            return 22 if code == STATION else 9
        return 3.2 if code.startswith(NEW_TOWN) else 1.6

    def tale(
        self, case: int, category: CategoryInfo, created: datetime, community: str | None,
        *, variant: int | None = None, rider: int | None = None,
    ) -> Tale:  # fmt: skip
        if variant is None:
            variant = self._variant(category.code, created)
        if rider is None:
            rider = self._rider(created)
        return Tale(
            self.seed, case, rider=rider, category=category, community=community,
            created=created, places=self.places, variant=variant,
        )  # fmt: skip

    def _variant(self, code: str, at: datetime) -> int:
        """Choose the first scene that nobody sent around that time."""
        takes = self.shown.setdefault(code, [])
        for variant, times in enumerate(takes):
            if all(abs(at - one) > SHOWN_AGAIN for one in times):
                times.append(at)
                return variant
        takes.append([at])
        return len(takes) - 1

    def _rider(self, at: datetime) -> int:
        """Choose who reports: the two with a sign-in more than others, nobody too often."""
        while True:
            rider = self.dice.choices((0, 1, self.dice.randrange(2, self.riders)), (14, 8, 78))[0]
            sent = self.sent.setdefault(rider, [])
            near = [one for one in sent if abs(one - at) < timedelta(hours=1)]
            if len(near) < REPORTS_AN_HOUR and not (
                rider in SIGNED_IN and self._is_spared(sent, at)
            ):
                sent.append(at)
                return rider

    def _is_spared(self, sent: Sequence[datetime], at: datetime) -> bool:
        hour, day = self.now - timedelta(hours=1.5), self.now - timedelta(days=1.5)
        lately = sum(one > day for one in sent)
        return at > hour or (at > day and lately >= LATELY_BY_SIGNED_IN)

    def moment(self) -> datetime:
        """Choose when: by the clock and the week, slightly more of late."""
        while True:
            back: float = self.dice.random() ** 1.2
            day = (self.now - QUIET - back * (SPAN - QUIET)).astimezone(self.zone)
            if day.weekday() >= 5 and self.dice.random() < 0.3:
                continue
            hour = self.dice.choices(range(24), HOURS)[0]
            at = day.replace(
                hour=hour, minute=self.dice.randrange(60), second=self.dice.randrange(60)
            )
            if at < self.now - QUIET:
                return at

    def _in_the_last_month(self) -> datetime:
        """Return an instant of the month that is over: its sample has a case of the new town.

        Whatever the day: on the last one of a month a small world had none there by chance.
        """
        first = self.now.astimezone(self.zone).replace(day=1)
        return (first - timedelta(days=1)).replace(day=15, hour=10, minute=self.dice.randrange(60))

    def category(self, at: datetime) -> CategoryInfo:
        """Choose what: by season, and lamps at night."""
        local = at.astimezone(self.zone)
        choices: list[CategoryInfo] = []
        weights: list[float] = []
        dark = local.hour >= 18 or local.hour < 5
        for code, often in OFTEN.items():
            info = self.places.categories.get(code)
            factor = 1.0
            if info.season != "all":
                factor = 2.6 if in_season(info.season, local.month) else 0
            elif code in ("UT08", "PS03"):
                factor = 3 if dark else 0
            choices.append(info)
            weights.append(often * factor)
        return self.dice.choices(choices, weights)[0]

    def community(self) -> str:
        """Choose where: more in the new town, most round the station."""
        return self.dice.choices(self.codes, self.weights)[0]

    def where(self, tale: Tale) -> dict[str, Any]:
        """Write down the place as a phone would: mostly a position, sometimes a choice."""
        dice = tale.dice
        if tale.community is None:
            tale.point = dice.choice(FAR_AWAY)
            return self._position(tale.point, dice)
        compounds = self.places.compounds_of(tale.community)
        if dice.random() < 0.08:
            return {"community": tale.community}
        if compounds and tale.category.group_code in ("FS", "BD") and dice.random() < 0.5:
            compound = dice.choice(compounds)
            tale.point = compound.point
            return {**self._position(compound.point, dice), "compound": compound.code}
        tale.point = random_point(self.shapes[tale.community].buffer(-0.0004), dice)
        return self._position(tale.point, dice)

    @staticmethod
    def _position(point: Point, dice: random.Random) -> dict[str, Any]:
        accuracy = round(dice.choice((5, 8, 12, 16, 24, 35, 65)) * dice.uniform(0.8, 1.2), 1)
        if dice.random() < 0.2:
            point = to_gcj02(point)
            return {
                "lat": round(point.lat, 6),
                "lng": round(point.lng, 6),
                "datum": "gcj02",
                "accuracy_m": accuracy,
            }
        return {"lat": round(point.lat, 6), "lng": round(point.lng, 6), "accuracy_m": accuracy}

    # Cases -------------------------------------------------------------------------------------

    def old(self, case: int, plot: plots.Plot) -> Tale:
        """Tell a case of the past to its end."""
        created = self.moment() if case else self._in_the_last_month()
        if plot in (plots.suspended, plots.resumed, plots.reopened):
            created = min(created, self.now - timedelta(days=45))
        category = self.category(created)
        # Beyond every boundary and reference point: an administrator says whose it is.
        community = None if plot is plots.assigned else self.community() if case else STATION
        tale = self.tale(case, category, created, community)
        tale.submit(**self.where(tale))
        plot(tale)
        return tale

    def twin(self, case: int, first: Tale) -> Tale:
        """Let a second rider send the same hazard before anybody has been there."""
        created = first.created + timedelta(minutes=self.dice.uniform(4, 30))
        rider = first.rider
        while rider == first.rider:
            rider = self._rider(created)
        tale = self.tale(
            case, first.category, created, first.community, variant=first.variant, rider=rider
        )
        tale.angle = 3
        assert first.point is not None
        near = Point(
            first.point.lat + tale.dice.uniform(-5e-5, 5e-5),
            first.point.lng + tale.dice.uniform(-5e-5, 5e-5),
        )
        tale.submit(**self._position(near, tale.dice))
        return tale

    def led_first(self, case: int) -> Tale:
        """Let a rider take back a report that another one was merged into meanwhile."""
        category = self.places.categories.get(LED)
        community = next(code for code in self.codes if code.startswith(NEW_TOWN))
        rider = self.dice.randrange(len(SIGNED_IN), self.riders)
        tale = self.tale(case, category, self.now - LED_AGO, community, rider=rider)
        tale.point = random_point(self.shapes[community].buffer(-0.0004), tale.dice)
        tale.submit(**self._position(tale.point, tale.dice))
        tale.wait(1, 1.5)
        tale.withdraw()
        return tale

    def led_on(self, case: int, first: Tale) -> Tale:
        """Let the case go on under the second rider's report."""
        tale = self.twin(case, first)
        tale.wait(0.1, 0.3)
        tale.merge(first.case)
        tale.now = max(tale.now, first.now)
        plots.closed(tale)
        return tale

    def odd(self, case: int, number: int, tales: Sequence[Tale]) -> Tale:
        """Tell a case of late that deserves a second look."""
        return (self._unseen, self._leapt, self._sent_again)[number % ODD](case, tales)

    def _sent_again(self, case: int, tales: Sequence[Tale]) -> Tale:
        """Send a photo of an earlier case as one of another place."""
        found = self._recent(tales, timedelta(days=75), timedelta(days=8))
        if not found:
            return self.old(case, plots.closed)
        first = self.dice.choice(found)
        created = self.now - timedelta(days=4, hours=3)
        homes = [c for c in self.codes if c.startswith(NEW_TOWN) and c != first.community]
        tale = self.tale(
            case, first.category, created, self.dice.choice(homes),
            variant=first.variant, rider=first.rider,
        )  # fmt: skip
        tale.submit(**self.where(tale))
        plots.closed(tale)
        return tale

    def _leapt(self, case: int, tales: Sequence[Tale]) -> Tale:
        """Report at the other end of the town seconds after the last one."""
        homes = [code for code in self.codes if code.startswith(NEW_TOWN)]
        ways = [
            (distance_m(first.point, _middle(self.shapes[code])), first.case, first, code)
            for first in self._recent(tales, timedelta(days=12), QUIET, anywhere=True)
            for code in homes
            if first.point is not None
        ]
        if not ways:
            return self.old(case, plots.closed)
        _, _, first, far = max(ways, key=lambda way: way[:2])
        created = first.created + timedelta(seconds=8)
        tale = self.tale(case, self.category(created), created, far, rider=first.rider)
        tale.point = random_point(self.shapes[far].buffer(-0.0004), tale.dice)
        tale.submit(**self._position(tale.point, tale.dice))
        plots.closed(tale)
        return tale

    def _unseen(self, case: int, tales: Sequence[Tale]) -> Tale:
        """Accept a case before anybody can have looked at it."""
        del tales
        created = self.now - timedelta(days=6, hours=2)
        rider = self.dice.randrange(len(SIGNED_IN), self.riders)
        tale = self.tale(case, self.category(created), created, BRIGHT, rider=rider)
        tale.submit(**self.where(tale))
        plots.unseen(tale)
        return tale

    def _recent(
        self, tales: Sequence[Tale], oldest: timedelta, newest: timedelta, *, anywhere: bool = False
    ) -> list[Tale]:
        """List the new town's cases of a span of days that were sent once, where the phone was."""
        return [
            tale for tale in tales
            if self.now - oldest < tale.deeds[0].at < self.now - newest and not tale.angle
            and tale.point is not None and tale.community is not None
            and "compound" not in tale.deeds[0].values
            and (anywhere or tale.community.startswith(NEW_TOWN)) and tale.rider not in SIGNED_IN
        ]  # fmt: skip

    def live(self, case: int, number: int) -> Tale:
        """Tell a case of the present as far as it has come."""
        spec = plots.LIVE[number % len(plots.LIVE)]
        month = self.now.astimezone(self.zone).month
        fitting = [
            info for code in spec.categories
            if (info := self.places.categories.get(code)).season == "all" or in_season(info.season, month)
        ]  # fmt: skip
        category = self.dice.choice(fitting)
        hours = {
            plots.ACCEPT: category.accept_hours,
            plots.CONTROL: category.control_hours or category.deadline_hours,
            plots.FIX: category.deadline_hours,
        }[spec.clock]
        created = self.now - timedelta(hours=hours * spec.share * self.dice.uniform(0.97, 1.03))
        # The first round of each kind is for the workers whose sign-ins are printed.
        home = (STATION, BRIGHT, None)[number // len(plots.LIVE) % 3] if number < 54 else None
        if number % 3 == 1 and home is STATION:
            home = None if number % 2 else STATION
        tale = self.tale(case, category, created, home or self.community())
        tale.submit(**self.where(tale))
        spec.plot(tale)
        return tale


def _middle(shape: shapely.Geometry) -> Point:
    middle = shape.centroid
    return Point(middle.y, middle.x)


def live_count(count: int) -> int:
    """Return how many of the cases are open ones near now."""
    return min(count, max(len(plots.LIVE) + 4, count // 7))


def write(
    *, seed: int, count: int, now: datetime, zone: ZoneInfo, places: Reference, riders: int
) -> tuple[list[Deed], list[Tale]]:
    """Write the deeds of a world of so many cases that ends at `now`, and the cases they tell."""
    planner = _Planner(seed, now, zone, places, riders)
    tales: list[Tale] = []
    first = max(0, count - live_count(count))
    kinds = list(plots.OLD)
    turns = [
        *kinds,
        *planner.dice.choices(kinds, list(plots.OLD.values()), k=max(0, first - len(kinds))),
    ]
    odd = first - ODD if first > len(kinds) + 2 * ODD else first
    for case in range(first):
        if case >= odd:
            tales.append(planner.odd(case, case - odd, tales))
            continue
        if case in (len(kinds) + 1, len(kinds) + 2):
            led = case == len(kinds) + 2
            tales.append(planner.led_on(case, tales[-1]) if led else planner.led_first(case))
            continue
        if (case >= len(kinds) - 1 and planner.dice.random() < plots.TWIN_SHARE) or case == len(
            kinds
        ):
            original = _original_for_a_twin(planner, tales)
            if original is not None:
                tale = planner.twin(case, original)
                tale.wait(0.1, 0.3)
                tale.merge(original.case)
                tales.append(tale)
                continue
        tales.append(planner.old(case, turns[case]))
    for number in range(count - first):
        case = first + number
        if number == len(plots.LIVE):  # beyond every boundary, waiting for the administrator
            tale = planner.tale(case, planner.category(now), now - timedelta(hours=1.2), None)
            tale.submit(**planner.where(tale))
        elif number == len(plots.LIVE) + 1:  # a twin nobody has merged yet
            tale = planner.twin(
                case, next(t for t in tales[first:] if t.point is not None and t.community)
            )
        else:
            skipped = 2 if number > len(plots.LIVE) + 1 else 0
            tale = planner.live(case, number - skipped)
        tales.append(tale)
    deeds = [deed for tale in tales for deed in past(tale.deeds, now)]
    return sorted(deeds, key=lambda deed: deed.order), tales


def _original_for_a_twin(planner: _Planner, tales: Sequence[Tale]) -> Tale | None:
    """Find a case with enough time before its repair for a second rider to pass."""
    used = {deed.into for tale in tales for deed in tale.deeds if deed.into is not None}
    fitting = [
        tale for tale in tales
        if tale.point is not None and tale.community is not None and tale.fix_hours >= 24
        and len(tale.deeds) > 4 and tale.deeds[0].community == tale.community
        and tale.deeds[-1].at - tale.deeds[0].at > timedelta(hours=8)
        and tale.created == tale.deeds[0].at and tale.case not in used
    ]  # fmt: skip
    return planner.dice.choice(fitting) if fitting else None
